import type { BatchServiceClient, BatchServiceModels as Models } from '@azure/batch';
import { Failure } from '../../failure';
import type { Batch, Owner, DeletionState } from '../../run/ports';
import { packageVersions, supportedImages } from './account';
import { jobBody, RUN_METADATA } from './bodies';
import {
  BatchError,
  callBatch,
  listAll,
  failureFrom,
  nullIfNotFound,
  JOB_IS_OVER,
  REQUEST_TIMEOUT_SECONDS,
  ignoringCode,
  type Account,
  type RetryPacing,
  type Service,
} from './calls';
import { readTail } from './files';
import {
  listRetainedPools,
  describePool,
  getPool,
  makePool,
  deleteRetainedPool,
  deletePool,
  scalePoolToZero,
  setFormula,
} from './pools';
import { countUnprepared, readPreparationError } from './preparation';
import { failedTasks, runningTasks, taskIds, unfinishedTasks } from './task-lists';
import { addTasks } from './tasks';
import { jobView, lower, metadataValue } from './views';
import { UNNAMED, type Caller } from '../rights';

/**
 * The Batch port on `@azure/batch` 10.2.0. Its REST version is on Azure's list of versions to go,
 * so nothing outside this folder may depend on it.
 */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the port
export function batchOn(
  client: BatchServiceClient,
  pacing: RetryPacing,
  caller: Caller = UNNAMED,
): Batch {
  const ours = oursFor({ client, caller });
  const service: Service = { client, call: (request) => callBatch(pacing, request) };
  return {
    supportedImages: () => ours('list the images of pools', () => supportedImages(service)),
    packageVersions: (application) =>
      ours(`look for application ${application}`, () => packageVersions(service, application)),
    makePool: (pool, owner) => ours(`make pool ${pool.id}`, () => makePool(service, pool, owner)),
    setFormula: (poolId, formula) =>
      ours(`set the formula of pool ${poolId}`, () => setFormula(service, poolId, formula)),
    getPool: (poolId) => ours(`look at pool ${poolId}`, () => getPool(service, poolId)),
    describePool: (poolId) => ours(`look at pool ${poolId}`, () => describePool(service, poolId)),
    makeJob: (job, owner) =>
      ours(`make job ${job.id}`, async () => {
        const made = await ignoringCode(
          'JobExists',
          service.call(() => client.job.add(jobBody(job, owner), REQUEST_TIMEOUT_SECONDS)),
        );
        if (made === 'not') await adoptJob(service, job.id, owner);
      }),
    addTasks: (jobId, tasks) =>
      ours(`add tasks to job ${jobId}`, () => addTasks(service, jobId, tasks)),
    taskIds: (jobId) => eachOfOurs(ours, `list the tasks of job ${jobId}`, taskIds(service, jobId)),
    unfinishedTasks: (jobId, limit) =>
      ours(`list the tasks of job ${jobId}`, () => unfinishedTasks(service, jobId, limit)),
    runningTasks: (jobId, limit) =>
      ours(`list the tasks of job ${jobId}`, () => runningTasks(service, jobId, limit)),
    endWhenTasksEnd: (jobId) =>
      ours(`let job ${jobId} end with its tasks`, () => endWhenTasksEnd(service, jobId)),
    getJob: (jobId) => ours(`look at job ${jobId}`, () => lookAtJob(service, jobId)),
    countTasks: (jobId) =>
      ours(`count the tasks of job ${jobId}`, () => countTasks(service, jobId)),
    countUnprepared: (jobId, poolId) =>
      ours(`look at the preparation of job ${jobId}`, () =>
        countUnprepared(service, jobId, poolId),
      ),
    failedTasks: (jobId, limit) =>
      ours(`list the failed tasks of job ${jobId}`, () => failedTasks(service, jobId, limit)),
    readTaskFile: (jobId, taskId, file, maxBytes, encoding) =>
      ours(`read ${file} of task ${taskId}`, () =>
        readTail(service, { kind: 'task', jobId, taskId, file }, maxBytes, encoding),
      ),
    readStartTaskError: (poolId, maxBytes) =>
      ours(`read the set-up log of pool ${poolId}`, () =>
        readStartTaskError(service, poolId, maxBytes),
      ),
    readPreparationError: (jobId, maxBytes) =>
      ours(`read the preparation log of job ${jobId}`, () =>
        readPreparationError(service, jobId, maxBytes),
      ),
    deleteJob: (jobId, owner) =>
      ours(`delete job ${jobId}`, () => removeJob(service, jobId, owner)),
    deletePool: (poolId, owner) =>
      ours(`delete pool ${poolId}`, () => deletePool(service, poolId, owner)),
    scalePoolToZero: (poolId, owner) =>
      ours(`put pool ${poolId} to rest`, () => scalePoolToZero(service, poolId, owner)),
    listRetainedPools: () => ours('list pools', () => listRetainedPools(service)),
    deleteRetainedPool: (poolId) =>
      ours(`delete pool ${poolId}`, () => deleteRetainedPool(service, poolId)),
    listOwned: () => ours('list pools and jobs', () => findOwned(service)),
  };
}

/** Runs one operation of the port; what the service refuses becomes a Failure that says what was being done. */
type Ours = <Result>(doing: string, operation: () => Promise<Result>) => Promise<Result>;

function oursFor(account: Account): Ours {
  return async (doing, operation) => {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof BatchError) throw failureFrom(error, doing, account);
      throw error;
    }
  };
}

/** The same for what comes one by one. */
async function* eachOfOurs<Item>(
  ours: Ours,
  doing: string,
  items: AsyncIterator<Item>,
): AsyncGenerator<Item> {
  for (;;) {
    const next = await ours(doing, () => items.next());
    if (next.done === true) return;
    yield next.value;
  }
}

async function adoptJob({ client, call }: Service, jobId: string, owner: Owner): Promise<void> {
  const job = await nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT_SECONDS)));
  if (job === null || lower(job.state) === 'deleting') {
    throw new Failure(
      'serviceUnavailable',
      `job ${jobId} is being deleted; it can be made again when it is gone`,
    );
  }
  if (metadataValue(job, RUN_METADATA) !== owner.runId) {
    throw new Failure(
      'nameCollision',
      `a job named ${jobId} exists that this run did not make; it is left alone`,
    );
  }
}

/** A job that has ended meanwhile needs no telling; the next look says why it did. */
async function endWhenTasksEnd({ client, call }: Service, jobId: string): Promise<void> {
  const change = { onAllTasksComplete: 'terminatejob' } as const;
  try {
    await call(() => client.job.patch(jobId, change, REQUEST_TIMEOUT_SECONDS));
  } catch (error) {
    if (!(error instanceof BatchError && JOB_IS_OVER.has(error.code))) throw error;
  }
}

async function lookAtJob({ client, call }: Service, jobId: string) {
  const job = await nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT_SECONDS)));
  if (job === null) return null;
  const managerId = job.jobManagerTask?.id;
  const manager =
    managerId === undefined
      ? null
      : await nullIfNotFound(
          call(() => client.task.get(jobId, managerId, REQUEST_TIMEOUT_SECONDS)),
        );
  return jobView(job, manager);
}

async function countTasks({ client, call }: Service, jobId: string) {
  const { taskCounts } = await call(() => client.job.getTaskCounts(jobId, REQUEST_TIMEOUT_SECONDS));
  const { active, running, succeeded, failed } = taskCounts;
  return { active, running, succeeded, failed };
}

async function readStartTaskError(
  service: Service,
  poolId: string,
  maxBytes: number,
): Promise<string | null> {
  const { client, call } = service;
  const options = {
    computeNodeListOptions: { filter: "state eq 'starttaskfailed'" },
    ...REQUEST_TIMEOUT_SECONDS,
  };
  const nodes = await nullIfNotFound(call(() => client.computeNode.list(poolId, options)));
  const nodeId = nodes?.[0]?.id;
  if (nodeId === undefined) return null;
  return readTail(service, { kind: 'node', poolId, nodeId, file: 'startup/stderr.txt' }, maxBytes);
}

async function removeJob(
  { client, call }: Service,
  jobId: string,
  owner: Owner,
): Promise<DeletionState> {
  const job = await nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT_SECONDS)));
  if (job === null) return 'deleted';
  if (metadataValue(job, RUN_METADATA) !== owner.runId) return 'notOwned';
  if (lower(job.state) === 'deleting') return 'deleting';
  await nullIfNotFound(
    ignoringCode(
      'JobBeingDeleted',
      call(() => client.job.deleteMethod(jobId, REQUEST_TIMEOUT_SECONDS)),
    ),
  );
  return 'deleting';
}

async function findOwned({ client, call }: Service) {
  const pools = await listAll(
    () =>
      call(() =>
        client.pool.list({
          poolListOptions: { select: 'id,metadata' },
          ...REQUEST_TIMEOUT_SECONDS,
        }),
      ),
    (next) => call(() => client.pool.listNext(next, REQUEST_TIMEOUT_SECONDS)),
  );
  const jobs = await listAll(
    () =>
      call(() =>
        client.job.list({ jobListOptions: { select: 'id,metadata' }, ...REQUEST_TIMEOUT_SECONDS }),
      ),
    (next) => call(() => client.job.listNext(next, REQUEST_TIMEOUT_SECONDS)),
  );
  const owned =
    (kind: 'pool' | 'job') => (entity: { id?: string; metadata?: Models.MetadataItem[] }) => {
      const runId = metadataValue(entity, RUN_METADATA);
      return runId === undefined ? [] : [{ kind, id: entity.id ?? '', runId }];
    };
  return [...pools.flatMap(owned('pool')), ...jobs.flatMap(owned('job'))];
}

import type { BatchServiceClient } from '@azure/batch';
import { Failure } from '../../failure';
import type { Batch, DeletionState, OwnedResource, Owner } from '../../run/ports';
import { hasJobSchedule, packageVersions, supportedImages } from './account';
import { jobBody, RUN_METADATA } from './bodies';
import {
  BatchError,
  callBatch,
  listAll,
  failureFrom,
  nullIfNotFound,
  JOB_ENDED_CODES,
  REQUEST_TIMEOUT,
  ignoringCode,
  type Account,
  type RetryPolicy,
  type Service,
} from './calls';
import { readPart, readTail } from './files';
import { listNodes } from './node-list';
import { readStartTaskFile, rebootNodes } from './nodes';
import {
  describePool,
  getPool,
  makePool,
  deleteRetainedPool,
  deletePool,
  scalePoolToZero,
  setFormula,
} from './pools';
import { RETAINED_METADATA } from './pool-body';
import { countUnprepared, readPreparationFile } from './preparation';
import { failedTasks, runningTasks, taskEnds, taskIds, unfinishedTasks } from './task-lists';
import { listTasks } from './task-pages';
import { addTasks } from './tasks';
import { isOfRun, isOwnedBy } from './ownership';
import { jobView, lower, metadataValue } from './views';
import { UNKNOWN_IDENTITY, type Caller } from '../rights';

/**
 * The Batch port on `@azure/batch` 10.2.0. Azure has announced the retirement of its REST version,
 * so nothing outside this folder may depend on it.
 */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the port
export function batchOn(
  client: BatchServiceClient,
  policy: RetryPolicy,
  caller: Caller = UNKNOWN_IDENTITY,
): Batch {
  const mapErrors = mapErrorsFor({ client, caller });
  const service: Service = { client, call: (request) => callBatch(policy, request) };
  return {
    supportedImages: () => mapErrors('list the images of pools', () => supportedImages(service)),
    packageVersions: (application) =>
      mapErrors(`list the versions of application ${application}`, () =>
        packageVersions(service, application),
      ),
    makePool: (pool, owner) =>
      mapErrors(`create pool ${pool.id}`, () => makePool(service, pool, owner)),
    setFormula: (poolId, formula) =>
      mapErrors(`set the formula of pool ${poolId}`, () => setFormula(service, poolId, formula)),
    getPool: (poolId) => mapErrors(`read pool ${poolId}`, () => getPool(service, poolId)),
    describePool: (poolId) => mapErrors(`read pool ${poolId}`, () => describePool(service, poolId)),
    hasJobSchedule: (id) => mapErrors(`read job schedule ${id}`, () => hasJobSchedule(service, id)),
    makeJob: (job, owner) =>
      mapErrors(`create job ${job.id}`, async () => {
        const made = await ignoringCode(
          'JobExists',
          service.call(() => client.job.add(jobBody(job, owner), REQUEST_TIMEOUT)),
        );
        if (made === 'ignored') await adoptJob(service, job.id, owner);
      }),
    addTasks: (jobId, tasks) =>
      mapErrors(`add tasks to job ${jobId}`, () => addTasks(service, jobId, tasks)),
    taskIds: (jobId) =>
      mapErrorsOfEach(mapErrors, `list the tasks of job ${jobId}`, taskIds(service, jobId)),
    taskEnds: (jobId) =>
      mapErrorsOfEach(mapErrors, `list the tasks of job ${jobId}`, taskEnds(service, jobId)),
    unfinishedTasks: (jobId, limit) =>
      mapErrors(`list the tasks of job ${jobId}`, () => unfinishedTasks(service, jobId, limit)),
    runningTasks: (jobId, limit) =>
      mapErrors(`list the tasks of job ${jobId}`, () => runningTasks(service, jobId, limit)),
    endWhenTasksEnd: (jobId) =>
      mapErrors(`set job ${jobId} to end with its tasks`, () => endWhenTasksEnd(service, jobId)),
    getJob: (jobId) => mapErrors(`read job ${jobId}`, () => getJob(service, jobId)),
    countTasks: (jobId) =>
      mapErrors(`count the tasks of job ${jobId}`, () => countTasks(service, jobId)),
    countUnprepared: (jobId, poolId) =>
      mapErrors(`read the preparation of job ${jobId}`, () =>
        countUnprepared(service, jobId, poolId),
      ),
    failedTasks: (jobId, limit) =>
      mapErrors(`list the failed tasks of job ${jobId}`, () => failedTasks(service, jobId, limit)),
    listTasks: (jobId, query) =>
      mapErrors(`list the tasks of job ${jobId}`, () => listTasks(service, jobId, query)),
    readNodeFile: (file, part) =>
      mapErrors(`read ${file.file} of a node`, () => readPart(service, file, part)),
    listNodes: (poolId, limit) =>
      mapErrors(`list the nodes of pool ${poolId}`, () => listNodes(service, poolId, limit)),
    readTaskFile: (jobId, taskId, file, maxBytes, encoding) =>
      mapErrors(`read ${file} of task ${taskId}`, () =>
        readTail(service, { kind: 'task', jobId, taskId, file }, maxBytes, encoding),
      ),
    readStartTaskFile: (poolId, file, maxBytes) =>
      mapErrors(`read ${file} of the start task of pool ${poolId}`, () =>
        readStartTaskFile(service, poolId, file, maxBytes),
      ),
    rebootNodes: (poolId, nodeIds, owner) =>
      mapErrors(`reboot nodes of pool ${poolId}`, () =>
        rebootNodes(service, poolId, nodeIds, owner),
      ),
    readPreparationFile: (jobId, file, maxBytes) =>
      mapErrors(`read ${file} of the preparation of job ${jobId}`, () =>
        readPreparationFile(service, jobId, file, maxBytes),
      ),
    deleteJob: (jobId, owner) =>
      mapErrors(`delete job ${jobId}`, () => deleteJob(service, jobId, owner)),
    deletePool: (poolId, owner) =>
      mapErrors(`delete pool ${poolId}`, () => deletePool(service, poolId, owner)),
    scalePoolToZero: (poolId, owner) =>
      mapErrors(`scale pool ${poolId} to zero`, () => scalePoolToZero(service, poolId, owner)),
    deleteRetainedPool: (poolId, owner) =>
      mapErrors(`delete pool ${poolId}`, () => deleteRetainedPool(service, poolId, owner)),
    listOwned: (owner) => mapErrors('list pools and jobs', () => listOwned(service, owner)),
  };
}

/** Runs one operation of the port and converts its BatchError into a Failure. `doing` completes "cannot …". */
type MapErrors = <Result>(doing: string, operation: () => Promise<Result>) => Promise<Result>;

function mapErrorsFor(account: Account): MapErrors {
  return async (doing, operation) => {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof BatchError) throw failureFrom(error, doing, account);
      throw error;
    }
  };
}

/** Maps the errors of an async iterator. */
async function* mapErrorsOfEach<Item>(
  mapErrors: MapErrors,
  doing: string,
  items: AsyncIterator<Item>,
): AsyncGenerator<Item> {
  for (;;) {
    const next = await mapErrors(doing, () => items.next());
    if (next.done === true) return;
    yield next.value;
  }
}

async function adoptJob({ client, call }: Service, jobId: string, owner: Owner): Promise<void> {
  const job = await nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT)));
  if (job === null || lower(job.state) === 'deleting') {
    throw new Failure(
      'serviceUnavailable',
      `job ${jobId} is being deleted; it can be created again after that`,
    );
  }
  if (!isOfRun(job, owner)) {
    throw new Failure(
      'nameCollision',
      `a job named ${jobId} exists that this run did not create; it is not changed`,
    );
  }
}

/** Ignores a job that has ended meanwhile; the next poll shows why. */
async function endWhenTasksEnd({ client, call }: Service, jobId: string): Promise<void> {
  const change = { onAllTasksComplete: 'terminatejob' } as const;
  try {
    await call(() => client.job.patch(jobId, change, REQUEST_TIMEOUT));
  } catch (error) {
    if (!(error instanceof BatchError && JOB_ENDED_CODES.has(error.code))) throw error;
  }
}

async function getJob({ client, call }: Service, jobId: string) {
  const read = () => nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT)));
  const job = await read();
  if (job === null) return null;
  const managerId = job.jobManagerTask?.id;
  if (managerId === undefined) return jobView(job, null);
  const manager = await nullIfNotFound(
    call(() => client.task.get(jobId, managerId, REQUEST_TIMEOUT)),
  );
  const view = jobView(job, manager);
  if (view.state !== 'active' || view.jobManager?.state !== 'failed') return view;
  // Batch may have ended the job, and its manager with it, between the two requests.
  const latest = await read();
  return latest === null ? null : jobView(latest, manager);
}

async function countTasks({ client, call }: Service, jobId: string) {
  const { taskCounts } = await call(() => client.job.getTaskCounts(jobId, REQUEST_TIMEOUT));
  const { active, running, succeeded, failed } = taskCounts;
  return { active, running, succeeded, failed };
}

async function deleteJob(
  { client, call }: Service,
  jobId: string,
  owner: Owner,
): Promise<DeletionState> {
  const job = await nullIfNotFound(call(() => client.job.get(jobId, REQUEST_TIMEOUT)));
  if (job === null) return 'deleted';
  if (!isOfRun(job, owner)) return 'notOwned';
  if (lower(job.state) === 'deleting') return 'deleting';
  await nullIfNotFound(
    ignoringCode(
      'JobBeingDeleted',
      call(() => client.job.deleteMethod(jobId, REQUEST_TIMEOUT)),
    ),
  );
  return 'deleting';
}

async function listOwned(
  { client, call }: Service,
  owner: string,
): Promise<readonly OwnedResource[]> {
  const select = 'id,metadata';
  const pools = await listAll(
    () => call(() => client.pool.list({ poolListOptions: { select }, ...REQUEST_TIMEOUT })),
    (next) => call(() => client.pool.listNext(next, REQUEST_TIMEOUT)),
  );
  const jobs = await listAll(
    () => call(() => client.job.list({ jobListOptions: { select }, ...REQUEST_TIMEOUT })),
    (next) => call(() => client.job.listNext(next, REQUEST_TIMEOUT)),
  );
  return [
    ...pools.map((pool) => ({ kind: 'pool' as const, entity: pool })),
    ...jobs.map((job) => ({ kind: 'job' as const, entity: job })),
  ].flatMap(({ kind, entity }) => {
    const runId = metadataValue(entity, RUN_METADATA) ?? null;
    const retainedUntil = metadataValue(entity, RETAINED_METADATA) ?? null;
    const isOurs = isOwnedBy(entity, { owner }) && (runId ?? retainedUntil) !== null;
    return isOurs ? [{ kind, id: entity.id ?? '', runId, retainedUntil }] : [];
  });
}

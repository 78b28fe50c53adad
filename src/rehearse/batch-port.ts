import { Failure } from '../failure';
import type { Batch, OwnedResource, Owner, PoolSpec, SupportedImage } from '../run/ports';
import type { TaskPage, TaskState, TaskView } from '../run/finish/reads';
import type { JobView, NodeCounts, PoolView, TaskCounts, JobManagerView } from '../run/run';
import type { BatchModel } from './batch-model';
import type { Job, Made, Node, NodeState, Pool, Task } from './batch-state';
import { SECOND } from './clock';

/** The model as one app sees it: the port, with the refusals that the app's own client makes of the service's. */

const IMAGES: readonly SupportedImage[] = [
  ['canonical', 'ubuntu-24_04-lts', 'server', false] as const,
  ['microsoft-dsvm', 'ubuntu-hpc', '2404', true] as const,
].map(([publisher, offer, sku, runsContainers]) => ({
  publisher,
  offer,
  sku,
  nodeAgent: 'batch.node.ubuntu 24.04',
  endOfLife: null,
  runsContainers,
}));

/** As the app's own client: other runs free a quota. */
const QUOTA_RETRY_SECONDS = 60;

/** The service takes one such call in this time. */
const FORMULA_PAUSE = 30 * SECOND;
const AT_REST =
  '$TargetDedicatedNodes = 0;\n$TargetLowPriorityNodes = 0;\n$NodeDeallocationOption = terminate;';

// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the port
export function batchPort(model: BatchModel, app: string): Batch {
  const pool = (id: string) => model.pools.get(id.toLowerCase());
  const job = (id: string) => model.jobs.get(id.toLowerCase());
  return {
    supportedImages: async () => IMAGES,
    packageVersions: async () => ['1.0'],
    makePool: async (spec, owner) => makePool(model, app, spec, owner),
    setFormula: async (id, formula) =>
      changeFormula(model, app, demand(pool(id), 'pool', id), formula),
    getPool: async (id) => poolView(pool(id)),
    describePool: async (id) => factsOf(pool(id)),
    hasJobSchedule: async () => false,
    makeJob: async (spec, owner) => {
      const found = job(spec.id);
      if (found !== undefined) return adopt(found, owner, 'job');
      if (model.isShort('jobs'))
        throw quota(`make job ${spec.id}`, 'ActiveJobAndScheduleQuotaReached');
      const made = model.addJob(spec.id, { app, owner }, spec);
      model.wakePoolOf(made);
    },
    addTasks: async (id, tasks) => {
      const over = () => (job(id)?.state ?? 'deleting') !== 'active';
      if (over()) throw new Failure('jobEndedEarly', `job ${id} takes no more tasks`);
      for await (const task of tasks) {
        if (over()) throw new Failure('jobEndedEarly', `job ${id} takes no more tasks`);
        model.addTask(demand(job(id), 'job', id), task);
      }
      model.wakePoolOf(demand(job(id), 'job', id));
    },
    taskIds: async function* (id) {
      for (const { spec } of demand(job(id), 'job', id).tasks.values()) yield spec.id;
    },
    taskEnds: async function* (id) {
      for (const { spec, state } of demand(job(id), 'job', id).tasks.values()) {
        const hasEnded = state === 'succeeded' || state === 'failed';
        yield { id: spec.id, end: hasEnded ? state : 'unfinished' };
      }
    },
    unfinishedTasks: async (id, limit) =>
      idsOf(
        demand(job(id), 'job', id),
        ({ state }) => state === 'active' || state === 'running',
        limit,
      ),
    runningTasks: async (id, limit) =>
      idsOf(demand(job(id), 'job', id), ({ state }) => state === 'running', limit),
    endWhenTasksEnd: async (id) => {
      const found = job(id);
      if (found !== undefined && found.state === 'active') model.letEndWithTasks(found);
    },
    getJob: async (id) => jobView(job(id)),
    countTasks: async (id) => countTasks(demand(job(id), 'job', id)),
    countUnprepared: async (id, poolId) => {
      const nodes = pool(poolId)?.nodes;
      const able = [...(job(id)?.unprepared ?? [])].map((node) => nodes?.get(node)?.state);
      return able.filter((state) => state === 'idle' || state === 'running').length;
    },
    failedTasks: async (id, limit) =>
      [...demand(job(id), 'job', id).tasks.values()]
        .filter(({ state }) => state === 'failed')
        .slice(0, limit)
        .map(({ spec, exitCode, cause }) => ({
          id: spec.id,
          input: spec.environment['INPUT_NAME'] ?? null,
          exitCode,
          cause: cause ?? '',
        })),
    listTasks: async (id, { state, limit }) => taskPage(job(id), state, limit),
    readNodeFile: async () => null,
    listNodes: async () => null,
    readTaskFile: async (id, task, file) =>
      job(id)?.tasks.get(task.toLowerCase())?.startedAt === 0 ? null : `${file} of ${task}\n`,
    readStartTaskFile: async (id, file) =>
      nodesIn(pool(id), 'startTaskFailed', 'waitingForStartTask').length > 0
        ? `${file} of the start task\n`
        : null,
    rebootNodes: async (id, nodeIds, owner) => {
      const found = pool(id);
      if (found === undefined) return 0;
      const isOwned = isRetained(found) ? isRetainedBy(found, owner) : isOfRun(found, owner);
      return isOwned ? model.rebootNodes(found, nodeIds, app) : 0;
    },
    readPreparationFile: async () => 'the preparation failed\n',
    deleteJob: async (id, owner) => {
      const found = job(id);
      if (found === undefined) return 'deleted';
      if (!isOfRun(found, owner)) return 'notOwned';
      model.removeJob(found, app);
      return 'deleting';
    },
    deletePool: async (id, owner) => {
      const found = pool(id);
      if (found === undefined) return 'deleted';
      if (isRetained(found) || !isOfRun(found, owner)) return 'notOwned';
      model.removePool(found, app);
      return 'deleting';
    },
    scalePoolToZero: async (id, owner) => scaleToZero(model, app, pool(id), owner),
    deleteRetainedPool: async (id, owner) => {
      const found = pool(id);
      if (found === undefined) return 'deleted';
      if (!isRetained(found) || found.owner?.owner !== owner) return 'notOwned';
      if ([...model.jobs.values()].some((one) => one.poolId === id && one.state !== 'completed')) {
        return 'busy';
      }
      model.removePool(found, app);
      return 'deleting';
    },
    listOwned: async (owner) => [
      ...ownedIn('pool', [...model.pools.values()], owner),
      ...ownedIn('job', [...model.jobs.values()], owner),
    ],
  };
}

function nodesIn(pool: Pool | undefined, ...states: readonly NodeState[]): readonly Node[] {
  return [...(pool?.nodes.values() ?? [])].filter(({ state }) => states.includes(state));
}

function makePool(model: BatchModel, app: string, spec: PoolSpec, owner: Owner): void {
  const found = model.pools.get(spec.id.toLowerCase());
  if (found === undefined) {
    if (model.isShort('pools')) throw quota(`make pool ${spec.id}`, 'PoolQuotaReached');
    model.addPool(spec.id, { app, owner }, spec);
    return;
  }
  if (spec.retainedUntil === null) return adopt(found, owner, 'pool');
  if (found.isDeleting) throw deleting('pool', spec.id);
  if (!isRetainedBy(found, owner)) throw collision('pool', spec.id);
  if (found.formula === spec.formula) return;
  if (changeFormula(model, app, found, spec.formula) === 'set') return;
  throw new Failure(
    'serviceUnavailable',
    `pool ${spec.id} does not accept a formula at the moment`,
  );
}

function changeFormula(
  model: BatchModel,
  app: string,
  pool: Pool,
  formula: string,
): 'set' | 'busy' {
  if (pool.isDeleting || pool.resizing !== null) return 'busy';
  if (model.now < pool.formulaSetAt + FORMULA_PAUSE) return 'busy';
  model.noteTouched(app, 'pool', pool);
  model.changeFormula(pool, formula);
  return 'set';
}

function scaleToZero(model: BatchModel, app: string, pool: Pool | undefined, owner: Owner) {
  if (pool === undefined) return 'deleted';
  if (!isRetainedBy(pool, owner)) return 'notOwned';
  if (pool.isDeleting) return 'deleting';
  if (pool.formula !== AT_REST) {
    changeFormula(model, app, pool, AT_REST);
    return 'deleting';
  }
  return pool.nodes.size === 0 && pool.resizing === null ? 'kept' : 'deleting';
}

function isRetained({ spec }: Pool): boolean {
  return spec !== null && spec.retainedUntil !== null;
}

function adopt(found: Made, owner: Owner, kind: 'pool' | 'job'): void {
  if (found.isDeleting) throw deleting(kind, found.id);
  if (!isOfRun(found, owner)) throw collision(kind, found.id);
}

function deleting(kind: string, id: string): Failure {
  return new Failure('serviceUnavailable', `${kind} ${id} is being deleted`);
}

function collision(kind: string, id: string): Failure {
  return new Failure('nameCollision', `a ${kind} named ${id} exists that this run did not make`);
}

function quota(doing: string, code: string): Failure {
  return new Failure('quotaReached', `cannot ${doing}: the account has no more of them [${code}]`, {
    retryAfterSeconds: QUOTA_RETRY_SECONDS,
  });
}

function demand<Thing>(thing: Thing | undefined, kind: string, id: string): Thing {
  if (thing !== undefined) return thing;
  throw new Failure('serviceUnavailable', `${kind} ${id} does not exist`);
}

function idsOf(job: Job, is: (task: Task) => boolean, limit: number): readonly string[] {
  return [...job.tasks.values()]
    .filter(is)
    .slice(0, limit)
    .map(({ spec }) => spec.id);
}

function isOfRun(made: Made, owner: Owner): boolean {
  return made.owner?.owner === owner.owner && made.owner.runId === owner.runId;
}

function isRetainedBy(pool: Pool, { owner, workload }: Owner): boolean {
  return isRetained(pool) && pool.owner?.owner === owner && pool.owner.workload === workload;
}

/** A retained pool is no run's. */
function ownedIn(
  kind: 'pool' | 'job',
  made: readonly (Made & Pick<Pool | Job, 'spec'>)[],
  mark: string,
): OwnedResource[] {
  return made.flatMap(({ id, owner, spec }) => {
    if (owner?.owner !== mark) return [];
    const retainedUntil = spec !== null && 'retainedUntil' in spec ? spec.retainedUntil : null;
    return [{ kind, id, runId: retainedUntil === null ? owner.runId : null, retainedUntil }];
  });
}

function factsOf(pool: Pool | undefined) {
  if (pool === undefined) return null;
  return {
    isBeingDeleted: pool.isDeleting,
    runId: isRetained(pool) ? null : (pool.owner?.runId ?? null),
    nodeAgent: 'batch.node.ubuntu 24.04',
    runsContainers: false,
    slotsPerNode: pool.slotsPerNode,
    autoscales: true,
    targetNodes: pool.target.spot + pool.target.dedicated,
  };
}

function poolView(pool: Pool | undefined): PoolView | null {
  if (pool === undefined) return null;
  const nodes: Record<keyof NodeCounts, number> = {
    starting: 0,
    waitingForStartTask: 0,
    startTaskFailed: 0,
    idle: 0,
    running: 0,
    unusable: 0,
    preempted: 0,
    leaving: 0,
  };
  let dedicatedNodes = 0;
  for (const { state, isSpot } of pool.nodes.values()) {
    nodes[state] += 1;
    if (!isSpot) dedicatedNodes += 1;
  }
  return {
    state: pool.isDeleting ? 'deleting' : 'active',
    resizing: pool.resizing !== null,
    targetNodes: pool.target.spot + pool.target.dedicated,
    nodes,
    dedicatedNodes,
    resizeErrors: pool.resizing === null ? pool.resizeErrors : [],
    nodeErrors: nodes.unusable > 0 ? ['ContainerInvalidImage: the image could not be fetched'] : [],
    formulaError: pool.formulaError,
    failedNodes: nodesIn(pool, 'startTaskFailed', 'unusable').map(({ id }) => id),
    nodesInSetup: nodesIn(pool, 'waitingForStartTask').map(({ id, inStateSince }) => ({
      id,
      since: new Date(inStateSince).toISOString(),
    })),
    allocatedAt: meanAllocation(pool),
  };
}

function meanAllocation(pool: Pool): string | null {
  const times = [...pool.nodes.values()].flatMap(({ billedSince }) => billedSince ?? []);
  if (times.length === 0) return null;
  return new Date(times.reduce((sum, time) => sum + time, 0) / times.length).toISOString();
}

function jobView(job: Job | undefined): JobView | null {
  if (job === undefined) return null;
  const { state, terminateReason, spec } = job;
  const manager = spec?.jobManager ?? null;
  const task = manager === null ? undefined : job.tasks.get(manager.id.toLowerCase());
  return { state, terminateReason, jobManager: task === undefined ? null : taskEnd(task) };
}

function taskEnd({ state, exitCode, cause, retries, requeues }: Task): JobManagerView {
  return { state: state === 'active' ? 'waiting' : state, exitCode, cause, retries, requeues };
}

function countTasks(job: Job): TaskCounts {
  const counts = { active: 0, running: 0, succeeded: 0, failed: 0 };
  for (const { state } of job.tasks.values()) counts[state] += 1;
  return counts;
}

/** The model has one page: the app reads lists of runs of the model at their end only. */
function taskPage(job: Job | undefined, state: TaskState | null, limit: number): TaskPage | null {
  if (job === undefined) return null;
  const tasks = [...job.tasks.values()]
    .map((task): TaskView => ({
      id: task.spec.id,
      state: task.state === 'active' ? 'waiting' : task.state,
      node: task.node?.id ?? null,
      exitCode: task.exitCode,
      startedAt: task.startedAt === 0 ? null : new Date(task.startedAt).toISOString(),
      endedAt: null,
      retries: task.retries,
      requeues: task.requeues,
      input: task.spec.environment['INPUT_NAME'] ?? null,
      cause: task.cause,
    }))
    .filter((task) => state === null || task.state === state);
  return { tasks: tasks.slice(0, limit), next: null };
}

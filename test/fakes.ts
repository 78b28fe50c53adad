import { Failure } from '../src/failure';
import type {
  Batch,
  FailedTask,
  JobSpec,
  OwnedResource,
  Owner,
  PoolDescription,
  PoolSpec,
  DeletionState,
  Secrets,
  SupportedImage,
  TaskEnd,
  TaskSpec,
} from '../src/run/ports';
import type {
  FilePart,
  NodeFile,
  NodeView,
  Part,
  TaskPage,
  TaskQuery,
  TaskView,
} from '../src/run/finish/reads';
import type { JobView, PoolView, TaskCounts } from '../src/run/run';
import { partOf } from './memory-files';

/** The images of the service that these tests make pools of. */
export const supportedImages: readonly SupportedImage[] = [
  {
    publisher: 'canonical',
    offer: 'ubuntu-24_04-lts',
    sku: 'server',
    nodeAgent: 'batch.node.ubuntu 24.04',
    endOfLife: null,
    runsContainers: false,
  },
  {
    publisher: 'microsoft-dsvm',
    offer: 'ubuntu-hpc',
    sku: '2404',
    nodeAgent: 'batch.node.ubuntu 24.04',
    endOfLife: null,
    runsContainers: true,
  },
  {
    publisher: 'canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts',
    nodeAgent: 'batch.node.ubuntu 22.04',
    endOfLife: '2027-06-30T00:00:00.000Z',
    runsContainers: false,
  },
];

/** A Batch account in memory. Nothing happens in it by itself: a test says what becomes of what is there. */
export class MemoryBatch implements Batch {
  readonly pools = new Map<string, Pool>();
  readonly jobs = new Map<string, Job>();
  /** Text files of tasks, as `job/task/file`, and of nodes, as `pool`. */
  readonly texts = new Map<string, string>();
  failed: readonly FailedTask[] = [];
  running: readonly string[] = [];

  async makePool(spec: PoolSpec, owner: Owner): Promise<void> {
    const there = this.pools.get(spec.id);
    if (there === undefined) this.pools.set(spec.id, { spec, owner, isDeleting: false });
    else checkOwner(there, owner, `pool ${spec.id}`);
  }

  /** Images of pools, applications with their versions, and pools of others, as a test wants them. */
  images: readonly SupportedImage[] = supportedImages;
  readonly packages = new Map<string, readonly string[]>();
  readonly existing = new Map<string, PoolDescription>();
  readonly jobSchedules = new Set<string>();
  readonly retained: { readonly id: string; readonly until: string }[] = [];
  unprepared = 0;

  async supportedImages() {
    return this.images;
  }

  async packageVersions(application: string) {
    return this.packages.get(application) ?? null;
  }

  async describePool(poolId: string) {
    return this.existing.get(poolId) ?? null;
  }

  async hasJobSchedule(id: string) {
    return this.jobSchedules.has(id);
  }

  async countUnprepared(): Promise<number> {
    return this.unprepared;
  }

  async readPreparationFile(jobId: string, file: string, maxBytes: number) {
    return this.texts.get(`${jobId}/preparation/${file}`)?.slice(-maxBytes) ?? null;
  }

  async scalePoolToZero(poolId: string, _owner: Owner): Promise<DeletionState | 'kept'> {
    return this.pools.has(poolId) ? 'kept' : 'deleted';
  }

  async deleteRetainedPool(poolId: string): Promise<DeletionState | 'busy'> {
    const index = this.retained.findIndex(({ id }) => id === poolId);
    if (index < 0) return 'deleted';
    this.retained.splice(index, 1);
    return 'deleting';
  }

  async setFormula(poolId: string, formula: string): Promise<'set' | 'busy'> {
    const there = requireEntry(this.pools.get(poolId), `pool ${poolId}`);
    there.spec = { ...there.spec, formula };
    return 'set';
  }

  async getPool(poolId: string): Promise<PoolView | null> {
    const there = this.pools.get(poolId);
    if (there === undefined) return null;
    return {
      state: there.isDeleting ? 'deleting' : 'active',
      resizing: false,
      targetNodes: 1,
      dedicatedNodes: 0,
      nodes: {
        starting: 0,
        waitingForStartTask: 0,
        startTaskFailed: 0,
        idle: 1,
        running: 0,
        unusable: 0,
        preempted: 0,
        leaving: 0,
      },
      resizeErrors: [],
      nodeErrors: [],
      formulaError: null,
      failedNodes: [],
      nodesInSetup: [],
      allocatedAt: null,
    };
  }

  async makeJob(spec: JobSpec, owner: Owner): Promise<void> {
    const there = this.jobs.get(spec.id);
    if (there !== undefined) return checkOwner(there, owner, `job ${spec.id}`);
    this.jobs.set(spec.id, {
      spec,
      owner,
      tasks: new Map(),
      endsWithTasks: false,
      isOver: false,
      isDeleting: false,
    });
  }

  async addTasks(
    jobId: string,
    tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
  ): Promise<void> {
    const job = requireEntry(this.jobs.get(jobId), `job ${jobId}`);
    if (job.isOver) throw new Failure('jobEndedEarly', `job ${jobId} takes no more tasks`);
    for await (const task of tasks) if (!job.tasks.has(task.id)) job.tasks.set(task.id, task);
  }

  async *taskIds(jobId: string): AsyncGenerator<string> {
    const { tasks, spec } = requireEntry(this.jobs.get(jobId), `job ${jobId}`);
    yield* tasks.keys();
    if (spec.jobManager !== null) yield spec.jobManager.id;
  }

  async *taskEnds(jobId: string): AsyncGenerator<TaskEnd> {
    const failed = new Set(this.failed.map(({ id }) => id));
    for await (const id of this.taskIds(jobId)) {
      yield { id, end: failed.has(id) ? 'failed' : 'unfinished' };
    }
  }

  async unfinishedTasks(jobId: string, limit: number): Promise<readonly string[]> {
    const { tasks } = requireEntry(this.jobs.get(jobId), `job ${jobId}`);
    const failed = new Set(this.failed.map(({ id }) => id));
    return [...tasks.keys()].filter((id) => !failed.has(id)).slice(0, limit);
  }

  async runningTasks(_jobId: string, limit: number): Promise<readonly string[]> {
    return this.running.slice(0, limit);
  }

  /** A job without a task that is told so ends at once, as the real one does. */
  async endWhenTasksEnd(jobId: string): Promise<void> {
    const job = requireEntry(this.jobs.get(jobId), `job ${jobId}`);
    job.endsWithTasks = true;
    if (job.tasks.size === 0) job.isOver = true;
  }

  async getJob(jobId: string): Promise<JobView | null> {
    const job = this.jobs.get(jobId);
    if (job === undefined) return null;
    return {
      state: job.isDeleting ? 'deleting' : job.isOver ? 'completed' : 'active',
      terminateReason: job.isOver ? 'AllTasksComplete' : null,
      jobManager: null,
    };
  }

  async countTasks(jobId: string): Promise<TaskCounts> {
    const { tasks, spec } = requireEntry(this.jobs.get(jobId), `job ${jobId}`);
    const active = tasks.size + (spec.jobManager === null ? 0 : 1);
    return { active, running: 0, succeeded: 0, failed: this.failed.length };
  }

  async failedTasks(_jobId: string, limit: number): Promise<readonly FailedTask[]> {
    return this.failed.slice(0, limit);
  }

  /** Tasks of all jobs, as lists show them. */
  tasks: readonly TaskView[] = [];
  /** Nodes of all pools. */
  nodes: readonly NodeView[] = [];

  async listTasks(jobId: string, { state, cursor, limit }: TaskQuery): Promise<TaskPage | null> {
    if (!this.jobs.has(jobId)) return null;
    const from = Number(cursor ?? 0);
    const all = this.tasks.filter((task) => state === null || task.state === state);
    const next = all.length > from + limit ? String(from + limit) : null;
    return { tasks: all.slice(from, from + limit), next };
  }

  async readNodeFile(file: NodeFile, part: Part): Promise<FilePart | null> {
    const name =
      file.kind === 'task'
        ? `${file.jobId}/${file.taskId}/${file.file}`
        : `${file.poolId}/${file.nodeId}/${file.file}`;
    return partOf(this.texts.get(name), part);
  }

  async listNodes(poolId: string, limit: number): Promise<readonly NodeView[] | null> {
    return this.pools.has(poolId) ? this.nodes.slice(0, limit) : null;
  }

  async readTaskFile(jobId: string, taskId: string, file: string, maxBytes: number) {
    return this.texts.get(`${jobId}/${taskId}/${file}`)?.slice(-maxBytes) ?? null;
  }

  async readStartTaskFile(poolId: string, file: string, maxBytes: number): Promise<string | null> {
    const text = this.texts.get(file === 'stderr.txt' ? poolId : `${poolId}/${file}`);
    return text?.slice(-maxBytes) ?? null;
  }

  async rebootNodes(_poolId: string, nodeIds: readonly string[]): Promise<number> {
    return nodeIds.length;
  }

  async deleteJob(jobId: string, owner: Owner): Promise<DeletionState> {
    return requestDeletion(this.jobs.get(jobId), owner);
  }

  async deletePool(poolId: string, owner: Owner): Promise<DeletionState> {
    return requestDeletion(this.pools.get(poolId), owner);
  }

  async listOwned(owner: string): Promise<readonly OwnedResource[]> {
    const mine = (kind: 'pool' | 'job', things: ReadonlyMap<string, Owned>) =>
      [...things]
        .filter(([, thing]) => thing.owner.owner === owner)
        .map(([id, thing]) => ({ kind, id, runId: thing.owner.runId, retainedUntil: null }));
    const retained = this.retained.map(({ id, until }) => ({
      kind: 'pool' as const,
      id,
      runId: null,
      retainedUntil: until,
    }));
    return [...mine('pool', this.pools), ...retained, ...mine('job', this.jobs)];
  }

  /** Time passes: what was being deleted is gone. */
  finishDeletions(): void {
    for (const things of [this.pools, this.jobs]) {
      for (const [id, { isDeleting }] of things) if (isDeleting) things.delete(id);
    }
  }
}

interface Owned {
  readonly owner: Owner;
  isDeleting: boolean;
}

interface Pool extends Owned {
  spec: PoolSpec;
}

interface Job extends Owned {
  readonly spec: JobSpec;
  readonly tasks: Map<string, TaskSpec>;
  endsWithTasks: boolean;
  isOver: boolean;
}

function checkOwner(there: Owned, owner: Owner, what: string): void {
  if (isSameRun(there.owner, owner)) return;
  throw new Failure('nameCollision', `a ${what} exists that this run did not make`);
}

function isSameRun(one: Owner, other: Owner): boolean {
  return one.owner === other.owner && one.runId === other.runId;
}

function requestDeletion(there: Owned | undefined, owner: Owner): DeletionState {
  if (there === undefined) return 'deleted';
  if (!isSameRun(there.owner, owner)) return 'notOwned';
  there.isDeleting = true;
  return 'deleting';
}

function requireEntry<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Failure('serviceUnavailable', `there is no ${what}`);
  return thing;
}

/** A vault. */
export function secretsFrom(values: Readonly<Record<string, string>>): Secrets {
  return {
    read: async (name) => {
      const value = values[name];
      if (value === undefined) {
        throw new Failure(
          'secretMissing',
          `secret ${name} of the vault does not exist; store it there`,
        );
      }
      return value;
    },
  };
}

/** What the line does to one call: its request gets lost, or its answer. */
export type Disconnection = 'beforeTheCall' | 'afterTheCall';

/**
 * The same port with a line that is cut once, at the call of that number counted from 1 by `count`.
 * Lists are read without being cut.
 */
export function disconnecting<Port extends object>(
  port: Port,
  count: { calls: number },
  at: number,
  cut: Disconnection,
): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (
        typeof member !== 'function' ||
        name === 'list' ||
        name === 'taskIds' ||
        name === 'taskEnds'
      ) {
        return typeof member === 'function' ? member.bind(target) : member;
      }
      return async (...values: unknown[]) => {
        count.calls += 1;
        const isCut = count.calls === at;
        if (isCut && cut === 'beforeTheCall') throw new Failure('serviceUnavailable', 'cut before');
        const answer: unknown = await Reflect.apply(member, target, values);
        if (isCut) throw new Failure('serviceUnavailable', 'cut after');
        return answer;
      };
    },
  });
}

import type { Clock } from '../../local/clock';
import type {
  Batch,
  JobSpec,
  Owner,
  PoolDescription,
  PoolSpec,
  DeletionState,
  TaskEnd,
  TaskSpec,
} from '../../src/run/ports';
import type { TaskPage, TaskView } from '../../src/run/finish/reads';
import type { JobView, NodeCounts, PoolView, TaskCounts, JobManagerView } from '../../src/run/run';
import { supportedImages } from '../fakes';

/**
 * A Batch account whose nodes and tasks take the time they are told to, on the test's clock. Every
 * view is worked out from the moments at which things were asked for, so stepping the clock is all
 * it takes. It keeps what it was asked, for the test to look at.
 */
export interface Pacing {
  /** From the request to the first node that can work; null for a pool that gets no node. */
  readonly nodeMinutes: number | null;
  readonly jobManagerMinutes: number;
  readonly jobManagerExit: number;
  readonly taskMinutes: number;
  /** Ids of tasks that fail. */
  readonly failing: readonly string[];
  /** From a request to delete to the 404. */
  readonly removalSeconds: number;
  /** Time by which Batch's clock is ahead of the app's. */
  readonly aheadMinutes: number;
  /** What nodes look like instead of idle or running. */
  readonly nodesAre: 'fine' | 'startTaskFailed' | 'unusable' | 'waitingForStartTask';
}

const usual: Pacing = {
  nodeMinutes: 3,
  jobManagerMinutes: 2,
  jobManagerExit: 0,
  taskMinutes: 5,
  failing: [],
  removalSeconds: 40,
  aheadMinutes: 0,
  nodesAre: 'fine',
};

interface Made<Spec> {
  readonly spec: Spec;
  readonly owner: Owner;
  readonly at: number;
  removedAt?: number;
}

const MINUTE_MS = 60_000;
const NO_NODES: NodeCounts = {
  starting: 0,
  waitingForStartTask: 0,
  startTaskFailed: 0,
  idle: 0,
  running: 0,
  unusable: 0,
  preempted: 0,
  leaving: 0,
};

export class PacedBatch implements Batch {
  readonly asked: string[] = [];
  readonly formulas: string[] = [];
  /** A pool of somebody else, for the run that looks for one. */
  others: PoolDescription | null = null;
  pool: Made<PoolSpec> | undefined;
  job: Made<JobSpec> | undefined;
  readonly tasks = new Map<string, { readonly spec: TaskSpec; readonly at: number }>();
  #endsWithTasks = false;
  readonly #pacing: Pacing;

  constructor(
    readonly clock: Clock,
    pacing: Partial<Pacing> = {},
  ) {
    this.#pacing = { ...usual, ...pacing };
  }

  async makePool(spec: PoolSpec, owner: Owner): Promise<void> {
    this.asked.push('makePool');
    this.formulas.push(spec.formula);
    this.pool ??= { spec, owner, at: this.#now() };
  }

  async setFormula(_poolId: string, formula: string): Promise<'set' | 'busy'> {
    this.asked.push('setFormula');
    this.formulas.push(formula);
    return 'set';
  }

  async supportedImages() {
    return supportedImages;
  }

  async packageVersions() {
    return ['1.0'];
  }

  async describePool() {
    return this.others;
  }

  async hasJobSchedule() {
    return false;
  }

  async countUnprepared(): Promise<number> {
    return 0;
  }

  async readPreparationFile(): Promise<string | null> {
    return null;
  }

  /** Nodes leave in the time that a removal takes; then it is at rest. */
  async scalePoolToZero(_id: string, owner: Owner): Promise<DeletionState | 'kept'> {
    this.asked.push('scalePoolToZero');
    const answer = this.#remove(this.pool, owner);
    return answer === 'deleted' && this.pool !== undefined ? 'kept' : answer;
  }

  async deleteRetainedPool(): Promise<DeletionState> {
    return 'deleted';
  }

  async makeJob(spec: JobSpec, owner: Owner): Promise<void> {
    this.asked.push('makeJob');
    this.job ??= { spec, owner, at: this.#now() };
  }

  async addTasks(
    _jobId: string,
    tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
  ): Promise<void> {
    const ids: string[] = [];
    for await (const spec of tasks) {
      ids.push(spec.id);
      if (!this.tasks.has(spec.id)) this.tasks.set(spec.id, { spec, at: this.#now() });
    }
    this.asked.push(ids.length > 10 ? `addTasks (${ids.length})` : `addTasks ${ids.join(' ')}`);
  }

  async *taskIds(): AsyncGenerator<string> {
    const manager = this.job?.spec.jobManager;
    yield* this.tasks.keys();
    if (manager) yield manager.id;
  }

  async *taskEnds(): AsyncGenerator<TaskEnd> {
    for await (const id of this.taskIds()) {
      const isManager = id === this.job?.spec.jobManager?.id;
      const state = isManager ? this.#managerEnd().state : this.#taskState(id);
      const hasEnded = state === 'succeeded' || state === 'failed';
      yield { id, end: hasEnded ? state : 'unfinished' };
    }
  }

  async unfinishedTasks(_jobId: string, limit: number): Promise<readonly string[]> {
    const hasEnded = new Set<JobManagerView['state']>(['succeeded', 'failed']);
    return [...this.tasks.keys()]
      .filter((id) => !hasEnded.has(this.#taskState(id)))
      .slice(0, limit);
  }

  async runningTasks(_jobId: string, limit: number): Promise<readonly string[]> {
    return [...this.tasks.keys()].filter((id) => this.#taskState(id) === 'running').slice(0, limit);
  }

  async endWhenTasksEnd(): Promise<void> {
    this.asked.push('endWhenTasksEnd');
    this.#endsWithTasks = true;
  }

  async getPool(): Promise<PoolView | null> {
    if (this.pool === undefined || this.#isGone(this.pool)) return null;
    const hasNode = this.#nodeReadyAt() <= this.#now();
    return {
      state: this.pool.removedAt === undefined ? 'active' : 'deleting',
      resizing: !hasNode,
      targetNodes: 1,
      dedicatedNodes: 0,
      nodes: hasNode ? this.#nodes() : NO_NODES,
      resizeErrors: [],
      nodeErrors: [],
      formulaError: null,
      failedNodes: [],
      nodesInSetup:
        hasNode && this.#pacing.nodesAre === 'waitingForStartTask'
          ? [{ id: 'n0', since: new Date(this.#nodeReadyAt()).toISOString() }]
          : [],
      allocatedAt: null,
    };
  }

  async getJob(): Promise<JobView | null> {
    if (this.job === undefined || this.#isGone(this.job)) return null;
    const manager = this.job.spec.jobManager;
    const jobManager = manager === null ? null : this.#managerEnd();
    const counts = await this.countTasks();
    const allDone = this.#endsWithTasks && counts.active + counts.running === 0;
    const endedByManager =
      manager?.endsJob === true &&
      jobManager?.state !== 'running' &&
      jobManager?.state !== 'waiting';
    return {
      state:
        this.job.removedAt !== undefined
          ? 'deleting'
          : allDone || endedByManager
            ? 'completed'
            : 'active',
      terminateReason: endedByManager ? 'JMComplete' : allDone ? 'AllTasksComplete' : null,
      jobManager,
    };
  }

  async countTasks(): Promise<TaskCounts> {
    const ends = [...this.tasks.keys()].map((id) => this.#taskState(id));
    if (this.job?.spec.jobManager) ends.push(this.#managerEnd().state);
    const count = (state: JobManagerView['state']) => ends.filter((end) => end === state).length;
    return {
      active: count('waiting'),
      running: count('running'),
      succeeded: count('succeeded'),
      failed: count('failed'),
    };
  }

  async failedTasks() {
    const failed = [...this.tasks.keys()].filter((id) => this.#taskState(id) === 'failed');
    if (this.#managerEnd().state === 'failed') failed.unshift('job-manager');
    return failed.map((id) => ({ id, input: null, exitCode: 1, cause: 'FailureExitCode' }));
  }

  async listTasks(): Promise<TaskPage> {
    const tasks = [...this.tasks.keys()].map((id): TaskView => {
      const none = { node: null, exitCode: null, startedAt: null, endedAt: null };
      const state = this.#taskState(id);
      return { id, state, ...none, retries: 0, requeues: 0, input: null, cause: null };
    });
    return { tasks, next: null };
  }

  async readNodeFile(): Promise<null> {
    return null;
  }

  async listNodes(): Promise<null> {
    return null;
  }

  async readTaskFile(_jobId: string, taskId: string, file: string): Promise<string | null> {
    return `${file} of ${taskId}\n`;
  }

  async readStartTaskFile(_poolId: string, file: string): Promise<string | null> {
    return file === 'stderr.txt' ? 'apt has no nodejs\n' : 'installing\n';
  }

  async rebootNodes(_poolId: string, nodeIds: readonly string[]): Promise<number> {
    this.asked.push(`rebootNodes ${nodeIds.join(' ')}`);
    return nodeIds.length;
  }

  async deleteJob(_id: string, owner: Owner) {
    this.asked.push('deleteJob');
    return this.#remove(this.job, owner);
  }

  async deletePool(_id: string, owner: Owner) {
    this.asked.push('deletePool');
    return this.#remove(this.pool, owner);
  }

  async listOwned() {
    return [];
  }

  #remove(made: Made<unknown> | undefined, owner: Owner): 'deleted' | 'deleting' | 'notOwned' {
    if (made === undefined || this.#isGone(made)) return 'deleted';
    if (made.owner.owner !== owner.owner || made.owner.runId !== owner.runId) return 'notOwned';
    made.removedAt ??= this.#now();
    return 'deleting';
  }

  #now(): number {
    return this.clock.now().getTime() + this.#pacing.aheadMinutes * MINUTE_MS;
  }

  #isGone({ removedAt }: Made<unknown>): boolean {
    return removedAt !== undefined && this.#now() >= removedAt + this.#pacing.removalSeconds * 1000;
  }

  #nodeReadyAt(): number {
    const { nodeMinutes } = this.#pacing;
    return nodeMinutes === null || this.pool === undefined
      ? Infinity
      : this.pool.at + nodeMinutes * MINUTE_MS;
  }

  #nodes(): NodeCounts {
    const { nodesAre } = this.#pacing;
    return { ...NO_NODES, [nodesAre === 'fine' ? 'running' : nodesAre]: 1 };
  }

  #managerEnd(): JobManagerView {
    const { jobManagerMinutes, jobManagerExit, nodesAre } = this.#pacing;
    const start = Math.max(this.#nodeReadyAt(), this.job?.at ?? Infinity);
    const works = nodesAre === 'fine';
    const done = works && this.#now() >= start + jobManagerMinutes * MINUTE_MS;
    const state =
      !works || this.#now() < start
        ? 'waiting'
        : !done
          ? 'running'
          : jobManagerExit === 0
            ? 'succeeded'
            : 'failed';
    return { state, exitCode: done ? jobManagerExit : null, cause: null, retries: 0, requeues: 0 };
  }

  #taskState(id: string): JobManagerView['state'] {
    const start = this.#taskBeginsAt(id);
    if (this.#now() < start) return 'waiting';
    if (this.#now() < start + this.#pacing.taskMinutes * MINUTE_MS) return 'running';
    return this.#pacing.failing.includes(id) ? 'failed' : 'succeeded';
  }

  /** A task that depends on others begins when they have ended well, or never. */
  #taskBeginsAt(id: string): number {
    const task = this.tasks.get(id);
    if (task === undefined) return Infinity;
    const others = task.spec.dependsOn.map((other) =>
      this.#pacing.failing.includes(other)
        ? Infinity
        : this.#taskBeginsAt(other) + this.#pacing.taskMinutes * MINUTE_MS,
    );
    return Math.max(task.at, this.#nodeReadyAt(), ...others);
  }
}

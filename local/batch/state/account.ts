import type { Clock } from '../../clock';
import type { AutoStorageMode, PackageStore } from '../auto-storage-mode';
import type { SampleSet, SampleHistory } from '../autoscale/samples';
import type { MountedContainer } from '../nodes/blob-mount';
import type { Capacity, Timings, Quotas } from '../timings';
import { Agenda } from './agenda';
import type { Journal, Row } from './journal';
import type { TaskLedger } from './task-ledger';
import type {
  ApplicationRecord,
  JobRecord,
  NamedValue,
  NodeRecord,
  PoolRecord,
  PreparationRecord,
  ScheduleRecord,
  EntityVersion,
  TaskRecord,
  UsageRecord,
} from './records';
import type { Script } from './script';

/** A node with the executions that run on it. */
export interface Node {
  readonly record: NodeRecord;
  readonly pool: Pool;
  /** Attempts that hold slots here, by the row of their task. */
  readonly attempts: Map<string, Attempt>;
  /** Start, preparation and release tasks that run here. */
  readonly special: Set<AbortController>;
  mounts: readonly MountedContainer[];
  /** The variables of the packages that the pool installs on its nodes. */
  packages: readonly NamedValue[];
}

export interface Pool {
  readonly key: string;
  readonly record: PoolRecord;
  readonly nodes: Map<string, Node>;
  readonly jobs: Set<Job>;
  samples: SampleHistory;
}

export interface Job {
  readonly key: string;
  readonly record: JobRecord;
  readonly tasks: TaskLedger;
  /** Preparation and release tasks by node. */
  readonly preparations: Map<string, PreparationRecord>;
  /** Running preparations and releases, by node. */
  readonly preparing: Map<string, Promise<boolean>>;
  /** Attempts that hold slots, by the key of their task. */
  readonly attempts: Map<string, Attempt>;
  pool: Pool | undefined;
  /** The job action of a task's exit options, until the reactions have run. */
  requestedAction?: { readonly action: 'disable' | 'terminate' } | undefined;
}

export interface Schedule {
  readonly key: string;
  readonly record: ScheduleRecord;
}

/** The options of an account; they do not change while it runs. */
export interface AccountOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (line: string) => void;
  /** Parent folder of the nodes' directories. */
  readonly nodesFolder: string;
  readonly packagesFolder: string;
  /** The PATH of tasks. */
  readonly path: string;
  /** Variables that every task gets in addition to its own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The blob endpoint of a storage account. */
  readonly blobEndpoint: (accountName: string) => string;
  /** Returns the address, with a SAS, of a container of the auto-storage account. */
  readonly autoStorageContainer?: (name: string) => string | Promise<string>;
  readonly autoStorageMode: AutoStorageMode;
  readonly packageStore?: PackageStore;
}

/** The reactions to a change, in the order in which they run at the end of `runExclusive`. */
export interface Reactions {
  job(account: Account, job: Job): void;
  schedule(account: Account, schedule: Schedule): void;
  node(account: Account, node: Node): void;
  pool(account: Account, pool: Pool): void;
  dispatch(account: Account, pool: Pool): void;
}

const EPOCH_TICKS = 621_355_968_000_000_000n;

/**
 * One Batch account: its resources, its time, and the changes to write to the journal. A change is
 * made inside `runExclusive`, and marks the resources that it affects (`review…`, `wantDispatch`).
 * At the end of the outermost `runExclusive` their reactions run until none is left.
 */
export class Account {
  readonly pools = new Map<string, Pool>();
  readonly jobs = new Map<string, Job>();
  readonly schedules = new Map<string, Schedule>();
  readonly applications = new Map<string, ApplicationRecord>();
  /** The remaining machines of Azure, and the error when there are none. */
  capacity: Capacity = { nodes: Number.POSITIVE_INFINITY, whenOut: 'timeout' };
  /** VM sizes in addition to those of account-info/vm-sizes.ts. */
  addedSizes: ReadonlySet<string> = new Set();
  /** Scripted results of tasks; the first match counts. */
  scripts: readonly Script[] = [];
  /** Usage of deleted nodes, for thirty days. */
  usage: UsageRecord[] = [];
  readonly agenda: Agenda;
  /** The address of the service, for tasks. */
  url = '';
  readonly #work = new Set<Promise<unknown>>();
  #journal: Journal | undefined;
  #lastTicks = 0n;
  #lastSeq = 0;
  #depth = 0;
  #closed = false;
  readonly #marked = {
    jobs: new Set<Job>(),
    schedules: new Set<Schedule>(),
    nodes: new Set<Node>(),
    pools: new Set<Pool>(),
    dispatch: new Set<Pool>(),
  };

  constructor(
    readonly options: AccountOptions,
    public timings: Timings,
    public quotas: Quotas,
    private readonly reactions: Reactions,
  ) {
    this.agenda = new Agenda(options.clock);
  }

  now(): number {
    return this.options.clock.now().getTime();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  attach(journal: Journal): void {
    this.#journal = journal;
  }

  /** Makes a change and runs all reactions to it. */
  runExclusive<T>(change: () => T): T {
    this.#depth += 1;
    try {
      const result = change();
      if (this.#depth === 1) this.#runReactions();
      return result;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Calls `wake` in `runExclusive` when the clock reaches `at`. */
  wakeAt(key: string, at: number, wake: () => void): void {
    this.agenda.set(key, at, () => this.runExclusive(wake));
  }

  reviewJob(job: Job): void {
    this.#marked.jobs.add(job);
  }

  reviewSchedule(schedule: Schedule | undefined): void {
    if (schedule !== undefined) this.#marked.schedules.add(schedule);
  }

  reviewNode(node: Node): void {
    this.#marked.nodes.add(node);
  }

  reviewPool(pool: Pool): void {
    this.#marked.pools.add(pool);
  }

  wantDispatch(pool: Pool | undefined): void {
    if (pool !== undefined) this.#marked.dispatch.add(pool);
  }

  #runReactions(): void {
    const { jobs, schedules, nodes, pools, dispatch } = this.#marked;
    const { reactions } = this;
    if (this.#closed) return;
    while (jobs.size + schedules.size + nodes.size + pools.size + dispatch.size > 0) {
      drain(jobs, (job) => reactions.job(this, job));
      drain(schedules, (schedule) => reactions.schedule(this, schedule));
      drain(nodes, (node) => reactions.node(this, node));
      drain(pools, (pool) => reactions.pool(this, pool));
      drain(dispatch, (pool) => reactions.dispatch(this, pool));
    }
  }

  /** A new ETag: the time in ticks of 100 ns, as in the service, and always unique. */
  nextVersion(): EntityVersion {
    const modifiedAt = this.now();
    const ticks = BigInt(modifiedAt) * 10_000n + EPOCH_TICKS;
    this.#lastTicks = ticks > this.#lastTicks ? ticks : this.#lastTicks + 1n;
    return { eTag: `0x${this.#lastTicks.toString(16).toUpperCase()}`, modifiedAt };
  }

  /** The position of a new resource in lists. */
  nextSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }

  /** Continues to count after the restored resources. */
  resumeSeq(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  savePool(pool: Pool): void {
    this.#journal?.put(poolRow(pool.key), pool.record);
  }

  saveNode(node: Node): void {
    this.#journal?.put(nodeRow(node.pool.key, node.record.id), node.record);
  }

  saveJob(job: Job): void {
    this.#journal?.put(jobRow(job.key), job.record);
  }

  saveTask(job: Job, task: TaskRecord): void {
    this.#journal?.put(taskRow(job.key, task.spec.id), task);
  }

  savePreparation(job: Job, record: PreparationRecord): void {
    this.#journal?.put(preparationRow(job.key, record.nodeId), record);
  }

  saveSchedule(schedule: Schedule): void {
    this.#journal?.put(`schedule/${schedule.key}`, schedule.record);
  }

  saveApplication(application: ApplicationRecord): void {
    this.#journal?.put(`application/${application.id.toLowerCase()}`, application);
  }

  saveSamples(pool: Pool, samples: SampleSet): void {
    this.#journal?.put(samplesRow(pool.key, samples.at), samples);
  }

  saveUsage(usage: UsageRecord): void {
    this.#journal?.put(usageRow(usage), usage);
  }

  dropPool(pool: Pool): void {
    this.pools.delete(pool.key);
    this.#journal?.drop(poolRow(pool.key));
    this.#journal?.dropUnder(nodeRow(pool.key, ''));
    this.#journal?.dropUnder(samplesRow(pool.key, ''));
  }

  dropNode(node: Node): void {
    node.pool.nodes.delete(node.record.id);
    this.#journal?.drop(nodeRow(node.pool.key, node.record.id));
  }

  dropJob(job: Job): void {
    this.jobs.delete(job.key);
    this.#journal?.drop(jobRow(job.key));
    this.#journal?.dropUnder(taskRow(job.key, ''));
    this.#journal?.dropUnder(preparationRow(job.key, ''));
  }

  dropTask(job: Job, task: TaskRecord): void {
    this.#journal?.drop(taskRow(job.key, task.spec.id));
  }

  dropPreparation(job: Job, record: PreparationRecord): void {
    job.preparations.delete(record.nodeId);
    this.#journal?.drop(preparationRow(job.key, record.nodeId));
  }

  dropSchedule(schedule: Schedule): void {
    this.schedules.delete(schedule.key);
    this.#journal?.drop(`schedule/${schedule.key}`);
  }

  dropApplication(application: ApplicationRecord): void {
    this.applications.delete(application.id.toLowerCase());
    this.#journal?.drop(`application/${application.id.toLowerCase()}`);
  }

  /** Resolves when every change so far is on the disk. */
  async flushed(): Promise<void> {
    await this.#journal?.flushed();
  }

  /** Registers work in the background: a task's processes, a start task. */
  trackBackground(work: Promise<unknown>, what: string): void {
    const noted = work
      .catch((error: unknown) => this.options.log(`${what}: ${String(error)}`))
      .finally(() => this.#work.delete(noted));
    this.#work.add(noted);
  }

  /** Resolves when no background work is left. */
  async backgroundDone(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  close(): void {
    this.#closed = true;
    this.agenda.close();
  }

  *rows(): Iterable<Row> {
    for (const pool of this.pools.values()) {
      yield [poolRow(pool.key), pool.record];
      for (const { record } of pool.nodes.values()) yield [nodeRow(pool.key, record.id), record];
      for (const samples of pool.samples.sampleSets())
        yield [samplesRow(pool.key, samples.at), samples];
    }
    for (const schedule of this.schedules.values()) {
      yield [`schedule/${schedule.key}`, schedule.record];
    }
    for (const [key, application] of this.applications) yield [`application/${key}`, application];
    for (const usage of this.usage) yield [usageRow(usage), usage];
    for (const job of this.jobs.values()) yield* jobRows(job);
  }
}

function* jobRows(job: Job): Iterable<Row> {
  yield [jobRow(job.key), job.record];
  for (const record of job.preparations.values()) {
    yield [preparationRow(job.key, record.nodeId), record];
  }
  for (const task of job.tasks.all()) yield [taskRow(job.key, task.spec.id), task];
}

function drain<T>(marked: Set<T>, react: (thing: T) => void): void {
  for (const thing of marked) {
    marked.delete(thing);
    react(thing);
  }
}

/** The key of an id, which ignores case: `Nightly` and `nightly` are one job. */
export function keyOf(id: string): string {
  return id.toLowerCase();
}

function poolRow(key: string): string {
  return `pool/${key}`;
}

function nodeRow(poolKey: string, nodeId: string): string {
  return `node/${poolKey}/${nodeId}`;
}

function samplesRow(poolKey: string, at: number | ''): string {
  return `samples/${poolKey}/${at}`;
}

function jobRow(key: string): string {
  return `job/${key}`;
}

export function taskRow(jobKey: string, taskId: string): string {
  return `task/${jobKey}/${keyOf(taskId)}`;
}

function usageRow({ nodeId, endAt }: UsageRecord): string {
  return `usage/${nodeId}/${endAt}`;
}

function preparationRow(jobKey: string, nodeId: string): string {
  return `preparation/${jobKey}/${nodeId}`;
}

/** One attempt of a task on a node. It holds its slots until its processes have exited. */
export interface Attempt {
  readonly job: Job;
  readonly task: TaskRecord;
  readonly node: Node;
  readonly slots: number;
  /** A job manager that shares its node with no other task. */
  readonly isExclusive: boolean;
  readonly abort: AbortController;
  /** The task no longer follows this attempt: the end of the attempt changes nothing. */
  isOver: boolean;
  /** Resolves when the attempt has released its slots. */
  readonly released: Promise<void>;
  readonly release: () => void;
}

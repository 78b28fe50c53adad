import type { Chance } from './chance';
import { MINUTE, type Agenda } from './clock';
import {
  isShort,
  type BatchAccount,
  type BatchWeather,
  type Job,
  type Made,
  type Node,
  type Pool,
  type Shortage,
  type Task,
} from './batch-state';
import { evict, reboot, removePool, setFormula } from './batch-nodes';
import { isReady, removeJob, requeueTasks, schedule, settle, terminate } from './batch-tasks';
import { openUrl, type FilesModel } from './files-model';
import type { JobSpec, Owner, PoolSpec, TaskSpec } from '../run/ports';

/** An app changed or deleted what another made. */
export interface Touched {
  readonly by: string;
  readonly kind: 'pool' | 'job';
  readonly id: string;
  /** The app that made it; null for another owner. */
  readonly madeBy: string | null;
}

export interface BatchModelParts {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly weather: BatchWeather;
  readonly shortages: readonly Shortage[];
  /** The storage account of each app. */
  readonly storage: ReadonlyMap<string, FilesModel>;
  /** Manifest that the job manager of a workload writes, by workload. */
  readonly manifests: Readonly<Record<string, string>>;
  /** A known duration of tasks, a quota and an observer of nodes. */
  readonly given?: Partial<Pick<BatchAccount, 'minutesOf' | 'roomFor' | 'countNode'>>;
  /** True for an account that keeps nothing of pools and jobs that are gone. */
  readonly forgets?: boolean;
}

/**
 * A Batch account on the agenda's clock, which several apps may share. It keeps what is gone
 * unless it is to forget, and counts the bill of its pools by itself.
 */
export class BatchModel implements BatchAccount {
  readonly pools = new Map<string, Pool>();
  readonly jobs = new Map<string, Job>();
  /** In the order in which they were made, gone or not. */
  readonly allJobs: Job[] = [];
  readonly allPools: Pool[] = [];
  readonly touched: Touched[] = [];
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly weather: BatchWeather;

  constructor(readonly parts: BatchModelParts) {
    this.agenda = parts.agenda;
    this.chance = parts.chance;
    this.weather = parts.weather;
  }

  get now(): number {
    return this.agenda.now;
  }

  isShort(of: Shortage['of']): boolean {
    return isShort(this.parts.shortages, of, this.now);
  }

  roomFor(pool: Pool): number {
    return this.parts.given?.roomFor?.(pool) ?? Infinity;
  }

  countNode(pool: Pool, node: Node, change: 1 | -1): void {
    this.parts.given?.countNode?.(pool, node, change);
  }

  minutesOf(task: Task): number | null {
    return this.parts.given?.minutesOf?.(task) ?? null;
  }

  isReady(task: Task): boolean {
    return isReady(task);
  }

  jobsOf(poolId: string): readonly Job[] {
    const jobs = [...this.jobs.values()].filter(
      (job) => job.poolId === poolId && job.state === 'active',
    );
    return jobs.sort((a, b) => (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0));
  }

  schedule(pool: Pool): void {
    schedule(this, pool);
  }

  requeueTasks(pool: Pool, node: Node): void {
    requeueTasks(this, pool, node);
    this.schedule(pool);
  }

  addPool(id: string, maker: Pick<Made, 'app' | 'owner'>, spec: PoolSpec | null): Pool {
    const pool: Pool = {
      ...maker,
      id,
      spec,
      madeAt: this.now,
      isDeleting: false,
      deletedBy: null,
      deletedAt: null,
      goneAt: null,
      slotsPerNode: spec?.slotsPerNode ?? 1,
      formula: '',
      evaluate: null,
      formulaSetAt: -Infinity,
      target: { spot: 0, dedicated: 0 },
      resizing: null,
      resizeErrors: [],
      formulaError: null,
      nodes: new Map(),
      nodesMade: 0,
      reboots: 0,
      nextEvaluation: null,
      pending: [],
      billedMinutes: 0,
    };
    this.pools.set(id.toLowerCase(), pool);
    if (this.parts.forgets !== true) this.allPools.push(pool);
    if (spec !== null) setFormula(this, pool, spec.formula);
    return pool;
  }

  addJob(id: string, maker: Pick<Made, 'app' | 'owner'>, spec: JobSpec | null): Job {
    const job: Job = {
      ...maker,
      id,
      spec,
      madeAt: this.now,
      isDeleting: false,
      deletedBy: null,
      deletedAt: null,
      goneAt: null,
      poolId: spec?.poolId ?? '',
      state: 'active',
      terminateReason: null,
      endsWithTasks: false,
      tasks: new Map(),
      unprepared: new Set(),
      prepared: new Set(),
      wallClock: null,
      running: 0,
    };
    this.jobs.set(id.toLowerCase(), job);
    if (this.parts.forgets !== true) this.allJobs.push(job);
    if (spec === null) return job;
    job.wallClock = this.agenda.in(spec.maxMinutes * MINUTE, () =>
      terminate(this, job, 'MaxWallClockTimeExpiry'),
    );
    if (spec.jobManager !== null) this.addTask(job, spec.jobManager, true);
    return job;
  }

  addTask(job: Job, spec: TaskSpec, isManager = false): void {
    const key = spec.id.toLowerCase();
    if (job.tasks.has(key)) return;
    job.tasks.set(key, {
      spec,
      job,
      isManager,
      state: 'active',
      exitCode: null,
      cause: null,
      retries: 0,
      requeues: 0,
      node: null,
      end: null,
      startedAt: 0,
      inputProblem: null,
      timesDone: 0,
      unfinishedAtStart: 0,
    });
  }

  /** New tasks are seen by the nodes that wait for some. */
  wakePoolOf(job: Job): void {
    const pool = this.pools.get(job.poolId.toLowerCase());
    if (pool !== undefined) this.schedule(pool);
  }

  letEndWithTasks(job: Job): void {
    job.endsWithTasks = true;
    settle(this, job);
  }

  changeFormula(pool: Pool, formula: string): void {
    setFormula(this, pool, formula);
  }

  /** Returns the number of nodes that are being rebooted. */
  rebootNodes(pool: Pool, nodeIds: readonly string[], by: string): number {
    this.noteTouched(by, 'pool', pool);
    const nodes = nodeIds.flatMap((id) => pool.nodes.get(id) ?? []);
    const rebooted = nodes.filter((node) => reboot(this, pool, node)).length;
    pool.reboots += rebooted;
    return rebooted;
  }

  removePool(pool: Pool, by: string): void {
    this.noteTouched(by, 'pool', pool);
    if (pool.isDeleting) return;
    pool.deletedBy = by;
    pool.deletedAt = this.now;
    removePool(this, pool);
  }

  removeJob(job: Job, by: string): void {
    this.noteTouched(by, 'job', job);
    if (job.isDeleting) return;
    job.deletedBy = by;
    job.deletedAt = this.now;
    removeJob(this, job);
  }

  terminateJob(job: Job, reason: string): void {
    terminate(this, job, reason);
  }

  noteTouched(by: string, kind: 'pool' | 'job', { id, app }: Made): void {
    if (app !== by && this.parts.storage.has(by)) {
      this.touched.push({ by, kind, id, madeBy: app });
    }
  }

  /** Takes this share of all Spot nodes away. */
  evictShare(key: string, share: number): void {
    for (const pool of this.pools.values()) {
      for (const node of pool.nodes.values()) {
        if (this.chance.is(`${key} ${node.id}`, share)) evict(this, pool, node);
      }
    }
  }

  unreadable({ spec }: Task): string | null {
    for (const file of spec.resourceFiles) {
      const { app, container, name, until } = openUrl('url' in file ? file.url : file.containerUrl);
      const blobs = this.parts.storage.get(app)?.containers.get(container)?.blobs;
      if (until < this.now) return `ResourceFileAccessDenied: the URL of ${container} has expired`;
      if (blobs === undefined || (name !== '' && !blobs.has(name))) {
        return `BlobNotFound: ${container}/${name} does not exist`;
      }
    }
    return null;
  }

  writeOutputs(task: Task, result: 'success' | 'failure'): string | null {
    const { spec, job } = task;
    const isForgetful = this.chance.is(`forgets ${job.id} ${spec.id}`, this.weather.outputsMissing);
    for (const { pattern, containerUrl, path, when } of spec.outputFiles) {
      if (when === 'taskSuccess' && (result !== 'success' || isForgetful)) continue;
      const { app, container, until } = openUrl(containerUrl);
      const files = this.parts.storage.get(app);
      if (until < this.now) return 'FileUploadAccessDenied: the URL has expired';
      if (files === undefined || !files.containers.has(container)) {
        return `FileUploadContainerNotFound: ${container} does not exist`;
      }
      for (const name of namesFor(pattern, path))
        files.put(container, name, this.#content(task, name));
    }
    return null;
  }

  #content({ job, isManager }: Task, name: string): string {
    if (!isManager || !name.endsWith('.jsonl')) return 'content';
    return this.parts.manifests[(job.owner as Owner).workload] ?? '';
  }
}

function namesFor(pattern: string, path: string): readonly string[] {
  if (pattern.startsWith('../std')) return [`${path}/stdout.txt`, `${path}/stderr.txt`];
  return /[*?[]/.test(pattern) ? [`${path}/0.out`] : [path];
}

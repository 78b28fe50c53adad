import type { JobView, PoolView, TaskCounts } from './run';

/**
 * The three things a run needs from outside, in the run's own words. Every call can be repeated:
 * "it exists already" is success when it is this run's. All may throw `Failure`; a Failure with
 * the code `serviceUnavailable` is worth trying again later, any other is not.
 */
export interface Ports {
  readonly batch: Batch;
  readonly files: Files;
  readonly secrets: Secrets;
}

/** What a run writes on all it makes, and checks before it touches anything. */
export interface Owner {
  readonly runId: string;
  readonly workload: string;
}

export interface Batch {
  /** Makes the pool, or adopts the one that this run made before. @throws nameCollision, quotaReached */
  makePool(pool: PoolSpec, owner: Owner): Promise<void>;
  /** Stores the formula and has it evaluated at once. `busy` when Batch will not take it just now. */
  setFormula(poolId: string, formula: string): Promise<'set' | 'busy'>;
  lookAtPool(poolId: string): Promise<PoolView | null>;
  makeJob(job: JobSpec, owner: Owner): Promise<void>;
  /** Adds what is not there yet, in collections. @throws manifestRefused naming the task Batch refuses */
  addTasks(jobId: string, tasks: readonly TaskSpec[]): Promise<void>;
  /** The ids of all tasks of a job, the job manager's included. */
  taskIds(jobId: string): Promise<ReadonlySet<string>>;
  /** From now on the job ends by itself when all its tasks have. One way. */
  endWhenTasksEnd(jobId: string): Promise<void>;
  lookAtJob(jobId: string): Promise<JobView | null>;
  countTasks(jobId: string): Promise<TaskCounts>;
  /** Failed tasks first seen first, at most `limit`. */
  failedTasks(jobId: string, limit: number): Promise<readonly FailedTask[]>;
  /** The end of a text file of a task, or null when there is none (any more). */
  readTaskFile(
    jobId: string,
    taskId: string,
    file: string,
    maxBytes: number,
  ): Promise<string | null>;
  /** stderr of the start task of a node on which it failed, or null. */
  readStartTaskError(poolId: string, maxBytes: number): Promise<string | null>;
  /** Asks for the end; `gone` when there is nothing (left). Never touches what another owner made. */
  removeJob(jobId: string, owner: Owner): Promise<Removal>;
  removePool(poolId: string, owner: Owner): Promise<Removal>;
  /** Pools and jobs that any run of this app made. */
  findOwned(): Promise<
    readonly { readonly kind: 'pool' | 'job'; readonly id: string; readonly runId: string }[]
  >;
}

export type Removal = 'gone' | 'going' | 'notOurs';

export interface FailedTask {
  readonly id: string;
  readonly exitCode: number | null;
  readonly cause: string;
}

export interface PoolSpec {
  readonly id: string;
  readonly displayName: string;
  /** Null leaves it to the account's own default. */
  readonly vmSize: string | null;
  readonly image: {
    readonly publisher: string;
    readonly offer: string;
    readonly sku: string;
    readonly version: string;
    readonly nodeAgent: string;
  };
  readonly containerImages: readonly string[];
  readonly slotsPerNode: number;
  readonly formula: string;
  readonly startTask: StartTaskSpec | null;
}

export interface StartTaskSpec {
  readonly command: string;
  readonly resourceFiles: readonly ResourceFile[];
  readonly elevated: boolean;
  readonly retries: number;
}

export interface JobSpec {
  readonly id: string;
  readonly displayName: string;
  readonly poolId: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly maxMinutes: number;
  readonly jobManager: (TaskSpec & { readonly endsJob: boolean }) | null;
}

export interface TaskSpec {
  readonly id: string;
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly resourceFiles: readonly ResourceFile[];
  readonly outputFiles: readonly OutputFile[];
  readonly slots: number;
  readonly retries: number;
  readonly maxMinutes: number;
  readonly elevated: boolean;
  readonly dependsOn: readonly string[];
  readonly container: { readonly image: string; readonly runOptions: string } | null;
}

export type ResourceFile =
  | { readonly url: string; readonly path: string; readonly mode: string | null }
  | { readonly containerUrl: string; readonly prefix: string };

export interface OutputFile {
  readonly pattern: string;
  readonly containerUrl: string;
  readonly path: string;
  readonly when: 'taskSuccess' | 'taskCompletion';
}

export interface BlobFound {
  readonly name: string;
  readonly bytes: number;
  readonly etag: string;
}

export interface Files {
  /** Makes a container that is this run's, or adopts it. `labels` are its metadata. */
  makeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Asks for the end of a container with these labels. Never touches one that has others. */
  removeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<Removal>;
  /** Containers whose names begin so, with their labels. */
  listContainers(
    prefix: string,
  ): Promise<
    readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
  >;
  /** Blobs in name order; empty when the container does not exist. */
  list(container: string, prefix?: string): AsyncIterable<BlobFound>;
  find(container: string, name: string): Promise<BlobFound | null>;
  /** Text of a blob, or null when there is none. @throws inputRefused when it is longer than `maxBytes` */
  readText(container: string, name: string, maxBytes: number): Promise<string | null>;
  writeText(container: string, name: string, text: string): Promise<void>;
  /** Writes unless there is one; false when there is. */
  claim(container: string, name: string, text: string): Promise<boolean>;
  /** With an ETag, only that version. */
  remove(container: string, name: string, etag?: string): Promise<void>;
  /** Copies within the account, exactly the version with that ETag. @throws inputGone */
  copy(
    from: { readonly container: string; readonly name: string; readonly etag: string },
    to: { readonly container: string; readonly name: string },
  ): Promise<void>;
  upload(container: string, name: string, file: string): Promise<void>;
  /** A URL that opens one blob (or, without a name, lists and reads the container) until `minutes` from now. */
  readUrl(container: string, name: string | null, minutes: number): Promise<string>;
  /** A URL that lets its holder create and write blobs in the container, and nothing else. */
  writeUrl(container: string, minutes: number): Promise<string>;
}

export interface Secrets {
  /** @throws secretMissing, accessDenied, each naming the vault and the secret */
  read(name: string): Promise<string>;
}

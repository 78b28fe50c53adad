import type { PackageReference } from '../workload/fields';
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
  /** For plans alone; not there where nobody said which account it is. */
  readonly account?: BatchAccount;
}

/** What the Batch account says of itself to Azure's management plane alone. */
export interface BatchAccount {
  quotas(): Promise<AccountQuotas>;
  /** Null when the application has none, or is not there. */
  defaultVersionOf(application: string): Promise<string | null>;
}

/** Cores are null where the account leaves them to its subscription. */
export interface AccountQuotas {
  readonly spotCores: number | null;
  readonly dedicatedCores: number | null;
  /** By family of VM sizes, in lower case, such as `standarddsv5family`; null where only the sum counts. */
  readonly dedicatedCoresByFamily: Readonly<Record<string, number>> | null;
  readonly pools: number;
  /** Active jobs and job schedules. */
  readonly jobs: number;
}

/** What a run writes on all it makes, and checks before it touches anything. */
export interface Owner {
  readonly runId: string;
  readonly workload: string;
}

export interface Batch {
  /** Images a pool can be made of, with the node agent and the end of support of each. */
  supportedImages(): Promise<readonly SupportedImage[]>;
  /** The versions of an application package, or null when there is no such application. */
  packageVersions(application: string): Promise<readonly string[] | null>;
  /**
   * Makes the pool, or adopts the one that this run made before. A pool that is kept from run to
   * run gets this run's start task, packages and formula. @throws nameCollision, quotaReached
   */
  makePool(pool: PoolSpec, owner: Owner): Promise<void>;
  /** Stores the formula and has it evaluated at once. `busy` when Batch will not take it just now. */
  setFormula(poolId: string, formula: string): Promise<'set' | 'busy'>;
  getPool(poolId: string): Promise<PoolView | null>;
  /** How somebody else's pool is made, or null when there is none. */
  describePool(poolId: string): Promise<PoolFacts | null>;
  makeJob(job: JobSpec, owner: Owner): Promise<void>;
  /**
   * Adds what is not there yet, in collections, as the tasks come: they need never be held all at
   * once. @throws manifestRefused naming the task Batch refuses, jobEndedEarly when the job is over
   */
  addTasks(jobId: string, tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>): Promise<void>;
  /** The ids of all tasks of a job, the job manager's included, in no order. */
  taskIds(jobId: string): AsyncIterable<string>;
  /** The ids of tasks that have not ended, at most `limit`. */
  unfinishedTasks(jobId: string, limit: number): Promise<readonly string[]>;
  /** From now on the job ends by itself when all its tasks have. One way. */
  endWhenTasksEnd(jobId: string): Promise<void>;
  getJob(jobId: string): Promise<JobView | null>;
  countTasks(jobId: string): Promise<TaskCounts>;
  /** Nodes that could work and on which the preparation of the job failed for good. */
  countUnprepared(jobId: string, poolId: string): Promise<number>;
  /** The ids of tasks that are at work on a node, at most `limit`. */
  runningTasks(jobId: string, limit: number): Promise<readonly string[]>;
  /** Failed tasks first seen first, at most `limit`. */
  failedTasks(jobId: string, limit: number): Promise<readonly FailedTask[]>;
  /** The end of a text file of a task, or null when there is none (any more). UTF-8 unless said. */
  readTaskFile(
    jobId: string,
    taskId: string,
    file: string,
    maxBytes: number,
    encoding?: string,
  ): Promise<string | null>;
  /** stderr of the start task of a node on which it failed, or null. */
  readStartTaskError(poolId: string, maxBytes: number): Promise<string | null>;
  /** stderr of the preparation task on a node on which it failed, or null. */
  readPreparationError(jobId: string, maxBytes: number): Promise<string | null>;
  /** Asks for the end; `gone` when there is nothing (left). Never touches what another owner made. */
  deleteJob(jobId: string, owner: Owner): Promise<DeletionState>;
  deletePool(poolId: string, owner: Owner): Promise<DeletionState>;
  /** Has a pool that is kept go to zero nodes; `kept` when it is there. */
  scalePoolToZero(poolId: string, owner: Owner): Promise<DeletionState | 'kept'>;
  /** Pools that are kept from run to run, and until when. */
  listRetainedPools(): Promise<readonly { readonly id: string; readonly until: string }[]>;
  /** Deletes a pool that was kept, unless a job still needs it. */
  deleteRetainedPool(poolId: string): Promise<DeletionState | 'busy'>;
  /** Pools and jobs that any run of this app made. */
  listOwned(): Promise<
    readonly { readonly kind: 'pool' | 'job'; readonly id: string; readonly runId: string }[]
  >;
}

export type DeletionState = 'deleted' | 'deleting' | 'notOwned';

export interface FailedTask {
  readonly id: string;
  readonly exitCode: number | null;
  readonly cause: string;
}

export interface SupportedImage {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly nodeAgent: string;
  /** From then on Batch makes no new pool of it; null while no end is known. */
  readonly endOfLife: string | null;
  readonly runsContainers: boolean;
}

export type Image =
  | {
      readonly kind: 'marketplace';
      readonly publisher: string;
      readonly offer: string;
      readonly sku: string;
      readonly version: string;
      readonly nodeAgent: string;
    }
  /** An image of one's own, by the resource id of the gallery's image. */
  | { readonly kind: 'gallery'; readonly id: string; readonly nodeAgent: string };

export interface PoolSpec {
  readonly id: string;
  readonly displayName: string;
  readonly vmSize: string;
  readonly image: Image;
  /** Null for a pool that runs no containers. */
  readonly containers: PoolContainers | null;
  readonly slotsPerNode: number;
  readonly fill: 'pack' | 'spread';
  readonly formula: string;
  readonly startTask: StartTaskSpec | null;
  readonly mounts: readonly MountSpec[];
  readonly packages: readonly PackageReference[];
  readonly subnetId: string | null;
  readonly interNode: boolean;
  /** The end of a pool that is kept from run to run; null for a run's own. */
  readonly retainedUntil: string | null;
}

export interface PoolContainers {
  /** Fetched when a node starts. */
  readonly images: readonly string[];
  readonly registries: readonly Registry[];
}

export interface Registry {
  readonly server: string;
  readonly user: string;
  readonly password: string;
}

export interface MountSpec {
  readonly account: string;
  readonly container: string;
  readonly sas: string;
  readonly at: string;
  readonly options: string;
}

/** What a run must know of a pool before it uses it. */
export interface PoolFacts {
  readonly isBeingDeleted: boolean;
  /** The run that made it and will delete it; null for a pool that is no run's. */
  readonly runId: string | null;
  readonly nodeAgent: string | null;
  readonly runsContainers: boolean;
  readonly slotsPerNode: number;
  readonly scalesItself: boolean;
  readonly targetNodes: number;
}

export interface StartTaskSpec {
  readonly command: string;
  readonly resourceFiles: readonly ResourceFile[];
  readonly environment: Readonly<Record<string, string>>;
  readonly elevated: boolean;
  readonly retries: number;
}

export interface JobSpec {
  readonly id: string;
  readonly displayName: string;
  readonly poolId: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly maxMinutes: number;
  /** From -1000 to 1000, among the jobs of one pool. */
  readonly priority: number;
  /** Null for no bound but the pool's. */
  readonly maxParallelTasks: number | null;
  readonly jobManager: (TaskSpec & { readonly endsJob: boolean }) | null;
  /** Before the first task of the job on a node. */
  readonly preparation: NodeTaskSpec | null;
  /** When the job has ended; only with a preparation. */
  readonly release: NodeTaskSpec | null;
}

/** A preparation or release task. */
export interface NodeTaskSpec {
  readonly command: string;
  readonly resourceFiles: readonly ResourceFile[];
  readonly environment: Readonly<Record<string, string>>;
  readonly elevated: boolean;
  readonly retries: number;
  readonly maxMinutes: number;
  readonly container: ContainerSpec | null;
}

export interface ContainerSpec {
  readonly image: string;
  readonly runOptions: string;
  readonly workingDirectory: 'task' | 'image';
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
  readonly user: 'task' | 'pool';
  readonly dependsOn: readonly string[];
  /** The node, or the task, near which it would rather run. */
  readonly affinityId?: string;
  readonly container: ContainerSpec | null;
  readonly packages: readonly PackageReference[];
}

export type ResourceFile =
  | { readonly url: string; readonly path: string; readonly mode: string | null }
  /** All blobs that begin so, in the folder `path` when there is one, under their own names. */
  | { readonly containerUrl: string; readonly prefix: string; readonly path?: string };

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

/** As a list shows it. */
export interface BlobListed extends BlobFound {
  readonly writtenAt: string;
}

export interface Files {
  /** Makes a container that is this run's, or adopts it. `labels` are its metadata. */
  makeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Asks for the end of a container with these labels. Never touches one that has others. */
  removeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<DeletionState>;
  /** Containers whose names begin so, with their labels. */
  listContainers(
    prefix: string,
  ): Promise<
    readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
  >;
  /** Blobs in name order; empty when the container does not exist. */
  list(container: string, prefix?: string): AsyncIterable<BlobListed>;
  find(container: string, name: string): Promise<BlobFound | null>;
  /**
   * Text of a blob, UTF-8 unless said, or null when there is none.
   * @throws inputRefused when it is longer than `maxBytes`
   */
  readText(
    container: string,
    name: string,
    maxBytes: number,
    encoding?: string,
  ): Promise<string | null>;
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
  /** What mounts a container on a node until `minutes` from now. */
  mountAccess(container: string, access: 'read' | 'write', minutes: number): Promise<MountAccess>;
  /** A URL that lets its holder create and write blobs in the container, and nothing else. */
  writeUrl(container: string, minutes: number): Promise<string>;
}

export interface MountAccess {
  readonly account: string;
  readonly sas: string;
}

export interface Secrets {
  /** @throws secretMissing, accessDenied, each naming the vault and the secret */
  read(name: string): Promise<string>;
}

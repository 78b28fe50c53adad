import type { PackageReference } from '../workload/fields';
import type { BatchReads, FilePart, Part } from './finish/reads';
import type { AttemptKey, Claim, JobView, PoolView, RunPlan, RunRecord, TaskCounts } from './run';

/**
 * The services that a run depends on. Every call can be repeated: a resource that exists already
 * counts as created when it belongs to this run. All calls may throw `Failure`; only a Failure with
 * the code `serviceUnavailable` is worth a retry.
 */
export interface Ports {
  readonly batch: Batch;
  readonly files: Files;
  readonly secrets: Secrets;
  /** Undefined when the account's resource id is not configured. A run can do without it. */
  readonly account?: BatchAccount;
}

/** The Batch account on Azure's management plane. */
export interface BatchAccount {
  quotas(): Promise<AccountQuotas>;
  /** Null when the application does not exist or has no default version. */
  defaultVersionOf(application: string): Promise<string | null>;
  packageAccess(): Promise<PackageAccess>;
  /** The address of a package's archive, without a signature; null when there is no such version. */
  packageUrl(application: string, version: string): Promise<string | null>;
  /**
   * The VM sizes that Batch has in the region of the account. Null without the right to read them,
   * which is one over the subscription.
   */
  vmSizes(): Promise<readonly OfferedSize[] | null>;
}

export interface OfferedSize {
  /** As Azure writes it, such as `Standard_D2s_v5`. */
  readonly name: string;
  /** From this time Batch creates no new pool with this size; null when no date is set. */
  readonly endOfLife: string | null;
}

/**
 * The credential with which nodes download application packages from the storage account that is
 * linked to the Batch account (`autoStorage`). `noIdentity`: the account reads that storage with its
 * own identity and names none for nodes.
 */
export type PackageAccess = 'storageKeys' | 'nodeIdentity' | 'noIdentity';

/** Quotas of the account. Core quotas are null for an account whose pools use the subscription's quota. */
export interface AccountQuotas {
  readonly spotCores: number | null;
  readonly dedicatedCores: number | null;
  /** By VM family in lower case, for example `standarddsv5family`; null when only the total is enforced. */
  readonly dedicatedCoresByFamily: Readonly<Record<string, number>> | null;
  readonly pools: number;
  /** Active jobs and job schedules. */
  readonly jobs: number;
}

/** Ownership metadata of every resource of a run, checked before a resource is changed. */
export interface Owner {
  /** The mark of the app; what carries another one, or none, is never touched. */
  readonly owner: string;
  readonly runId: string;
  readonly workload: string;
}

export interface Batch extends BatchReads {
  /** Lists the images for pools, with the node agent and the end of support of each. */
  supportedImages(): Promise<readonly SupportedImage[]>;
  /** Lists the versions of an application package; null when the application does not exist. */
  packageVersions(application: string): Promise<readonly string[] | null>;
  /**
   * Creates the pool, or adopts the one that this run created before. A retained pool gets this
   * run's start task, packages and formula. @throws nameCollision, quotaReached
   */
  makePool(pool: PoolSpec, owner: Owner): Promise<void>;
  /** Stores the formula and has it evaluated at once. `busy` when Batch does not accept it now. */
  setFormula(poolId: string, formula: string): Promise<'set' | 'busy'>;
  getPool(poolId: string): Promise<PoolView | null>;
  /** Describes an existing pool that no run created; null when it does not exist. */
  describePool(poolId: string): Promise<PoolDescription | null>;
  /** True while a job schedule of Batch with this id makes jobs. */
  hasJobSchedule(id: string): Promise<boolean>;
  makeJob(job: JobSpec, owner: Owner): Promise<void>;
  /**
   * Adds the tasks that do not exist yet, in collections, as the iterable yields them, so that they
   * are never all in memory. @throws manifestRefused naming the task that Batch rejects,
   * jobEndedEarly when the job has ended
   */
  addTasks(jobId: string, tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>): Promise<void>;
  /** The ids of all tasks of a job in any order, the job manager included. */
  taskIds(jobId: string): AsyncIterable<string>;
  /** All tasks of a job in any order, the job manager included. */
  taskEnds(jobId: string): AsyncIterable<TaskEnd>;
  /** The ids of tasks that have not ended, at most `limit`. */
  unfinishedTasks(jobId: string, limit: number): Promise<readonly string[]>;
  /** Makes the job terminate itself when all its tasks have ended. Cannot be undone. */
  endWhenTasksEnd(jobId: string): Promise<void>;
  getJob(jobId: string): Promise<JobView | null>;
  countTasks(jobId: string): Promise<TaskCounts>;
  /** Counts usable nodes on which the job preparation failed after all retries. */
  countUnprepared(jobId: string, poolId: string): Promise<number>;
  /** The ids of running tasks, at most `limit`. */
  runningTasks(jobId: string, limit: number): Promise<readonly string[]>;
  /** Failed tasks in the order of the service, at most `limit`. */
  failedTasks(jobId: string, limit: number): Promise<readonly FailedTask[]>;
  /** Reboots failed nodes of the run's pool; returns how many the service accepted. */
  rebootNodes(poolId: string, nodeIds: readonly string[], owner: Owner): Promise<number>;
  /**
   * The end of a log of the preparation task, from a node on which it failed, else from one on which it
   * runs; null without such a node.
   */
  readPreparationFile(
    jobId: string,
    file: 'stdout.txt' | 'stderr.txt',
    maxBytes: number,
  ): Promise<string | null>;
  /** Requests the deletion; `deleted` when the job does not exist. Never deletes another owner's job. */
  deleteJob(jobId: string, owner: Owner): Promise<DeletionState>;
  deletePool(poolId: string, owner: Owner): Promise<DeletionState>;
  /** Scales a retained pool to zero nodes; `kept` when it has none. */
  scalePoolToZero(poolId: string, owner: Owner): Promise<DeletionState | 'kept'>;
  /** Deletes a retained pool; `busy` when an unfinished job uses it. */
  deleteRetainedPool(poolId: string, owner: string): Promise<DeletionState | 'busy'>;
  /** Lists the pools and jobs that carry the mark of this app. */
  listOwned(owner: string): Promise<readonly OwnedResource[]>;
}

/** A pool or job of this app. */
export interface OwnedResource {
  readonly kind: 'pool' | 'job';
  readonly id: string;
  /** Null for a retained pool, which is no run's. */
  readonly runId: string | null;
  /** End of the retention period of a retained pool; null for any other. */
  readonly retainedUntil: string | null;
}

export type DeletionState = 'deleted' | 'deleting' | 'notOwned';

export interface TaskEnd {
  readonly id: string;
  readonly end: 'succeeded' | 'failed' | 'unfinished';
}

export interface FailedTask {
  readonly id: string;
  /** Original name of its input; null for a task without one of its own. Untrusted. */
  readonly input: string | null;
  readonly exitCode: number | null;
  readonly cause: string;
}

export interface SupportedImage {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly nodeAgent: string;
  /** From this time Batch creates no new pool with this image; null when no date is set. */
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
  /** A custom image, by the resource id of the gallery image. */
  | { readonly kind: 'gallery'; readonly id: string; readonly nodeAgent: string };

export interface PoolSpec {
  readonly id: string;
  readonly displayName: string;
  readonly vmSize: string;
  readonly image: Image;
  /** Null for a pool without container tasks. */
  readonly containers: PoolContainers | null;
  readonly slotsPerNode: number;
  readonly fill: 'pack' | 'spread';
  readonly formula: string;
  readonly startTask: StartTaskSpec | null;
  readonly mounts: readonly MountSpec[];
  readonly packages: readonly PackageReference[];
  readonly subnetId: string | null;
  readonly interNode: boolean;
  /** End of the retention period of a retained pool; null for a pool of a single run. */
  readonly retainedUntil: string | null;
}

export interface PoolContainers {
  /** Pulled when a node starts. */
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

/** The properties of an existing pool that a run checks before it uses the pool. */
export interface PoolDescription {
  readonly isBeingDeleted: boolean;
  /** The run that created the pool and will delete it; null when no run created it. */
  readonly runId: string | null;
  readonly nodeAgent: string | null;
  readonly runsContainers: boolean;
  readonly slotsPerNode: number;
  readonly autoscales: boolean;
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
  /** From -1000 to 1000, relative to the other jobs of the pool. */
  readonly priority: number;
  /** Null: bounded only by the slots of the pool. */
  readonly maxParallelTasks: number | null;
  readonly jobManager: (TaskSpec & { readonly endsJob: boolean }) | null;
  /** Runs on a node before the first task of the job there. */
  readonly preparation: NodeTaskSpec | null;
  /** Runs on a prepared node when the job has ended. Requires a preparation. */
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
  /** A hint: the node, or the task whose node, this task should run on. */
  readonly affinityId?: string;
  readonly container: ContainerSpec | null;
  readonly packages: readonly PackageReference[];
}

export type ResourceFile =
  | { readonly url: string; readonly path: string; readonly mode: string | null }
  /** All blobs that start with `prefix`, under their own names, in the folder `path` if set. */
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

/** A blob in a listing. */
export interface BlobListed extends BlobFound {
  readonly writtenAt: string;
}

export interface BlobPage {
  readonly blobs: readonly BlobListed[];
  readonly next: string | null;
}

export interface Files {
  /** Creates a container with `labels` as its metadata, or adopts one that has them. @throws nameCollision */
  makeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** Requests the deletion of a container with these labels. Never deletes one with other labels. */
  removeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<DeletionState>;
  /** Lists containers whose names start with `prefix`, with their labels. */
  listContainers(
    prefix: string,
  ): Promise<
    readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
  >;
  /** Lists blobs in name order; empty when the container does not exist. Parsing 1,000 blobs takes 0.1 s. */
  list(container: string, prefix?: string, pageSize?: number): AsyncIterable<BlobListed>;
  /** One page of a container in name order; `next` is null at the end, or without a container. */
  page(container: string, cursor: string | null): Promise<BlobPage>;
  find(container: string, name: string): Promise<BlobFound | null>;
  /** The container and the name of a blob by its address; null for an address of another account. */
  locate(url: string): { readonly container: string; readonly name: string } | null;
  /**
   * Text of a blob, or null when it does not exist. Default encoding: UTF-8.
   * @throws inputRefused when the blob is longer than `maxBytes`
   */
  readText(
    container: string,
    name: string,
    maxBytes: number,
    encoding?: string,
  ): Promise<string | null>;
  /**
   * The bytes of a blob in chunks, so that it is never all in memory; null when it does not exist.
   * @throws inputRefused when the blob is longer than `maxBytes`
   */
  readChunks(
    container: string,
    name: string,
    maxBytes: number,
  ): Promise<AsyncIterable<Uint8Array> | null>;
  /** A part of a blob; null when it does not exist. */
  readPart(container: string, name: string, part: Part): Promise<FilePart | null>;
  writeText(container: string, name: string, text: string): Promise<void>;
  /** Creates the blob; returns false when it exists already. */
  claim(container: string, name: string, text: string): Promise<boolean>;
  /** Deletes the blob; with an ETag, only that version. */
  remove(container: string, name: string, etag?: string): Promise<void>;
  /** Copies the version with that ETag within the account. @throws inputGone */
  copy(
    from: { readonly container: string; readonly name: string; readonly etag: string },
    to: { readonly container: string; readonly name: string },
  ): Promise<void>;
  upload(container: string, name: string, file: string): Promise<void>;
  /** Returns a SAS URL that reads one blob or, with the name null, lists and reads the container. */
  readUrl(container: string, name: string | null, minutes: number): Promise<string>;
  /** Returns the credential with which a node mounts a container. */
  mountAccess(container: string, access: 'read' | 'write', minutes: number): Promise<MountAccess>;
  /** Returns a SAS URL that creates and writes blobs in the container, and nothing else. */
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

/** The register of occurrences, as far as an orchestration needs it. */
export interface RunLedger {
  /**
   * Claims the run for this orchestration, or confirms the claim: asked before anything is made or
   * deleted, and at each poll.
   */
  claim(run: ClaimedRun, deadline: string, now: string): Promise<Claim>;
  /** The same for clean-up: from then on nothing is made for the run, also by a step that comes late. */
  close(run: ClaimedRun, deadline: string, now: string): Promise<Claim>;
  /** True when another run of the workload is active. */
  hasOtherActiveRun(workload: string, runId: string): Promise<boolean>;
  /** Makes the occurrence final, as its record says. */
  finish(run: ClaimedRun, record: RunRecord): Promise<void>;
}

/** The identity of a run as its orchestration has it: enough to write the run's rows again. */
export type ClaimedRun = Pick<RunPlan, 'runId' | 'term' | 'instant' | 'request' | AttemptKey>;

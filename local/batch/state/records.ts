import type { NodeDeallocationOption } from '../autoscale/evaluate';
import type { NewJob } from '../bodies/job';
import type { DeallocationOption, NewPool, StartTask } from '../bodies/pool';
import type { TaskConstraints } from '../bodies/common';
import type { NewSchedule } from '../bodies/schedule';
import type { NewTask } from '../bodies/task';

/**
 * The version of a resource. Records change in place, by the functions of their folder only, and
 * are plain JSON: the journal writes them unchanged. Timestamps are Unix milliseconds and end in
 * `At`.
 */
export interface EntityVersion {
  eTag: string;
  modifiedAt: number;
}

/** A state with the previous one, as every resource of Batch shows it. */
export interface StateHistory<State> {
  state: State;
  stateAt: number;
  previousState?: State;
  previousStateAt?: number;
}

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly values: readonly NamedValue[];
}

export interface NodeTargets {
  readonly dedicated: number;
  readonly lowPriority: number;
}

export interface AutoscaleRun {
  readonly at: number;
  readonly results: string;
  readonly error?: Problem;
}

export interface Autoscale {
  formula: string;
  intervalMs: number;
  nextAt: number;
  run?: AutoscaleRun;
}

export interface Resize {
  readonly startedAt: number;
  /** The earliest time for the missing nodes; Batch retries until `giveUpAt`. */
  allocateAt: number;
  readonly giveUpAt: number;
  readonly option: NodeDeallocationOption;
}

export interface PoolRecord extends EntityVersion, StateHistory<'active' | 'deleting'> {
  readonly seq: number;
  readonly createdAt: number;
  spec: Omit<NewPool, 'targetDedicatedNodes' | 'targetLowPriorityNodes'>;
  allocationState: 'steady' | 'resizing' | 'stopping';
  allocationStateAt: number;
  targets: NodeTargets;
  resizeTimeoutMs: number;
  resize?: Resize;
  resizeErrors: readonly Problem[];
  autoscale?: Autoscale;
  /** The last request to enable autoscale; Batch accepts one in thirty seconds. */
  autoscaleEnabledAt?: number;
  /** Set for an auto-pool: the resource that it is deleted with. */
  autoPool?: {
    readonly owner: 'job' | 'jobschedule';
    readonly ownerKey: string;
    readonly keepAlive: boolean;
  };
}

export type NodeState =
  | 'creating'
  | 'starting'
  | 'waitingforstarttask'
  | 'starttaskfailed'
  | 'idle'
  | 'running'
  | 'offline'
  | 'rebooting'
  | 'reimaging'
  | 'leavingpool'
  | 'unknown'
  | 'unusable'
  | 'preempted';

/** A scheduled event of a node. */
export interface NodeDue {
  readonly event: 'booted' | 'agentStarted' | 'restored' | 'left';
  readonly at: number;
}

export interface Failure {
  readonly category: 'UserError' | 'ServerError';
  readonly code: string;
  readonly message: string;
  readonly details?: readonly NamedValue[];
}

export interface ContainerInfo {
  readonly containerId?: string;
  readonly state?: string;
  readonly error?: string;
}

/** One execution of a command line, as start, preparation, release and ordinary tasks report it. */
export interface ExecutionInfo {
  startedAt: number;
  endedAt?: number;
  exitCode?: number;
  failure?: Failure;
  container?: ContainerInfo;
  retryCount: number;
  lastRetryAt?: number;
  result?: 'success' | 'failure';
  state: 'running' | 'completed';
}

export interface RecentTask {
  readonly jobId: string;
  readonly taskId: string;
}

export interface NodeUser {
  readonly name: string;
  readonly isAdmin: boolean;
  readonly expiresAt: number;
}

export interface NodeRecord extends StateHistory<NodeState> {
  readonly seq: number;
  readonly id: string;
  readonly poolKey: string;
  readonly dedicated: boolean;
  schedulingEnabled: boolean;
  allocatedAt: number;
  bootedAt?: number;
  readonly ipAddress: string;
  tasksRun: number;
  tasksSucceeded: number;
  recentTasks: readonly RecentTask[];
  startTask?: StartTask;
  startTaskInfo?: ExecutionInfo;
  problems: readonly Problem[];
  due?: NodeDue;
  leaving?: DeallocationOption;
  /** A reboot or a reimage that waits for the node's tasks to end. */
  pending?: 'rebooting' | 'reimaging';
  users: readonly NodeUser[];
}

export type JobState =
  | 'active'
  | 'disabling'
  | 'disabled'
  | 'enabling'
  | 'terminating'
  | 'completed'
  | 'deleting';

export interface SchedulingError {
  readonly category: 'UserError' | 'ServerError';
  readonly code: string;
  readonly message: string;
}

export interface JobRecord extends EntityVersion, StateHistory<JobState> {
  readonly seq: number;
  readonly createdAt: number;
  spec: NewJob;
  /** The pool of its tasks: the named pool, or its auto-pool. */
  poolId?: string;
  /** `job-1`, or the number of the job in its schedule: its directory on the nodes. */
  readonly directory: string;
  /** The schedule that created the job. */
  readonly scheduleId?: string;
  endedAt?: number;
  terminateReason?: string;
  schedulingError?: SchedulingError;
  /** The earliest time at which a terminating or deleting job may end. */
  settleAt?: number;
  disableOption?: 'requeue' | 'terminate' | 'wait';
}

/**
 * The fate of a running task whose processes are being killed: it is carried out when they have
 * exited, also after a restart.
 */
export type PendingStop =
  | { readonly kind: 'requeue' }
  | { readonly kind: 'complete'; readonly failure: Failure }
  | { readonly kind: 'remove' };

export type TaskState = 'active' | 'preparing' | 'running' | 'completed';

export interface TaskNode {
  readonly poolId: string;
  readonly nodeId: string;
}

export interface TaskRecord extends EntityVersion, StateHistory<TaskState> {
  readonly seq: number;
  readonly createdAt: number;
  readonly spec: NewTask;
  constraints?: TaskConstraints;
  retryCount: number;
  lastRetryAt?: number;
  requeueCount: number;
  lastRequeueAt?: number;
  startedAt?: number;
  endedAt?: number;
  exitCode?: number;
  failure?: Failure;
  container?: ContainerInfo;
  result?: 'success' | 'failure';
  node?: TaskNode;
  /** The tasks that depend on this task may run. */
  satisfies?: boolean;
  filesCleaned?: boolean;
  pendingStop?: PendingStop;
  isJobManager?: boolean;
}

/** The preparation and the release task of a job on one node. */
export interface PreparationRecord {
  readonly poolId: string;
  readonly nodeId: string;
  preparation: ExecutionInfo;
  /** The boot of the node at which the preparation ran. */
  bootedAt: number;
  release?: ExecutionInfo;
}

export interface ScheduleRecord
  extends
    EntityVersion,
    StateHistory<'active' | 'completed' | 'disabled' | 'terminating' | 'deleting'> {
  readonly seq: number;
  readonly createdAt: number;
  spec: NewSchedule;
  jobsMade: number;
  nextRunAt?: number;
  /** A due job that waits for the previous one, until its start window closes. */
  waitingSince?: number;
  recentJobId?: string;
  endedAt?: number;
  poolId?: string;
}

/** One machine of a pool, from its allocation to its deletion. */
export interface UsageRecord {
  readonly nodeId: string;
  readonly poolId: string;
  readonly vmSize: string;
  readonly startAt: number;
  readonly endAt: number;
}

export interface ApplicationRecord {
  readonly seq: number;
  readonly id: string;
  displayName?: string;
  defaultVersion?: string;
  versions: readonly string[];
}

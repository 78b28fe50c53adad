import type { FailureCode } from '../failure';

/**
 * The vocabulary of a run. Every type here crosses an activity or the durable history, so it is
 * plain JSON: moments are ISO 8601 text in UTC, and no field is called `Timestamp` (the Durable
 * library turns a member of that name into a Date).
 */

/** Why a run exists. One occurrence, one run. */
export type Occurrence =
  | { readonly kind: 'schedule'; readonly due: string }
  | {
      readonly kind: 'blob';
      readonly container: string;
      readonly name: string;
      readonly etag: string;
    }
  | { readonly kind: 'request'; readonly key: string }
  /** Another run succeeded, which this one follows. */
  | { readonly kind: 'after'; readonly runId: string };

/** What starts a run: the input of its orchestration. */
export interface RunRequest {
  readonly workload: string;
  readonly occurrence: Occurrence;
  /** As the workload's own schema answered, turned to text; each becomes PARAM_<NAME> on the node. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Only this blob of the workload's input container; all that match when absent. */
  readonly blob?: string;
}

/** The ids and moments of a run. Everything else about it is derived from these. */
export interface RunPlan {
  readonly runId: string;
  readonly workload: string;
  readonly request: RunRequest;
  readonly startedAt: string;
  readonly deadline: string;
  readonly poolId: string;
  readonly jobId: string;
  /** Programs, inputs, secrets: read by nodes, deleted at the end. */
  readonly stagingContainer: string;
  /** Outputs and logs: written by nodes, kept as the retention says. */
  readonly outputContainer: string;
}

export interface TaskCounts {
  readonly active: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Nodes by state, in the states a person asks about. */
export interface NodeCounts {
  readonly starting: number;
  readonly waitingForStartTask: number;
  readonly startTaskFailed: number;
  readonly idle: number;
  readonly running: number;
  readonly unusable: number;
  readonly preempted: number;
  readonly leaving: number;
}

/** What Batch and the run's own mailbox say at one moment. */
export interface Observation {
  readonly job: JobView | null;
  readonly pool: PoolView | null;
  readonly tasks: TaskCounts;
  /** Nodes that get no task of this job, because its preparation failed on them. */
  readonly unpreparedNodes: number;
  /** Of the active tasks, those that wait for a failed one and will never begin. */
  readonly blocked: number;
  readonly cancelRequested: boolean;
}

export interface JobView {
  readonly state: 'active' | 'ending' | 'completed' | 'deleting';
  readonly terminateReason: string | null;
  readonly jobManager: TaskEnd | null;
}

/** How a task ended, or that it has not. */
export interface TaskEnd {
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed';
  readonly exitCode: number | null;
  /** Batch's own words on the failure. */
  readonly cause: string | null;
  readonly retries: number;
  readonly requeues: number;
}

export interface PoolView {
  readonly state: 'active' | 'deleting';
  readonly resizing: boolean;
  readonly targetNodes: number;
  readonly nodes: NodeCounts;
  /** Of the nodes, those that are dedicated. */
  readonly dedicatedNodes: number;
  /** Codes and words of the latest resize that fell short. */
  readonly resizeErrors: readonly string[];
  /** Why nodes are unusable, in Batch's words: an image that could not be fetched, a mount that failed. */
  readonly nodeErrors: readonly string[];
  readonly formulaError: string | null;
}

export type Phase =
  | 'admitting'
  | 'staging'
  | 'provisioning'
  | 'submitting'
  | 'watching'
  | 'harvesting'
  | 'cleaningUp'
  | 'ended';

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'failed' | 'cancelled' | 'timedOut' | 'skipped';
      readonly code: FailureCode;
      /** One sentence. */
      readonly cause: string;
    };

/** What nodes cost so far, integrated over the looks at the pool. */
export interface Usage {
  readonly nodeMinutes: number;
  /** Of the node-minutes, those of dedicated nodes. */
  readonly dedicatedMinutes: number;
  readonly preemptions: number;
  readonly nodesAtLastPoll: number;
  readonly dedicatedAtLastPoll: number;
  readonly preemptedAtLastPoll: number;
  readonly lastPollAt: string;
}

export interface Milestone {
  readonly phase: Phase;
  readonly at: string;
}

/** The custom status of the orchestration while a run is going. */
export interface RunStatus {
  readonly phase: Phase;
  /** One sentence. */
  readonly waitingFor: string;
  readonly tasks: TaskCounts;
  readonly nodes: NodeCounts | null;
  readonly plannedTasks: number | null;
  readonly timeline: readonly Milestone[];
  readonly nodeMinutes: number;
}

/** What harvesting found. */
export interface Harvest {
  readonly results: readonly { readonly name: string; readonly bytes: number }[];
  readonly logs: readonly string[];
  readonly missing: readonly string[];
  /** Tasks that a run succeeded without, as its workload allows. */
  readonly missingTasks: number;
  /** The last lines of stderr of what failed, when something did. */
  readonly errorDetail: string | null;
}

/** What clean-up did to one thing that costs money or quota. */
export interface CleanedUp {
  readonly resource: 'pool' | 'job' | 'staging' | 'outputs';
  readonly id: string;
  readonly state: 'deleted' | 'deleting' | 'kept' | 'notOwned' | 'leftBehind';
  /** What the service said when it was asked, if it refused. */
  readonly reason?: string;
}

/** The end of the run: kept as JSON in the `runs` container, and the orchestration's output. */
export interface RunRecord {
  readonly runId: string;
  readonly workload: string;
  readonly occurrence: Occurrence;
  readonly outcome: Outcome;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly timeline: readonly Milestone[];
  readonly tasks: TaskCounts;
  /** Tasks that the run succeeded without: `missing.json` in its output container names them. */
  readonly missingTasks: number;
  readonly nodeMinutes: number;
  /** Of the node-minutes, those of dedicated nodes. */
  readonly dedicatedMinutes: number;
  readonly preemptions: number;
  /** In the currency of the workload's price; null when it states none. */
  readonly estimatedCost: number | null;
  readonly results: Harvest['results'];
  readonly logs: readonly string[];
  readonly outputContainer: string;
  readonly outputsKeptUntil: string | null;
  readonly logsKeptUntil: string | null;
  readonly cleanedUp: readonly CleanedUp[];
  /** What is fine today and may not be tomorrow, such as an image near its end. */
  readonly warnings: readonly string[];
  /** The runs that this one's success started. */
  readonly followers: readonly Follower[];
}

export interface Follower {
  readonly workload: string;
  readonly runId: string;
  /** Why it could not be started, when it could not. */
  readonly cause?: string;
}

/** What a run carries over when its orchestration continues as new. */
export interface RunInput {
  readonly request: RunRequest;
  readonly resume?: WatchState;
}

export interface WatchState {
  readonly startedAt: string;
  readonly timeline: readonly Milestone[];
  readonly usage: Usage;
  readonly tasks: TaskCounts;
  /** When a node that could work was last seen (or the run began to wait for one). */
  readonly lastServedAt: string;
  /** How many tasks the run submitted besides the job manager; null until all of them are there. */
  readonly plannedTasks: number | null;
  /** Up to which of its tasks the run has submitted them, while it submits. */
  readonly submittedUpTo: number;
  /** Whether the last step of submitting, the proof that all are there, is done. */
  readonly submitted: boolean;
  /** What was found while the pool was made. */
  readonly warnings: readonly string[];
  /**
   * `waits` in the job for all others; is `due` once they have ended, when the app adds it; was
   * `added` so.
   */
  readonly merge: 'none' | 'waits' | 'due' | 'added';
  /** How many tasks the merge was added without; null before. */
  readonly mergedWithout: number | null;
}

export const NOTHING_HARVESTED: Harvest = {
  results: [],
  logs: [],
  missing: [],
  missingTasks: 0,
  errorDetail: null,
};

export const NO_TASKS: TaskCounts = { active: 0, running: 0, succeeded: 0, failed: 0 };

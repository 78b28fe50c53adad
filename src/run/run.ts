import type { FailureCode } from '../failure';

/**
 * The data types of a run. Every type here crosses an activity or the durable history, so it is
 * plain JSON: timestamps are ISO 8601 text in UTC, and no field is called `Timestamp` (the Durable
 * library turns a member of that name into a Date).
 */

/** The reason for a run. One occurrence leads to exactly one run. */
export type Occurrence =
  | {
      readonly kind: 'schedule';
      readonly due: string;
      /** IANA time zone of the schedule; left out by earlier versions. */
      readonly timeZone?: string;
      /** The due time before this one, at which the interval that the run covers begins. */
      readonly intervalStart?: string;
    }
  | {
      readonly kind: 'blob';
      readonly container: string;
      readonly name: string;
      readonly etag: string;
    }
  | { readonly kind: 'request'; readonly key: string }
  /** The success of the run that this run follows. */
  | {
      readonly kind: 'after';
      readonly runId: string;
      /** IANA time zone of the schedule by which the first run of the chain was due, if it was. */
      readonly timeZone?: string;
    }
  | AfterAll;

/** The end of the runs of several workloads for one due time. */
export interface AfterAll {
  readonly kind: 'afterAll';
  readonly due: string;
  /** IANA time zone of the schedule of the first of them. */
  readonly timeZone: string;
  readonly workloads: readonly string[];
  /** The ids of those runs that succeeded, by workload, once this run is started. */
  readonly runs: Readonly<Record<string, string>>;
}

/** The request that starts a run. */
export interface RunRequest {
  readonly workload: string;
  readonly occurrence: Occurrence;
  /** Values validated by the workload's schema, as text; each becomes PARAM_<NAME> on the node. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The only blob of the input container to process. Default: all blobs that match. */
  readonly blob?: string;
  /** Left out for a run that is not a retry. */
  readonly retry?: RetryRequest;
  /** The name of the caller; left out where a trigger starts the run, and by earlier versions. */
  readonly by?: string;
}

/** A request to run an occurrence once more. */
export interface RetryRequest {
  /**
   * Id of the attempt whose inputs are used again, and whose outputs of tasks that succeeded are
   * taken over. Null for a retry of everything.
   */
  readonly from: string | null;
  /** The name of the caller. */
  readonly by: string;
}

/** The place of a run in the chain of attempts at its occurrence; empty for the first. */
export interface AttemptLink {
  readonly attempt?: number;
  /** Id of the attempt before. */
  readonly retryOf?: string;
}

export type AttemptKey = keyof AttemptLink;

export function linkOf({ attempt = 0, retryOf }: AttemptLink): AttemptLink {
  if (attempt === 0) return {};
  return { attempt, ...(retryOf !== undefined && { retryOf }) };
}

/** The ids and times of a run. Everything else about a run is derived from these. */
export interface RunPlan extends AttemptLink {
  readonly owner: string;
  readonly term: number;
  readonly instant: string;
  readonly runId: string;
  readonly workload: string;
  readonly request: RunRequest;
  readonly startedAt: string;
  readonly deadline: string;
  readonly poolId: string;
  /** `existing`: made by someone else. `retained`: kept from run to run. */
  readonly pool: 'own' | 'retained' | 'existing';
  readonly jobId: string;
  /** Holds programs, inputs and secrets. Nodes read it; clean-up deletes it. */
  readonly stagingContainer: string;
  /** Holds outputs and logs. Nodes write it; it is kept for the retention period. */
  readonly outputContainer: string;
}

export interface TaskCounts {
  readonly active: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Nodes by state. Several states of the service are counted as one. */
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

/** The result of one poll: the state of Batch, and whether cancellation was requested. */
export interface Observation {
  readonly job: JobView | null;
  readonly pool: PoolView | null;
  readonly tasks: TaskCounts;
  /** Nodes that get no task of this job, because its preparation failed on them. */
  readonly unpreparedNodes: number;
  /** Active tasks that can never start, because they depend on a failed task. */
  readonly blocked: number;
  /** Tells whether the run still belongs to this orchestration, and is to end by request. */
  readonly claim: Claim;
}

export interface JobView {
  readonly state: 'active' | 'ending' | 'completed' | 'deleting';
  readonly terminateReason: string | null;
  readonly jobManager: JobManagerView | null;
}

/** The state of the job manager task. */
export interface JobManagerView {
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed';
  readonly exitCode: number | null;
  /** Batch's failure code and message. */
  readonly cause: string | null;
  readonly retries: number;
  readonly requeues: number;
}

export interface PoolView {
  readonly state: 'active' | 'deleting';
  readonly resizing: boolean;
  readonly targetNodes: number;
  readonly nodes: NodeCounts;
  /** Number of dedicated nodes among `nodes`. */
  readonly dedicatedNodes: number;
  /** Codes and messages of the latest resize, when it fell short. */
  readonly resizeErrors: readonly string[];
  /** Batch's errors of unusable nodes, for example an image pull or a mount that failed. */
  readonly nodeErrors: readonly string[];
  readonly formulaError: string | null;
  /** Nodes whose start task failed, and unusable ones, at most 20. */
  readonly failedNodes: readonly string[];
  /** Nodes on which the start task runs with its start, those of the longest time first, at most 20. */
  readonly nodesInSetup: readonly { readonly id: string; readonly since: string }[];
  /** The mean of the times at which the billed nodes were allocated; null without such a node. */
  readonly allocatedAt: string | null;
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

/** The result of a run. */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'failed' | 'cancelled' | 'timedOut' | 'skipped';
      readonly code: FailureCode;
      /** One sentence. */
      readonly cause: string;
    };

/** The node time used so far, integrated over the polls of the pool. */
export interface Usage {
  readonly nodeMinutes: number;
  /** Node-minutes of dedicated nodes, included in `nodeMinutes`. */
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

/** The custom status of the orchestration of a run. */
export interface RunStatus {
  readonly phase: Phase;
  /** Completes "waiting for …", at most 1,000 characters. Null when the run has ended. */
  readonly waitingFor: string | null;
  readonly tasks: TaskCounts;
  readonly nodes: NodeCounts | null;
  readonly plannedTasks: number | null;
  readonly timeline: readonly Milestone[];
  readonly nodeMinutes: number;
  /** Dedicated nodes at the last poll, and its time; left out by earlier versions. */
  readonly dedicatedNodes?: number;
  readonly polledAt?: string;
}

/** The results, logs and error output that harvesting found. */
export interface Harvest {
  readonly results: readonly { readonly name: string; readonly bytes: number }[];
  readonly logs: readonly string[];
  readonly missing: readonly string[];
  /** Number of failed or blocked tasks that the workload tolerated. */
  readonly missingTasks: number;
  /** The last lines of stderr of the failed task, or null. */
  readonly errorDetail: string | null;
  /** Left out by earlier versions. */
  readonly warnings?: readonly string[];
}

/** The state of one resource after clean-up. */
export interface CleanedUp {
  readonly resource: 'pool' | 'job' | 'staging' | 'outputs';
  readonly id: string;
  readonly state: 'deleted' | 'deleting' | 'kept' | 'notOwned' | 'leftBehind';
  /** The service's error message, when the request failed. */
  readonly reason?: string;
}

/** The record of an ended run: stored as JSON in the `runs` container, and the orchestration's output. */
export interface RunRecord extends AttemptLink {
  readonly runId: string;
  readonly workload: string;
  readonly occurrence: Occurrence;
  readonly outcome: Outcome;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly timeline: readonly Milestone[];
  readonly tasks: TaskCounts;
  /** Number of tolerated failures; `missing.json` in the output container names the tasks. */
  readonly missingTasks: number;
  /** Left out for a run that is not a retry. */
  readonly retry?: RetryRequest;
  /** Number of tasks whose outputs a retry has taken over; they are not among `tasks`. */
  readonly takenOverTasks?: number;
  readonly nodeMinutes: number;
  /** Node-minutes of dedicated nodes, included in `nodeMinutes`. */
  readonly dedicatedMinutes: number;
  readonly preemptions: number;
  /** The VM size of its nodes; left out without nodes of its own, and by earlier versions. */
  readonly vmSize?: string;
  /** In the currency of the workload's price; null when the workload sets no price. */
  readonly estimatedCost: number | null;
  readonly results: Harvest['results'];
  readonly logs: readonly string[];
  readonly outputContainer: string;
  readonly outputsKeptUntil: string | null;
  readonly logsKeptUntil: string | null;
  readonly cleanedUp: readonly CleanedUp[];
  /** Conditions that may fail a later run, and outputs that are not there. */
  readonly warnings: readonly string[];
  /** The runs that were started because this run succeeded. */
  readonly followers: readonly Follower[];
}

export interface Follower {
  readonly workload: string;
  /** Null when it could not be started. */
  readonly runId: string | null;
  /** The error, when the run could not be started. */
  readonly cause?: string;
}

/** The phase of a run with what its earlier phases have found. */
export type Position =
  | { readonly phase: 'admitting' | 'submitting' | 'watching' }
  /** The cursor of the outputs that a retry has yet to take over; left out before the first of them. */
  | { readonly phase: 'staging'; readonly takenOverUpTo?: string }
  | { readonly phase: 'provisioning'; readonly startNodes: number }
  | { readonly phase: 'harvesting'; readonly outcome: Outcome }
  | {
      readonly phase: 'cleaningUp';
      readonly outcome: Outcome;
      readonly harvest: Harvest;
      readonly since: string;
      /** Passes so far. */
      readonly passes: number;
    }
  | {
      readonly phase: 'ended';
      readonly outcome: Outcome;
      readonly harvest: Harvest;
      readonly cleanedUp: readonly CleanedUp[];
    };

/** The state of a run when its orchestration continued as new. */
export interface Resume {
  readonly plan: RunPlan;
  readonly watch: WatchState;
  readonly position: Position;
  /** Shown before anything else is done. */
  readonly status: RunStatus;
  /** The step that was being retried. */
  readonly retry: { readonly step: string; readonly attempts: number } | null;
}

/** Input of the orchestration of a run: what it needs to work, and to end, by itself. */
export interface RunInput extends AttemptLink {
  readonly runId: string;
  /** The mark of the app on everything that it makes. */
  readonly owner: string;
  /** Counts the orchestrations of this run; one of an earlier term touches nothing. */
  readonly term: number;
  /** The due time, the last change of the blob, the time of the request. */
  readonly instant: string;
  readonly request: RunRequest;
  /** State of the run when its orchestration continued as new. */
  readonly resume?: Resume;
}

/** The state of a run that survives a continue-as-new. */
export interface WatchState {
  readonly startedAt: string;
  readonly timeline: readonly Milestone[];
  readonly usage: Usage;
  readonly tasks: TaskCounts;
  /** Time of the last poll that found an idle or running node; before the first, the start of the run. */
  readonly lastUsableNodeAt: string;
  /** Number of failed nodes that were rebooted. */
  readonly reboots: number;
  /** Number of polls in a row that found an error of the autoscale formula. */
  readonly formulaErrors: number;
  /** True once a refused formula was set again. */
  readonly formulaRepaired: boolean;
  /** Number of submitted tasks, the job manager not included; null until all are submitted. */
  readonly plannedTasks: number | null;
  /** Index of the next task to submit. */
  readonly submittedUpTo: number;
  /** True once Batch is proved to have exactly the planned tasks. */
  readonly submitted: boolean;
  /** Warnings from the creation of the pool. */
  readonly warnings: readonly string[];
  /**
   * State of the merge task. `waits`: it is in the job and depends on all other tasks. `due`: the
   * app adds it when they have ended. `added`: the app has added it.
   */
  readonly merge: 'none' | 'waits' | 'due' | 'added';
  /** Number of tasks missing when the app added the merge; null before. */
  readonly mergedWithout: number | null;
  /** Left out until a retry has taken over the outputs of the attempt before. */
  readonly takenOver?: TakenOverWork;
}

/** The work that a retry does not repeat. */
export interface TakenOverWork {
  /** Number of tasks that had succeeded. */
  readonly tasks: number;
  /** True when the task manifest is that of the attempt before: no job manager runs. */
  readonly hasManifest: boolean;
}

export const NOTHING_HARVESTED: Harvest = {
  results: [],
  logs: [],
  missing: [],
  missingTasks: 0,
  errorDetail: null,
};

export const NO_TASKS: TaskCounts = { active: 0, running: 0, succeeded: 0, failed: 0 };

/** The answer of the ledger to an orchestration that claims a run. */
export type Claim =
  | {
      readonly kind: 'claimed';
      readonly cancelledBy: string | null;
      /** From the first step of clean-up on; left out before. */
      readonly isClosing?: true;
    }
  /** The occurrence has ended, or another orchestration has taken the run over. */
  | { readonly kind: 'final' | 'superseded' };

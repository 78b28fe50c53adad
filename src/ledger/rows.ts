import type { FailureCode } from '../failure';
import type { Occurrence, Outcome, RunRequest } from '../run/run';

/** The ledger's rows. All instants are ISO 8601 text in UTC. */

/** The end of an occurrence. `missed`: its start window passed before a run could start. */
export type FinalState = Outcome['kind'] | 'missed';

export const FINAL_STATES = [
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'skipped',
  'missed',
] as const satisfies readonly FinalState[];

/**
 * The states of an occurrence that is not final, in their order. `known`: registered, not decided.
 * `queued`: waits for another run or for room. `starting`: admitted, its orchestration is being
 * started. `running`: the orchestration has claimed it. `ending`: decided without a run (skipped,
 * missed) or ended by the reconciler, and not recorded yet.
 */
export const ACTIVE_STATES = ['known', 'queued', 'starting', 'running', 'ending'] as const;
export type ActiveState = (typeof ACTIVE_STATES)[number];

/** The backfill that asked for an attempt of a due time. */
export interface BackfillMark {
  readonly id: string;
  /** The same request after the end of a backfill is another backfill with the same id. */
  readonly createdAt: string;
}

/** One row for every occurrence, from the moment it is known until its record is forgotten. */
export interface OccurrenceRow {
  readonly runId: string;
  readonly workload: string;
  readonly occurrence: Occurrence;
  /** The due time of a schedule, the last change of a blob, the time of a request. */
  readonly instant: string;
  readonly knownAt: string;
  /** 0 for the first run of an occurrence; a retry is the next attempt. */
  readonly attempt: number;
  /** Id of the attempt before; left out for the first, and by earlier versions. */
  readonly retryOf?: string;
  /** Left out for what no backfill asked for. */
  readonly backfill?: BackfillMark;
  readonly parameters: Readonly<Record<string, string>>;
  readonly blob: string | null;
  /** The name of the caller; left out where a trigger started it, and by earlier versions. */
  readonly by?: string;
  /** `open` until the occurrence is final; what it does meanwhile is in its active row. */
  readonly state: 'open' | FinalState;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly code: FailureCode | null;
  readonly cause: string | null;
  readonly nodeMinutes: number;
  /** In the currency of the workload's price; null when it states none. */
  readonly cost: number | null;
  /** Node-minutes of dedicated nodes, included in `nodeMinutes`; left out by earlier versions. */
  readonly dedicatedMinutes?: number;
  /** Nodes that Azure took away; left out by earlier versions. */
  readonly preemptions?: number;
  /** The VM size of its nodes; left out without nodes, and by earlier versions. */
  readonly vmSize?: string;
  /** The run that did not succeed, where this one is the first success after it. */
  readonly recovers?: string;
}

/** One row while an occurrence is not final. As long as it exists, it leads. */
export interface ActiveRow {
  readonly runId: string;
  readonly workload: string;
  readonly request: RunRequest;
  readonly instant: string;
  /** 0 for the first run of an occurrence; a retry is the next attempt. */
  readonly attempt: number;
  /** Id of the attempt before; left out for the first, and by earlier versions. */
  readonly retryOf?: string;
  /** Left out for what no backfill asked for. */
  readonly backfill?: BackfillMark;
  readonly state: ActiveState;
  /** Counts the orchestrations of this run; an orchestration of an earlier term touches nothing. */
  readonly term: number;
  readonly knownAt: string;
  /** Last change of the state. */
  readonly since: string;
  /** The end of the start window: later than this no run starts. */
  readonly startBy: string;
  /**
   * The end of the start window of a row that waits for the budget of the next month; left out for any other.
   */
  readonly heldUntil?: string;
  /** Null until the run is admitted. */
  readonly deadline: string | null;
  readonly priority: number;
  /** The most that the run may take; counted against budgets while it is active. */
  readonly mayTake: { readonly nodeMinutes: number; readonly cost: number | null };
  /** Request to end the run, with its time and origin. */
  readonly cancel: { readonly at: string; readonly by: string } | null;
  /** The decision that admitted the run: tells whose write it was when the answer is lost. */
  readonly decision: string | null;
  /** True once its clean-up has begun, so that no late step makes anything. */
  readonly isClosing?: true;
  /** Why it waits, or how it is to end without a run. */
  readonly reason: Reason | null;
  /** Node-minutes found so far by the reconciler, which ends the run. */
  readonly spent?: number;
  /** The id under which the version without a ledger ran it. */
  readonly formerId?: string;
  /** The notices that have been written for it. */
  readonly noticed?: readonly string[];
  /** Since when the run has had no node, as far as anybody is notified of it. */
  readonly withoutNodesSince?: string | null;
}

export interface Reason {
  /** `lost`: its orchestration was not found, or ended without a record. */
  readonly kind: 'waiting' | 'skipped' | 'missed' | 'lost';
  readonly code: FailureCode;
  /** One sentence. */
  readonly cause: string;
}

/**
 * Somebody asked for this attempt, although its time has passed: it waits where an occurrence that
 * came by itself is skipped, and makes none of those skip.
 */
export function isAskedFor({ attempt, backfill }: ActiveRow): boolean {
  return attempt > 0 || backfill !== undefined;
}

/**
 * Node-minutes and cost of the runs of a workload whose instant is in one month; retries and runs of
 * a backfill count in the month in which they were registered.
 */
export interface MonthSum {
  readonly runs: number;
  readonly nodeMinutes: number;
  readonly cost: number;
  /** By day of the month, such as `07`; left out by earlier versions, whose runs are in no day. */
  readonly days?: Readonly<Record<string, DaySum>>;
}

/** Runs that have ended, with their node-minutes and cost. */
export interface Part {
  readonly runs: number;
  readonly nodeMinutes: number;
  readonly cost: number;
  /** Node-minutes without a price, which are in no cost. */
  readonly unpricedMinutes: number;
}

export interface DaySum extends Part {
  /** Node-minutes of dedicated nodes, included in `nodeMinutes`. */
  readonly dedicatedMinutes: number;
  readonly preemptions: number;
  readonly successful: Part;
  /** Runs that failed, timed out or were cancelled. */
  readonly wasted: Part;
  /** Later attempts, which are among the successful and the wasted. */
  readonly retries: Part;
}

/** The newest run of a workload that did not succeed, where anybody is notified of a recovery. */
export interface Trouble {
  /** Null since a run has succeeded. */
  readonly runId: string | null;
}

export interface Closed {
  readonly until: string;
  readonly by: string;
  readonly why: string;
}

/** A pause of a workload, or of all. A pause that has ended stays until the next one. */
export interface Pause {
  readonly since: string;
  /** Null until somebody resumes. */
  readonly until: string | null;
  /** The name of the caller. */
  readonly by: string;
  readonly reason: string;
}

/** The key of the pause of all workloads. */
export const ALL_WORKLOADS = '*';

/** The state of admission beside the active rows; one row of the same partition. */
export interface AdmissionControl {
  /** No run starts until then; null when admission is open. */
  readonly closed: Closed | null;
  /** The same for single workloads, by name. */
  readonly closedWorkloads: Readonly<Record<string, Closed>>;
  /** The newest pause of each workload by its name, and that of all; left out by earlier versions. */
  readonly pauses?: Readonly<Record<string, Pause>>;
  /** Instants of the starts of the last minute, newest last. */
  readonly recentStarts: readonly string[];
  /** The last month, by workload, for which a reached budget was notified. */
  readonly budgetNoticed?: Readonly<Record<string, string>>;
}

export const OPEN_ADMISSION: AdmissionControl = {
  closed: null,
  closedWorkloads: {},
  recentStarts: [],
};

/** A request to run the due times of a range that have passed. */
export interface BackfillRequest {
  readonly workload: string;
  /** A local day of the schedule's zone, as `YYYY-MM-DD`, or an instant; included. */
  readonly from: string;
  /** The same; included. */
  readonly to: string;
  readonly order: 'oldestFirst' | 'newestFirst';
  /** Bound on its occurrences that are not final at one time. */
  readonly atOnce: number;
  /** Due times that have been answered and run again: none, those that did not succeed, or all. */
  readonly again: 'never' | 'failed' | 'always';
  /** Index of the schedule; null for all of the workload. */
  readonly schedule: number | null;
}

/** An attempt of a due time that a backfill runs. */
export interface BackfillRun {
  readonly due: string;
  /** Index of the schedule of which it is a due time. */
  readonly schedule: number;
  readonly attempt: number;
}

/** One row for each backfill: among the active rows until its end, in a partition of its own after it. */
export interface BackfillRow extends BackfillRequest {
  readonly id: string;
  readonly state: 'active' | 'stopped' | 'done';
  readonly createdAt: string;
  readonly endedAt: string | null;
  /** The name of the caller. */
  readonly by: string;
  /** Why it was stopped, in one sentence. */
  readonly cause: string | null;
  /** Hash of its schedules: due times of others are not what was asked for. */
  readonly schedules: string;
  /** Number of its due times, with the earliest and the latest of them. */
  readonly total: number;
  readonly first: string;
  readonly last: string;
  /** The last due time that is settled, in the order of the backfill; null before the first. */
  readonly cursor: string | null;
  /** Number of due times up to the cursor. */
  readonly settled: number;
  /** Number of attempts that it has registered. */
  readonly registered: number;
  /** Attempts up to the cursor whose registration may not be complete, and those that are not final. */
  readonly pending: readonly BackfillRun[];
}

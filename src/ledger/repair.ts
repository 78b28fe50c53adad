import type { ActiveRow } from './rows';

/** The state of the orchestration of a row's term in the engine. */
export type InstanceState =
  | {
      readonly kind: 'pending' | 'active' | 'unknown';
      readonly nodeMinutes?: number;
      /** True while the run works and has no node. */
      readonly lacksNodes?: boolean;
    }
  /** Ended: `output` is what it returned, if it returned. `nodeMinutes`: those that it showed last. */
  | { readonly kind: 'ended'; readonly output: unknown; readonly nodeMinutes?: number };

/** The action of the reconciler on one active row. */
export type Repair =
  | { readonly kind: 'leave' }
  /** The orchestration was never started, or is lost before it began: start the next term. */
  | { readonly kind: 'startAgain' }
  /** Seen lost once; the next pass decides. */
  | { readonly kind: 'noteLost' }
  /** Seen lost once, and found again. */
  | { readonly kind: 'noteFound' }
  /** No orchestration ends this run any more: clean up, record and make it final. */
  | { readonly kind: 'endRun'; readonly cause: string }
  /** Decided before and not carried out. */
  | { readonly kind: 'continueEnding' };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A start takes seconds; a host that is killed in the middle is back after minutes. */
const STARTING_MS = 10 * MINUTE_MS;
const PENDING_MS = HOUR_MS;
/** Clean-up and record are retried for a day and an hour, and clean-up waits for two hours. */
const OVERDUE_MS = 32 * HOUR_MS;
const ENDING_MS = 5 * MINUTE_MS;
export const MAX_TERMS = 3;

/** The first row that applies decides. Pure. */
export function repairOf(row: ActiveRow, instance: InstanceState, now: string): Repair {
  const since = Date.parse(now) - Date.parse(row.since);
  switch (row.state) {
    case 'known':
    case 'queued':
      return { kind: 'leave' };
    case 'ending':
      return since > ENDING_MS || row.reason?.kind === 'lost'
        ? { kind: 'continueEnding' }
        : { kind: 'leave' };
    case 'starting':
      return startingRepair(row, instance, now);
    case 'running':
      return runningRepair(row, instance, now);
  }
}

function startingRepair(row: ActiveRow, instance: InstanceState, now: string): Repair {
  const { kind } = instance;
  // The claim was lost; the next poll claims again.
  if (kind === 'active') return runningRepair(row, instance, now);
  const since = Date.parse(now) - Date.parse(row.since);
  if (since < (kind === 'pending' ? PENDING_MS : STARTING_MS)) return { kind: 'leave' };
  return row.term < MAX_TERMS
    ? { kind: 'startAgain' }
    : { kind: 'endRun', cause: `its orchestration could not be started ${MAX_TERMS} times` };
}

function runningRepair(row: ActiveRow, { kind }: InstanceState, now: string): Repair {
  const overdue = Date.parse(now) - Date.parse(row.deadline ?? row.since) > OVERDUE_MS;
  if (kind === 'pending' || kind === 'active') {
    if (overdue) {
      const cause = 'its orchestration was still active 32 hours after the deadline';
      return { kind: 'endRun', cause };
    }
    return { kind: row.reason?.kind === 'lost' ? 'noteFound' : 'leave' };
  }
  if (kind === 'unknown' && row.reason?.kind !== 'lost') return { kind: 'noteLost' };
  return {
    kind: 'endRun',
    cause:
      kind === 'unknown'
        ? 'its orchestration is no longer in the task hub'
        : 'its orchestration ended without a record',
  };
}

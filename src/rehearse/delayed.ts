import { FRESH_MS } from '../ledger/due-times';
import { MINUTE } from './clock';
import type { EndedOccurrence } from './diary';

/** An occurrence that did not run in time, or not well. */
export interface Delayed {
  readonly workload: string;
  /** The due time; of a follower, that of the run it follows. */
  readonly instant: string;
  /** `late` starts were made up for after an outage; `nodes` waited for the Spot quota. */
  readonly kind:
    | 'skipped'
    | 'missed'
    | 'replaced'
    | 'failed'
    | 'timedOut'
    | 'queued'
    | 'late'
    | 'nodes';
  /** Minutes that it waited for its start, or for nodes. */
  readonly waitMinutes: number;
  readonly cause: string;
}

/** Null for an occurrence that ran in time and succeeded. */
export function delayOf(occurrence: EndedOccurrence, waitMinutes: number): Delayed | null {
  const { final, waited, shortSince, shortUntil, endedAt } = occurrence;
  const { workload, instant, state, cause } = final;
  const delayed = { workload, instant, waitMinutes };
  switch (state) {
    case 'skipped':
    case 'missed':
    case 'failed':
    case 'timedOut':
      return { ...delayed, kind: state, cause: cause ?? '' };
    case 'cancelled':
      return { ...delayed, kind: 'replaced', cause: 'a newer run replaced it' };
    default:
  }
  if (waited !== null) return { ...delayed, kind: 'queued', cause: waited.cause };
  if (waitMinutes * MINUTE > FRESH_MS) {
    return { ...delayed, kind: 'late', cause: 'no host was up at its due time' };
  }
  if (shortSince === null) return null;
  const minutes = Math.round(((shortUntil ?? endedAt) - shortSince) / MINUTE);
  const short = 'other runs had the nodes of the Spot quota';
  return { ...delayed, kind: 'nodes', waitMinutes: minutes, cause: short };
}

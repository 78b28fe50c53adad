import type { App } from '../app';
import { dueTimesOf, isOf, schedulesHash, schedulesOfBackfill } from '../ledger/backfill-plan';
import { latestAttempts } from '../ledger/latest-attempts';
import { listActive } from '../ledger/list';
import type { ActiveRow, BackfillRequest, BackfillRow } from '../ledger/rows';
import { countsOf, statusesWith, type Counts } from './backfill-plan';

/** A backfill in a list: all that its row says. */
export interface BackfillSummary extends BackfillRequest {
  readonly id: string;
  readonly state: BackfillRow['state'];
  /** Why it was stopped; null for one that was not. */
  readonly cause: string | null;
  readonly by: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
  /** Number of its due times, with the earliest and the latest of them. */
  readonly dueTimes: number;
  readonly first: string;
  readonly last: string;
  /** Number of runs that it has registered. */
  readonly registered: number;
  /** Number of due times that it has not come to. */
  readonly remaining: number;
  /** Ids of its runs that are active. */
  readonly running: readonly string[];
  /** Ids of its runs that wait to start. */
  readonly waiting: readonly string[];
}

export interface BackfillView extends BackfillSummary {
  /** Number of due times by the status of their latest attempt; `none` were never registered. */
  readonly counts: Counts;
}

export function backfillSummary(row: BackfillRow, active: readonly ActiveRow[]): BackfillSummary {
  const { id, workload, from, to, order, atOnce, again, schedule } = row;
  const { state, cause, by, createdAt, endedAt, total, first, last, registered, settled } = row;
  const own = active.filter((one) => one.workload === row.workload && isOf(one, row));
  const waits = ({ state }: ActiveRow) => state === 'known' || state === 'queued';
  return {
    id,
    workload,
    from,
    to,
    order,
    atOnce,
    again,
    schedule,
    state,
    cause,
    by,
    createdAt,
    endedAt,
    dueTimes: total,
    first,
    last,
    registered,
    remaining: total - settled,
    running: own.filter((one) => !waits(one)).map(({ runId }) => runId),
    waiting: own.filter(waits).map(({ runId }) => runId),
  };
}

/** Reads the range in the ledger, with one query for each 1000 occurrences in it. */
export async function backfillView(app: App, row: BackfillRow): Promise<BackfillView> {
  const active = await listActive(app.table);
  const { byDue } = await latestAttempts(app.table, row.workload, row);
  const statusOf = statusesWith(active);
  const isDue = dueIn(app, row);
  const known = [...byDue.values()].filter(
    ({ occurrence }) => occurrence.kind === 'schedule' && isDue(occurrence.due),
  );
  const none = Math.max(0, row.total - known.length);
  return {
    ...backfillSummary(row, active),
    counts: { ...countsOf(known.map(statusOf)), ...(none > 0 && { none }) },
  };
}

/** Schedules that have changed since leave the range alone to tell. */
function dueIn({ schedules: inForce }: App, row: BackfillRow): (due: string) => boolean {
  const schedules = schedulesOfBackfill(inForce[row.workload] ?? [], row);
  if (schedulesHash(schedules) !== row.schedules) return () => true;
  const all = new Set(dueTimesOf(schedules, row, row.createdAt).map(({ due }) => due));
  return (due) => all.has(due);
}

import type { App } from '../app';
import { isWaiting } from '../ledger/admission';
import { dueTimesOf, isOf, schedulesHash, schedulesOfBackfill } from '../ledger/backfill-plan';
import { latestAttempts } from '../ledger/latest-attempts';
import { listActive } from '../ledger/list';
import type { ActiveRow, BackfillRow } from '../ledger/rows';
import { countsOf, statusesWith } from './backfill-plan';
import type { BackfillSummary, BackfillView } from './schemas/backfill';

export function backfillSummary(row: BackfillRow, active: readonly ActiveRow[]): BackfillSummary {
  const { id, workload, from, to, order, atOnce, again, schedule } = row;
  const { state, cause, by, createdAt, endedAt, total, first, last, registered, settled } = row;
  const own = active.filter((one) => one.workload === row.workload && isOf(one, row));
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
    running: own.filter((one) => !isWaiting(one)).map(({ runId }) => runId),
    waiting: own.filter(isWaiting).map(({ runId }) => runId),
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

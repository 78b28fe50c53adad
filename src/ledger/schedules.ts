import { catchUpOn, dueTimesIn, later, type CatchUp, type Schedule } from './due-times';
import { WORKLOAD_PARTITION } from './keys';
import { readOccurrence, versioned, writeOf, type Versioned } from './ledger';
import type { Table } from './table';

/** The schedule of a workload as the app declares it now. */
export interface DeclaredSchedule extends Schedule {
  readonly workload: string;
  readonly catchUp: CatchUp;
}

/** The schedule in force: one row for each workload that has or had one. */
export interface ScheduleRow extends Schedule {
  /** All due times up to here are settled: registered, or recorded as missed. */
  readonly through: string;
}

export interface ScheduleContext {
  readonly table: Table;
  /** Registers a due time as an occurrence that waits for admission. */
  readonly registerDue: (workload: string, due: string) => Promise<void>;
  /** Makes a due time final as missed; an occurrence that is there already stays as it is. */
  readonly recordMissed: (workload: string, due: string, cause: string) => Promise<void>;
  readonly runIdOfDue: (workload: string, due: string) => string;
}

/** Timers of the host fire a little early. */
const EARLY_MS = 2000;
/** Bounds one pass; the next one continues from there. */
const MAX_DUE_TIMES = 500;

/**
 * Settles the due times of one schedule since the last pass: each is registered or recorded as
 * missed, then the row moves on, never back. A schedule that is seen for the first time, or has
 * changed, counts from now on; the one before it is settled first.
 */
export async function settleSchedule(
  context: ScheduleContext,
  declared: DeclaredSchedule,
  now: Date,
): Promise<{ readonly registered: number; readonly missed: number }> {
  const { workload, cron, timeZone, catchUp } = declared;
  const until = new Date(now.getTime() + EARLY_MS).toISOString();
  const found = versioned<ScheduleRow>(await context.table.get(WORKLOAD_PARTITION, workload));
  if (found === null) {
    await moveOn(context.table, workload, { cron, timeZone, through: until }, null);
    return { registered: 0, missed: 0 };
  }
  const all = dueTimesIn(found.value, found.value.through, until, MAX_DUE_TIMES + 1);
  const due = all.slice(0, MAX_DUE_TIMES);
  // Judged with the one after them: only the very last of all is made up for by `last`.
  const { run, missed } = catchUpOn(all, catchUp, now.toISOString(), due.length);
  for (const at of run) await context.registerDue(workload, at);
  const lost = await unknownOf(context, workload, missed);
  const cause = `nothing started this due time when it came; catchUp: '${catchUp}' makes up others`;
  for (const at of lost) await context.recordMissed(workload, at, cause);
  const isThrough = all.length === due.length;
  const through = later(found.value.through, isThrough ? until : (due.at(-1) ?? until));
  const next = isThrough ? { cron, timeZone, through } : { ...found.value, through };
  await moveOn(context.table, workload, next, found);
  return { registered: run.length, missed: lost.length };
}

/** Due times that a timer has registered in time have not been missed. */
async function unknownOf(
  { table, runIdOfDue }: ScheduleContext,
  workload: string,
  due: readonly string[],
): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (const at of due) {
    if ((await readOccurrence(table, runIdOfDue(workload, at))) === null) unknown.push(at);
  }
  return unknown;
}

/** Another pass that was faster has settled the same. */
async function moveOn(
  table: Table,
  workload: string,
  row: ScheduleRow,
  found: Versioned<ScheduleRow> | null,
): Promise<void> {
  if (found !== null && JSON.stringify(found.value) === JSON.stringify(row)) return;
  await table.write(WORKLOAD_PARTITION, [writeOf(workload, row, found?.etag)]);
}

import {
  catchUpOn,
  dueTimesIn,
  FRESH_MS,
  later,
  namesHours,
  previousDueTime,
  type CatchUp,
  type CatchUpRule,
  type Schedule,
} from './due-times';
import type { Occurrence, RunRequest } from '../run/run';
import { offsetAt } from '../workload/local-time';
import { parametersOf } from '../workload/parameters';
import type { Workload } from '../workload/workload';
import { WORKLOAD_PARTITION } from './keys';
import { readOccurrence, versioned, writeOf, type Versioned } from './ledger';
import type { Table } from './table';

/** A schedule of a workload as the app declares it now. */
export interface DeclaredSchedule extends Schedule, CatchUpRule {
  readonly workload: string;
  /** Its place in the list of the workload. */
  readonly index: number;
  readonly catchUp: CatchUp;
  /** Minutes after a due time within which its run has to start. */
  readonly startWithinMinutes?: number;
}

/** The schedules that are in force, by workload. */
export type SchedulesInForce = Readonly<Record<string, readonly DeclaredSchedule[]>>;

/** The schedule in force: one row for each schedule that a workload has or had. */
export interface ScheduleRow extends Schedule {
  /** All due times up to here are settled: registered, or recorded as missed. */
  readonly through: string;
  /** Minutes by which the zone was ahead of UTC then; left out by earlier versions. */
  readonly offsetMinutes?: number;
}

export interface ScheduleContext {
  readonly table: Table;
  /** Registers a due time as an occurrence that waits for admission. */
  readonly registerDue: (schedule: DeclaredSchedule, due: string) => Promise<void>;
  /** Makes a due time final as missed; an occurrence that is there already stays as it is. */
  readonly recordMissed: (schedule: DeclaredSchedule, due: string, cause: string) => Promise<void>;
  readonly runIdOfDue: (workload: string, due: string) => string;
}

const MINUTE_MS = 60_000;
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
  const { workload, catchUp } = declared;
  const key = keyOf(declared);
  const found = versioned<ScheduleRow>(await context.table.get(WORKLOAD_PARTITION, key));
  if (found === null) {
    await moveOn(context.table, key, rowThrough(declared, arrived(declared, now)), null);
    return { registered: 0, missed: 0 };
  }
  const until = arrived(found.value, now);
  const settled = settledThrough(found.value);
  const all = dueTimesIn(found.value, settled, until, MAX_DUE_TIMES + 1);
  const due = all.slice(0, MAX_DUE_TIMES);
  // Judged with the one after them: only the very last of all is made up for by `last`.
  const { run, missed } = wasUp(found.value, now)
    ? { run: due, missed: [] }
    : catchUpOn(all, declared, dueWhenStarting(found.value, now), due.length);
  for (const at of run) await context.registerDue(declared, at);
  const lost = await unknownOf(context, workload, missed);
  const cause = `nothing started this due time when it came; catchUp: '${catchUp}' makes up others`;
  for (const at of lost) await context.recordMissed(declared, at, cause);
  const isThrough = all.length === due.length;
  const through = later(settled, isThrough ? until : (due.at(-1) ?? until));
  const next = isThrough
    ? rowThrough(declared, later(through, arrived(declared, now)))
    : rowThrough(found.value, through);
  await moveOn(context.table, key, next, found);
  return { registered: run.length, missed: lost.length };
}

/**
 * Deletes the rows of schedules that the app declares no more. A schedule that returns in a later
 * deployment then counts from its start on.
 */
export async function forgetSchedules(
  table: Table,
  declared: readonly DeclaredSchedule[],
): Promise<number> {
  const keys = new Set(declared.map(keyOf));
  const rows = await table.list(WORKLOAD_PARTITION, {}, MAX_ROWS);
  const gone = rows.filter(({ key, value }) => 'cron' in value && !keys.has(key));
  for (const { key, etag } of gone) await table.remove(WORKLOAD_PARTITION, key, etag);
  return gone.length;
}

/** More than the schedules and watched containers of any app. */
const MAX_ROWS = 1000;

/** The first schedule has the key that the only one had in earlier versions. */
function keyOf({ workload, index }: DeclaredSchedule): string {
  return index === 0 ? workload : `${workload}!schedule-${index}`;
}

/** The occurrence of a due time, with what its programs want to know of it. */
export function occurrenceOfDue(schedule: DeclaredSchedule, due: string): Occurrence {
  const intervalStart = previousDueTime(schedule, due);
  return {
    kind: 'schedule',
    due,
    timeZone: schedule.timeZone,
    ...(intervalStart !== null && { intervalStart }),
  };
}

/** The request for the run of a due time. */
export function requestOfDue(
  workload: Workload,
  schedule: DeclaredSchedule,
  due: string,
): RunRequest {
  return {
    workload: workload.name,
    occurrence: occurrenceOfDue(schedule, due),
    parameters: parametersOf(workload, {}),
  };
}

/**
 * True when a pass settled the schedule a moment ago. A due time since then was not missed while the app was
 * down: its timer is lost, or still at work on it. Catch-up is about outages.
 */
function wasUp(row: ScheduleRow, now: Date): boolean {
  return Date.parse(dueWhenStarting(row, now)) - Date.parse(row.through) <= FRESH_MS;
}

/** The end of the start window of a due time, where its schedule sets one. */
export function startByOf(
  { startWithinMinutes, delayMinutes = 0 }: DeclaredSchedule,
  due: string,
): { readonly startBy?: string } {
  if (startWithinMinutes === undefined) return {};
  const window = (delayMinutes + startWithinMinutes) * MINUTE_MS;
  return { startBy: new Date(Date.parse(due) + window).toISOString() };
}

/** The latest due time that may start now. */
function arrived(schedule: Schedule, now: Date): string {
  return dueWhenStarting(schedule, new Date(now.getTime() + EARLY_MS));
}

/** The due time of a run that starts at an instant: the delay of its schedule earlier. */
export function dueWhenStarting({ delayMinutes = 0 }: Schedule, at: Date): string {
  return new Date(at.getTime() - delayMinutes * MINUTE_MS).toISOString();
}

/**
 * The end of what is settled by the rules of the zone as they are now. Where they have changed since, by an
 * update of the platform, a local time is another instant: without this the due time of that day would come
 * twice, or not at all. Schedules of intervals follow real time and are not concerned.
 */
function settledThrough(row: ScheduleRow): string {
  const { through, offsetMinutes, timeZone } = row;
  if (offsetMinutes === undefined || !namesHours(row)) return through;
  const at = Date.parse(through);
  return new Date(at + offsetMinutes * MINUTE_MS - offsetAt(at, timeZone)).toISOString();
}

/** True for a due time whose local time was due already before the rules of the zone changed. */
export async function cameBefore(
  table: Table,
  schedule: DeclaredSchedule,
  due: string,
  now: Date,
): Promise<boolean> {
  const row = versioned<ScheduleRow>(await table.get(WORKLOAD_PARTITION, keyOf(schedule)))?.value;
  if (row === undefined) return false;
  const settled = settledThrough(row);
  // Only then is anything settled that is still to come.
  return settled > arrived(row, now) && due <= settled;
}

function rowThrough(schedule: Schedule, through: string): ScheduleRow {
  const offsetMinutes = offsetAt(Date.parse(through), schedule.timeZone) / MINUTE_MS;
  return { ...partOf(schedule), through, offsetMinutes };
}

/** The part of a schedule that decides its due times. */
function partOf({ cron, timeZone, from, until, exclude, delayMinutes }: Schedule): Schedule {
  return {
    cron,
    timeZone,
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(exclude !== undefined && { exclude }),
    ...(delayMinutes !== undefined && { delayMinutes }),
  };
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
  key: string,
  row: ScheduleRow,
  found: Versioned<ScheduleRow> | null,
): Promise<void> {
  if (found !== null && JSON.stringify(found.value) === JSON.stringify(row)) return;
  await table.write(WORKLOAD_PARTITION, [writeOf(key, row, found?.etag)]);
}

import { eachAtOnce } from '../concurrency';
import { Failure, formatError } from '../failure';
import {
  attemptFor,
  backfillWorkload,
  dueTimesAfter,
  dueTimesOf,
  isOf,
  schedulesHash,
  schedulesOfBackfill,
  type DueTime,
} from './backfill-plan';
import { isWaiting } from './admission';
import { cancelWaiting, endBackfill, keyOf, putAway } from './backfills';
import { ACTIVE_PARTITION, runIdOf } from './keys';
import { latestAttempts } from './latest-attempts';
import { register, writeOf, type NewOccurrence, type Versioned } from './ledger';
import type { ActiveRow, BackfillMark, BackfillRow, BackfillRun } from './rows';
import type { DeclaredSchedule } from './schedules';
import type { Table } from './table';

/**
 * Runs the due times of backfills, a few at a time. The row of a backfill names the attempts that are to
 * be registered before they are, so that a host that dies, or two at once, come to the same ones; and
 * the row is read before the active rows, so that no more than `atOnce` are not final at one time.
 */

export interface BackfillContext {
  readonly table: Table;
  readonly now: () => Date;
  /** The schedules in force; null for a workload that the app no longer has. */
  readonly schedulesOf: (workload: string) => readonly DeclaredSchedule[] | null;
  /** The first attempt of a due time. */
  readonly occurrenceOf: (
    schedule: DeclaredSchedule,
    due: string,
    backfill: BackfillMark,
  ) => Promise<NewOccurrence>;
  /** Registers what waits for a due time, and for others of the same time. */
  readonly registerFollowUps: (row: ActiveRow) => Promise<void>;
}

/** The active partition as one list has it. */
export interface ActiveState {
  readonly backfills: readonly Versioned<BackfillRow>[];
  readonly rows: readonly ActiveRow[];
}

/** @returns true when rows have changed, so that the active ones are to be read again */
export async function advanceBackfills(
  context: BackfillContext,
  { backfills, rows }: ActiveState,
): Promise<boolean> {
  let hasChanged = await cancelOrphans(context, backfills, rows);
  for (const found of backfills) {
    const isChange = await advanceOrStop(context, found, rows);
    hasChanged ||= isChange;
  }
  return hasChanged;
}

/** Ends what a host has registered for a backfill that another host has stopped meanwhile. */
async function cancelOrphans(
  { table, now }: BackfillContext,
  backfills: readonly Versioned<BackfillRow>[],
  rows: readonly ActiveRow[],
): Promise<boolean> {
  const orphans = rows.filter(
    (row) =>
      row.backfill !== undefined &&
      backfillWorkload(row.backfill.id) === row.workload &&
      isWaiting(row) &&
      row.cancel === null &&
      !backfills.some(({ value }) => isOf(row, value) && value.state === 'active'),
  );
  for (const row of orphans) {
    await cancelWaiting(table, row, 'the end of its backfill', now().toISOString());
  }
  return orphans.length > 0;
}

/** An error that no repetition mends ends the backfill; it must not keep the others from starting. */
async function advanceOrStop(
  context: BackfillContext,
  found: Versioned<BackfillRow>,
  rows: readonly ActiveRow[],
): Promise<boolean> {
  try {
    return await advance(context, found, rows);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
    return stop(context, found, formatError(error));
  }
}

async function advance(
  context: BackfillContext,
  found: Versioned<BackfillRow>,
  rows: readonly ActiveRow[],
): Promise<boolean> {
  const row = found.value;
  if (row.state !== 'active') {
    await putAway(context.table, found);
    return true;
  }
  const all = context.schedulesOf(row.workload);
  if (all === null) return stop(context, found, `workload ${row.workload} no longer exists`);
  const schedules = schedulesOfBackfill(all, row);
  if (schedulesHash(schedules) !== row.schedules) {
    const cause = `the schedules of ${row.workload} have changed; ask for the rest of the range again`;
    return stop(context, found, cause);
  }
  // What follows its runs has its mark, too, and belongs to another workload.
  const own = rows.filter((one) => one.workload === row.workload && isOf(one, row));
  // Nothing is decided on a row before an advance has seen it as known.
  for (const one of own) if (one.state === 'known') await context.registerFollowUps(one);
  const open = new Set(own.map(({ runId }) => runId));
  return continueWith({ ...context, row, schedules, etag: found.etag }, open);
}

/** @param open ids of its runs that are not final */
async function continueWith(host: Host, open: Set<string>): Promise<boolean> {
  const { table, row, etag, now } = host;
  const seen = open.size;
  const pending: BackfillRun[] = [];
  for (const run of row.pending) {
    const runId = await ensureRegistered(host, run, open);
    if (runId === null) continue;
    open.add(runId);
    pending.push(run);
  }
  const { runs, cursor, settled, isEnd } = await nextRuns(host, row.atOnce - open.size);
  if (isEnd && runs.length === 0 && open.size === 0) {
    const end = {
      state: 'done',
      cause: null,
      cursor,
      settled: row.settled + settled,
      pending: [],
    } as const;
    await endBackfill(table, { value: row, etag }, end, now().toISOString());
    return true;
  }
  if (settled === 0 && pending.length === row.pending.length) return open.size > seen;
  const changed: BackfillRow = {
    ...row,
    cursor,
    settled: row.settled + settled,
    registered: row.registered + runs.length,
    pending: [...pending, ...runs],
  };
  const written = await table.write(ACTIVE_PARTITION, [writeOf(keyOf(row.id), changed, etag)]);
  if (written === 'written') for (const run of runs) await ensureRegistered(host, run, open);
  return true;
}

async function stop(
  { table, now }: BackfillContext,
  found: Versioned<BackfillRow>,
  cause: string,
): Promise<boolean> {
  await endBackfill(table, found, { state: 'stopped', cause }, now().toISOString());
  return true;
}

interface Host extends BackfillContext {
  readonly row: BackfillRow;
  readonly etag: string;
  readonly schedules: readonly DeclaredSchedule[];
}

/** The id of a run that is not final; null for one that is. */
async function ensureRegistered(
  host: Host,
  run: BackfillRun,
  open: ReadonlySet<string>,
): Promise<string | null> {
  const occurrence = await occurrenceOf(host, run);
  if (occurrence === null) return null;
  const { owner, request, instant, attempt } = occurrence;
  const runId = runIdOf({ owner, ...request, instant, attempt });
  if (open.has(runId)) return runId;
  const { active } = await register(host.table, occurrence, host.now().toISOString());
  return active === null ? null : runId;
}

async function occurrenceOf(
  { schedules, row, occurrenceOf: firstAttempt }: Host,
  { due, schedule: index, attempt }: BackfillRun,
): Promise<NewOccurrence | null> {
  const schedule = schedules.find((one) => one.index === index);
  if (schedule === undefined) return null;
  return { ...(await firstAttempt(schedule, due, markOf(row))), attempt };
}

export function markOf({ id, createdAt }: BackfillRow): BackfillMark {
  return { id, createdAt };
}

interface NextRuns {
  readonly runs: readonly BackfillRun[];
  readonly cursor: string | null;
  /** Due times that the cursor passes. */
  readonly settled: number;
  /** True when no due time is after the cursor. */
  readonly isEnd: boolean;
}

/** Due times that one advance reads: the rest of a long range that is done is left to the next one. */
const MAX_READ = 500;
const READS_AT_ONCE = 16;

/** The next attempts to register, at most `room`. */
async function nextRuns(host: Host, room: number): Promise<NextRuns> {
  const { row, schedules } = host;
  const due = dueTimesOf(schedules, row, row.createdAt);
  const rest = dueTimesAfter(due, row.cursor, row.order);
  const runs: BackfillRun[] = [];
  let settled = 0;
  while (runs.length < room && settled < Math.min(rest.length, MAX_READ)) {
    const chunk = rest.slice(settled, settled + READS_AT_ONCE);
    const attempts = await attemptsOf(host, chunk);
    for (const [index, { due: at, schedule }] of chunk.entries()) {
      if (runs.length === room) break;
      const attempt = attempts[index] ?? null;
      if (attempt !== null) runs.push({ due: at, schedule, attempt });
      settled += 1;
    }
  }
  const cursor = rest[settled - 1]?.due ?? row.cursor;
  return { runs, cursor, settled, isEnd: settled === rest.length };
}

async function attemptsOf(
  { table, row }: Host,
  due: readonly DueTime[],
): Promise<readonly (number | null)[]> {
  const attempts: (number | null)[] = [];
  await eachAtOnce([...due.entries()], READS_AT_ONCE, async ([index, { due: at }]) => {
    const { byDue } = await latestAttempts(table, row.workload, { first: at, last: at });
    attempts[index] = attemptFor(byDue.get(at) ?? null, markOf(row), row.again);
  });
  return attempts;
}

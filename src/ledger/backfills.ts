import { Failure } from '../failure';
import { backfillIdOf, type DueTime } from './backfill-plan';
import { ACTIVE_PARTITION, BACKFILL_PARTITION, BACKFILL_PREFIX } from './keys';
import { asValue, changeActive, insert, versioned, writeOf, type Versioned } from './ledger';
import type { ActiveRow, BackfillRequest, BackfillRow } from './rows';
import type { Row, Table } from './table';

/** The rows of backfills: made, listed, stopped, ended. `advance-backfills.ts` runs their due times. */

/** A backfill that is asked for, with the due times of its range. */
export interface NewBackfill {
  readonly request: BackfillRequest;
  readonly schedules: string;
  /** In the order of the backfill, and at least one. */
  readonly due: readonly DueTime[];
  readonly by: string;
  readonly createdAt: string;
}

/** Each is a row that every admission reads. */
const MAX_ACTIVE_BACKFILLS = 20;

/**
 * Makes the row of a backfill; the same request finds the row that is there.
 * @throws Failure tooManyRuns at the bound on active backfills
 */
export async function createBackfill(
  table: Table,
  backfill: NewBackfill,
): Promise<{ readonly row: BackfillRow; readonly isNew: boolean }> {
  const row = newRow(backfill);
  for (;;) {
    const active = await listActiveBackfills(table);
    const found = active.find(({ value }) => value.id === row.id);
    if (found?.value.state === 'active') return { row: found.value, isNew: false };
    if (found !== undefined) await putAway(table, found);
    else if (active.length >= MAX_ACTIVE_BACKFILLS) {
      throw new Failure(
        'tooManyRuns',
        `${active.length} backfills are active; wait for the end of one, or stop one`,
      );
    } else if (await insert(table, ACTIVE_PARTITION, keyOf(row.id), row)) {
      return { row, isNew: true };
    }
  }
}

function newRow({ request, schedules, due, by, createdAt }: NewBackfill): BackfillRow {
  const times = due.map(({ due: at }) => at).toSorted();
  return {
    ...request,
    id: backfillIdOf(request),
    state: 'active',
    createdAt,
    endedAt: null,
    by,
    cause: null,
    schedules,
    total: times.length,
    first: times.at(0) ?? createdAt,
    last: times.at(-1) ?? createdAt,
    cursor: null,
    settled: 0,
    registered: 0,
    pending: [],
  };
}

export function keyOf(id: string): string {
  return `${BACKFILL_PREFIX}${id}`;
}

/** The backfills in a list of the active partition. */
export function backfillsIn(rows: readonly Row[]): readonly Versioned<BackfillRow>[] {
  return rows.flatMap((row) => {
    const found = row.key.startsWith(BACKFILL_PREFIX) ? versioned<BackfillRow>(row) : null;
    return found === null ? [] : [found];
  });
}

async function listActiveBackfills(table: Table): Promise<readonly Versioned<BackfillRow>[]> {
  const range = { from: BACKFILL_PREFIX, to: `${BACKFILL_PREFIX}~` };
  return backfillsIn(await table.list(ACTIVE_PARTITION, range, 10 * MAX_ACTIVE_BACKFILLS));
}

/** More backfills than people ask for in the time for which they are kept. */
const MAX_LISTED = 1000;

/** All backfills, the newest first. One whose end is being written is in both partitions. */
export async function listBackfills(table: Table): Promise<readonly BackfillRow[]> {
  const active = (await listActiveBackfills(table)).map(({ value }) => value);
  const ended = await table.list(BACKFILL_PARTITION, {}, MAX_LISTED);
  const ids = new Set(active.map(({ id }) => id));
  const others = ended
    .map(({ value }) => value as unknown as BackfillRow)
    .filter(({ id }) => !ids.has(id));
  return [...active, ...others].sort((one, other) => (one.createdAt > other.createdAt ? -1 : 1));
}

/** The newest backfill of an id; null when there is none. */
export async function readBackfill(table: Table, id: string): Promise<BackfillRow | null> {
  const active = versioned<BackfillRow>(await table.get(ACTIVE_PARTITION, keyOf(id)));
  if (active !== null) return active.value;
  return versioned<BackfillRow>(await table.get(BACKFILL_PARTITION, id))?.value ?? null;
}

/**
 * Stops a backfill: it registers nothing more, and the next admission ends those of its occurrences that
 * wait. @returns null when it is not active
 */
export async function stopBackfill(
  table: Table,
  id: string,
  cause: string,
  now: string,
): Promise<BackfillRow | null> {
  for (;;) {
    const found = versioned<BackfillRow>(await table.get(ACTIVE_PARTITION, keyOf(id)));
    if (found === null || found.value.state !== 'active') return null;
    const stopped = await endBackfill(table, found, { state: 'stopped', cause }, now);
    if (stopped !== null) return stopped;
  }
}

/** Stops the active backfills of a workload, or of all. @returns their ids */
export async function stopBackfills(
  table: Table,
  workload: string | null,
  cause: string,
  now: string,
): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const { value } of await listActiveBackfills(table)) {
    if (workload !== null && value.workload !== workload) continue;
    if ((await stopBackfill(table, value.id, cause, now)) !== null) stopped.push(value.id);
  }
  return stopped;
}

/** Decides the end of a backfill. @returns null when another host was faster */
export async function endBackfill(
  table: Table,
  { value, etag }: Versioned<BackfillRow>,
  end: Pick<BackfillRow, 'state' | 'cause'> & Partial<BackfillRow>,
  now: string,
): Promise<BackfillRow | null> {
  const ended: BackfillRow = { ...value, ...end, endedAt: now };
  const written = await table.write(ACTIVE_PARTITION, [writeOf(keyOf(value.id), ended, etag)]);
  return written === 'written' ? ended : null;
}

/** Moves a backfill that has ended out of the active rows. Every step can be repeated. */
export async function putAway(
  table: Table,
  { value, etag }: Versioned<BackfillRow>,
): Promise<void> {
  const kept = { kind: 'put', key: value.id, value: asValue(value) } as const;
  await table.write(BACKFILL_PARTITION, [kept]);
  await table.remove(ACTIVE_PARTITION, keyOf(value.id), etag);
}

/** Asks an occurrence to end that has not started yet; one that has started continues. */
export async function cancelWaiting(
  table: Table,
  { runId }: ActiveRow,
  by: string,
  now: string,
): Promise<void> {
  await changeActive(table, runId, (row) =>
    (row.state === 'known' || row.state === 'queued') && row.cancel === null
      ? { ...row, cancel: { at: now, by } }
      : null,
  );
}

const DAY_MS = 86_400_000;
const KEPT_DAYS = 90;

/** Deletes the rows of backfills that ended long ago. @returns their ids */
export async function forgetBackfills(table: Table, now: Date): Promise<readonly string[]> {
  const before = new Date(now.getTime() - KEPT_DAYS * DAY_MS).toISOString();
  const rows = await table.list(BACKFILL_PARTITION, {}, MAX_LISTED);
  const old = rows.filter(
    ({ value }) => ((value as unknown as BackfillRow).endedAt ?? '') < before,
  );
  for (const { key, etag } of old) await table.remove(BACKFILL_PARTITION, key, etag);
  return old.map(({ key }) => key);
}

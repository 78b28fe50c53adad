import { Failure } from '../failure';
import type { Occurrence, RunRequest } from '../run/run';
import {
  ACTIVE_PARTITION,
  hashOf,
  identityOf,
  KEY_PARTITION,
  occurrenceKey,
  partitionOf,
  partsOfRunId,
  previousRunId,
  runIdOf,
  type RunIdentity,
} from './keys';
import type { ActiveRow, BackfillMark, OccurrenceRow } from './rows';
import type { Change, Row, RowValue, Table } from './table';

/**
 * The register of occurrences: READ THIS FIRST. Every occurrence has a row from the moment it is
 * known; while it is not final, an active row leads. One conditional write decides each race, and
 * every step can be repeated.
 */

/** An occurrence as a trigger reports it. */
export interface NewOccurrence {
  readonly owner: string;
  readonly request: RunRequest;
  /** The due time, the blob's last change, the instant of the run that is followed, else now. */
  readonly instant: string;
  readonly attempt: number;
  /** Id of the attempt before; `register` adds it. */
  readonly retryOf?: string;
  readonly startBy: string;
  readonly priority: number;
  readonly mayTake: ActiveRow['mayTake'];
  readonly backfill?: BackfillMark;
}

export interface Registered {
  readonly runId: string;
  /** False when the occurrence had its row already. */
  readonly isNew: boolean;
  /** Null when the occurrence is final. */
  readonly active: Versioned<ActiveRow> | null;
}

export interface Versioned<Value> {
  readonly value: Value;
  readonly etag: string;
}

/**
 * Registers an occurrence: its key, its active row, its own row, in this order. Repeated, or begun
 * by two at once, it comes to the same rows.
 * @throws Failure keyReused when an idempotency key came with another request
 */
export async function register(
  table: Table,
  occurrence: NewOccurrence,
  now: string,
): Promise<Registered> {
  const { request } = occurrence;
  const { runId, instant } = await claimRunId(table, { ...request, ...occurrence }, request);
  const retryOf = previousRunId({ ...request, ...occurrence, instant });
  const link = retryOf === null ? {} : { retryOf };
  const row = newOccurrenceRow(runId, { ...occurrence, instant, ...link }, now);
  // Held from before the occurrence's row is seen open, so that a late writer finds it changed.
  let active = await readActive(table, runId);
  const known = await readOccurrence(table, runId);
  if (known !== null) refuseCollision(known.value, row);
  if (isFinal(known)) return dropActive(table, runId, active);
  const wasActive = active !== null;
  if (!wasActive) {
    const value: ActiveRow = newActiveRow(runId, { ...occurrence, instant, ...link }, now);
    await insert(table, ACTIVE_PARTITION, runId, value);
    active = await readActive(table, runId);
  }
  if (known === null && (await insertOccurrence(table, row))) return { runId, isNew: true, active };
  // Another host may have brought the occurrence to its end since its row was read.
  const isOver = !wasActive && isFinal(await readOccurrence(table, runId));
  return isOver ? dropActive(table, runId, active) : { runId, isNew: false, active };
}

export function isFinal(found: Versioned<OccurrenceRow> | null): boolean {
  return found !== null && found.value.state !== 'open';
}

/**
 * Deletes the active row that a late delivery left to an occurrence that is final. A row that is more than
 * known belongs to the end, whose notices may not be written yet.
 */
async function dropActive(
  table: Table,
  runId: string,
  active: Versioned<ActiveRow> | null,
): Promise<Registered> {
  if (active?.value.state === 'known') {
    await table.remove(ACTIVE_PARTITION, runId, active.etag);
  }
  return { runId, isNew: false, active: null };
}

interface ClaimedId {
  readonly runId: string;
  /** The instant by which the id was made first. */
  readonly instant: string;
}

/**
 * A due time and a followed run give their ids by themselves; a blob and a key need a row for it.
 * @param request null where only a record of the run is left, which does not have its parameters
 */
export async function claimRunId(
  table: Table,
  identity: RunIdentity,
  request: RunRequest | null,
): Promise<ClaimedId> {
  const { workload, occurrence: why, instant, attempt } = identity;
  const runId = runIdOf(identity);
  const isKnownByItself = why.kind !== 'blob' && why.kind !== 'request';
  if (isKnownByItself || attempt > 0) {
    return { runId, instant };
  }

  const key = occurrenceKey(workload, why);
  const claim = { runId, instant, request: request === null ? null : requestHash(request) };
  if (await insert(table, KEY_PARTITION, key, claim)) return claim;
  const found = await table.get(KEY_PARTITION, key);
  const held = (found?.value ?? claim) as typeof claim;
  const isKnown = held.request !== null && claim.request !== null;
  if (why.kind === 'request' && isKnown && held.request !== claim.request) {
    throw new Failure(
      'keyReused',
      `the idempotency key was used for another request (run ${held.runId}); send a new key with a new request`,
    );
  }
  return held;
}

/** Makes the row again by which a blob or a key leads to its run. */
export async function keepRunId(
  table: Table,
  { workload, occurrence }: { readonly workload: string; readonly occurrence: Occurrence },
  { runId, instant }: ClaimedId,
): Promise<void> {
  if (occurrence.kind !== 'blob' && occurrence.kind !== 'request') return;
  const claim = { runId, instant, request: null };
  await insert(table, KEY_PARTITION, occurrenceKey(workload, occurrence), claim);
}

/** Equal for two requests that ask for the same. */
function requestHash({ parameters, blob }: Pick<RunRequest, 'parameters' | 'blob'>): string {
  const sorted = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  return hashOf(JSON.stringify([sorted, blob ?? null]), 32);
}

export function newActiveRow(
  runId: string,
  occurrence: Omit<NewOccurrence, 'owner'>,
  now: string,
): ActiveRow {
  const { request, instant, attempt, retryOf, startBy, priority, mayTake, backfill } = occurrence;
  return {
    runId,
    workload: request.workload,
    request,
    instant,
    attempt,
    ...(retryOf !== undefined && { retryOf }),
    ...(backfill !== undefined && { backfill }),
    state: 'known',
    term: 1,
    knownAt: now,
    since: now,
    startBy,
    deadline: null,
    priority,
    mayTake,
    cancel: null,
    decision: null,
    reason: null,
  };
}

export function newOccurrenceRow(
  runId: string,
  {
    request,
    instant,
    attempt,
    retryOf,
    backfill,
  }: Pick<NewOccurrence, 'request' | 'instant' | 'attempt' | 'retryOf' | 'backfill'>,
  now: string,
): OccurrenceRow {
  const by = request.retry?.by ?? request.by;
  return {
    runId,
    workload: request.workload,
    occurrence: request.occurrence,
    instant,
    knownAt: now,
    attempt,
    ...(retryOf !== undefined && { retryOf }),
    ...(backfill !== undefined && { backfill }),
    parameters: request.parameters,
    blob: request.blob ?? null,
    ...(by !== undefined && { by }),
    state: 'open',
    startedAt: null,
    endedAt: null,
    code: null,
    cause: null,
    nodeMinutes: 0,
    cost: null,
  };
}

/** False when the row was there. */
export async function insertOccurrence(table: Table, row: OccurrenceRow): Promise<boolean> {
  const { rowKey } = requireParts(row.runId);
  if (await insert(table, partitionOf(row.workload), rowKey, row)) return true;
  const there = await readOccurrence(table, row.runId);
  if (there !== null) refuseCollision(there.value, row);
  return false;
}

/** Ten digits of a hash differ for all practical purposes; the rest is refused, not mixed up. */
function refuseCollision(there: OccurrenceRow, row: OccurrenceRow): void {
  if (sameOccurrence(there, row)) return;
  throw new Failure(
    'internal',
    `two occurrences of ${row.workload} have the run id ${row.runId}; the second is not started`,
  );
}

function sameOccurrence(one: OccurrenceRow, other: OccurrenceRow): boolean {
  return (
    one.attempt === other.attempt &&
    JSON.stringify(identityOf(one.occurrence)) === JSON.stringify(identityOf(other.occurrence))
  );
}

export async function readActive(
  table: Table,
  runId: string,
): Promise<Versioned<ActiveRow> | null> {
  return versioned<ActiveRow>(await table.get(ACTIVE_PARTITION, runId));
}

/** Null for an id of another form, and when there is no such occurrence. */
export async function readOccurrence(
  table: Table,
  runId: string,
): Promise<Versioned<OccurrenceRow> | null> {
  const parts = partsOfRunId(runId);
  if (parts === null) return null;
  return versioned<OccurrenceRow>(await table.get(partitionOf(parts.workload), parts.rowKey));
}

/** Changes an active row as it is now; null when it is gone, or `change` wants nothing changed. */
export async function changeActive(
  table: Table,
  runId: string,
  change: (row: ActiveRow) => ActiveRow | null,
): Promise<ActiveRow | null> {
  for (;;) {
    const found = await readActive(table, runId);
    const value = found === null ? null : change(found.value);
    if (found === null || value === null) return null;
    const { etag } = found;
    const written = await table.write(ACTIVE_PARTITION, [
      { kind: 'replace', key: runId, value: asValue(value), etag },
    ]);
    if (written === 'written') return value;
  }
}

/** Inserts a row that was not found, or replaces it as it was found. */
export function writeOf(key: string, row: object, etag: string | undefined): Change {
  const value = asValue(row);
  return etag === undefined
    ? { kind: 'insert', key, value }
    : { kind: 'replace', key, value, etag };
}

/** Writes a row as a change of what is there, again until nobody else was faster. */
export async function upsert<Value extends object>(
  table: Table,
  partition: string,
  key: string,
  change: (found: Value | null) => Value,
): Promise<void> {
  for (;;) {
    const found = versioned<Value>(await table.get(partition, key));
    const row = writeOf(key, change(found?.value ?? null), found?.etag);
    if ((await table.write(partition, [row])) === 'written') return;
  }
}

export function versioned<Value>(row: Row | null): Versioned<Value> | null {
  return row === null ? null : { value: row.value as unknown as Value, etag: row.etag };
}

export function asValue(row: object): RowValue {
  return row as RowValue;
}

export async function insert(
  table: Table,
  partition: string,
  key: string,
  row: object,
): Promise<boolean> {
  const change = { kind: 'insert', key, value: asValue(row) } as const;
  return (await table.write(partition, [change])) === 'written';
}

export function requireParts(runId: string) {
  const parts = partsOfRunId(runId);
  if (parts === null) throw new Error(`${runId} is not a run id`);
  return parts;
}

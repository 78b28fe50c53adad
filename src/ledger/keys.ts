import { createHash } from 'node:crypto';
import type { Occurrence } from '../run/run';
import type { FinalState } from './rows';

/**
 * Ids and keys that sort. A run id holds its workload, the instant of its occurrence to the second
 * and a hash: `nightly-report-20261130t020000-9f3a1c7e5b`, at most 51 characters, so that
 * `run-<id>-out` fits a container's 63. The key of its row follows from the id, newest first.
 */

export const ACTIVE_PARTITION = 'active';
export const KEY_PARTITION = 'key';
export const WORKLOAD_PARTITION = 'workload';
export const APP_PARTITION = 'app';
/** Backfills that have ended. */
export const BACKFILL_PARTITION = 'backfill';
/** Active backfills are among the active rows, before all run ids: a list of those has them, too. */
export const BACKFILL_PREFIX = '!backfill-';
/** Sorts before every run id, so that a list of active rows begins with it. */
export const ADMISSION_KEY = '!admission';
/** Notices are among the active rows too, after all run ids: lists of runs end before them. */
export const NOTICE_PREFIX = '~notice-';
/** The row of a workload that has the run from which the next success recovers. */
export const TROUBLE_KEY = '!trouble';

export interface RunIdentity {
  readonly owner: string;
  readonly workload: string;
  readonly occurrence: Occurrence;
  readonly instant: string;
  readonly attempt: number;
}

/** The same occurrence and attempt of one app always give the same id. */
export function runIdOf({ owner, workload, occurrence, instant, attempt }: RunIdentity): string {
  const key = JSON.stringify([owner, workload, ...identityOf(occurrence), attempt]);
  return `${workload}-${compactInstant(instant)}-${hashOf(key, 10)}`;
}

/** The id of the attempt before this one; null for the first. */
export function previousRunId(identity: RunIdentity): string | null {
  const { attempt } = identity;
  return attempt === 0 ? null : runIdOf({ ...identity, attempt: attempt - 1 });
}

/** The part of an occurrence that tells it from all others of its workload. */
export function identityOf(occurrence: Occurrence): readonly string[] {
  switch (occurrence.kind) {
    case 'schedule':
      return ['schedule', occurrence.due];
    case 'blob':
      return ['blob', occurrence.container, occurrence.name, occurrence.etag];
    case 'request':
      return ['request', occurrence.key];
    case 'after':
      return ['after', occurrence.runId];
    case 'afterAll':
      return ['afterAll', occurrence.due];
  }
}

/** The key of the row that holds the id of an occurrence whose instant is not in itself. */
export function occurrenceKey(workload: string, occurrence: Occurrence): string {
  return hashOf(JSON.stringify([workload, ...identityOf(occurrence)]), 32);
}

export function hashOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

const RUN_ID = /^([a-z][a-z0-9-]*)-(\d{8}t\d{6})-([0-9a-f]{10})$/;

export interface RunIdParts {
  readonly workload: string;
  readonly instant: string;
  readonly rowKey: string;
}

/** Null for what is not a run id of this form. */
export function partsOfRunId(runId: string): RunIdParts | null {
  const [, workload, compact, hash] = RUN_ID.exec(runId) ?? [];
  if (workload === undefined || compact === undefined || hash === undefined) return null;
  return {
    workload,
    instant: compact.replace(/^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6.000Z'),
    rowKey: `${complement(compact)}-${hash}`,
  };
}

export function partitionOf(workload: string): string {
  return `run-${workload}`;
}

/** The key of the copy by which runs of one final state are listed; it stands in the same partition. */
export function stateKey(state: FinalState, rowKey: string): string {
  return `${state}-${rowKey}`;
}

export function sumKey(instant: string): string {
  return `!sum-${instant.slice(0, 7)}`;
}

/** The first key of rows whose instant is not later than this one. */
export function keyFrom(instant: string): string {
  return complement(compactInstant(instant));
}

/** `20261130t020000`, cut to the second. */
function compactInstant(instant: string): string {
  return new Date(instant).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', 't');
}

/** Nines' complement of the 14 digits: later instants sort first, without date arithmetic. */
function complement(compact: string): string {
  return compact.replace('t', '').replaceAll(/\d/g, (digit) => String(9 - Number(digit)));
}

import { ACTIVE_PARTITION, keyFrom, NOTICE_PREFIX, partitionOf, stateKey } from './keys';
import type { ActiveRow, FinalState, OccurrenceRow } from './rows';
import type { Row, Table } from './table';

/** Occurrences newest first, a page at a time. */

export interface ListQuery {
  readonly workloads: readonly string[];
  /** Final states to list; null lists all occurrences, also those that are not final. */
  readonly states: readonly FinalState[] | null;
  /** Occurrences whose instant is at or after this; like all of a row's key, to the second. */
  readonly since: string | null;
  /** Occurrences whose instant is before this, to the second. */
  readonly until: string | null;
  /** The cursor of the page before; null for the first page. */
  readonly after: string | null;
  readonly limit: number;
}

export interface OccurrencePage {
  readonly rows: readonly OccurrenceRow[];
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null;
}

/**
 * One page: a query for each workload (and state, where states are asked for), all sent at once,
 * whatever the number of rows. The cursor is the key of the last row and holds for all partitions.
 */
export async function listOccurrences(table: Table, query: ListQuery): Promise<OccurrencePage> {
  const prefixes = query.states === null ? [''] : query.states.map((state) => stateKey(state, ''));
  const found = await Promise.all(
    query.workloads.flatMap((workload) =>
      prefixes.map(async (prefix) => {
        const range = rangeOf(query, prefix);
        const rows = await table.list(partitionOf(workload), range, query.limit + 1);
        return rows.map(({ key, value }) => ({
          key: key.slice(prefix.length),
          row: value as unknown as OccurrenceRow,
        }));
      }),
    ),
  );
  const sorted = found.flat().sort((one, other) => (one.key < other.key ? -1 : 1));
  const page = sorted.slice(0, query.limit);
  const last = page.at(-1);
  return {
    rows: page.map(({ row }) => row),
    next: sorted.length > query.limit && last !== undefined ? last.key : null,
  };
}

/** Keys of rows begin with a digit; `:` is the character after `9`. */
const AFTER_DIGITS = ':';
/** Sorts after every key that continues the one before it, since keys are hexadecimal here. */
const JUST_AFTER = '~';

/** Later instants have smaller keys, so the newest bound is where a range begins. */
function rangeOf({ since, until, after }: ListQuery, prefix: string) {
  // A key of the very second of `until` is not before it.
  const newest = until === null ? '0' : `${keyFrom(until)}${JUST_AFTER}`;
  const from =
    after === null || `${after}${JUST_AFTER}` < newest ? newest : `${after}${JUST_AFTER}`;
  const to = since === null ? AFTER_DIGITS : `${keyFrom(since)}${JUST_AFTER}`;
  return { from: `${prefix}${from}`, to: `${prefix}${to}` };
}

/** More active rows than admission ever lets in. */
const MAX_ACTIVE_ROWS = 5000;

/** All occurrences that are not final, in the order of their ids. */
export async function listActive(table: Table): Promise<readonly ActiveRow[]> {
  // `!admission` and backfills sort before every run id, notices after them.
  const range = { from: '0', to: NOTICE_PREFIX };
  return activeIn(await table.list(ACTIVE_PARTITION, range, MAX_ACTIVE_ROWS));
}

/** The whole active partition: the rows of occurrences, and what else stands there. */
export async function listAllActive(table: Table): Promise<readonly Row[]> {
  return table.list(ACTIVE_PARTITION, {}, MAX_ACTIVE_ROWS);
}

/** The occurrences in a list of the active partition. */
export function activeIn(rows: readonly Row[]): readonly ActiveRow[] {
  return rows
    .filter(({ key }) => !key.startsWith('!') && !key.startsWith(NOTICE_PREFIX))
    .map(({ value }) => value as unknown as ActiveRow);
}

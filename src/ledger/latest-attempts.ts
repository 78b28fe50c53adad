import { listOccurrences } from './list';
import type { OccurrenceRow } from './rows';
import type { Table } from './table';

/** The latest attempts of the due times of a range, by due time. */
export interface LatestAttempts {
  readonly byDue: ReadonlyMap<string, OccurrenceRow>;
  /** False where the range has more occurrences than are read. */
  readonly isComplete: boolean;
}

const PAGE_ROWS = 1000;
/** A workload that blobs or requests start may have many occurrences between its due times. */
const MAX_PAGES = 50;

/** Reads a range of the ledger, with one query for each 1000 occurrences in it. */
export async function latestAttempts(
  table: Table,
  workload: string,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<LatestAttempts> {
  const byDue = new Map<string, OccurrenceRow>();
  const until = new Date(Date.parse(last) + 1000).toISOString();
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { workloads: [workload], states: null, since: first, until, after };
    const { rows, next } = await listOccurrences(table, { ...query, limit: PAGE_ROWS });
    for (const row of rows) note(byDue, row);
    if (next === null) return { byDue, isComplete: true };
    after = next;
  }
  return { byDue, isComplete: false };
}

function note(byDue: Map<string, OccurrenceRow>, row: OccurrenceRow): void {
  const { occurrence } = row;
  if (occurrence.kind !== 'schedule') return;
  byDue.set(occurrence.due, laterAttempt(byDue.get(occurrence.due), row));
}

/** Of two attempts of one occurrence the later one. */
export function laterAttempt(known: OccurrenceRow | undefined, row: OccurrenceRow): OccurrenceRow {
  return known === undefined || row.attempt > known.attempt ? row : known;
}

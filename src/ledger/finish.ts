import type { FailureCode } from '../failure';
import { ACTIVE_PARTITION, partitionOf, stateKey, sumKey } from './keys';
import { asValue, isFinal, readOccurrence, requireParts, versioned, writeOf } from './ledger';
import { NOTHING_SPENT, type FinalState, type MonthSum, type OccurrenceRow } from './rows';
import type { Table } from './table';

/** The end of an occurrence. */
export interface Ending {
  readonly state: FinalState;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly code: FailureCode | null;
  readonly cause: string | null;
  readonly nodeMinutes: number;
  readonly cost: number | null;
}

/** Receives each occurrence that becomes final, once. */
export type Announce = (row: OccurrenceRow) => void;

/**
 * Makes an occurrence final: its row, the copy by which its state is listed and the month's sum in
 * one transaction, then the active row goes. What is final stays as it is; a repetition deletes
 * what is left of the active row. `row` is written where the table has lost it.
 */
export async function finish(
  table: Table,
  row: OccurrenceRow,
  ending: Ending,
  announce: Announce = () => undefined,
): Promise<'finished' | 'wasFinal'> {
  const final = await makeFinal(table, row, ending);
  if (final !== null) announce(final);
  await table.remove(ACTIVE_PARTITION, row.runId);
  return final === null ? 'wasFinal' : 'finished';
}

/** The final row; null when the occurrence was final already. */
async function makeFinal(
  table: Table,
  row: OccurrenceRow,
  ending: Ending,
): Promise<OccurrenceRow | null> {
  const { rowKey } = requireParts(row.runId);
  const partition = partitionOf(row.workload);
  for (;;) {
    const found = await readOccurrence(table, row.runId);
    if (isFinal(found)) return null;
    const final: OccurrenceRow = { ...(found?.value ?? row), ...ending };
    const month = sumKey(monthOf(final));
    const sum = versioned<MonthSum>(await table.get(partition, month));
    const written = await table.write(partition, [
      writeOf(rowKey, final, found?.etag),
      { kind: 'put', key: stateKey(ending.state, rowKey), value: asValue(final) },
      writeOf(month, addTo(sum?.value ?? NOTHING_SPENT, ending), sum?.etag),
    ]);
    if (written === 'written') return final;
  }
}

/** A budget is that of the month in which somebody asks for runs of the past. */
function monthOf({ instant, knownAt, attempt, backfill }: OccurrenceRow): string {
  return attempt === 0 && backfill === undefined ? instant : knownAt;
}

function addTo(sum: MonthSum, { nodeMinutes, cost }: Ending): MonthSum {
  return {
    runs: sum.runs + 1,
    nodeMinutes: sum.nodeMinutes + nodeMinutes,
    cost: sum.cost + (cost ?? 0),
  };
}

import type { FailureCode } from '../failure';
import { ACTIVE_PARTITION, partitionOf, stateKey, sumKey, TROUBLE_KEY } from './keys';
import { asValue, isFinal, readOccurrence, requireParts, versioned, writeOf } from './ledger';
import { listeners, NO_OUTBOX, queueEnd, type Outbox } from './notices';
import type { FinalState, MonthSum, OccurrenceRow, Trouble } from './rows';
import { sendNow } from './send-notices';
import { addTo, countedAt, NOTHING_SPENT } from './spending';
import type { Change, Table } from './table';

/** The end of an occurrence. */
export interface Ending {
  readonly state: FinalState;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly code: FailureCode | null;
  readonly cause: string | null;
  readonly nodeMinutes: number;
  readonly cost: number | null;
  /** Included in `nodeMinutes`; left out where they are not known. */
  readonly dedicatedMinutes?: number;
  readonly preemptions?: number;
  readonly vmSize?: string;
}

/** Receives each occurrence that becomes final, once. A promise never rejects, and is bounded in time. */
export type Announce = (row: OccurrenceRow) => void | Promise<void>;

/**
 * Makes an occurrence final: its row, the copy by which its state is listed and the month's sum in
 * one transaction, then its notices are written, then the active row goes (`notices.ts` has the reason
 * for this order). What is final stays as it is; a repetition writes the notices that are missing and
 * deletes what is left of the active row. `row` is written where the table has lost it.
 */
export async function finish(
  table: Table,
  row: OccurrenceRow,
  ending: Ending,
  announce: Announce = () => undefined,
  outbox: Outbox = NO_OUTBOX,
): Promise<'finished' | 'wasFinal'> {
  const { final, isNew } = await makeFinal(table, row, ending, outbox);
  // The notices do not wait for it.
  const announced = isNew ? announce(final) : undefined;
  const notices = await queueEnd(table, final, outbox, isNew);
  await table.remove(ACTIVE_PARTITION, row.runId);
  await sendNow(table, outbox, notices);
  await announced;
  return isNew ? 'finished' : 'wasFinal';
}

/** The final row, and whether it was made so by this call. */
async function makeFinal(
  table: Table,
  row: OccurrenceRow,
  ending: Ending,
  outbox: Outbox,
): Promise<{ readonly final: OccurrenceRow; readonly isNew: boolean }> {
  const { rowKey } = requireParts(row.runId);
  const partition = partitionOf(row.workload);
  for (;;) {
    const found = await readOccurrence(table, row.runId);
    if (found !== null && isFinal(found)) return { final: found.value, isNew: false };
    const { recovers, changes } = await recovery(table, row, ending, outbox);
    const final: OccurrenceRow = { ...(found?.value ?? row), ...ending, ...recovers };
    const month = sumKey(countedAt(final));
    const sum = versioned<MonthSum>(await table.get(partition, month));
    const written = await table.write(partition, [
      writeOf(rowKey, final, found?.etag),
      { kind: 'put', key: stateKey(ending.state, rowKey), value: asValue(final) },
      writeOf(month, addTo(sum?.value ?? NOTHING_SPENT, final), sum?.etag),
      ...changes,
    ]);
    if (written === 'written') return { final, isNew: true };
  }
}

interface Recovery {
  readonly recovers: Pick<OccurrenceRow, 'recovers'>;
  readonly changes: readonly Change[];
}

const NO_RECOVERY: Recovery = { recovers: {}, changes: [] };

/**
 * The run from which this end recovers, decided in the transaction of the end: of two runs that succeed
 * at once, one is the first. A run that was cancelled or skipped is neither trouble nor recovery.
 */
async function recovery(
  table: Table,
  { runId, workload }: OccurrenceRow,
  { state }: Ending,
  outbox: Outbox,
): Promise<Recovery> {
  if (state === 'cancelled' || state === 'skipped') return NO_RECOVERY;
  if (listeners(outbox, workload, 'recovered').length === 0) return NO_RECOVERY;
  const found = versioned<Trouble>(await table.get(partitionOf(workload), TROUBLE_KEY));
  const before = found?.value.runId ?? null;
  const next: Trouble = { runId: state === 'succeeded' ? null : runId };
  if (before === next.runId) return NO_RECOVERY;
  const recovers = before !== null && next.runId === null ? { recovers: before } : {};
  return { recovers, changes: [writeOf(TROUBLE_KEY, next, found?.etag)] };
}

import { KEY_PARTITION, occurrenceKey, partitionOf, partsOfRunId, stateKey } from './keys';
import { readOccurrence } from './ledger';
import type { Table } from './table';

/** Deletes the rows of an occurrence whose record is past its retention, its own row last. */
export async function forgetOccurrence(table: Table, runId: string): Promise<void> {
  const parts = partsOfRunId(runId);
  const found = await readOccurrence(table, runId);
  if (parts === null || found === null) return;
  const { workload, occurrence, state } = found.value;
  const partition = partitionOf(workload);
  if (state !== 'open') await table.remove(partition, stateKey(state, parts.rowKey));
  if (occurrence.kind === 'blob' || occurrence.kind === 'request') {
    await table.remove(KEY_PARTITION, occurrenceKey(workload, occurrence));
  }
  await table.remove(partition, parts.rowKey);
}

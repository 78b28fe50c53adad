import type { BlobListed } from '../run/ports';
import { KEY_PARTITION, occurrenceKey, WORKLOAD_PARTITION } from './keys';
import { later } from './due-times';
import { readOccurrence, versioned, writeOf } from './ledger';
import type { Table } from './table';

/** A container whose blobs start runs of a workload. */
export interface WatchedContainer {
  readonly workload: string;
  readonly container: string;
  readonly isInput: (name: string) => boolean;
}

/** The progress of the inventory of a workload's container. */
interface InventoryRow {
  readonly container: string;
  /** Nothing that was written before is looked at. */
  readonly firstPass: string;
  /** Everything written before has been seen by a whole round. */
  readonly seenThrough: string;
  /** Start of the round that is under way; null between rounds. */
  readonly roundStart: string | null;
  readonly cursor: string | null;
}

export interface InventoryContext {
  readonly table: Table;
  /** One page of a container in name order; `next` is null at the end. */
  readonly page: (
    container: string,
    cursor: string | null,
  ) => Promise<{ readonly blobs: readonly BlobListed[]; readonly next: string | null }>;
  readonly registerBlob: (workload: string, blob: BlobListed) => Promise<void>;
}

const MINUTE_MS = 60_000;
/** Younger blobs have their event still on its way. */
const EVENT_MS = 2 * MINUTE_MS;
/** Clocks of storage and app differ. */
const SKEW_MS = 15 * MINUTE_MS;

/**
 * Looks through one page of a watched container and registers the versions of blobs that have no
 * run: their event never came. What was there before the first pass of the app is left.
 * @returns the number of blobs that were registered
 */
export async function takeInventory(
  context: InventoryContext,
  { workload, container, isInput }: WatchedContainer,
  now: Date,
): Promise<number> {
  const key = `${workload}!inventory`;
  const found = versioned<InventoryRow>(await context.table.get(WORKLOAD_PARTITION, key));
  if (found === null || found.value.container !== container) {
    const at = now.toISOString();
    const row = { container, firstPass: at, seenThrough: at, roundStart: null, cursor: null };
    await context.table.write(WORKLOAD_PARTITION, [writeOf(key, row, found?.etag)]);
    return 0;
  }
  const row = found.value;
  const { blobs, next } = await context.page(container, row.cursor);
  const skewed = new Date(Date.parse(row.seenThrough) - SKEW_MS).toISOString();
  const oldest = later(row.firstPass, skewed);
  const newest = new Date(now.getTime() - EVENT_MS).toISOString();
  const candidates = blobs.filter(
    ({ name, writtenAt }) => writtenAt > oldest && writtenAt < newest && isInput(name),
  );
  let registered = 0;
  for (const blob of candidates) {
    if (await isKnown(context.table, workload, container, blob)) continue;
    await context.registerBlob(workload, blob);
    registered += 1;
  }
  const roundStart = row.roundStart ?? now.toISOString();
  // What was written less than the event's time before the round began is seen by the next round.
  const seenThrough = new Date(Date.parse(roundStart) - EVENT_MS).toISOString();
  const settled: InventoryRow =
    next === null
      ? { ...row, seenThrough: later(row.seenThrough, seenThrough), roundStart: null, cursor: null }
      : { ...row, roundStart, cursor: next };
  if (JSON.stringify(settled) !== JSON.stringify(row)) {
    // A pass that was faster has come as far.
    await context.table.write(WORKLOAD_PARTITION, [writeOf(key, settled, found.etag)]);
  }
  return registered;
}

/** A key alone is not enough: the host that wrote it may have died before the occurrence's row. */
async function isKnown(
  table: Table,
  workload: string,
  container: string,
  { name, etag }: BlobListed,
): Promise<boolean> {
  const key = occurrenceKey(workload, { kind: 'blob', container, name, etag });
  const claimed = versioned<{ readonly runId: string }>(await table.get(KEY_PARTITION, key));
  return claimed !== null && (await readOccurrence(table, claimed.value.runId)) !== null;
}

import { APP_PARTITION } from './keys';
import { upsert, versioned } from './ledger';
import type { Table } from './table';

/** Work on the ledger that is done once, or once a day, and not in every pass of the reconciler. */
export interface Upkeep {
  /** True once the runs that the version before the ledger left active are in the ledger. */
  readonly formerRunsTaken: boolean;
  /** The name of the last record whose row was checked; null once all have been. */
  readonly recordsThrough: string | null;
  /** The last time at which all records and outputs were compared with their retention. */
  readonly expiredAt: string | null;
}

const UPKEEP_KEY = 'upkeep';

/** A table without the row is new, or has been lost: everything is to be done. */
const NOTHING_DONE: Upkeep = { formerRunsTaken: false, recordsThrough: '', expiredAt: null };

export async function readUpkeep(table: Table): Promise<Upkeep> {
  return versioned<Upkeep>(await table.get(APP_PARTITION, UPKEEP_KEY))?.value ?? NOTHING_DONE;
}

/** Notes what was done. Passes that do the same at once come to the same. */
export async function noteUpkeep(table: Table, done: Partial<Upkeep>): Promise<void> {
  await upsert<Upkeep>(table, APP_PARTITION, UPKEEP_KEY, (found) => ({
    ...(found ?? NOTHING_DONE),
    ...done,
  }));
}

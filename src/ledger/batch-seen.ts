import { APP_PARTITION } from './keys';
import { asValue, versioned } from './ledger';
import type { Table } from './table';

/**
 * The pools and jobs of this app that Batch listed, as of the last pass of the reconciler: the evidence
 * that nothing is billed, or of what is.
 */
export interface BatchSeen {
  /** Time of the request to Batch. */
  readonly askedAt: string;
  readonly pools: readonly PoolSeen[];
  /** Number of jobs. */
  readonly jobs: number;
}

export interface PoolSeen {
  readonly id: string;
  /** Null for a retained pool. */
  readonly runId: string | null;
  /** Nodes that are billed; null where they were not counted. */
  readonly nodes: number | null;
}

const SEEN_KEY = 'batch-seen';
/** More pools than an account has by default; they have to fit into one row. */
const MAX_POOLS = 100;

export async function readBatchSeen(table: Table): Promise<BatchSeen | null> {
  return versioned<BatchSeen>(await table.get(APP_PARTITION, SEEN_KEY))?.value ?? null;
}

export async function noteBatchSeen(table: Table, seen: BatchSeen): Promise<void> {
  const value = asValue({ ...seen, pools: seen.pools.slice(0, MAX_POOLS) });
  await table.write(APP_PARTITION, [{ kind: 'put', key: SEEN_KEY, value }]);
}

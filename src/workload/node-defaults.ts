import { Failure } from '../failure';
import { checkSlots } from './checks/pool';
import type { Pool } from './pool-schema';
import { priceOf, type PriceTable } from './prices';
import { smallestFitting } from './vm-sizes';
import type { Workloads } from './workload';

/** What the app settings say of nodes, where a workload says nothing. */
export interface NodeDefaults {
  readonly vmSize: string;
  /** The subnet that nodes join; null leaves the network to Batch. */
  readonly subnetId: string | null;
  readonly prices: PriceTable;
}

/** Where not even the settings say it. */
export const DEFAULT_VM_SIZE = 'standard_d2s_v5';

/** The size of a pool's nodes: as named, as fits, or the default. */
export function vmSizeOf(pool: Pool, otherwise = DEFAULT_VM_SIZE): string {
  if (pool.vmSize !== undefined) return pool.vmSize;
  if (pool.cores === undefined && pool.memoryGiB === undefined) return otherwise;
  return smallestFitting(pool)?.name ?? otherwise;
}

/**
 * Workloads whose pools say their size, subnet and price, so that all that follows from a workload
 * (the id of a pool that is kept, for one) follows from the settings too.
 * @throws Failure badWorkloads when a node of the default size has too few cores for its slots
 */
export function withNodes(workloads: Workloads, defaults: NodeDefaults): Workloads {
  const mistakes: string[] = [];
  const settled = [...workloads].map(([name, workload]) => {
    const { pool } = workload;
    if (pool.existing !== undefined) return [name, workload] as const;
    const vmSize = vmSizeOf(pool, defaults.vmSize);
    for (const { path, message } of checkSlots(vmSize, pool.slotsPerNode)) {
      mistakes.push(`workload ${name}, ${path.join('.')}: ${message}`);
    }
    const subnetId = pool.subnetId ?? defaults.subnetId ?? undefined;
    const { cores: _cores, memoryGiB: _memory, ...rest } = pool;
    const price = priceOf(pool, vmSize, defaults.prices);
    const sized = {
      ...rest,
      vmSize,
      ...(subnetId !== undefined && { subnetId }),
      ...(price !== undefined && { pricePerNodeHour: price }),
    };
    return [name, { ...workload, pool: sized }] as const;
  });
  if (mistakes.length > 0) {
    throw new Failure(
      'badWorkloads',
      `the workloads do not fit the app setting POOL_VM_SIZE:\n  ${mistakes.join('\n  ')}`,
    );
  }
  return new Map(settled);
}

import { Failure } from '../failure';
import { checkSlots } from './checks/pool';
import { errorLine } from './error-line';
import type { Pool } from './pool-schema';
import { priceOf, type PriceTable } from './prices';
import { smallestFitting } from './vm-sizes';
import type { Workload, Workloads } from './workload';

/** Defaults for the nodes of every pool, from the app settings. */
export interface NodeDefaults {
  readonly vmSize: string;
  /** The subnet that nodes join; null leaves the network to Batch. */
  readonly subnetId: string | null;
  readonly prices: PriceTable;
}

/** The VM size when neither the workload nor the settings name one. */
export const DEFAULT_VM_SIZE = 'standard_d2s_v5';

/** The VM size of a pool's nodes: the declared one, the smallest that fits, or the default. */
export function vmSizeOf(pool: Pool, defaultSize = DEFAULT_VM_SIZE): string {
  if (pool.vmSize !== undefined) return pool.vmSize;
  if (pool.cores === undefined && pool.memoryGiB === undefined) return defaultSize;
  return smallestFitting(pool)?.name ?? defaultSize;
}

/**
 * Sets size, subnet and price in the pools of all workloads, so that everything derived from a
 * workload (such as the id of a retained pool) depends on the settings too.
 * @throws Failure badWorkloads when the default VM size has too few cores for a workload's slots
 */
export function withNodes(workloads: Workloads, defaults: NodeDefaults): Workloads {
  const sized = new Map<string, Workload>();
  const lines: string[] = [];
  for (const [name, workload] of workloads) {
    if (workload.pool.existing !== undefined) {
      sized.set(name, workload);
      continue;
    }
    const pool = sizedPool(workload.pool, defaults);
    const errors = [...checkSlots(pool.vmSize, pool.slotsPerNode)];
    lines.push(...errors.map((error) => errorLine(name, error)));
    sized.set(name, { ...workload, pool });
  }
  if (lines.length === 0) return sized;
  throw new Failure(
    'badWorkloads',
    `the workloads do not fit the app setting POOL_VM_SIZE:\n  ${lines.join('\n  ')}`,
  );
}

function sizedPool(pool: Pool, defaults: NodeDefaults): Pool & { readonly vmSize: string } {
  const vmSize = vmSizeOf(pool, defaults.vmSize);
  const subnetId = pool.subnetId ?? defaults.subnetId ?? undefined;
  const { cores: _cores, memoryGiB: _memory, ...rest } = pool;
  const price = priceOf(pool, vmSize, defaults.prices);
  return {
    ...rest,
    vmSize,
    ...(subnetId !== undefined && { subnetId }),
    ...(price !== undefined && { pricePerNodeHour: price }),
  };
}

import type { NewPool } from '../bodies/pool';
import { removeNode } from '../nodes/lifecycle';
import { type Account, type Pool, keyOf } from '../state/account';
import type { PoolRecord } from '../state/records';
import { enterState } from '../tasks/lifecycle';
import { durationMs } from '../wire/time';
import { parseFormula } from '../autoscale/evaluate';
import { SampleHistory } from '../autoscale/samples';
import { startAutoscale, stopAutoscale } from './autoscale';
import { beginResize, settleResize } from './resize';

/** Default time limit of a resize: fifteen minutes. */
export const DEFAULT_RESIZE_TIMEOUT_MS = 900_000;

/**
 * Creates a validated pool and starts its first resize, even to no nodes. Throws the FormulaError
 * of a formula that cannot be parsed.
 */
export function createPool(
  account: Account,
  spec: NewPool,
  autoPool?: PoolRecord['autoPool'],
): Pool {
  if (spec.enableAutoScale === true) parseFormula(spec.autoScaleFormula ?? '');
  const now = account.now();
  const { targetDedicatedNodes, targetLowPriorityNodes, ...rest } = spec;
  const record: PoolRecord = {
    ...account.nextVersion(),
    seq: account.nextSeq(),
    createdAt: now,
    spec: { ...rest, vmSize: rest.vmSize.toLowerCase() },
    state: 'active',
    stateAt: now,
    allocationState: 'steady',
    allocationStateAt: now,
    targets: { dedicated: 0, lowPriority: 0 },
    resizeTimeoutMs:
      spec.resizeTimeout === undefined ? DEFAULT_RESIZE_TIMEOUT_MS : durationMs(spec.resizeTimeout),
    resizeErrors: [],
    ...(autoPool !== undefined && { autoPool }),
  };
  const pool = newPoolOf(record);
  const targets = {
    dedicated: targetDedicatedNodes ?? 0,
    lowPriority: targetLowPriorityNodes ?? 0,
  };
  account.pools.set(pool.key, pool);
  if (spec.enableAutoScale === true) startAutoscale(account, pool, spec);
  else beginResize(account, pool, targets);
  account.savePool(pool);
  adoptJobs(account, pool);
  return pool;
}

export function newPoolOf(record: PoolRecord): Pool {
  return {
    key: keyOf(record.spec.id),
    record,
    nodes: new Map(),
    jobs: new Set(),
    samples: new SampleHistory(),
  };
}

/** Connects the jobs that named the pool before it existed. */
function adoptJobs(account: Account, pool: Pool): void {
  for (const job of account.jobs.values()) {
    if (keyOf(job.record.poolId ?? '') !== pool.key) continue;
    job.pool = pool;
    pool.jobs.add(job);
  }
  account.wantDispatch(pool);
}

/** Deletes a pool: its nodes leave as with `requeue`, then the pool is removed. */
export function deletePool(account: Account, pool: Pool): void {
  const { record } = pool;
  stopAutoscale(account, pool);
  account.agenda.clear(`resize ${pool.key}`);
  account.agenda.clear(`resize-timeout ${pool.key}`);
  delete record.resize;
  enterState(record, 'deleting', account.now());
  for (const node of pool.nodes.values()) removeNode(account, node, 'requeue');
  account.savePool(pool);
  watchDeletion(account, pool);
}

export function watchDeletion(account: Account, pool: Pool): void {
  const goneAt = pool.record.stateAt + account.timings.settleSeconds * 1000;
  account.wakeAt(`pool-end ${pool.key}`, goneAt, () => account.reviewPool(pool));
}

/** Continues a resize, or a deletion, after a change of the pool's nodes. */
export function reviewPool(account: Account, pool: Pool): void {
  if (account.pools.get(pool.key) !== pool) return;
  if (pool.record.state === 'active') {
    settleResize(account, pool);
    return;
  }
  const goneAt = pool.record.stateAt + account.timings.settleSeconds * 1000;
  if (pool.nodes.size > 0 || account.now() < goneAt) return;
  for (const job of pool.jobs) job.pool = undefined;
  account.dropPool(pool);
}

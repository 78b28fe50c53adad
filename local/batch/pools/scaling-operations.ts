import type { EnableAutoscale, EvaluateAutoscale, RemoveNodes, Resize } from '../bodies/pool';
import { removeNode } from '../nodes/lifecycle';
import type { Account, Node, Pool } from '../state/account';
import type { NodeTargets } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { Refusal, invalidProperty, missingProperty } from '../wire/refusals';
import { durationMs } from '../wire/time';
import { evaluate, runOf, startAutoscale, stopAutoscale } from './autoscale';
import { checkFormula, livePoolOf, savedPool } from './operations';
import { beginResize, stopResize } from './resize';
import { autoscaleRunView } from './view';

type PoolCall<Body = undefined> = Call<Body, 'poolId'>;

/** Minimum time between two requests to enable autoscale. */
const ENABLE_PAUSE_MS = 30_000;

/** POST /pools/{poolId}/resize */
export function resizePool(account: Account, call: PoolCall<Resize>): Reply {
  const pool = resizableOf(account, call);
  const { targetDedicatedNodes, targetLowPriorityNodes } = call.body;
  if (targetDedicatedNodes === undefined && targetLowPriorityNodes === undefined) {
    throw missingProperty('targetDedicatedNodes');
  }
  const { targets } = pool.record;
  beginResize(
    account,
    pool,
    {
      dedicated: targetDedicatedNodes ?? targets.dedicated,
      lowPriority: targetLowPriorityNodes ?? targets.lowPriority,
    },
    call.body.nodeDeallocationOption,
    timeoutMs(pool, call.body.resizeTimeout),
  );
  return savedPool(account, pool, 202);
}

/** Unconfirmed: the code for a pool that scales by a formula; the service's users report two. */
function resizableOf(account: Account, call: Call<unknown, 'poolId'>): Pool {
  const pool = livePoolOf(account, call);
  if (pool.record.autoscale !== undefined) throw new Refusal('OperationInvalidForCurrentState');
  if (pool.record.allocationState !== 'steady') throw new Refusal('PoolBeingResized');
  return pool;
}

function timeoutMs(pool: Pool, resizeTimeout: string | undefined): number {
  return resizeTimeout === undefined ? pool.record.resizeTimeoutMs : durationMs(resizeTimeout);
}

/** POST /pools/{poolId}/stopresize */
export function stopPoolResize(account: Account, call: PoolCall): Reply {
  const pool = livePoolOf(account, call);
  if (pool.record.allocationState !== 'resizing') {
    throw new Refusal('OperationInvalidForCurrentState');
  }
  stopResize(account, pool);
  return savedPool(account, pool, 202);
}

/** POST /pools/{poolId}/removenodes */
export function removePoolNodes(account: Account, call: PoolCall<RemoveNodes>): Reply {
  const pool = livePoolOf(account, call);
  if (pool.record.allocationState !== 'steady') throw new Refusal('PoolBeingResized');
  const nodes = call.body.nodeList.map((id) => {
    const node = pool.nodes.get(id);
    if (node === undefined) throw new Refusal('NodeNotFound', [{ key: 'NodeId', value: id }]);
    return node;
  });
  const unique = [...new Set(nodes)];
  const option = call.body.nodeDeallocationOption ?? 'requeue';
  const left = targetsWithout(pool, new Set(unique));
  for (const node of unique) removeNode(account, node, option);
  beginResize(account, pool, left, option, timeoutMs(pool, call.body.resizeTimeout));
  return savedPool(account, pool, 202);
}

/**
 * The targets after a removal are the remaining nodes: nodes that an earlier resize did not get are
 * not requested again.
 */
function targetsWithout(pool: Pool, removed: ReadonlySet<Node>): NodeTargets {
  let dedicated = 0;
  let lowPriority = 0;
  for (const node of pool.nodes.values()) {
    if (removed.has(node)) continue;
    if (node.record.dedicated) dedicated += 1;
    else lowPriority += 1;
  }
  return { dedicated, lowPriority };
}

/** POST /pools/{poolId}/enableautoscale */
export function enableAutoscale(account: Account, call: PoolCall<EnableAutoscale>): Reply {
  const pool = livePoolOf(account, call);
  const { record } = pool;
  const { autoScaleFormula, autoScaleEvaluationInterval } = call.body;
  if (autoScaleFormula === undefined && autoScaleEvaluationInterval === undefined) {
    const reason = 'A formula, an interval or both must be given';
    throw invalidProperty('autoScaleFormula', '', reason);
  }
  if (record.autoscale === undefined && autoScaleFormula === undefined) {
    throw missingProperty('autoScaleFormula');
  }
  if (autoScaleFormula !== undefined) checkFormula(autoScaleFormula);
  if (account.now() - (record.autoscaleEnabledAt ?? 0) < ENABLE_PAUSE_MS) {
    const seconds = String(ENABLE_PAUSE_MS / 1000);
    throw new Refusal('TooManyEnableAutoScaleRequests', [], {
      headers: { 'Retry-After': seconds },
    });
  }
  if (record.autoscale === undefined && record.allocationState !== 'steady') {
    throw new Refusal('PoolBeingResized');
  }
  record.autoscaleEnabledAt = account.now();
  startAutoscale(account, pool, call.body);
  return savedPool(account, pool, 200);
}

/** POST /pools/{poolId}/disableautoscale; the service does not change the ETag. */
export function disableAutoscale(account: Account, call: PoolCall): Reply {
  const pool = livePoolOf(account, call);
  stopAutoscale(account, pool);
  account.savePool(pool);
  return { status: 200, version: pool.record };
}

/**
 * POST /pools/{poolId}/evaluateautoscale: evaluates a formula without applying it. An evaluation
 * error is a result, too.
 */
export function evaluateAutoscale(account: Account, call: PoolCall<EvaluateAutoscale>): Reply {
  const pool = livePoolOf(account, call);
  // Unconfirmed: the code for a pool that does not scale by a formula.
  if (pool.record.autoscale === undefined) throw new Refusal('OperationInvalidForCurrentState');
  checkFormula(call.body.autoScaleFormula);
  const run = runOf(account, evaluate(account, pool, call.body.autoScaleFormula));
  return {
    status: 200,
    metadata: 'Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun',
    version: pool.record,
    body: autoscaleRunView(run),
  };
}

import { FormulaError, parseFormula } from '../autoscale/evaluate';
import type { NewPool, PoolPatch, PoolProperties } from '../bodies/pool';
import { agentsOf } from '../account-info/images';
import { offersSize } from '../account-info/vm-sizes';
import { coresOf } from '../nodes/sizes';
import { checkPackages } from '../execution/packages';
import { type Account, type Pool, keyOf } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { checkConditions } from '../wire/conditions';
import { pageOfResources, selected } from '../wire/page';
import { Refusal, invalidProperty, missingProperty } from '../wire/refusals';
import { omit } from '../wire/omit';
import { createPool, deletePool } from './lifecycle';
import { poolListing, poolUrl, poolView } from './view';

type PoolCall<Body = undefined> = Call<Body, 'poolId'>;

/** The pool that a call names, if its conditional headers are met. */
export function poolOf(account: Account, call: Call<unknown, 'poolId'>): Pool {
  const pool = account.pools.get(keyOf(call.params.poolId));
  if (pool === undefined) throw new Refusal('PoolNotFound');
  checkConditions(call, pool.record);
  return pool;
}

/** Returns a pool that may be changed; a pool that is being deleted may not. */
export function livePoolOf(account: Account, call: Call<unknown, 'poolId'>): Pool {
  const pool = poolOf(account, call);
  if (pool.record.state === 'deleting') throw new Refusal('PoolBeingDeleted');
  return pool;
}

/** POST /pools */
export function addPool(account: Account, call: Call<NewPool>): Reply {
  const { body } = call;
  checkPool(account, body);
  const existing = account.pools.get(keyOf(body.id));
  if (existing?.record.state === 'deleting') throw new Refusal('PoolBeingDeleted');
  if (existing !== undefined) throw new Refusal('PoolExists');
  if (account.pools.size >= account.quotas.pools) throw new Refusal('PoolQuotaReached');
  checkPackages(account, body.applicationPackageReferences ?? []);

  const pool = createPool(account, body);
  return { status: 201, version: pool.record, location: poolUrl(call.base, body.id) };
}

/** Refuses an invalid pool; also for the pools of jobs. */
export function checkPool(account: Account, body: Omit<NewPool, 'id'>): void {
  if (body.cloudServiceConfiguration !== undefined) {
    const reason = 'Cloud services pools were retired on 29 February 2024';
    throw invalidProperty('cloudServiceConfiguration', body.cloudServiceConfiguration, reason);
  }
  if (body.virtualMachineConfiguration === undefined) {
    throw missingProperty('virtualMachineConfiguration');
  }
  checkScaling(body);
  checkImage(body.virtualMachineConfiguration);
  if (!offersSize(account.addedSizes, body.vmSize, account.now())) {
    // Unconfirmed: the text of the reason.
    const reason = 'The specified VM size is not available in the region of the account';
    throw invalidProperty('vmSize', body.vmSize, reason);
  }
  const slots = body.taskSlotsPerNode ?? 1;
  const most = Math.min(4 * coresOf(body.vmSize), 256);
  if (slots > most) {
    const reason = `A node of size ${body.vmSize} has at most ${most} task slots`;
    throw invalidProperty('taskSlotsPerNode', slots, reason);
  }
}

/** Refuses a marketplace image, or a node agent for it, that the account does not list. */
function checkImage({
  imageReference: { publisher, offer, sku },
  nodeAgentSKUId,
}: NonNullable<NewPool['virtualMachineConfiguration']>): void {
  if (publisher === undefined || offer === undefined || sku === undefined) return;
  const agents = agentsOf({ publisher, offer, sku });
  if (agents.includes(nodeAgentSKUId.toLowerCase())) return;
  // Unconfirmed: the texts of the reasons.
  throw agents.length === 0
    ? invalidProperty(
        'imageReference',
        `${publisher} ${offer} ${sku}`,
        'The specified image is not supported for pools of this account',
      )
    : invalidProperty(
        'nodeAgentSKUId',
        nodeAgentSKUId,
        'The specified node agent SKU does not support the specified image',
      );
}

function checkScaling(body: Omit<NewPool, 'id'>): void {
  const hasTargets =
    body.targetDedicatedNodes !== undefined || body.targetLowPriorityNodes !== undefined;
  if (body.enableAutoScale !== true) {
    if (body.autoScaleFormula !== undefined) {
      throw invalidProperty('autoScaleFormula', body.autoScaleFormula, 'enableAutoScale is false');
    }
    return;
  }
  if (hasTargets) {
    const reason = 'Targets cannot be given for a pool that scales by a formula';
    throw invalidProperty('enableAutoScale', true, reason);
  }
  if (body.autoScaleFormula === undefined) throw missingProperty('autoScaleFormula');
  checkFormula(body.autoScaleFormula);
}

/** Refuses a formula that cannot be parsed. */
export function checkFormula(formula: string): void {
  try {
    parseFormula(formula);
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    throw new Refusal(error.code, [{ key: 'Message', value: error.message }]);
  }
}

/** GET /pools */
export function listPools(account: Account, call: Call): Reply {
  return pageOfResources(call, poolListing, account.pools.values(), (pool) =>
    poolView(pool, call.base),
  );
}

/** GET /pools/{poolId} */
export function getPool(account: Account, call: PoolCall): Reply {
  const pool = poolOf(account, call);
  const body = selected(call, poolListing, poolView(pool, call.base));
  return { status: 200, metadata: 'pools/@Element', version: pool.record, body };
}

/** HEAD /pools/{poolId} */
export function poolExists(account: Account, call: PoolCall): Reply {
  return { status: 200, version: poolOf(account, call).record };
}

/** PATCH /pools/{poolId}: only the given properties are replaced. */
export function patchPool(account: Account, call: PoolCall<PoolPatch>): Reply {
  const pool = livePoolOf(account, call);
  checkPackages(account, call.body.applicationPackageReferences ?? []);
  pool.record.spec = { ...pool.record.spec, ...call.body };
  return savedPool(account, pool, 200);
}

/** POST /pools/{poolId}/updateproperties: properties that are not given are removed. */
export function updatePool(account: Account, call: PoolCall<PoolProperties>): Reply {
  const pool = livePoolOf(account, call);
  checkPackages(account, call.body.applicationPackageReferences);
  const kept = omit(pool.record.spec, ['startTask', 'targetNodeCommunicationMode']);
  pool.record.spec = { ...kept, ...call.body };
  return savedPool(account, pool, 204);
}

/** Saves a change of a pool under a new ETag. */
export function savedPool(account: Account, pool: Pool, status: number): Reply {
  Object.assign(pool.record, account.nextVersion());
  account.savePool(pool);
  return { status, version: pool.record };
}

/** DELETE /pools/{poolId} */
export function removePool(account: Account, call: PoolCall): Reply {
  deletePool(account, livePoolOf(account, call));
  return { status: 202 };
}

import type { BatchServiceModels as Models } from '@azure/batch';
import { Failure } from '../../failure';
import type { Owner, PoolDescription, PoolSpec, DeletionState } from '../../run/ports';
import { RUN_METADATA, WORKLOAD_METADATA } from './bodies';
import {
  BatchError,
  callBatch,
  listAll,
  nullIfNotFound,
  REQUEST_TIMEOUT,
  ignoringCode,
  type RetryPolicy,
  type Service,
} from './calls';
import {
  EVALUATION_INTERVAL,
  RETAINED_METADATA,
  poolBody,
  SCALE_TO_ZERO_FORMULA,
  SPEC_METADATA,
  specHash,
  startTaskBody,
} from './pool-body';
import { packagesBody } from './bodies';
import { isOfRun, isOwnedBy } from './ownership';
import { lower, metadataValue, poolView } from './views';

/** Creates a pool, or adopts or refreshes the one that exists. */
export async function makePool(service: Service, pool: PoolSpec, owner: Owner): Promise<void> {
  const { client, call } = service;
  const made = await ignoringCode(
    'PoolExists',
    call(() => client.pool.add(poolBody(pool, owner), REQUEST_TIMEOUT)),
  );
  if (made === 'done') return;
  const found = await nullIfNotFound(call(() => client.pool.get(pool.id, REQUEST_TIMEOUT)));
  if (found === null || lower(found.state) === 'deleting') {
    throw new Failure(
      'serviceUnavailable',
      `pool ${pool.id} is being deleted; it can be created again after that`,
    );
  }
  checkOwnership(found, pool, owner);
  if (pool.retainedUntil !== null) await refreshRetainedPool(service, pool, found);
}

function checkOwnership(found: Models.CloudPool, pool: PoolSpec, owner: Owner): void {
  const isOwned = pool.retainedUntil === null ? isOfRun(found, owner) : isRetainedBy(found, owner);
  if (!isOwned) {
    throw new Failure(
      'nameCollision',
      `a pool named ${pool.id} exists that this run did not create; it is not changed`,
    );
  }
  if (metadataValue(found, SPEC_METADATA) !== specHash(pool)) {
    throw new Failure(
      'nameCollision',
      `pool ${pool.id} of this run was created with another specification; it is not used`,
    );
  }
}

function isRetained(pool: Models.CloudPool): boolean {
  return metadataValue(pool, RETAINED_METADATA) !== undefined;
}

function isRetainedBy(pool: Models.CloudPool, owner: Owner): boolean {
  return (
    isRetained(pool) &&
    isOwnedBy(pool, owner) &&
    metadataValue(pool, WORKLOAD_METADATA) === owner.workload
  );
}

/**
 * Updates a retained pool, which has zero nodes, for this run: its start task (with credentials
 * valid for the run), its packages, and its formula (with the deadline of the run).
 */
async function refreshRetainedPool(
  service: Service,
  pool: PoolSpec,
  found: Models.CloudPool,
): Promise<void> {
  if (found.autoScaleFormula === pool.formula) return;
  const { client, call } = service;
  await call(() =>
    client.pool.patch(
      pool.id,
      {
        ...(pool.startTask !== null && { startTask: startTaskBody(pool.startTask) }),
        ...packagesBody(pool.packages),
      },
      REQUEST_TIMEOUT,
    ),
  );
  if ((await setFormula(service, pool.id, pool.formula)) === 'set') return;
  throw new Failure(
    'serviceUnavailable',
    `pool ${pool.id} accepts no formula at the moment: nodes of the previous run are being removed`,
  );
}

/**
 * Stores the formula. Sending the interval restarts the schedule, so the formula is evaluated at
 * once. The service accepts one such call in 30 seconds, and none while the pool is resizing.
 */
export async function setFormula(
  { client, call }: Service,
  poolId: string,
  formula: string,
): Promise<'set' | 'busy'> {
  const parameters = {
    autoScaleFormula: formula,
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
  };
  try {
    await call(() => client.pool.enableAutoScale(poolId, { ...parameters, ...REQUEST_TIMEOUT }));
    return 'set';
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    if (error.status === 409 || error.code === 'TooManyEnableAutoScaleRequests') return 'busy';
    throw error;
  }
}

export async function getPool(service: Service, poolId: string) {
  const { client, call } = service;
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return null;
  const options = {
    computeNodeListOptions: {
      select: 'id,state,stateTransitionTime,allocationTime,isDedicated,errors',
    },
    ...REQUEST_TIMEOUT,
  };
  const nodes = await listAll(
    () => call(() => client.computeNode.list(poolId, options)),
    (next) => call(() => client.computeNode.listNext(next, REQUEST_TIMEOUT)),
  );
  return poolView(pool, nodes);
}

export async function describePool(
  { client, call }: Service,
  poolId: string,
): Promise<PoolDescription | null> {
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return null;
  const machine = pool.virtualMachineConfiguration;
  return {
    isBeingDeleted: lower(pool.state) === 'deleting',
    runId: metadataValue(pool, RUN_METADATA) ?? null,
    nodeAgent: machine?.nodeAgentSKUId ?? null,
    runsContainers: machine?.containerConfiguration !== undefined,
    slotsPerNode: pool.taskSlotsPerNode ?? 1,
    autoscales: pool.enableAutoScale ?? false,
    targetNodes: (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0),
  };
}

export async function deletePool(
  service: Service,
  poolId: string,
  owner: Owner,
): Promise<DeletionState> {
  const { client, call } = service;
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return 'deleted';
  if (!isOfRun(pool, owner)) return 'notOwned';
  return requestDeletion(service, pool);
}

function hasNodes(pool: Models.CloudPool): boolean {
  const wanted = (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0);
  const present = (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
  return wanted + present > 0;
}

/**
 * Nodes are the expensive part, and a deletion can hang: a pool that wants no node stops the costs
 * all the same. One call without a retry, because a pool that is being resized refuses the formula
 * and can still be deleted.
 */
async function tryScaleToZero(client: Service['client'], poolId: string): Promise<void> {
  const formula = {
    autoScaleFormula: SCALE_TO_ZERO_FORMULA,
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
  };
  try {
    await callBatch(NO_RETRY, () =>
      client.pool.enableAutoScale(poolId, { ...formula, ...REQUEST_TIMEOUT }),
    );
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
  }
}

const NO_RETRY: RetryPolicy = { pause: async () => undefined, random: () => 0, retries: 0 };

async function requestDeletion(
  { client, call }: Service,
  pool: Models.CloudPool,
): Promise<'deleting'> {
  if (lower(pool.state) === 'deleting') return 'deleting';
  if (hasNodes(pool)) await tryScaleToZero(client, pool.id ?? '');
  await nullIfNotFound(
    ignoringCode(
      'PoolBeingDeleted',
      call(() => client.pool.deleteMethod(pool.id ?? '', REQUEST_TIMEOUT)),
    ),
  );
  return 'deleting';
}

export async function scalePoolToZero(
  service: Service,
  poolId: string,
  owner: Owner,
): Promise<DeletionState | 'kept'> {
  const { client, call } = service;
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return 'deleted';
  if (!isRetainedBy(pool, owner)) return 'notOwned';
  if (lower(pool.state) === 'deleting') return 'deleting';
  if (pool.autoScaleFormula !== SCALE_TO_ZERO_FORMULA) {
    await setFormula(service, poolId, SCALE_TO_ZERO_FORMULA);
    return 'deleting';
  }
  const nodes = (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
  return nodes === 0 && lower(pool.allocationState) === 'steady' ? 'kept' : 'deleting';
}

export async function deleteRetainedPool(
  service: Service,
  poolId: string,
  owner: string,
): Promise<DeletionState | 'busy'> {
  const { client, call } = service;
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return 'deleted';
  if (!isRetained(pool) || !isOwnedBy(pool, { owner })) return 'notOwned';
  const filter = `executionInfo/poolId eq '${poolId}' and state ne 'completed'`;
  const jobListOptions = { filter, select: 'id', maxResults: 1 };
  const jobs = await call(() => client.job.list({ jobListOptions, ...REQUEST_TIMEOUT }));
  return jobs.length > 0 ? 'busy' : requestDeletion(service, pool);
}

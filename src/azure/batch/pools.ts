import type { BatchServiceModels as Models } from '@azure/batch';
import { Failure } from '../../failure';
import type { Owner, PoolFacts, PoolSpec, Removal } from '../../run/ports';
import { RUN_METADATA, WORKLOAD_METADATA } from './bodies';
import { BatchRefusal, everyPage, ifThere, PATIENCE, unless, type Service } from './calls';
import {
  EVALUATION_INTERVAL,
  KEPT_METADATA,
  poolBody,
  REST_FORMULA,
  SPEC_METADATA,
  specHash,
  startTaskBody,
} from './pool-body';
import { packagesBody } from './bodies';
import { lower, metadataValue, poolView } from './views';

/** Pools: made, adopted, looked at, put to rest, deleted. */

export async function makePool(service: Service, pool: PoolSpec, owner: Owner): Promise<void> {
  const { client, call } = service;
  const made = await unless(
    'PoolExists',
    call(() => client.pool.add(poolBody(pool, owner), PATIENCE)),
  );
  if (made === 'done') return;
  const found = await ifThere(call(() => client.pool.get(pool.id, PATIENCE)));
  if (found === null || lower(found.state) === 'deleting') {
    throw new Failure(
      'serviceUnavailable',
      `pool ${pool.id} is being deleted; it can be made again when it is gone`,
    );
  }
  refuseForeign(found, pool, owner);
  if (pool.keptUntil !== null) await renew(service, pool, found);
}

function refuseForeign(found: Models.CloudPool, pool: PoolSpec, owner: Owner): void {
  const isOurs =
    pool.keptUntil === null
      ? metadataValue(found, RUN_METADATA) === owner.runId
      : isKept(found) && metadataValue(found, WORKLOAD_METADATA) === owner.workload;
  if (!isOurs) {
    throw new Failure(
      'nameCollision',
      `a pool named ${pool.id} exists that this run did not make; it is left alone`,
    );
  }
  if (metadataValue(found, SPEC_METADATA) !== specHash(pool)) {
    throw new Failure(
      'nameCollision',
      `pool ${pool.id} of this run was made to another specification; it is not used`,
    );
  }
}

function isKept(pool: Models.CloudPool): boolean {
  return metadataValue(pool, KEPT_METADATA) !== undefined;
}

/**
 * A kept pool is at zero nodes, and its next ones get this run's start task (with credentials that
 * last as long as the run), its packages and its formula (with its deadline).
 */
async function renew(service: Service, pool: PoolSpec, found: Models.CloudPool): Promise<void> {
  if (found.autoScaleFormula === pool.formula) return;
  const { client, call } = service;
  await call(() =>
    client.pool.patch(
      pool.id,
      {
        ...(pool.startTask !== null && { startTask: startTaskBody(pool.startTask) }),
        ...packagesBody(pool.packages),
      },
      PATIENCE,
    ),
  );
  if ((await setFormula(service, pool.id, pool.formula)) === 'set') return;
  throw new Failure(
    'serviceUnavailable',
    `pool ${pool.id} takes no formula just now: nodes of the run before are leaving it`,
  );
}

/**
 * Naming the interval restarts the schedule, so that the formula is evaluated at once. The service
 * takes one such call in 30 s, and none while the pool is resizing.
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
    await call(() => client.pool.enableAutoScale(poolId, { ...parameters, ...PATIENCE }));
    return 'set';
  } catch (error) {
    if (!(error instanceof BatchRefusal)) throw error;
    if (error.status === 409 || error.code === 'TooManyEnableAutoScaleRequests') return 'busy';
    throw error;
  }
}

export async function lookAtPool(service: Service, poolId: string) {
  const { client, call } = service;
  const pool = await ifThere(call(() => client.pool.get(poolId, PATIENCE)));
  if (pool === null) return null;
  const options = {
    computeNodeListOptions: { select: 'id,state,isDedicated,errors' },
    ...PATIENCE,
  };
  const nodes = await everyPage(
    () => call(() => client.computeNode.list(poolId, options)),
    (next) => call(() => client.computeNode.listNext(next, PATIENCE)),
  );
  return poolView(pool, nodes);
}

export async function inspectPool(
  { client, call }: Service,
  poolId: string,
): Promise<PoolFacts | null> {
  const pool = await ifThere(call(() => client.pool.get(poolId, PATIENCE)));
  if (pool === null) return null;
  const machine = pool.virtualMachineConfiguration;
  return {
    isGoing: lower(pool.state) === 'deleting',
    runId: metadataValue(pool, RUN_METADATA) ?? null,
    nodeAgent: machine?.nodeAgentSKUId ?? null,
    runsContainers: machine?.containerConfiguration !== undefined,
    slotsPerNode: pool.taskSlotsPerNode ?? 1,
    scalesItself: pool.enableAutoScale ?? false,
    targetNodes: (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0),
  };
}

export async function removePool(service: Service, poolId: string, owner: Owner): Promise<Removal> {
  const { client, call } = service;
  const pool = await ifThere(call(() => client.pool.get(poolId, PATIENCE)));
  if (pool === null) return 'gone';
  if (metadataValue(pool, RUN_METADATA) !== owner.runId) return 'notOurs';
  return remove(service, pool);
}

async function remove({ client, call }: Service, pool: Models.CloudPool): Promise<'going'> {
  if (lower(pool.state) === 'deleting') return 'going';
  await ifThere(
    unless(
      'PoolBeingDeleted',
      call(() => client.pool.deleteMethod(pool.id ?? '', PATIENCE)),
    ),
  );
  return 'going';
}

export async function restPool(
  service: Service,
  poolId: string,
  owner: Owner,
): Promise<Removal | 'kept'> {
  const { client, call } = service;
  const pool = await ifThere(call(() => client.pool.get(poolId, PATIENCE)));
  if (pool === null) return 'gone';
  if (!isKept(pool) || metadataValue(pool, WORKLOAD_METADATA) !== owner.workload) return 'notOurs';
  if (lower(pool.state) === 'deleting') return 'going';
  if (pool.autoScaleFormula !== REST_FORMULA) {
    await setFormula(service, poolId, REST_FORMULA);
    return 'going';
  }
  const nodes = (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
  return nodes === 0 && lower(pool.allocationState) === 'steady' ? 'kept' : 'going';
}

export async function findKept({ client, call }: Service) {
  const pools = await everyPage(
    () => call(() => client.pool.list({ poolListOptions: { select: 'id,metadata' }, ...PATIENCE })),
    (next) => call(() => client.pool.listNext(next, PATIENCE)),
  );
  return pools.flatMap((pool) => {
    const until = metadataValue(pool, KEPT_METADATA);
    return until === undefined ? [] : [{ id: pool.id ?? '', until }];
  });
}

export async function removeKept(service: Service, poolId: string): Promise<Removal | 'busy'> {
  const { client, call } = service;
  const pool = await ifThere(call(() => client.pool.get(poolId, PATIENCE)));
  if (pool === null) return 'gone';
  if (!isKept(pool)) return 'notOurs';
  const filter = `executionInfo/poolId eq '${poolId}' and state ne 'completed'`;
  const jobListOptions = { filter, select: 'id', maxResults: 1 };
  const jobs = await call(() => client.job.list({ jobListOptions, ...PATIENCE }));
  return jobs.length > 0 ? 'busy' : remove(service, pool);
}

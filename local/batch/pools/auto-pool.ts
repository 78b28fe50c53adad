import { randomUUID } from 'node:crypto';
import type { AutoPool } from '../bodies/job';
import { type Account, type Job, keyOf } from '../state/account';
import { FormulaError } from '../autoscale/evaluate';
import { createPool, deletePool } from './lifecycle';

/**
 * Creates the pool of a job, or one for all jobs of a schedule. It is deleted with its owner unless
 * `keepAlive` is set.
 */
export function makeAutoPool(account: Account, job: Job, specification: AutoPool): void {
  const shared = sharedPoolId(account, job, specification);
  const poolId = shared ?? `${specification.autoPoolIdPrefix ?? ''}${newGuid()}`;
  job.record.poolId = poolId;
  const existing = account.pools.get(keyOf(poolId));
  if (existing === undefined) tryMaking(account, job, specification, poolId);
  job.pool = account.pools.get(keyOf(poolId));
  job.pool?.jobs.add(job);
}

/** The ids of auto-pools end in a GUID in upper case. */
function newGuid(): string {
  return randomUUID().toUpperCase();
}

function sharedPoolId(account: Account, job: Job, specification: AutoPool): string | undefined {
  if (specification.poolLifetimeOption !== 'jobschedule') return undefined;
  const schedule = account.schedules.get(keyOf(job.record.scheduleId ?? ''));
  return schedule?.record.poolId;
}

function tryMaking(account: Account, job: Job, specification: AutoPool, poolId: string): void {
  const { record } = job;
  if (specification.pool === undefined) {
    refuse(job, 'InvalidAutoPoolSettings', 'The auto-pool has no pool specification');
    return;
  }
  if (account.pools.size >= account.quotas.pools) {
    const message = 'The pool quota for the account has been reached';
    refuse(job, 'AutoPoolCreationFailedWithQuotaReached', message);
    return;
  }
  const isOfSchedule =
    specification.poolLifetimeOption === 'jobschedule' && record.scheduleId !== undefined;
  try {
    createPool(
      account,
      { ...specification.pool, id: poolId },
      {
        owner: isOfSchedule ? 'jobschedule' : 'job',
        ownerKey: isOfSchedule ? keyOf(record.scheduleId ?? '') : job.key,
        keepAlive: specification.keepAlive === true,
      },
    );
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    refuse(job, 'InvalidAutoScaleFormulaInAutoPool', error.message);
    return;
  }
  const schedule = account.schedules.get(keyOf(record.scheduleId ?? ''));
  if (isOfSchedule && schedule !== undefined) {
    schedule.record.poolId = poolId;
    account.saveSchedule(schedule);
  }
}

function refuse(job: Job, code: string, message: string): void {
  job.record.schedulingError = { category: 'UserError', code, message };
}

/** Deletes the auto-pool of a job that has ended. */
export function retireAutoPool(account: Account, job: Job): void {
  retireOwned(account, 'job', job.key);
}

export function retireOwned(
  account: Account,
  owner: 'job' | 'jobschedule',
  ownerKey: string,
): void {
  for (const pool of account.pools.values()) {
    const { autoPool, state } = pool.record;
    if (autoPool === undefined || autoPool.keepAlive || state === 'deleting') continue;
    if (autoPool.owner === owner && autoPool.ownerKey === ownerKey) deletePool(account, pool);
  }
}

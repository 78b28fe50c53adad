import { createHash } from 'node:crypto';
import type { RunPlan, RunRequest } from './run';
import { imageNames } from '../workload/image-names';
import { vmSizeOf } from '../workload/node-defaults';
import { containerImagesOf, type Workload } from '../workload/workload';
import { runIdOf, outputContainerOf } from './names';
export const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export function planRun(workload: Workload, request: RunRequest, startedAt: string): RunPlan {
  const runId = runIdOf(workload.name, request.occurrence);
  const deadline = new Date(Date.parse(startedAt) + workload.deadlineMinutes * MINUTE_MS);
  return {
    runId,
    workload: workload.name,
    request,
    startedAt,
    deadline: deadline.toISOString(),
    poolId: poolIdOf(workload, runId, startedAt),
    jobId: runId,
    stagingContainer: `run-${runId}-in`,
    outputContainer: outputContainerOf(runId),
  };
}

/**
 * A run's own pool has the run's id. One that is kept is found by its name alone: what the workload
 * says of it is in the name, and so is its age, in turns of so many days. A changed declaration or
 * a new turn is a new pool, and no two runs have to agree on one.
 */
function poolIdOf(workload: Workload, runId: string, startedAt: string): string {
  const { name, pool } = workload;
  if (pool.existing !== undefined) return pool.existing;
  if (pool.keep === undefined) return runId;
  return `${name}-kept-${fingerprintOf(workload)}-${retentionPeriodOf(pool.keep.days, startedAt)}`;
}

/**
 * What a pool cannot change once it is made. Start task and packages are renewed at each run, but
 * a patch takes neither away: https://learn.microsoft.com/rest/api/batchservice/pool/patch
 */
function fingerprintOf(workload: Workload): string {
  const { pool } = workload;
  const image = typeof pool.image === 'string' ? imageNames[pool.image] : pool.image;
  const fixed = [
    vmSizeOf(pool),
    image,
    containerImagesOf(workload),
    pool.registries,
    pool.slotsPerNode,
    pool.fill,
    pool.subnetId,
    pool.interNode,
    pool.keep?.days,
    pool.setup !== undefined,
    pool.packages.length > 0,
  ];
  return createHash('sha256').update(JSON.stringify(fixed)).digest('hex').slice(0, 10);
}

function retentionPeriodOf(days: number, startedAt: string): number {
  return Math.floor(Date.parse(startedAt) / (days * DAY_MS));
}

/** When the turn of a kept pool is over; runs that begin later make another. */
export function retainedUntil({ pool }: Workload, { startedAt }: RunPlan): string | null {
  if (pool.keep === undefined) return null;
  const { days } = pool.keep;
  return new Date((retentionPeriodOf(days, startedAt) + 1) * days * DAY_MS).toISOString();
}

/**
 * Credentials of nodes outlive the deadline by this much, so that the last upload is not refused.
 * They are minted a little after `now`, by a try that may come ten minutes late: an hour after the
 * deadline none of them opens anything.
 */
const CREDENTIAL_MARGIN_MINUTES = 30;

export function credentialMinutes(plan: RunPlan, now: string): number {
  const left = (Date.parse(plan.deadline) - Date.parse(now)) / MINUTE_MS;
  return Math.ceil(Math.max(0, left)) + CREDENTIAL_MARGIN_MINUTES;
}

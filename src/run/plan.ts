import { createHash } from 'node:crypto';
import { linkOf, type RunInput, type RunPlan } from './run';
import { imageNames } from '../workload/image-names';
import { vmSizeOf } from '../workload/node-defaults';
import { containerImagesOf, type Workload } from '../workload/workload';
import { outputContainerOf, stagingContainerOf } from './names';

export const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The input of a plan, beside the declaration. */
export type PlanInput = Omit<RunInput, 'resume'>;

/**
 * Derives the ids and times of a run. Pure: a replay plans the same run, and so does a second
 * delivery of the same trigger. A run whose workload no longer exists gets the plan of its end.
 */
export function planRun(workload: Workload | null, input: PlanInput, startedAt: string): RunPlan {
  const { runId, owner, term, instant, request } = input;
  const minutes = workload?.deadlineMinutes ?? 0;
  const deadline = new Date(Date.parse(startedAt) + minutes * MINUTE_MS);
  return {
    owner,
    term,
    instant,
    runId,
    workload: request.workload,
    request,
    ...linkOf(input),
    startedAt,
    deadline: deadline.toISOString(),
    poolId: workload === null ? runId : poolIdOf(workload, input, startedAt),
    pool: workload === null ? 'own' : kindOfPool(workload),
    jobId: runId,
    stagingContainer: stagingContainerOf(runId),
    outputContainer: outputContainerOf(runId),
  };
}

function kindOfPool({ pool }: Workload): RunPlan['pool'] {
  if (pool.existing !== undefined) return 'existing';
  return pool.keep === undefined ? 'own' : 'retained';
}

/**
 * The pool of a single run has the run's id. The id of a retained pool contains a fingerprint of
 * its declaration and the number of its retention period: a changed declaration or a new period
 * leads to a new pool, and runs need no coordination to find the current one.
 */
function poolIdOf(workload: Workload, { runId, owner }: PlanInput, startedAt: string): string {
  const { name, pool } = workload;
  if (pool.existing !== undefined) return pool.existing;
  if (pool.keep === undefined) return runId;
  return `${name}-kept-${fingerprintOf(workload, owner)}-${retentionPeriodOf(pool.keep.days, startedAt)}`;
}

/**
 * Hashes the declared properties that a pool cannot change after its creation. Start task and
 * packages are updated for each run, but a patch cannot remove them:
 * https://learn.microsoft.com/rest/api/batchservice/pool/patch
 *
 * `specHash` in azure/batch/pool-body.ts is a separate list on purpose. This hash becomes part of
 * an id, so it is calculated in the workflow, from the declaration alone, and must never change for
 * an unchanged declaration. `specHash` covers what was resolved later, such as the node agent, and
 * verifies that the pool found under the id was created with it. A new property that a pool
 * cannot change has to be added to both lists.
 */
function fingerprintOf(workload: Workload, owner: string): string {
  const { pool } = workload;
  const image = typeof pool.image === 'string' ? imageNames[pool.image] : pool.image;
  const fixed = [
    owner,
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

/** Number of the retention period, counted from 1970, that contains the start of the run. */
function retentionPeriodOf(days: number, startedAt: string): number {
  return Math.floor(Date.parse(startedAt) / (days * DAY_MS));
}

/** End of the retention period of a retained pool; runs that start later create another pool. */
export function retainedUntil({ pool }: Workload, { startedAt }: RunPlan): string | null {
  if (pool.keep === undefined) return null;
  const { days } = pool.keep;
  return new Date((retentionPeriodOf(days, startedAt) + 1) * days * DAY_MS).toISOString();
}

/**
 * Lifetime of the nodes' credentials past the deadline, so that the last upload succeeds. A retry
 * may create a credential up to ten minutes after `now`: all have expired one hour after the
 * deadline.
 */
const CREDENTIAL_MARGIN_MINUTES = 30;

/** Minutes for which the credentials of a run's nodes are valid. */
export function credentialMinutes(plan: RunPlan, now: string): number {
  const remaining = (Date.parse(plan.deadline) - Date.parse(now)) / MINUTE_MS;
  return Math.ceil(Math.max(0, remaining)) + CREDENTIAL_MARGIN_MINUTES;
}

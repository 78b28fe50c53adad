import { formatError, truncate } from '../../failure';
import { deleteOnly } from './outputs';
import type { Files, DeletionState } from '../ports';
import { releasePool } from '../provision/provision';
import { retentionOf, type Retention } from './retention';
import type { CleanedUp, Outcome, PoolView, RunPlan } from '../run';
import { lockBlob } from '../names';
import { lockHeld } from '../admit';
import {
  labelsOf,
  ownerOf,
  RUN_LABEL,
  workloadOf,
  type ActivityContext,
} from '../activity-context';

/**
 * One pass of clean-up: requests the deletion of every resource of the run and reports the state of
 * each. An error with one resource does not stop the others; the next pass repeats all requests.
 */
export async function cleanUp(
  { batch, files, workloads }: ActivityContext,
  { plan, outcome }: { plan: RunPlan; outcome: Outcome['kind'] },
): Promise<{ done: readonly CleanedUp[]; pool: PoolView | null }> {
  const workload = workloadOf(workloads, plan);
  const { outputsDays, logsDays } = retentionOf(workload, outcome);
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await attemptDeletion('job', jobId, () => batch.deleteJob(jobId, owner)),
    await attemptDeletion('pool', poolId, async () =>
      (await lockHeldByOtherRun(files, plan)) ? 'kept' : releasePool({ batch }, workload, plan),
    ),
    await attemptDeletion('staging', stagingContainer, () =>
      files.removeContainer(stagingContainer, labels),
    ),
    await attemptDeletion('outputs', outputContainer, () =>
      outputsDays + logsDays === 0
        ? files.removeContainer(outputContainer, labels)
        : applyRetention(files, plan, { outputsDays, logsDays }),
    ),
  ];
  const poolIsDeleting = done.some(
    ({ resource, state }) => resource === 'pool' && state === 'deleting',
  );
  return { done, pool: poolIsDeleting ? await batch.getPool(poolId).catch(() => null) : null };
}

/** Bound of an error message in the record and the status. */
const REASON_CHARACTERS = 800;

async function attemptDeletion(
  resource: CleanedUp['resource'],
  id: string,
  deletion: () => Promise<DeletionState | 'kept'>,
): Promise<CleanedUp> {
  try {
    return { resource, id, state: await deletion() };
  } catch (error) {
    const reason = truncate(formatError(error), REASON_CHARACTERS);
    return { resource, id, state: 'deleting', reason };
  }
}

/** Runs share a retained pool: a run that was skipped must not scale down the pool of the lock's holder. */
async function lockHeldByOtherRun(
  files: Files,
  { workload, poolId, runId }: RunPlan,
): Promise<boolean> {
  if (poolId === runId) return false;
  const held = await lockHeld(files, lockBlob(workload));
  return held !== null && held.runId !== runId;
}

/** Deletes outputs or logs whose retention is zero days. A run that never started has no container. */
async function applyRetention(
  files: Files,
  { outputContainer: container, runId }: RunPlan,
  { outputsDays, logsDays }: Pick<Retention, 'outputsDays' | 'logsDays'>,
): Promise<'kept' | 'deleted' | 'notOwned'> {
  const found = (await files.listContainers(container)).find(({ name }) => name === container);
  if (found === undefined) return 'deleted';
  if (found.labels[RUN_LABEL] !== runId) return 'notOwned';
  if (outputsDays === 0) await deleteOnly(files, container, 'outputs');
  if (logsDays === 0) await deleteOnly(files, container, 'logs');
  return 'kept';
}

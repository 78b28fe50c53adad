import { formatError } from '../../failure';
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
 * One pass: asks for the end of everything, and says what is gone. What one of them answers does
 * not keep the others from being asked; the next pass asks again.
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
  const poolIsGoing = done.some(
    ({ resource, state }) => resource === 'pool' && state === 'deleting',
  );
  return { done, pool: poolIsGoing ? await batch.getPool(poolId).catch(() => null) : null };
}

/** A pool that is kept is the same for all runs: one that ends before its turn must not touch it. */
async function lockHeldByOtherRun(
  files: Files,
  { workload, poolId, runId }: RunPlan,
): Promise<boolean> {
  if (poolId === runId) return false;
  const held = await lockHeld(files, lockBlob(workload));
  return held !== null && held.runId !== runId;
}

/** A run that ended before it began has none. */
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

async function attemptDeletion(
  resource: CleanedUp['resource'],
  id: string,
  remove: () => Promise<DeletionState | 'kept'>,
): Promise<CleanedUp> {
  try {
    return { resource, id, state: await remove() };
  } catch (error) {
    return { resource, id, state: 'deleting', reason: formatError(error) };
  }
}

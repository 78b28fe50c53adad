import { formatError, truncate } from '../../failure';
import { deleteOnly } from './outputs';
import type { DeletionState, Files, RunLedger } from '../ports';
import { releasePool } from '../provision/provision';
import { retentionOf, type Retention } from './retention';
import type { CleanedUp, Outcome, PoolView, RunPlan } from '../run';
import { hasLabels, labelsOf, ownerOf, type ActivityContext } from '../activity-context';

/**
 * One pass of clean-up: requests the deletion of every resource of the run and reports the state of
 * each. An error with one resource does not stop the others; the next pass repeats all requests.
 */
export async function cleanUp(
  { batch, files, ledger, workloads }: ActivityContext,
  { plan, outcome }: { plan: RunPlan; outcome: Outcome['kind'] },
): Promise<{ done: readonly CleanedUp[]; pool: PoolView | null }> {
  const { outputsDays, logsDays } = retentionOf(workloads.get(plan.workload) ?? null, outcome);
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await attemptDeletion('job', jobId, () => batch.deleteJob(jobId, owner)),
    await attemptDeletion('pool', poolId, async () =>
      (await isUsedByOtherRun(ledger, plan)) ? 'kept' : releasePool({ batch }, plan),
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

export async function attemptDeletion(
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

/** Runs share a retained pool: a run that ends must not scale it down under another one. */
export async function isUsedByOtherRun(
  ledger: RunLedger,
  { workload, pool, runId }: RunPlan,
): Promise<boolean> {
  return pool === 'retained' && (await ledger.hasOtherActiveRun(workload, runId));
}

/** Deletes outputs or logs whose retention is zero days. A run that never started has no container. */
async function applyRetention(
  files: Files,
  plan: RunPlan,
  { outputsDays, logsDays }: Pick<Retention, 'outputsDays' | 'logsDays'>,
): Promise<'kept' | 'deleted' | 'notOwned'> {
  const container = plan.outputContainer;
  const found = (await files.listContainers(container)).find(({ name }) => name === container);
  if (found === undefined) return 'deleted';
  if (!hasLabels(found, labelsOf(plan))) return 'notOwned';
  if (outputsDays === 0) await deleteOnly(files, container, 'outputs');
  if (logsDays === 0) await deleteOnly(files, container, 'logs');
  return 'kept';
}

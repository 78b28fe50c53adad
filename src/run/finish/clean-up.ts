import { messageOf } from '../../failure';
import { removeOnly } from './outputs';
import type { Files, Removal } from '../ports';
import { letGoOfPool } from '../provision/provision';
import { retentionOf, type Retention } from './retention';
import type { CleanedUp, Outcome, PoolView, RunPlan } from '../run';
import { lockBlob } from '../names';
import { lockHeld } from '../admit';
import { labelsOf, ownerOf, RUN_LABEL, workloadOf, type Tools } from '../run-context';

/**
 * One pass: asks for the end of everything, and says what is gone. What one of them answers does
 * not keep the others from being asked; the next pass asks again.
 */
export async function cleanUp(
  { batch, files, workloads }: Tools,
  { plan, outcome }: { plan: RunPlan; outcome: Outcome['kind'] },
): Promise<{ done: readonly CleanedUp[]; pool: PoolView | null }> {
  const workload = workloadOf(workloads, plan);
  const { outputsDays, logsDays } = retentionOf(workload, outcome);
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await asking('job', jobId, () => batch.removeJob(jobId, owner)),
    await asking('pool', poolId, async () =>
      (await isAnothersTurn(files, plan)) ? 'kept' : letGoOfPool({ batch }, workload, plan),
    ),
    await asking('staging', stagingContainer, () =>
      files.removeContainer(stagingContainer, labels),
    ),
    await asking('outputs', outputContainer, () =>
      outputsDays + logsDays === 0
        ? files.removeContainer(outputContainer, labels)
        : kept(files, plan, { outputsDays, logsDays }),
    ),
  ];
  const poolIsGoing = done.some(({ what, how }) => what === 'pool' && how === 'going');
  return { done, pool: poolIsGoing ? await batch.lookAtPool(poolId).catch(() => null) : null };
}

/** A pool that is kept is the same for all runs: one that ends before its turn must not touch it. */
async function isAnothersTurn(
  files: Files,
  { workload, poolId, runId }: RunPlan,
): Promise<boolean> {
  if (poolId === runId) return false;
  const held = await lockHeld(files, lockBlob(workload));
  return held !== null && held.runId !== runId;
}

/** A run that ended before it began has none. */
async function kept(
  files: Files,
  { outputContainer: container, runId }: RunPlan,
  { outputsDays, logsDays }: Pick<Retention, 'outputsDays' | 'logsDays'>,
): Promise<'kept' | 'gone' | 'notOurs'> {
  const found = (await files.listContainers(container)).find(({ name }) => name === container);
  if (found === undefined) return 'gone';
  if (found.labels[RUN_LABEL] !== runId) return 'notOurs';
  if (outputsDays === 0) await removeOnly(files, container, 'outputs');
  if (logsDays === 0) await removeOnly(files, container, 'logs');
  return 'kept';
}

async function asking(
  what: CleanedUp['what'],
  id: string,
  remove: () => Promise<Removal | 'kept'>,
): Promise<CleanedUp> {
  try {
    return { what, id, how: await remove() };
  } catch (error) {
    return { what, id, how: 'going', why: messageOf(error) };
  }
}

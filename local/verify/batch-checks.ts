import type { BatchServiceClient } from '@azure/batch';
import { notChecked, type Finding } from './assumption';
import { batchAssumptions } from './batch-assumptions';
import { checkFormulas } from './formula-checks';
import { checkJobs } from './job-checks';
import { refusalOf } from './refusal';

/** The shortest interval of evaluations that the service accepts. */
const EVALUATION_INTERVAL = 'PT5M';

/**
 * Checks assumptions about the service itself on a pool that never has a node, so that nothing is
 * billed. The pool and all jobs are deleted at the end.
 */
export async function checkBatch(
  batch: BatchServiceClient,
  vmSize: string,
  name: string,
): Promise<readonly Finding[]> {
  try {
    await makePool(batch, vmSize, name);
  } catch (error) {
    const reason = `the account refused a pool without nodes: ${refusalOf(error)}`;
    return allNotChecked(reason);
  }
  try {
    return [...(await checkFormulas(batch, name)), ...(await checkJobs(batch, name))];
  } finally {
    await batch.pool.deleteMethod(name);
  }
}

/** A finding for each assumption that a check of this folder would observe. */
export function allNotChecked(reason: string): readonly Finding[] {
  return batchAssumptions
    .filter(({ byHand }) => byHand === undefined)
    .map(({ id }) => notChecked(id, reason));
}

async function makePool(batch: BatchServiceClient, vmSize: string, id: string): Promise<void> {
  await batch.pool.add({
    id,
    vmSize,
    virtualMachineConfiguration: await newestUbuntu(batch),
    enableAutoScale: true,
    autoScaleFormula: '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;',
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
  });
}

/** @throws an error when the account lists no supported image of Ubuntu */
async function newestUbuntu(batch: BatchServiceClient) {
  const images = await batch.account.listSupportedImages();
  const ubuntu = images
    .filter(
      ({ imageReference, verificationType }) =>
        /ubuntu/i.test(imageReference.offer ?? '') && verificationType === 'verified',
    )
    .sort((one, other) => one.nodeAgentSKUId.localeCompare(other.nodeAgentSKUId))
    .at(-1);
  if (ubuntu === undefined) throw new Error('it lists no verified image of Ubuntu');
  return { imageReference: ubuntu.imageReference, nodeAgentSKUId: ubuntu.nodeAgentSKUId };
}

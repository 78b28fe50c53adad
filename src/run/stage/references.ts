import { Failure } from '../../failure';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';

/**
 * A mounted container is never empty, so that an empty folder is known for what it is: a mount that
 * is not there. Inputs have their list; outputs get this blob.
 */
const SENTINEL = '.nightshift';

/** The containers that are not the run's own and that its nodes read: each must hold something. */
export async function checkReferences(
  { files }: Pick<ActivityContext, 'files'>,
  workload: Workload,
  plan: RunPlan,
): Promise<void> {
  const { shared, pool } = workload;
  for (const [index, { container, prefix }] of shared.entries()) {
    await demandBlob(files, `shared[${index}]`, container, prefix);
  }
  for (const [index, { of }] of pool.mounts.entries()) {
    if (typeof of === 'object') await demandBlob(files, `pool.mounts[${index}]`, of.container, '');
  }
  if (pool.mounts.some(({ of }) => of === 'outputs')) {
    await files.writeText(plan.outputContainer, SENTINEL, plan.runId);
  }
}

async function demandBlob(
  files: ActivityContext['files'],
  field: string,
  container: string,
  prefix: string,
): Promise<void> {
  for await (const _ of files.list(container, prefix)) return;
  const where = prefix === '' ? '' : ` whose name begins with ${JSON.stringify(prefix)}`;
  throw new Failure(
    'inputGone',
    `${field}: container ${container} holds no blob${where}; put the data there`,
  );
}

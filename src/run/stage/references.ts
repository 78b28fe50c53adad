import { Failure } from '../../failure';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';

/**
 * Keeps a mounted container from being empty, so that an empty folder on a node means a failed
 * mount. The staging container has the input list; the output container gets this blob.
 */
export const SENTINEL = '.nightshift';

/** Checks that every container of shared or mounted data has a blob. @throws Failure inputGone */
export async function checkReferences(
  { files }: Pick<ActivityContext, 'files'>,
  workload: Workload,
  plan: RunPlan,
): Promise<void> {
  const { shared, pool } = workload;
  for (const [index, { container, prefix }] of shared.entries()) {
    await requireBlob(files, `shared[${index}]`, container, prefix);
  }
  for (const [index, { of }] of pool.mounts.entries()) {
    if (typeof of === 'object') await requireBlob(files, `pool.mounts[${index}]`, of.container, '');
  }
  if (pool.mounts.some(({ of }) => of === 'outputs')) {
    await files.writeText(plan.outputContainer, SENTINEL, plan.runId);
  }
}

async function requireBlob(
  files: ActivityContext['files'],
  field: string,
  container: string,
  prefix: string,
): Promise<void> {
  for await (const _ of files.list(container, prefix)) return;
  const filter = prefix === '' ? '' : ` whose name starts with ${JSON.stringify(prefix)}`;
  throw new Failure(
    'inputGone',
    `${field}: container ${container} contains no blob${filter}; upload the data there`,
  );
}

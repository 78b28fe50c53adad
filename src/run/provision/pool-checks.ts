import { Failure } from '../../failure';
import type { PackageReference } from '../../workload/fields';
import { chooseImage, type ChosenImage } from './images';
import type { Batch, PoolFacts } from '../ports';
import { templatesOf } from '../../workload/work-schema';
import { usesContainers, type Workload } from '../../workload/workload';

/** What only the Batch account knows, asked before a pool is made or used, and for plans. */

type Account = Pick<Batch, 'packageVersions' | 'supportedImages' | 'describePool'>;

/** The packages of pool and tasks, each with its field. */
export function packagesOf({
  pool,
  work,
}: Workload): readonly (readonly [string, PackageReference])[] {
  return [
    ...pool.packages.map((reference) => ['pool.packages', reference] as const),
    ...templatesOf(work).flatMap(([key, { packages }]) =>
      packages.map((reference) => [`work.${key}.packages`, reference] as const),
    ),
  ];
}

/** @throws Failure badSpecification naming the field whose package is not there */
export async function checkPackages(batch: Account, workload: Workload): Promise<void> {
  for (const [field, { application, version }] of packagesOf(workload)) {
    const versions = await batch.packageVersions(application);
    const has = versions !== null && (version === undefined || versions.includes(version));
    if (has && versions.length > 0) continue;
    const known =
      versions === null
        ? 'there is no such application'
        : `it has ${versions.join(', ') || 'none'}`;
    throw new Failure(
      'badSpecification',
      `${field}: the Batch account has no ${version === undefined ? 'version' : `version ${version}`} of the application package ${application} (${known}); upload it with npm run pack`,
    );
  }
}

/** The image of a pool that a run makes. @throws Failure badSpecification */
export async function checkImage(
  batch: Account,
  workload: Workload,
  now: string,
): Promise<ChosenImage> {
  return chooseImage(workload, await batch.supportedImages(), now);
}

/** Whether somebody else's pool will do. Answers warnings. @throws Failure badSpecification */
export async function checkExistingPool(
  batch: Account,
  workload: Workload,
  now: string,
): Promise<readonly string[]> {
  const poolId = workload.pool.existing ?? '';
  const pool = await batch.describePool(poolId);
  const unfit = pool === null ? 'there is no such pool' : unfitness(pool, workload);
  if (pool === null || unfit !== undefined) throw unusable(poolId, unfit ?? '');
  if (workload.pool.image === undefined) return [];

  const { image, warnings } = await checkImage(batch, workload, now);
  if (image.nodeAgent === pool.nodeAgent) return warnings;
  throw unusable(
    poolId,
    `its nodes have the agent "${pool.nodeAgent ?? 'none'}", and pool.image needs "${image.nodeAgent}"`,
  );
}

function unusable(poolId: string, why: string): Failure {
  return new Failure('badSpecification', `pool.existing "${poolId}" cannot be used: ${why}`);
}

/** Why the tasks of a workload would not run in a pool; undefined when they would. */
function unfitness(pool: PoolFacts, workload: Workload): string | undefined {
  if (pool.isBeingDeleted) return 'it is being deleted';
  if (pool.runId !== null) return `run ${pool.runId} made it and deletes it at its end`;
  const containers = usesContainers(workload);
  if (pool.runsContainers && !containers) {
    return 'it runs containers and takes no other task; give every task a container';
  }
  if (!pool.runsContainers && containers) {
    return 'it runs no containers, and the tasks are containers; name a pool with a container configuration';
  }
  const widest = Math.max(...templatesOf(workload.work).map(([, { slots }]) => slots));
  if (widest > pool.slotsPerNode) {
    return `a task takes ${widest} slots and its nodes have ${pool.slotsPerNode}; lower the slots of the task`;
  }
  if (!pool.scalesItself && pool.targetNodes === 0) {
    return 'it has no node and gets none by itself; resize it, or give it an autoscale formula';
  }
  return undefined;
}

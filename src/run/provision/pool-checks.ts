import { Failure } from '../../failure';
import type { PackageReference } from '../../workload/fields';
import { chooseImage, type ChosenImage } from './images';
import type { Batch, PackageAccess, PoolDescription } from '../ports';
import { templatesOf } from '../../workload/work-schema';
import { usesContainers, type Workload } from '../../workload/workload';

/** Checks that need the Batch account, made before a pool is created or used, and for plans. */

type BatchChecks = Pick<
  Batch,
  'packageVersions' | 'supportedImages' | 'describePool' | 'hasJobSchedule'
>;

/**
 * Checks that Batch itself does not schedule the same work, as it may after a move from a job
 * schedule to a workload of its name. @throws Failure nameCollision
 */
export async function checkJobSchedule(
  batch: BatchChecks,
  { name }: Pick<Workload, 'name'>,
): Promise<void> {
  if (!(await batch.hasJobSchedule(name))) return;
  throw new Failure(
    'nameCollision',
    `the Batch account has an active job schedule ${name}, so the work of a due time would be done twice; disable or delete it: az batch job-schedule disable --job-schedule-id ${name}`,
  );
}

/** @throws Failure badSpecification naming the field whose package does not exist */
export async function checkPackages(batch: BatchChecks, workload: Workload): Promise<void> {
  for (const [field, { application, version }] of packagesOf(workload)) {
    const versions = await batch.packageVersions(application);
    const has = versions !== null && (version === undefined || versions.includes(version));
    if (has && versions.length > 0) continue;
    const known =
      versions === null
        ? 'the application does not exist'
        : `it has ${versions.join(', ') || 'none'}`;
    throw new Failure(
      'badSpecification',
      `${field}: the Batch account has no ${version === undefined ? 'version' : `version ${version}`} of the application package ${application} (${known}); upload it with npm run pack`,
    );
  }
}

/**
 * Checks that nodes can download the packages of a workload. Where the account reads its storage
 * with an identity, nodes need one too, and only Azure Resource Manager creates a pool with an
 * identity. In a pool without one, nodes with packages stay in the state `starting`, and are billed
 * (https://learn.microsoft.com/troubleshoot/azure/hpc/batch/use-managed-identities-azure-batch-account-pool).
 * @throws Failure badSpecification naming the first field with a package
 */
export function checkPackageAccess(access: PackageAccess, workload: Workload): void {
  const [first] = packagesOf(workload);
  if (first === undefined || access === 'storageKeys') return;
  const isExisting = workload.pool.existing !== undefined;
  if (isExisting && access === 'nodeIdentity') return;
  const reason = isExisting
    ? 'and names none for nodes (autoStorage.nodeIdentityReference)'
    : 'and a pool that a run creates has none';
  throw new Failure(
    'badSpecification',
    `${first[0]}: application packages cannot reach the nodes, which would never finish starting: the Batch account reads its storage with an identity (autoStorage.authenticationMode), ${reason}; deliver the files as programs, as inputs, as shared data or in a container image, or name an existing pool that has the identity of autoStorage.nodeIdentityReference (pool.existing)`,
  );
}

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

/** Chooses the image of a pool that a run creates. @throws Failure badSpecification */
export async function checkImage(
  batch: BatchChecks,
  workload: Workload,
  now: string,
): Promise<ChosenImage> {
  return chooseImage(workload, await batch.supportedImages(), now);
}

/** Checks that an existing pool can run the tasks. Returns warnings. @throws Failure badSpecification */
export async function checkExistingPool(
  batch: BatchChecks,
  workload: Workload,
  now: string,
): Promise<readonly string[]> {
  const poolId = workload.pool.existing ?? '';
  const pool = await batch.describePool(poolId);
  const reason = pool === null ? 'the pool does not exist' : incompatibility(pool, workload);
  if (pool === null || reason !== undefined) throw poolError(poolId, reason ?? '');
  if (workload.pool.image === undefined) return [];

  const { image, warnings } = await checkImage(batch, workload, now);
  if (image.nodeAgent === pool.nodeAgent) return warnings;
  throw poolError(
    poolId,
    `its nodes have the node agent "${pool.nodeAgent ?? 'none'}", and pool.image needs "${image.nodeAgent}"`,
  );
}

/** The reason why the tasks of a workload cannot run in a pool; undefined when they can. */
function incompatibility(pool: PoolDescription, workload: Workload): string | undefined {
  if (pool.isBeingDeleted) return 'it is being deleted';
  if (pool.runId !== null) return `it belongs to run ${pool.runId}, which deletes it when it ends`;
  const containers = usesContainers(workload);
  if (pool.runsContainers && !containers) {
    return 'it only runs tasks in containers; give every task a container';
  }
  if (!pool.runsContainers && containers) {
    return 'it has no container configuration, and the tasks run in containers; name a pool that has one';
  }
  const maxSlots = Math.max(...templatesOf(workload.work).map(([, { slots }]) => slots));
  if (maxSlots > pool.slotsPerNode) {
    return `a task needs ${maxSlots} slots and its nodes have ${pool.slotsPerNode}; lower the slots of the task`;
  }
  if (!pool.autoscales && pool.targetNodes === 0) {
    return 'it has zero nodes and does not autoscale; resize it, or give it an autoscale formula';
  }
  return undefined;
}

function poolError(poolId: string, reason: string): Failure {
  return new Failure('badSpecification', `pool.existing "${poolId}" cannot be used: ${reason}`);
}

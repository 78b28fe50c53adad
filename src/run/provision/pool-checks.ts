import { Failure } from '../../failure';
import { chooseImage, type ChosenImage } from './images';
import type { Batch, PoolDescription } from '../ports';
import { packagesOf } from '../../workload/programs';
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

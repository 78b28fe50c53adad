import { Failure } from '../../failure';
import { checkQuotas, knownQuotas } from '../forecast/quotas';
import { vmSizeOf } from '../../workload/node-defaults';
import { credentialMinutes, retainedUntil } from '../plan';
import { checkImage, checkExistingPool, checkJobSchedule, checkPackages } from './pool-checks';
import type { MountSpec, PoolSpec, Registry, DeletionState, StartTaskSpec } from '../ports';
import type { Mount } from '../../workload/pool-schema';
import type { RunPlan } from '../run';
import { programFiles } from '../submit/tasks';
import { openAccess, type Access } from '../stage/access';
import { containerImagesOf, usesContainers, type Workload } from '../../workload/workload';
import { autoscaleFormula } from './autoscale-formula';
import { ownerOf, workloadOf, type ActivityContext } from '../activity-context';

export interface Provisioned {
  readonly poolId: string;
  /** Conditions that may fail a later run. */
  readonly warnings: readonly string[];
}

/** Creates or adopts the pool of a run, or checks the existing pool that the workload names. */
export async function provision(
  context: ActivityContext,
  { plan, startNodes, now }: { plan: RunPlan; startNodes: number; now: string },
): Promise<Provisioned> {
  const workload = workloadOf(context.workloads, plan);
  if (plan.request.occurrence.kind === 'schedule') await checkJobSchedule(context.batch, workload);
  await checkPackages(context.batch, workload);
  if (workload.pool.existing !== undefined) {
    return { poolId: plan.poolId, warnings: await checkExistingPool(context.batch, workload, now) };
  }
  const { image, warnings } = await checkImage(context.batch, workload, now);
  const access = await openAccess(context.files, workload, plan, now);
  const { pool } = workload;
  const spec: PoolSpec = {
    id: plan.poolId,
    displayName: `Nightshift ${pool.keep === undefined ? plan.runId : workload.name}`,
    vmSize: vmSizeOf(pool),
    image,
    containers: usesContainers(workload)
      ? { images: containerImagesOf(workload), registries: await registriesOf(context, workload) }
      : null,
    slotsPerNode: pool.slotsPerNode,
    fill: pool.fill ?? 'pack',
    formula: autoscaleFormula(workload, plan, startNodes, now),
    startTask: startTaskOf(workload, access),
    mounts: await mountsOf(context, workload, plan, now),
    packages: access.packages.length > 0 ? [] : pool.packages,
    subnetId: pool.subnetId ?? null,
    interNode: pool.interNode,
    retainedUntil: retainedUntil(workload, plan),
  };
  await unlessHopeless(context, workload, () => context.batch.makePool(spec, ownerOf(plan)));
  return { poolId: plan.poolId, warnings };
}

/**
 * A reached quota is worth waiting for, unless it can never hold this run. The account's quotas are
 * read only then: they need a right of their own, and without it the run waits.
 * @throws Failure quotaReached, without a time for a retry when no wait can help
 */
export async function unlessHopeless<Result>(
  { account }: Pick<ActivityContext, 'account'>,
  workload: Workload,
  create: () => Promise<Result>,
): Promise<Result> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'quotaReached')) throw error;
    const reported = await (account?.quotas() ?? Promise.resolve(null)).catch(() => null);
    const { errors } = checkQuotas(knownQuotas(NO_SETTINGS, reported, workload), workload);
    if (errors.length === 0) throw error;
    throw new Failure('quotaReached', `${error.message}: ${errors.join('; ')}`, { cause: error });
  }
}

const NO_SETTINGS = { spotCoreQuota: null, dedicatedCoreQuota: null };

function startTaskOf({ pool }: Workload, access: Access): StartTaskSpec | null {
  const { setup } = pool;
  if (setup === undefined) return null;
  return {
    command: setup.command,
    resourceFiles: programFiles(setup.programs, access),
    // Other locales are installed by the start task itself, so it runs under the preinstalled one.
    environment: { LC_ALL: setup.locale ?? 'C.UTF-8', ...setup.environment },
    elevated: setup.elevated,
    retries: setup.retries,
  };
}

/** Registry passwords are read from the vault here and sent to Batch only. */
function registriesOf(
  { secrets }: ActivityContext,
  { pool }: Workload,
): Promise<readonly Registry[]> {
  return Promise.all(
    pool.registries.map(async ({ server, user, secret }) => ({
      server,
      user,
      password: await secrets.read(secret),
    })),
  );
}

function mountsOf(
  { files }: ActivityContext,
  { pool }: Workload,
  plan: RunPlan,
  now: string,
): Promise<readonly MountSpec[]> {
  const minutes = credentialMinutes(plan, now);
  return Promise.all(
    pool.mounts.map(async ({ of, at, options }) => {
      const container = mountedContainer(of, plan);
      const mode = of === 'outputs' ? 'write' : 'read';
      const access = await files.mountAccess(container, mode, minutes);
      return { ...access, container, at, options: options ?? mountOptions[mode] };
    }),
  );
}

function mountedContainer(of: Mount['of'], plan: RunPlan): string {
  if (typeof of === 'object') return of.container;
  return of === 'inputs' ? plan.stagingContainer : plan.outputContainer;
}

/**
 * Batch mounts as root: without allow_other only elevated tasks have access, and the umask decides
 * about container tasks and tasks with a user of their own. Unconfirmed: that blobfuse2 on every
 * image accepts all of these options.
 * https://learn.microsoft.com/azure/batch/virtual-file-mount
 */
const mountOptions = {
  read: '-o allow_other -o ro -o umask=022',
  write: '-o allow_other -o umask=000',
} as const;

/** Deletes the pool of a single run, scales a retained pool to zero, and keeps an existing pool unchanged. */
export async function releasePool(
  { batch }: Pick<ActivityContext, 'batch'>,
  plan: RunPlan,
): Promise<DeletionState | 'kept'> {
  switch (plan.pool) {
    case 'existing':
      return 'kept';
    case 'retained':
      return batch.scalePoolToZero(plan.poolId, ownerOf(plan));
    case 'own':
      return batch.deletePool(plan.poolId, ownerOf(plan));
  }
}

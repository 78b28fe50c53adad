import { Failure } from '../../failure';
import type { PackageReference } from '../../workload/fields';
import { packagesOf } from '../../workload/programs';
import { usesContainers, type Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';
import { PACKAGE_LIST, stagedPackage } from '../names';
import type { BatchAccount, Files } from '../ports';
import type { RunPlan } from '../run';

/**
 * Delivery of application packages to nodes that could not download them. Where the Batch account
 * reads its storage with an identity, nodes need one too, and only Azure Resource Manager creates a
 * pool with an identity: in a pool without one, nodes with packages stay in the state `starting`
 * (https://learn.microsoft.com/troubleshoot/azure/hpc/batch/use-managed-identities-azure-batch-account-pool).
 * There the app copies the archives into the staging container, the job preparation unpacks them,
 * and every command gets the variables that Batch would set.
 */

/** A package that the app delivers. */
export interface DeliveredPackage {
  readonly application: string;
  /** As declared; null for the default version, whose variables are named without a version. */
  readonly version: string | null;
}

/** A package with its archive in the storage account of the app. */
interface LocatedPackage extends DeliveredPackage {
  readonly container: string;
  readonly blob: string;
}

interface Services {
  readonly account?: BatchAccount;
  readonly files: Files;
}

/**
 * Locates the archives of the packages that the app has to deliver. Null where Batch delivers them:
 * with the keys of the storage account, and where the account cannot be read, which requires a
 * right of its own.
 * @throws Failure badSpecification naming the field of a package that cannot be delivered
 */
export async function locatePackages(
  { account, files }: Services,
  workload: Workload,
): Promise<readonly LocatedPackage[] | null> {
  const references = distinct(packagesOf(workload));
  if (account === undefined || references.length === 0) return null;
  const access = await nullIfUnreadable(account.packageAccess());
  if (access === null || access === 'storageKeys') return null;
  const located: LocatedPackage[] = [];
  for (const [field, reference] of references) {
    if (usesContainers(workload)) throw undeliverable(field, reference, IN_CONTAINERS);
    located.push(await locate(account, files, field, reference));
  }
  return located;
}

const IN_CONTAINERS =
  'tasks in containers cannot unpack it; put its files into the image, or leave the containers out';

async function locate(
  account: BatchAccount,
  files: Files,
  field: string,
  reference: PackageReference,
): Promise<LocatedPackage> {
  const { application, version } = reference;
  const resolved = version ?? (await account.defaultVersionOf(application));
  if (resolved === null)
    throw new Failure('badSpecification', noDefaultVersion(field, application));
  const url = await account.packageUrl(application, resolved);
  const found = url === null ? null : files.locate(url);
  if (found === null) {
    const reason =
      url === null ? 'it has no archive' : 'its archive is not in the storage account of the app';
    throw undeliverable(field, reference, `${reason}; use programs, inputs or shared data instead`);
  }
  return { application, version: version ?? null, container: found.container, blob: found.name };
}

export function noDefaultVersion(field: string, application: string): string {
  return `${field}: the application package ${application} has no default version, and the declaration names none; name a version, or set a default: az batch application set --application-name ${application} --default-version <version>, or npm run pack with --default`;
}

function undeliverable(field: string, { application }: PackageReference, reason: string): Failure {
  return new Failure(
    'badSpecification',
    `${field}: the application package ${application} cannot reach the nodes. The Batch account reads its storage with an identity (autoStorage.authenticationMode) that its nodes do not have, and the app cannot deliver the package: ${reason}`,
  );
}

async function nullIfUnreadable<Answer>(reading: Promise<Answer>): Promise<Answer | null> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Failure && error.code !== 'serviceUnavailable') return null;
    throw error;
  }
}

/** Each application with each version once, at the first field that references it. */
function distinct(
  references: ReturnType<typeof packagesOf>,
): readonly (readonly [string, PackageReference])[] {
  const byKey = new Map(
    references
      .toReversed()
      .map((entry) => [`${entry[1].application} ${entry[1].version ?? ''}`, entry]),
  );
  return [...byKey.values()].toReversed();
}

/** Copies the archives into the staging container, the list of them last. */
export async function stagePackages(
  context: ActivityContext,
  workload: Workload,
  plan: RunPlan,
): Promise<void> {
  const located = await locatePackages(context, workload);
  if (located === null) return;
  const { files } = context;
  for (const [index, { application, container, blob }] of located.entries()) {
    const found = await files.find(container, blob);
    if (found === null) {
      throw new Failure(
        'inputGone',
        `the archive of the application package ${application} does not exist: blob ${blob} in container ${container}; upload it with npm run pack`,
      );
    }
    const { etag } = found;
    const to = { container: plan.stagingContainer, name: stagedPackage(index) };
    await files.copy({ container, name: blob, etag }, to);
  }
  const list = located.map(({ application, version }) => ({ application, version }));
  await files.writeText(plan.stagingContainer, PACKAGE_LIST, JSON.stringify(list));
}

/** Twenty applications of forty versions, with names of 64 characters, are far below. */
const MAX_LIST_BYTES = 1024 ** 2;

/** The packages that the app has staged for a run; none where Batch delivers them. */
export async function deliveredPackages(
  files: Files,
  workload: Workload,
  plan: RunPlan,
): Promise<readonly DeliveredPackage[]> {
  if (packagesOf(workload).length === 0) return [];
  const text = await files.readText(plan.stagingContainer, PACKAGE_LIST, MAX_LIST_BYTES);
  return text === null ? [] : (JSON.parse(text) as readonly DeliveredPackage[]);
}

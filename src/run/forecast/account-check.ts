import { Failure } from '../../failure';
import {
  checkImage,
  checkExistingPool,
  checkJobSchedule,
  checkPackages,
} from '../provision/pool-checks';
import type { AccountQuotas, BatchAccount, Ports } from '../ports';
import { knownQuotas, checkQuotas, type KnownQuotas, type Quotas } from './quotas';
import { packagesOf } from '../../workload/programs';
import { checkSize } from './sizes';
import { locatePackages, noDefaultVersion } from '../stage/packages';
import type { Workload } from '../../workload/workload';

/** The result of checking a workload against the Batch account, for a plan. */
export interface AccountCheck {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly account: AccountForecast;
}

export interface AccountForecast {
  readonly quotas: KnownQuotas;
  /** Default versions of the packages that the workload references without a version. */
  readonly defaultVersions: Readonly<Record<string, string>>;
  /** The reason why quotas and default versions are incomplete; null when they are complete. */
  readonly unavailableReason: string | null;
}

/** Checks packages, image, job schedules, quotas and default versions. Only reads from the account. */
export async function checkAccount(
  { batch, files, account, ...configured }: Pick<Ports, 'batch' | 'files' | 'account'> & Quotas,
  workload: Workload,
  now: string,
): Promise<AccountCheck> {
  const packages = await checkAccountPackages(batch, workload);
  const image = await checkAccountImage(batch, workload, now);
  const schedules = await checkAccountSchedules(batch, workload);
  // A package that does not exist has no default version either; one error is enough.
  const applications = packages.length === 0 ? applicationsWithoutVersion(workload) : [];
  const answer = await queryAccount(account, applications);
  const isResolved = packages.length + answer.errors.length === 0;
  const delivery = isResolved ? await checkDelivery({ account, files }, workload) : [];
  const quotas = knownQuotas(configured, answer.quotas, workload);
  const quotaIssues = checkQuotas(quotas, workload);
  const size = checkSize(workload, await offeredSizes(account), now);
  const { defaultVersions, unavailableReason } = answer;
  return {
    errors: [
      packages,
      answer.errors,
      delivery,
      image.errors,
      size.errors,
      quotaIssues.errors,
    ].flat(),
    warnings: [...schedules, ...image.warnings, ...size.warnings, ...quotaIssues.warnings],
    account: { quotas, defaultVersions, unavailableReason },
  };
}

async function checkAccountPackages(batch: Ports['batch'], workload: Workload) {
  const { errors } = await collectErrors(async () => {
    await checkPackages(batch, workload);
    return [];
  });
  return errors;
}

/** Only warnings: a run that is started by hand does not collide. */
async function checkAccountSchedules(batch: Ports['batch'], workload: Workload) {
  if (workload.triggers.schedule === undefined) return [];
  const { errors } = await collectErrors(async () => {
    await checkJobSchedule(batch, workload);
    return [];
  });
  return errors;
}

/** Checks the image of a pool that the run creates, or the existing pool. */
function checkAccountImage(batch: Ports['batch'], workload: Workload, now: string) {
  return collectErrors(async () =>
    workload.pool.existing === undefined
      ? (await checkImage(batch, workload, now)).warnings
      : checkExistingPool(batch, workload, now),
  );
}

async function collectErrors(check: () => Promise<readonly string[]>) {
  try {
    return { errors: [], warnings: await check() };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
    return { errors: [error.message], warnings: [] };
  }
}

/** Applications referenced without a version, each with the first field that references it. */
function applicationsWithoutVersion(workload: Workload): readonly (readonly [string, string])[] {
  const fields = new Map<string, string>();
  for (const [field, { application, version }] of packagesOf(workload)) {
    if (version === undefined && !fields.has(application)) fields.set(application, field);
  }
  return [...fields];
}

interface AccountAnswer {
  readonly quotas: AccountQuotas | null;
  readonly defaultVersions: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
  readonly unavailableReason: string | null;
}

const ACCOUNT_NOT_CONFIGURED =
  'quotas and default versions of packages are unknown: reading them requires the setting BATCH_ACCOUNT_ID, and an identity instead of an account key';

/** Reads quotas and default versions. A failure does not fail the plan, because a run needs neither. */
async function queryAccount(
  account: BatchAccount | undefined,
  applications: readonly (readonly [string, string])[],
): Promise<AccountAnswer> {
  if (account === undefined) {
    return {
      quotas: null,
      defaultVersions: {},
      errors: [],
      unavailableReason: ACCOUNT_NOT_CONFIGURED,
    };
  }
  let quotas: AccountQuotas | null = null;
  const defaultVersions: Record<string, string> = {};
  const errors: string[] = [];
  try {
    quotas = await account.quotas();
    for (const [application, field] of applications) {
      const version = await account.defaultVersionOf(application);
      if (version === null) errors.push(noDefaultVersion(field, application));
      else defaultVersions[application] = version;
    }
    return { quotas, defaultVersions, errors, unavailableReason: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { quotas, defaultVersions, errors, unavailableReason: error.message };
  }
}

/** The error of a package that neither Batch nor the app can deliver; none while that is unknown. */
async function checkDelivery(
  { account, files }: { readonly account: BatchAccount | undefined } & Pick<Ports, 'files'>,
  workload: Workload,
): Promise<readonly string[]> {
  try {
    await locatePackages({ files, ...(account !== undefined && { account }) }, workload);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === 'badSpecification' ? [error.message] : [];
  }
}

/** The sizes of the region; null when they are unknown. */
async function offeredSizes(account: BatchAccount | undefined) {
  try {
    return (await account?.vmSizes()) ?? null;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

import { Failure } from '../../failure';
import { checkImage, checkExistingPool, checkPackages, packagesOf } from '../provision/pool-checks';
import type { AccountQuotas, BatchAccount, Ports } from '../ports';
import { knownQuotas, checkQuotas, type KnownQuotas, type Quotas } from './quotas';
import type { Workload } from '../../workload/workload';

/** What the Batch account says to a run before there is one: asked for plans, and nothing is changed. */

export interface AccountIssues {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  readonly account: AccountForecast;
}

export interface AccountForecast {
  readonly quotas: KnownQuotas;
  /** What packages that name no version come to. */
  readonly defaultVersions: Readonly<Record<string, string>>;
  /** Why the account was not asked for all of this; null when it was. */
  readonly notAsked: string | null;
}

export async function checkAccount(
  { batch, account, ...set }: Pick<Ports, 'batch' | 'account'> & Quotas,
  workload: Workload,
  now: string,
): Promise<AccountIssues> {
  const packages = await packageRefusal(batch, workload);
  const image = await imageFindings(batch, workload, now);
  // Without its packages an application has no default either, and one reason is enough.
  const told = await toldBy(account, packages.length === 0 ? withoutVersion(workload) : []);
  const quotas = knownQuotas(set, told.quotas, workload);
  const quota = checkQuotas(quotas, workload);
  return {
    refusals: [...packages, ...told.refusals, ...image.refusals, ...quota.refusals],
    warnings: [...image.warnings, ...quota.warnings],
    account: { quotas, defaultVersions: told.defaultVersions, notAsked: told.notAsked },
  };
}

async function packageRefusal(batch: Ports['batch'], workload: Workload) {
  const { refusals } = await unlessRefused(async () => {
    await checkPackages(batch, workload);
    return [];
  });
  return refusals;
}

/** What is said to the image, or to somebody else's pool. */
function imageFindings(batch: Ports['batch'], workload: Workload, now: string) {
  return unlessRefused(async () =>
    workload.pool.existing === undefined
      ? (await checkImage(batch, workload, now)).warnings
      : checkExistingPool(batch, workload, now),
  );
}

async function unlessRefused(check: () => Promise<readonly string[]>) {
  try {
    return { refusals: [], warnings: await check() };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
    return { refusals: [error.message], warnings: [] };
  }
}

/** Applications with the first field that names each. */
function withoutVersion(workload: Workload): readonly (readonly [string, string])[] {
  const fields = new Map<string, string>();
  for (const [field, { application, version }] of packagesOf(workload)) {
    if (version === undefined && !fields.has(application)) fields.set(application, field);
  }
  return [...fields];
}

interface Told {
  readonly quotas: AccountQuotas | null;
  readonly defaultVersions: Readonly<Record<string, string>>;
  readonly refusals: readonly string[];
  readonly notAsked: string | null;
}

const NOBODY_TO_ASK =
  'quotas and default versions of packages: that takes the setting BATCH_ACCOUNT_ID, and an identity instead of a key';

/** An account that does not tell stops no plan: a run needs none of this. */
async function toldBy(
  account: BatchAccount | undefined,
  applications: readonly (readonly [string, string])[],
): Promise<Told> {
  if (account === undefined) {
    return { quotas: null, defaultVersions: {}, refusals: [], notAsked: NOBODY_TO_ASK };
  }
  let quotas: AccountQuotas | null = null;
  const defaultVersions: Record<string, string> = {};
  const refusals: string[] = [];
  try {
    quotas = await account.quotas();
    for (const [application, field] of applications) {
      const version = await account.defaultVersionOf(application);
      if (version === null) refusals.push(noDefault(field, application));
      else defaultVersions[application] = version;
    }
    return { quotas, defaultVersions, refusals, notAsked: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { quotas, defaultVersions, refusals, notAsked: error.message };
  }
}

function noDefault(field: string, application: string): string {
  return `${field}: the application package ${application} has no default version, and none is named; name a version, or set one: az batch application set --application-name ${application} --default-version <version>, or npm run pack with --default`;
}

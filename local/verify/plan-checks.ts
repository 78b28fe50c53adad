import { confirmed, findingOf, notChecked, type Finding } from './assumption';
import { readPlan, statusWithoutKey, type AppClient, type Plan } from './app-client';

/** Workloads that ship with the app; the verification runs these two. */
export const WORKLOADS = ['nightly-report', 'render'] as const;

export interface Planned {
  readonly findings: readonly Finding[];
  readonly capNodeMinutes: number;
  readonly capCost: number | null;
  readonly vmSize: string | null;
}

/** Checks that start nothing: the app answers, and its identity sees what a run needs. */
export async function checkPlans(app: AppClient): Promise<Planned> {
  const plans: Plan[] = [];
  for (const workload of WORKLOADS) plans.push(await readPlan(app, workload));
  const cap = plans.reduce((sum, { estimate }) => sum + 2 * estimate.capNodeMinutes, 0);
  const costs = plans.map(({ estimate }) => estimate.capCost);
  return {
    findings: [
      confirmed('app-answers', `plans of ${WORKLOADS.join(' and ')} were returned`),
      await checkKey(app),
      checkQuotas(plans),
      checkSecrets(plans),
    ],
    capNodeMinutes: cap,
    capCost: costs.some((cost) => cost === null)
      ? null
      : costs.reduce<number>((sum, cost) => sum + 2 * (cost ?? 0), 0),
    vmSize: plans.map(({ pool }) => pool?.vmSize).find((size) => size !== undefined) ?? null,
  };
}

async function checkKey(app: AppClient): Promise<Finding> {
  if (app.key === undefined)
    return notChecked('app-requires-key', 'the verification was started without a key');
  const status = await statusWithoutKey(app);
  return findingOf('app-requires-key', status === 401, `a call without a key returned ${status}`);
}

function checkQuotas(plans: readonly Plan[]): Finding {
  const [plan] = plans;
  const quotas = Object.entries(plan?.account.quotas ?? {}).filter(([, quota]) => quota !== null);
  const observed =
    quotas.length === 0
      ? (plan?.account.unavailableReason ?? 'the plan has no quotas')
      : quotas.map(([name, quota]) => `${name} ${quota}`).join(', ');
  return findingOf('account-quotas', quotas.length > 0, observed);
}

function checkSecrets(plans: readonly Plan[]): Finding {
  const secrets = plans.flatMap((plan) => plan.secrets);
  if (secrets.length === 0)
    return notChecked('secrets-readable', 'the workloads declare no secret');
  const unreadable = secrets.filter(({ isReadable }) => !isReadable).map(({ name }) => name);
  return findingOf(
    'secrets-readable',
    unreadable.length === 0,
    unreadable.length === 0
      ? `${secrets.map(({ name }) => name).join(', ')} can be read`
      : `${unreadable.join(', ')} cannot be read`,
  );
}

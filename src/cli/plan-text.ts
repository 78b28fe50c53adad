import type { Plan, PlanBudget, Quotas } from '../client/plans';
import { counted } from './text';

const quotaNames = {
  spotCores: 'Spot cores',
  dedicatedCores: 'dedicated cores',
  pools: 'pools',
  jobs: 'active jobs',
} as const satisfies Readonly<Record<keyof Quotas, string>>;

/** A plan as lines, its texts not cleaned yet. */
export function planLines(plan: Plan): readonly string[] {
  return [
    `A run of ${plan.workload} would`,
    ...inputLines(plan),
    ...poolLines(plan),
    ...(plan.pool === null ? [] : taskLines(plan)),
    ...plan.secrets.map(
      ({ name, isReadable }) =>
        `  secret    ${name}: ${isReadable ? 'can be read' : 'CANNOT BE READ'}`,
    ),
    ...dueLines(plan),
    ...accountLines(plan),
    ...(plan.pool?.isMade === true ? costLines(plan) : []),
    ...plan.warnings.map((warning) => `  warning   ${warning}`),
    ...plan.errors.map((error) => `  REFUSED   ${error}`),
  ];
}

function inputLines({ inputs }: Plan): string[] {
  if (inputs === null) return [];
  const first = inputs.first.map((name) => JSON.stringify(name)).join(', ');
  return [
    `  read      ${counted(inputs.count, 'file')}, ${counted(inputs.bytes, 'byte')}${first === '' ? '' : `: ${first}${inputs.count > inputs.first.length ? ', …' : ''}`}`,
  ];
}

function poolLines({ pool, job }: Plan): string[] {
  if (pool === null || job === null) return ['  make      no pool and no job: no work is left'];
  const made = `  make      job ${job.id}, containers ${job.containers.join(' and ')}`;
  if (!pool.isMade) return [`  use       existing pool ${pool.id}, unchanged`, made];
  return [
    `  make      pool ${pool.id} of ${pool.vmSize}, ${counted(pool.slotsPerNode, 'slot')} on each node`,
    `  nodes     ${pool.formulaGives}`,
    ...pool.formula.split('\n').map((line) => `            | ${line}`),
    made,
  ];
}

function taskLines({ tasks }: Plan): string[] {
  const count =
    tasks.count === null
      ? `as many tasks as the job manager says, at most ${tasks.atMost ?? 'any'}`
      : counted(tasks.count, 'task');
  return [
    `  run       ${count}`,
    ...tasks.first.map(
      ({ id, command, about }) =>
        `            ${id}: ${command === '' ? "(the image's own command)" : command}   ${about}`,
    ),
  ];
}

/** Quotas and default versions of the Batch account, or the reason why they are unknown. */
function accountLines({ account }: Plan): string[] {
  const names = Object.keys(quotaNames) as (keyof typeof quotaNames)[];
  const known = names.flatMap((name) => {
    const quota = account.quotas[name];
    return quota === null ? [] : [`${quota} ${quotaNames[name]}`];
  });
  return [
    ...Object.entries(account.defaultVersions).map(
      ([application, version]) => `  package   ${application}: ${version}, the default version`,
    ),
    ...(known.length === 0 ? [] : [`  quotas    ${known.join(', ')} at most`]),
    ...(account.unavailableReason === null ? [] : [`  not seen  ${account.unavailableReason}`]),
  ];
}

function dueLines({ schedules }: Plan): string[] {
  return schedules.map(({ timeZone, nextDueAt, nextDueLocal }) => {
    if (nextDueAt === null) return '  due       never again';
    return `  due       ${nextDueAt}, ${nextDueLocal ?? ''} in ${timeZone}`;
  });
}

function amount(value: number | null, noun: string): string {
  return value === null ? `an unknown number of ${noun}s` : counted(value, noun);
}

function costLines({ estimate, budget = null }: Plan): string[] {
  const { fromRuns, minutes, nodeMinutes, cost, capNodeMinutes, capCost } = estimate;
  const money = (amount: number | null) => (amount === null ? '' : `, ${amount} in your currency`);
  return [
    fromRuns === 0 && minutes === null
      ? '  take      unknown: no run has succeeded yet'
      : `  take      ${amount(minutes, 'minute')} and ${amount(nodeMinutes, 'node-minute')}${money(cost)}, as ${fromRuns === 1 ? 'the latest run' : `the median of the latest ${fromRuns} runs`} did`,
    `  at most   ${counted(capNodeMinutes, 'node-minute')}${money(capCost)}, if everything goes wrong`,
    ...(budget === null ? [] : [budgetLine(budget)]),
  ];
}

function budgetLine({ perMonth, spent, reserved, afterwards }: PlanBudget): string {
  const [used, atMost] = [spent + reserved, afterwards ?? spent + reserved];
  return `  budget    ${used.toFixed(2)} of ${perMonth} a month spent or reserved, at most ${atMost.toFixed(2)} with this run`;
}

import type { AppLimits } from '../ledger/admission';
import type { ActiveRow, DaySum, MonthSum, Part } from '../ledger/rows';
import { addDays, EMPTY_DAY, NO_PART, rounded } from '../ledger/spending';
import { isAdmitted } from '../ledger/admission';
import type { Workload } from '../workload/workload';
import type { BudgetView, CostGroup, SpendView } from './schemas/costs';

/** Sums of the ledger as the API shows them. Pure. */

/** A sum in parts: its days, and what no day has, since an earlier version counted it. */
export interface Spent {
  readonly detailed: DaySum;
  readonly undetailed: Part;
}

export const NOTHING: Spent = { detailed: EMPTY_DAY, undetailed: NO_PART };

export function spentIn({ runs, nodeMinutes, cost, days = {} }: MonthSum): Spent {
  const detailed = Object.values(days).reduce(addDays, EMPTY_DAY);
  const minutes = Math.max(0, rounded(nodeMinutes - detailed.nodeMinutes));
  const money = Math.max(0, rounded(cost - detailed.cost));
  return {
    detailed,
    undetailed: {
      runs: Math.max(0, runs - detailed.runs),
      nodeMinutes: minutes,
      cost: money,
      // Of what is not detailed nobody knows the part that had a price, but for a sum without any.
      unpricedMinutes: money === 0 ? minutes : 0,
    },
  };
}

export function plus(one: Spent, other: Spent): Spent {
  return {
    detailed: addDays(one.detailed, other.detailed),
    undetailed: addDays({ ...EMPTY_DAY, ...one.undetailed }, { ...EMPTY_DAY, ...other.undetailed }),
  };
}

/** Without node-minutes the cost is nothing, and priced. */
export function spendView({ runs, nodeMinutes, cost, unpricedMinutes }: Part): SpendView {
  const hasPrice = unpricedMinutes < nodeMinutes || nodeMinutes === 0;
  const pricing = unpricedMinutes === 0 ? 'priced' : hasPrice ? 'partly' : 'unpriced';
  return {
    runs,
    nodeMinutes: rounded(nodeMinutes),
    cost: hasPrice ? rounded(cost) : null,
    pricing,
    unpricedMinutes,
  };
}

/** The sum of both parts. */
export function totalOf({ detailed, undetailed }: Spent): SpendView {
  return spendView({
    runs: detailed.runs + undetailed.runs,
    nodeMinutes: detailed.nodeMinutes + undetailed.nodeMinutes,
    cost: detailed.cost + undetailed.cost,
    unpricedMinutes: detailed.unpricedMinutes + undetailed.unpricedMinutes,
  });
}

type Detailed = Omit<CostGroup, 'workload' | 'day' | 'days' | 'previousMonth' | 'budget'>;

export function detailedView(spent: Spent): Detailed {
  const { detailed, undetailed } = spent;
  return {
    ...totalOf(spent),
    spotMinutes: rounded(detailed.nodeMinutes - detailed.dedicatedMinutes),
    dedicatedMinutes: detailed.dedicatedMinutes,
    successful: spendView(detailed.successful),
    wasted: spendView(detailed.wasted),
    retries: spendView(detailed.retries),
    preemptions: detailed.preemptions,
    undetailedMinutes: undetailed.nodeMinutes,
  };
}

export interface BudgetInput {
  readonly perMonth: number;
  readonly whenExceeded: 'refuse' | 'queue';
  /** The cost of the runs of the month that have ended. */
  readonly spent: number;
  /** The active runs that count against it. */
  readonly active: readonly ActiveRow[];
  readonly isBinding: boolean;
}

export function budgetView(input: BudgetInput): BudgetView {
  const { perMonth, whenExceeded, spent, active, isBinding } = input;
  const reserved = active
    .filter(isAdmitted)
    .reduce((sum, { mayTake }) => sum + (mayTake.cost ?? 0), 0);
  return {
    perMonth,
    whenExceeded,
    spent: rounded(spent),
    reserved: rounded(reserved),
    left: Math.max(0, rounded(perMonth - spent - reserved)),
    isBinding,
  };
}

/** Null for a workload without a budget. */
export function budgetOf(
  { name, budget, pool }: Workload,
  sum: MonthSum,
  active: readonly ActiveRow[],
): BudgetView | null {
  if (budget === undefined) return null;
  return budgetView({
    ...budget,
    spent: sum.cost,
    active: active.filter(({ workload }) => workload === name),
    isBinding: pool.existing === undefined && pool.pricePerNodeHour !== undefined,
  });
}

/** The budget of the app; null without one. Occurrences beyond it wait. */
export function appBudget(
  { monthlyCost }: AppLimits,
  workloads: readonly Workload[],
  sums: readonly MonthSum[],
  active: readonly ActiveRow[],
): BudgetView | null {
  if (monthlyCost === null) return null;
  return budgetView({
    perMonth: monthlyCost,
    whenExceeded: 'queue',
    spent: sums.reduce((total, { cost }) => total + cost, 0),
    active,
    isBinding: workloads.some(({ pool }) => pool.pricePerNodeHour !== undefined),
  });
}

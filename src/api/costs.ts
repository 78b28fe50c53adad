import type { App } from '../app';
import { listActive } from '../ledger/list';
import type { ActiveRow, MonthSum } from '../ledger/rows';
import { addDays, EMPTY_DAY, monthBefore, readMonths } from '../ledger/spending';
import type { Workload } from '../workload/workload';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { queryOf } from './requests';
import { costsQuerySchema, type CostGroup, type CostsView } from './schemas/costs';
import {
  appBudget,
  budgetOf,
  detailedView,
  NOTHING,
  plus,
  spendView,
  spentIn,
  totalOf,
} from './spend-view';

/** A workload with its sums of a month and of the month before. */
interface Spending {
  readonly workload: Workload;
  readonly before: MonthSum;
  readonly sum: MonthSum;
}

/**
 * GET /api/costs?by=&month= returns the node-minutes and the cost of a month, by workload or by day. It
 * reads one row of the ledger for each workload and month, however many runs there were.
 */
export function costsHandler(app: App): OperationHandler {
  return answering('costs', async (request) => {
    const asOf = app.now().toISOString();
    const { by, month = asOf.slice(0, 7) } = queryOf(costsQuerySchema, request);
    const workloads = [...app.workloads.values()];
    const spending = await Promise.all(
      workloads.map(async (workload): Promise<Spending> => {
        const months = [monthBefore(month), month] as const;
        const [before, sum] = await readMonths(app.table, workload.name, months);
        return { workload, before, sum };
      }),
    );
    // A budget is that of the current month: what active runs may take counts against no other.
    const active = month === asOf.slice(0, 7) ? await listActive(app.table) : null;
    const groups =
      by === 'workload'
        ? spending.map((one) => workloadGroup(one, month, active))
        : days(spending, month);
    const view: CostsView = {
      asOf,
      month,
      by,
      currency: app.about.currency,
      groups,
      total: totalView(app, spending, active),
    };
    return { status: 200, jsonBody: view };
  });
}

function workloadGroup(
  { workload, before, sum }: Spending,
  month: string,
  active: readonly ActiveRow[] | null,
): CostGroup {
  return {
    workload: workload.name,
    day: null,
    ...detailedView(spentIn(sum)),
    days: Object.entries(sum.days ?? {})
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([day, part]) => ({ day: `${month}-${day}`, ...spendView(part) })),
    previousMonth: totalOf(spentIn(before)),
    budget: active === null ? null : budgetOf(workload, sum, active),
  };
}

function days(spending: readonly Spending[], month: string): readonly CostGroup[] {
  const names = new Set(spending.flatMap(({ sum }) => Object.keys(sum.days ?? {})));
  return [...names].toSorted().map((day) => {
    const parts = spending.map(({ sum }) => sum.days?.[day] ?? EMPTY_DAY);
    const detailed = parts.reduce(addDays, EMPTY_DAY);
    return {
      workload: null,
      day: `${month}-${day}`,
      ...detailedView({ ...NOTHING, detailed }),
      days: [],
      previousMonth: null,
      budget: null,
    };
  });
}

function totalView(
  { workloads, limits }: App,
  spending: readonly Spending[],
  active: readonly ActiveRow[] | null,
): CostsView['total'] {
  const sumOf = (sums: readonly MonthSum[]) => sums.map(spentIn).reduce(plus, NOTHING);
  const sums = spending.map(({ sum }) => sum);
  return {
    ...detailedView(sumOf(sums)),
    previousMonth: totalOf(sumOf(spending.map(({ before }) => before))),
    budget: active === null ? null : appBudget(limits, [...workloads.values()], sums, active),
  };
}

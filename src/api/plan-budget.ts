import { isAdmitted } from '../ledger/admission';
import { beyondBudget } from '../ledger/budget';
import { partitionOf, sumKey } from '../ledger/keys';
import { versioned } from '../ledger/ledger';
import { listActive } from '../ledger/list';
import { newOccurrenceOf } from '../ledger/new-occurrence';
import type { MonthSum } from '../ledger/rows';
import { NOTHING_SPENT, rounded } from '../ledger/spending';
import type { App } from '../app';
import type { RunRequest } from '../run/run';
import type { Workload } from '../workload/workload';
import type { PlanBudget } from './schemas/plan';

/**
 * The budget of a workload with the run that is planned, by the rule by which admission decides; null
 * without a budget.
 */
export async function planBudget(
  { table }: Pick<App, 'table'>,
  workload: Workload,
  request: RunRequest,
  now: string,
): Promise<PlanBudget | null> {
  const { name, budget } = workload;
  if (budget === undefined) return null;
  const [sum, rows] = await Promise.all([
    table.get(partitionOf(name), sumKey(now)),
    listActive(table),
  ]);
  const { cost: spent } = versioned<MonthSum>(sum)?.value ?? NOTHING_SPENT;
  const active = rows.filter((row) => row.workload === name && isAdmitted(row));
  const { mayTake } = newOccurrenceOf(workload, request, {}, now);
  const reserved = active.reduce((total, row) => total + (row.mayTake.cost ?? 0), 0);
  return {
    perMonth: budget.perMonth,
    whenExceeded: budget.whenExceeded,
    spent: rounded(spent),
    reserved: rounded(reserved),
    afterwards: mayTake.cost === null ? null : rounded(spent + reserved + mayTake.cost),
    exceeded: beyondBudget(budget, { workload: name, mayTake }, { spent, active }),
  };
}

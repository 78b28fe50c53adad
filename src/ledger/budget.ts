import type { ActiveRow } from './rows';

/** The budget of a workload against a run that is about to start. Pure. */

export interface Budget {
  readonly perMonth: number;
  readonly whenExceeded: 'refuse' | 'queue';
}

/** Figures in the currency of the prices. */
export interface BudgetFigures {
  /** The cost of the runs of the month that have ended. */
  readonly spent: number;
  /** The active runs of the workload. */
  readonly active: readonly ActiveRow[];
}

/**
 * One sentence where the month's budget does not hold the most that a run may take, with what ended runs have taken
 * and active ones may take; else null. A run without a price counts nothing.
 */
export function beyondBudget(
  { perMonth }: Budget,
  { workload, mayTake }: Pick<ActiveRow, 'workload' | 'mayTake'>,
  { spent, active }: BudgetFigures,
): string | null {
  if (mayTake.cost === null) return null;
  const reserved = active.reduce((sum, row) => sum + (row.mayTake.cost ?? 0), 0);
  if (spent + reserved + mayTake.cost <= perMonth) return null;
  const [took, may, wants] = [spent, reserved, mayTake.cost].map((sum) => sum.toFixed(2));
  return `the budget of ${workload}, ${perMonth} a month, does not hold the run: ${took} are spent, active runs may take ${may}, and this run ${wants}`;
}

/** The first instant of the month after this one, in UTC. */
export function nextMonth(now: string): string {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString();
}

/** The sentence on a budget of the app. */
export function beyondLimit(taken: number, limit: number, unit: string): string {
  return `the month's budget of ${limit} ${unit} does not hold it: ${Math.round(taken)} are spent or may be taken by active runs`;
}

export function minutesAfter(at: string, minutes: number): string {
  return new Date(Date.parse(at) + minutes * 60_000).toISOString();
}

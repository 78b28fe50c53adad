import { partitionOf, sumKey } from './keys';
import type { DaySum, MonthSum, OccurrenceRow, Part } from './rows';
import type { Table } from './table';

/**
 * The sums of a workload: one row for each month, with its days. The end of an occurrence changes it in
 * the transaction that makes the occurrence final, so a report on costs reads one row, not all runs.
 */

export const NOTHING_SPENT: MonthSum = { runs: 0, nodeMinutes: 0, cost: 0 };

export const NO_PART: Part = { runs: 0, nodeMinutes: 0, cost: 0, unpricedMinutes: 0 };

export const EMPTY_DAY: DaySum = {
  ...NO_PART,
  dedicatedMinutes: 0,
  preemptions: 0,
  successful: NO_PART,
  wasted: NO_PART,
  retries: NO_PART,
};

/** A budget is that of the month in which somebody asks for runs of the past. */
export function countedAt({ instant, knownAt, attempt, backfill }: OccurrenceRow): string {
  return attempt === 0 && backfill === undefined ? instant : knownAt;
}

/** The sum with one more occurrence that is final. */
export function addTo(sum: MonthSum, row: OccurrenceRow): MonthSum {
  const day = countedAt(row).slice(8, 10);
  const before = sum.days?.[day] ?? EMPTY_DAY;
  return {
    runs: sum.runs + 1,
    nodeMinutes: sum.nodeMinutes + row.nodeMinutes,
    cost: sum.cost + (row.cost ?? 0),
    days: { ...sum.days, [day]: addToDay(before, row) },
  };
}

function addToDay(day: DaySum, row: OccurrenceRow): DaySum {
  const { attempt, state, nodeMinutes, cost, dedicatedMinutes = 0, preemptions = 0 } = row;
  const one: Part = {
    runs: 1,
    nodeMinutes,
    cost: cost ?? 0,
    unpricedMinutes: cost === null ? nodeMinutes : 0,
  };
  const isWasted = state === 'failed' || state === 'timedOut' || state === 'cancelled';
  return {
    ...addParts(day, one),
    dedicatedMinutes: rounded(day.dedicatedMinutes + dedicatedMinutes),
    preemptions: day.preemptions + preemptions,
    successful: state === 'succeeded' ? addParts(day.successful, one) : day.successful,
    wasted: isWasted ? addParts(day.wasted, one) : day.wasted,
    retries: attempt > 0 ? addParts(day.retries, one) : day.retries,
  };
}

export function addParts(one: Part, other: Part): Part {
  return {
    runs: one.runs + other.runs,
    nodeMinutes: rounded(one.nodeMinutes + other.nodeMinutes),
    cost: rounded(one.cost + other.cost),
    unpricedMinutes: rounded(one.unpricedMinutes + other.unpricedMinutes),
  };
}

export function addDays(one: DaySum, other: DaySum): DaySum {
  return {
    ...addParts(one, other),
    dedicatedMinutes: rounded(one.dedicatedMinutes + other.dedicatedMinutes),
    preemptions: one.preemptions + other.preemptions,
    successful: addParts(one.successful, other.successful),
    wasted: addParts(one.wasted, other.wasted),
    retries: addParts(one.retries, other.retries),
  };
}

/** Costs are kept to the ten-thousandth, as they are calculated. */
export function rounded(value: number): number {
  return Number(value.toFixed(4));
}

/** The sums of a workload for two months, such as `2026-10` and `2026-11`, with one query. */
export async function readMonths(
  table: Table,
  workload: string,
  months: readonly [earlier: string, later: string],
): Promise<readonly [MonthSum, MonthSum]> {
  const [earlier, later] = months.map(sumKey) as [string, string];
  const rows = await table.list(partitionOf(workload), { from: earlier, to: `${later}~` }, 100);
  const sumOf = (key: string): MonthSum =>
    (rows.find((row) => row.key === key)?.value as MonthSum | undefined) ?? NOTHING_SPENT;
  return [sumOf(earlier), sumOf(later)];
}

/** The month before, such as `2026-10` for `2026-11`. */
export function monthBefore(month: string): string {
  const first = new Date(`${month}-01T00:00:00.000Z`);
  return new Date(first.getTime() - 86_400_000).toISOString().slice(0, 7);
}

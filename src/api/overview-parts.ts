import type { DurableClient } from 'durable-functions';
import type { App } from '../app';
import { nextDueTime } from '../ledger/due-times';
import { partitionOf, sumKey } from '../ledger/keys';
import type { ActiveRow, MonthSum, OccurrenceRow } from '../ledger/rows';
import { NOTHING_SPENT } from '../ledger/spending';
import { localTime } from '../workload/local-time';
import type { Workload } from '../workload/workload';
import { activeRunOf, pastRunOf, type ActiveRun } from './run-lines';
import type { OverviewWorkload } from './schemas/overview';
import { budgetOf, spentIn, totalOf } from './spend-view';

/** Parts that the screens of the app and of one workload have in common. */

/** A workload with what the ledger has of it. */
export interface KnownWorkload {
  readonly workload: Workload;
  /** The sum of the current month. */
  readonly sum: MonthSum;
  /** The latest occurrences that are final, newest first. */
  readonly final: readonly OccurrenceRow[];
}

const LAST_RUNS = 30;
/** The rows beside those of occurrences: sums of months, the run from which the next success recovers. */
const OTHER_ROWS = 10;
/** Occurrences that are not final are among the latest, too. */
const OPEN_ROWS = 30;

/** One query: in a partition the sums of months come before the occurrences, which are newest first. */
export async function readWorkload(
  { table }: App,
  workload: Workload,
  now: string,
): Promise<KnownWorkload> {
  const key = sumKey(now);
  const limit = LAST_RUNS + OPEN_ROWS + OTHER_ROWS;
  const rows = await table.list(partitionOf(workload.name), { from: key, to: ':' }, limit);
  const sum = rows.find((row) => row.key === key)?.value as MonthSum | undefined;
  const occurrences = rows
    .filter((row) => !row.key.startsWith('!'))
    .map(({ value }) => value as unknown as OccurrenceRow);
  return {
    workload,
    sum: sum ?? NOTHING_SPENT,
    final: occurrences.filter(({ state }) => state !== 'open').slice(0, LAST_RUNS),
  };
}

/** Waiting runs beyond these are counted in `GET /api/runs` alone. */
const MAX_SHOWN = 100;

export async function activeRunsOf(
  client: DurableClient,
  rows: readonly ActiveRow[],
): Promise<readonly ActiveRun[]> {
  return Promise.all(rows.slice(0, MAX_SHOWN).map((row) => activeRunOf(client, row)));
}

type NextDue = NonNullable<OverviewWorkload['nextDue']>;

/** The next due times of all schedules of a workload, the earliest first. */
export function nextDueOf(
  { schedules }: App,
  workload: string,
  now: string,
  atMost: number,
): readonly NextDue[] {
  const found = (schedules[workload] ?? []).flatMap((schedule) => {
    const times: NextDue[] = [];
    let after: string | null = now;
    while (after !== null && times.length < atMost) {
      after = nextDueTime(schedule, after);
      if (after === null) break;
      const { timeZone } = schedule;
      times.push({ at: after, local: localTime(Date.parse(after), timeZone), timeZone });
    }
    return times;
  });
  return found.toSorted((one, other) => one.at.localeCompare(other.at)).slice(0, atMost);
}

export function monthOf(
  { workload, sum }: KnownWorkload,
  active: readonly ActiveRow[],
  now: string,
): OverviewWorkload['month'] {
  return {
    month: now.slice(0, 7),
    ...totalOf(spentIn(sum)),
    budget: budgetOf(workload, sum, active),
  };
}

export function lastRunsOf({ final }: KnownWorkload): OverviewWorkload['lastRuns'] {
  return final.map(pastRunOf);
}

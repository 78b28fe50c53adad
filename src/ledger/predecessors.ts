import { groupOf } from '../workload/after-schema';
import type { Workloads } from '../workload/workload';
import type { AfterAll } from '../run/run';
import { dueTimesIn, isDueAt } from './due-times';
import { laterAttempt } from './latest-attempts';
import { listOccurrences } from './list';
import type { ActiveRow, OccurrenceRow } from './rows';
import type { SchedulesInForce } from './schedules';
import type { Table } from './table';

/**
 * Workloads that wait for the runs of several others for one due time. Such an occurrence is known as soon
 * as the due time of one of them is, and admission holds it until all have ended.
 */

export interface Declared {
  readonly workloads: Workloads;
  readonly schedules: SchedulesInForce;
}

/** True when a due time is one of the workload: by its schedules, or of all that it waits for. */
export function isDueFor(declared: Declared, name: string, due: string): boolean {
  if ((declared.schedules[name] ?? []).some((schedule) => isDueAt(schedule, due))) return true;
  const workload = declared.workloads.get(name);
  const group = workload === undefined ? null : groupOf(workload);
  return group !== null && group.all.every((one) => isDueFor(declared, one, due));
}

/** An occurrence that becomes known with a due time. */
export interface FollowUp {
  readonly workload: string;
  readonly occurrence: AfterAll;
}

/** The occurrences of workloads that wait for this one for a due time, and of those that wait for them. */
export function followUpsOf(
  declared: Declared,
  name: string,
  due: string,
  timeZone: string,
): readonly FollowUp[] {
  const found = new Map<string, FollowUp>();
  const reached = [name];
  for (const one of reached) {
    for (const [workload, { triggers }] of declared.workloads) {
      const group = groupOf({ triggers });
      if (group === null || !group.all.includes(one) || found.has(workload)) continue;
      if (!group.all.every((other) => isDueFor(declared, other, due))) continue;
      const occurrence = {
        kind: 'afterAll',
        due,
        timeZone,
        workloads: group.all,
        runs: {},
      } as const;
      found.set(workload, { workload, occurrence });
      reached.push(workload);
    }
  }
  return [...found.values()];
}

/** Growing, so that frequent schedules are not walked through for a year. */
const LOOK_AHEAD_DAYS = [2, 40, 400];
const DAY_MS = 86_400_000;
/** Due times of each schedule that are compared at most. */
const MAX_DUE_TIMES = 2000;

/**
 * The next due time that a workload has in common with all that it waits for; null when there is none
 * within a year, or within the next 2,000 due times of the most frequent of them.
 */
export function nextCommonDueTime(declared: Declared, name: string, after: string): string | null {
  for (const days of LOOK_AHEAD_DAYS) {
    const until = new Date(Date.parse(after) + days * DAY_MS).toISOString();
    const [next] = dueTimesFor(declared, name, { after, until });
    if (next !== undefined) return next;
  }
  return null;
}

function dueTimesFor(
  declared: Declared,
  name: string,
  span: { readonly after: string; readonly until: string },
): readonly string[] {
  const { after, until } = span;
  const own = (declared.schedules[name] ?? []).flatMap((schedule) =>
    dueTimesIn(schedule, after, until, MAX_DUE_TIMES),
  );
  const workload = declared.workloads.get(name);
  const [first = [], ...others] = (
    workload === undefined ? [] : (groupOf(workload)?.all ?? [])
  ).map((one) => dueTimesFor(declared, one, span));
  const sets = others.map((times) => new Set(times));
  const common = first.filter((at) => sets.every((times) => times.has(at)));
  return [...new Set([...own, ...common])].sort();
}

/** The runs that an occurrence waits for, as far as they are. */
export type Predecessors =
  /** One sentence on what it waits for. */
  | { readonly kind: 'waiting'; readonly cause: string }
  | {
      readonly kind: 'ended';
      /** The end of the last of them. */
      readonly at: string;
      /** Ids of those that succeeded, by workload. */
      readonly runs: Readonly<Record<string, string>>;
      /** A sentence on each of the others. */
      readonly others: readonly string[];
    };

/** The attempts of one occurrence are few. */
const MAX_ATTEMPTS = 1000;

/** Reads the runs that each of these rows waits for: a query for each workload, by run id of the row. */
export async function readPredecessors(
  table: Table,
  rows: readonly ActiveRow[],
): Promise<ReadonlyMap<string, Predecessors>> {
  const found = await Promise.all(
    rows.flatMap(({ runId, request: { occurrence } }) =>
      occurrence.kind === 'afterAll' ? [readOf(table, runId, occurrence)] : [],
    ),
  );
  return new Map(found);
}

async function readOf(
  table: Table,
  runId: string,
  { due, workloads }: AfterAll,
): Promise<readonly [string, Predecessors]> {
  const { rows } = await listOccurrences(table, {
    workloads,
    states: null,
    since: due,
    until: new Date(Date.parse(due) + 1000).toISOString(),
    after: null,
    limit: MAX_ATTEMPTS,
  });
  return [runId, predecessorsIn(rows, workloads, due)];
}

/** Pure: what the rows of one due time say of the workloads. The last attempt of each counts. */
export function predecessorsIn(
  rows: readonly OccurrenceRow[],
  workloads: readonly string[],
  due: string,
): Predecessors {
  const runs: Record<string, string> = {};
  const others: string[] = [];
  let at = due;
  for (const workload of workloads) {
    const row = rows
      .filter((one) => one.workload === workload && isOfDue(one, due))
      .reduce<OccurrenceRow | undefined>(laterAttempt, undefined);
    if (row === undefined || row.state === 'open') {
      return { kind: 'waiting', cause: `the run of ${workload} for ${due} has not ended` };
    }
    if (row.endedAt !== null && row.endedAt > at) at = row.endedAt;
    if (row.state === 'succeeded') runs[workload] = row.runId;
    else others.push(`run ${row.runId} of ${workload} ${PAST[row.state]}`);
  }
  return { kind: 'ended', at, runs, others };
}

const PAST = {
  failed: 'failed',
  timedOut: 'timed out',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
  missed: 'was missed',
} as const;

function isOfDue({ occurrence }: OccurrenceRow, due: string): boolean {
  return (
    (occurrence.kind === 'schedule' || occurrence.kind === 'afterAll') && occurrence.due === due
  );
}

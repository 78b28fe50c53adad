import type { App } from '../app';
import { Failure } from '../failure';
import {
  attemptFor,
  backfillIdOf,
  dueTimesOf,
  endOf,
  MAX_BACKFILL_DUE_TIMES,
  schedulesOfBackfill,
  startOf,
  type DueTime,
} from '../ledger/backfill-plan';
import { latestAttempts } from '../ledger/latest-attempts';
import { listActive, listOccurrences } from '../ledger/list';
import { newOccurrenceOf } from '../ledger/new-occurrence';
import type { ActiveRow, BackfillRequest, OccurrenceRow } from '../ledger/rows';
import type { DeclaredSchedule } from '../ledger/schedules';
import { localTime } from '../workload/local-time';
import { overlapPolicy, type Workload } from '../workload/workload';
import { ValidationError } from '../workload/validation';
import { toRunSummary } from './run-list';
import type { BackfillPlan, Counts, Estimate, PlannedDueTime } from './schemas/backfill';
import type { RunSummary } from './schemas/run';

const MAX_LISTED = 100;

/** The due times of a request. @throws Failure badRequest for one that asks for none, or for too many */
export function dueTimesFor(
  { schedules: inForce }: App,
  { name }: Workload,
  request: BackfillRequest,
  now: string,
): { readonly schedules: readonly DeclaredSchedule[]; readonly due: readonly DueTime[] } {
  const all = inForce[name] ?? [];
  if (all.length === 0) {
    throw new Failure(
      'badRequest',
      `${name} has no schedule, so no due time has passed; POST /api/runs/${name} starts a run`,
    );
  }
  const schedules = schedulesOfBackfill(all, request);
  const [schedule] = schedules;
  if (schedule === undefined) {
    throw wrong('schedule', `must be 0 to ${all.length - 1}, the index of a schedule of ${name}`);
  }
  const { from, to } = request;
  if (startOf(from, schedule.timeZone) > endOf(to, schedule.timeZone)) {
    throw wrong('to', `must not be before from, which is ${from}`);
  }
  const due = dueTimesOf(schedules, request, now);
  if (due.length > MAX_BACKFILL_DUE_TIMES) {
    const end = due.map(({ due: at }) => at).toSorted()[MAX_BACKFILL_DUE_TIMES - 1] ?? to;
    const message = `the range has more than ${MAX_BACKFILL_DUE_TIMES} due times; ask for a part of it, such as the one up to ${end}`;
    throw wrong('to', message);
  }
  if (due.length === 0) {
    const message = `no due time of ${name} lies between ${from} and ${to}, those of the future and of the last ten minutes aside`;
    throw wrong('from', message);
  }
  return { schedules, due };
}

function wrong(field: string, message: string): ValidationError {
  return new ValidationError([{ field, message }]);
}

export async function planBackfill(
  app: App,
  workload: Workload,
  request: BackfillRequest,
  now: string,
): Promise<BackfillPlan> {
  const { schedules, due } = dueTimesFor(app, workload, request, now);
  const times = due.map(({ due: at }) => at).toSorted();
  const [first = now, last = now] = [times.at(0), times.at(-1)];
  const { byDue } = await latestAttempts(app.table, workload.name, { first, last });
  const statusOf = statusesWith(await listActive(app.table));
  const planned = due.map(({ due: at, schedule }): PlannedDueTime => {
    const latest = byDue.get(at) ?? null;
    const { timeZone = 'UTC' } = schedules.find(({ index }) => index === schedule) ?? {};
    return {
      due: at,
      dueLocal: localTime(Date.parse(at), timeZone),
      status: latest === null ? null : statusOf(latest),
      runs: attemptFor(latest, null, request.again) !== null,
    };
  });
  const runs = planned.filter((one) => one.runs).length;
  return {
    id: backfillIdOf(request),
    ...request,
    dueTimes: due.length,
    first,
    last,
    counts: countsOf(planned.map(({ status }) => status)),
    runs,
    estimate: await estimateOf(app, workload, request, { runs, now }),
    list: planned.slice(0, MAX_LISTED),
  };
}

/** The status of an occurrence, with what its active row says. */
export function statusesWith(
  active: readonly ActiveRow[],
): (row: OccurrenceRow) => RunSummary['status'] {
  const byId = new Map(active.map((row) => [row.runId, row]));
  return (row) => toRunSummary(row, byId.get(row.runId) ?? null).status;
}

export function countsOf(statuses: readonly (RunSummary['status'] | null)[]): Counts {
  const counts: Partial<Record<RunSummary['status'] | 'none', number>> = {};
  for (const status of statuses) counts[status ?? 'none'] = (counts[status ?? 'none'] ?? 0) + 1;
  return counts;
}

/** Number of past runs that an estimate is based on. */
const PAST_RUNS = 20;
const MINUTE_MS = 60_000;

async function estimateOf(
  { table, limits }: App,
  workload: Workload,
  { atOnce }: BackfillRequest,
  { runs, now }: { readonly runs: number; readonly now: string },
): Promise<Estimate> {
  const { overlap, maxActiveRuns } = overlapPolicy(workload.overlap);
  const together = overlap === 'allow' ? Math.min(atOnce, maxActiveRuns, limits.maxActiveRuns) : 1;
  const page = { since: null, until: null, after: null, limit: PAST_RUNS };
  const query = { workloads: [workload.name], states: ['succeeded'], ...page } as const;
  const { rows } = await listOccurrences(table, query);
  const each = rows.length === 0 ? mostOf(workload, now) : meanOf(rows);
  return {
    basis: rows.length === 0 ? 'declaration' : 'succeededRuns',
    basedOnRuns: rows.length,
    nodeMinutes: rounded(runs * each.nodeMinutes),
    cost: each.cost === null ? null : rounded(runs * each.cost),
    minutes: rounded(Math.ceil(runs / together) * each.minutes),
  };
}

type OfOneRun = Pick<Estimate, 'nodeMinutes' | 'cost' | 'minutes'>;

function mostOf(workload: Workload, now: string): OfOneRun {
  const occurrence = { kind: 'schedule', due: now } as const;
  const request = { workload: workload.name, occurrence, parameters: {} };
  const { mayTake } = newOccurrenceOf(workload, request, {}, now);
  return { ...mayTake, minutes: workload.deadlineMinutes };
}

/** The cost is null where one of the runs has none. */
function meanOf(rows: readonly OccurrenceRow[]): OfOneRun {
  const mean = (values: readonly number[]) =>
    values.reduce((total, value) => total + value, 0) / values.length;
  const costs = rows.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  return {
    nodeMinutes: mean(rows.map(({ nodeMinutes }) => nodeMinutes)),
    cost: costs.length < rows.length ? null : mean(costs),
    minutes: mean(rows.map(minutesOf)),
  };
}

function minutesOf({ startedAt, endedAt }: OccurrenceRow): number {
  if (startedAt === null || endedAt === null) return 0;
  return (Date.parse(endedAt) - Date.parse(startedAt)) / MINUTE_MS;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

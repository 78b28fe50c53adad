import type { DeclaredSchedule } from '../ledger/schedules';
import { predecessorsOf } from '../workload/after-schema';
import type { Workload, Workloads } from '../workload/workload';
import type { WorkloadAssumption } from './assumptions';
import type { RehearsalPlan } from './rehearsal-plan';
import { tasksOf } from './rehearsed-workload';
import { MINUTE } from './clock';
import { timeText } from './time-text';

/** Minutes from start to end of the newest runs that succeeded. */
export type PastRuns = readonly number[];

export interface Duration {
  /** From the start of the first task of a run to the end of its last. */
  readonly minutes: number;
  /** The source of the number, for people. */
  readonly source: string;
}

interface Known {
  readonly minutes: Readonly<Record<string, number>>;
  readonly past: Readonly<Record<string, PastRuns>>;
}

/** Share of the deadline that the work of a run is assumed to take. */
const SHARE_OF_DEADLINE = 0.25;
/** Minutes of a run before its first task and after its last, with a set-up and without one. */
const AROUND_WITH_SETUP = 6;
const AROUND = 4.5;
const LEAST = 0.5;

/** The duration that was given, else the median of past runs, else a share of the deadline. */
export function durationOf(workload: Workload, { minutes, past }: Known): Duration {
  const { name, deadlineMinutes, pool } = workload;
  const given = minutes[name];
  if (given !== undefined) return { minutes: given, source: 'given' };
  const runs = [...(past[name] ?? [])].sort((one, other) => one - other);
  const median = runs[Math.floor((runs.length - 1) / 2)];
  if (median !== undefined) {
    const around = pool.setup === undefined ? AROUND : AROUND_WITH_SETUP;
    const work = Math.max(LEAST, Math.round((median - around) * 10) / 10);
    return {
      minutes: work,
      source: `the median of ${runs.length} past runs, less ${around} min around it`,
    };
  }
  const share = deadlineMinutes * SHARE_OF_DEADLINE;
  const { work } = workload;
  const bound = work.kind === 'whole' ? work.jobManager.maxMinutes : share;
  return { minutes: Math.min(share, bound), source: 'assumed, a quarter of its deadline' };
}

/** Describes the triggers of a workload, and the duration of its work. */
export function assumptionOf(
  workload: Workload,
  workloads: Workloads,
  schedules: readonly DeclaredSchedule[],
  duration: Duration | undefined,
): WorkloadAssumption {
  const { name, overlap, triggers } = workload;
  const isPlayed = startsByItself(name, workloads, new Set(), schedulesIn(workloads));
  const before = predecessorsOf(workload);
  const starts = [
    ...schedules.map(scheduleText),
    ...(before.length === 0 ? [] : [`after ${before.join(' and ')}`]),
    ...(triggers.blob === undefined ? [] : [`only by event: blobs of ${triggers.blob.container}`]),
  ];
  const nodes = tasksOf(workload);
  const on = nodes > 1 ? ` on ${nodes} nodes` : '';
  return {
    workload: name,
    starts: starts.length > 0 ? starts : ['only by request over HTTP'],
    overlap: typeof overlap === 'object' ? `allow ${overlap.allow}` : overlap,
    work:
      isPlayed && duration !== undefined
        ? `${duration.minutes} min of work${on} (${duration.source})`
        : null,
  };
}

function schedulesIn(workloads: Workloads): ReadonlySet<string> {
  return new Set(
    [...workloads.values()].flatMap(({ name, triggers }) =>
      (triggers.schedule ?? []).length > 0 ? [name] : [],
    ),
  );
}

/** True for a workload with a schedule, and for one that follows such a workload. */
function startsByItself(
  name: string,
  workloads: Workloads,
  seen: Set<string>,
  scheduled: ReadonlySet<string>,
): boolean {
  if (scheduled.has(name)) return true;
  const workload = workloads.get(name);
  const before = workload === undefined ? [] : predecessorsOf(workload);
  if (before.length === 0 || seen.has(name)) return false;
  seen.add(name);
  return before.every((one) => startsByItself(one, workloads, seen, scheduled));
}

function scheduleText(schedule: DeclaredSchedule): string {
  const { cron, timeZone, catchUp, delayMinutes, from, until, exclude = [] } = schedule;
  return [
    `${cron} in ${timeZone}`,
    `catch-up ${catchUp}`,
    ...(delayMinutes === undefined ? [] : [`${delayMinutes} min later`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(exclude.length === 0 ? [] : [`without ${exclude.length} excluded`]),
  ].join(', ');
}

/** Sentences on what a rehearsal assumes, beside durations and the times of nodes. */
export function notesOn(
  { workloads, down, limits }: RehearsalPlan,
  zone: string,
): readonly string[] {
  const all = [...workloads.values()];
  const existing = [...new Set(all.flatMap(({ pool }) => pool.existing ?? []))];
  const priceless = all.filter(
    ({ pool }) => pool.existing === undefined && pool.pricePerNodeHour === undefined,
  );
  const hasBudget = limits.monthlyCost !== null || limits.monthlyNodeMinutes !== null;
  return [
    'Inputs, programs and images are there, and every task succeeds.',
    ...existing.map(
      (id) => `The existing pool ${id} has room for all, and its nodes are not counted.`,
    ),
    ...(priceless.length === 0
      ? []
      : [
          `No price, so no cost: ${priceless.map(({ name }) => name).join(', ')}; set NODE_PRICES.`,
        ]),
    ...(hasBudget ? ['Each month begins with nothing spent.'] : []),
    ...down.map(({ from, until }) => {
      const [start, end] = [from, until].map((at) => timeText(new Date(at).toISOString(), zone));
      return `No host is up from ${start} to ${end} (${Math.round((until - from) / (60 * MINUTE))} h).`;
    }),
  ];
}

import { dueTimesIn, isDueAt } from '../ledger/due-times';
import type { DeclaredSchedule } from '../ledger/schedules';
import { MINUTE } from './clock';
import { dayIndexOf } from './days';
import type { EndedOccurrence, OpenOccurrence } from './diary';
import { HourCells } from './hour-cells';
import { delayOf, type Delayed } from './delayed';
import type { RehearsalPlan } from './rehearsal-plan';

/** Counts of one local day. */
export interface DaySummary {
  readonly day: string;
  readonly changesClock: boolean;
  /** Runs that were started on the day. */
  started: number;
  /** Of the occurrences of the day: those that met an active run of their workload. */
  overlapping: number;
  queued: number;
  skipped: number;
  missed: number;
  failed: number;
  peakNodes: number;
  /** Most runs that were active at once, by local hour. */
  readonly runsByHour: readonly number[];
}

export interface WorkloadSummary {
  readonly workload: string;
  due: number;
  started: number;
  queued: number;
  skipped: number;
  missed: number;
  /** Runs that failed or timed out, or were cancelled by a newer one. */
  failed: number;
  longestWaitMinutes: number;
  nodeMinutes: number;
  /** Null where the workload has no price. */
  cost: number | null;
}

export interface MonthSummary {
  /** As `YYYY-MM` in UTC, as the ledger counts it. */
  readonly month: string;
  nodeMinutes: number;
  cost: number;
}

export interface Rehearsal {
  readonly from: string;
  readonly until: string;
  readonly days: readonly DaySummary[];
  readonly workloads: readonly WorkloadSummary[];
  readonly months: readonly MonthSummary[];
  readonly peakNodes: { readonly nodes: number; readonly at: string } | null;
  readonly peakRuns: { readonly runs: number; readonly at: string } | null;
  /** Number of occurrences that did not run in time, of which the first are listed. */
  readonly delayedCount: number;
  readonly delayed: readonly Delayed[];
  /** Due times that the app neither ran nor recorded: an error of the app. */
  readonly unaccounted: readonly { readonly workload: string; readonly due: string }[];
  /** Warnings and errors that the app logged. */
  readonly warnings: readonly string[];
}

/** True when every occurrence of the period started a run that succeeded, however late. */
export function isKept({ workloads, unaccounted }: Rehearsal): boolean {
  const isWhole = workloads.every(({ skipped, missed, failed }) => skipped + missed + failed === 0);
  return isWhole && unaccounted.length === 0;
}

const MAX_DELAYED = 1000;
const MAX_WARNINGS = 20;

/** Counts what happens in a rehearsal, and keeps no occurrence. */
export class Tally {
  readonly #days: DaySummary[];
  readonly #hours: HourCells;
  readonly #workloads = new Map<string, WorkloadSummary>();
  readonly #months = new Map<string, MonthSummary>();
  readonly #expected = new Map<string, Set<string>>();
  readonly #delayed: Delayed[] = [];
  #delayedCount = 0;
  #nodes = 0;
  #nodesDay = 0;
  #peakNodes: { nodes: number; at: number } | null = null;
  #peakRuns: { runs: number; at: number } | null = null;
  readonly #from: number;
  readonly #until: number;

  constructor(readonly plan: RehearsalPlan) {
    this.#from = plan.days[0]?.from ?? 0;
    this.#until = plan.days.at(-1)?.until ?? 0;
    this.#hours = new HourCells(plan.days);
    this.#days = plan.days.map(({ day, changesClock }, index) => ({
      day,
      changesClock,
      started: 0,
      overlapping: 0,
      queued: 0,
      skipped: 0,
      missed: 0,
      failed: 0,
      peakNodes: 0,
      runsByHour: this.#hours.ofDay(index),
    }));
    for (const { name, pool } of plan.workloads.values()) {
      const hasPrice = pool.pricePerNodeHour !== undefined;
      this.#workloads.set(name, newSummary(name, hasPrice));
      this.#expected.set(name, dueTimesOf(plan.schedules[name] ?? [], this.#from, this.#until));
    }
  }

  /** A run was admitted; `active` runs of the app are, with it. */
  noteStart({ row }: OpenOccurrence, now: number, active: number): void {
    if (now >= this.#until) return;
    this.#hours.set(now, active);
    if (active > (this.#peakRuns?.runs ?? 0)) this.#peakRuns = { runs: active, at: now };
    if (this.#isCounted(row.instant)) this.#dayAt(now).started += 1;
  }

  noteEnd(occurrence: EndedOccurrence, active: number): void {
    const { final, admittedAt, endedAt, waited, overlaps } = occurrence;
    if (endedAt < this.#until) this.#hours.set(endedAt, active);
    if (!this.#isCounted(final.instant)) return;
    const summary = this.#workloads.get(final.workload);
    if (summary === undefined) return;
    if (final.occurrence.kind === 'schedule') {
      this.#expected.get(final.workload)?.delete(final.occurrence.due);
    }
    const schedules = this.plan.schedules[final.workload] ?? [];
    const waitMinutes = waitOf(occurrence, schedules);
    const day = this.#dayAt(Date.parse(final.instant));
    for (const counts of [day, summary]) {
      if (waited !== null && admittedAt !== null) counts.queued += 1;
      if (final.state === 'skipped') counts.skipped += 1;
      else if (final.state === 'missed') counts.missed += 1;
      else if (final.state !== 'succeeded') counts.failed += 1;
    }
    if (overlaps) day.overlapping += 1;
    summary.due += 1;
    if (admittedAt !== null) summary.started += 1;
    summary.longestWaitMinutes = Math.max(summary.longestWaitMinutes, waitMinutes);
    this.#addCost(summary, occurrence);
    this.#noteDelay(occurrence, waitMinutes);
  }

  countNode(change: 1 | -1, now: number): void {
    if (now >= this.#until) return;
    const day = dayIndexOf(this.plan.days, now);
    // Nodes that stay over midnight count on both days.
    for (; this.#nodesDay < day; this.#nodesDay++) this.#notePeak(this.#nodesDay + 1);
    this.#nodes += change;
    this.#notePeak(day);
    if (this.#nodes > (this.#peakNodes?.nodes ?? 0)) {
      this.#peakNodes = { nodes: this.#nodes, at: now };
    }
  }

  summary(warnings: readonly string[]): Rehearsal {
    const [nodes, runs] = [this.#peakNodes, this.#peakRuns];
    return {
      from: textOf(this.#from),
      until: textOf(this.#until),
      days: this.#days,
      workloads: [...this.#workloads.values()],
      months: [...this.#months.values()].sort((one, other) => (one.month < other.month ? -1 : 1)),
      peakNodes: nodes === null ? null : { nodes: nodes.nodes, at: textOf(nodes.at) },
      peakRuns: runs === null ? null : { runs: runs.runs, at: textOf(runs.at) },
      delayedCount: this.#delayedCount,
      delayed: this.#delayed.toSorted((one, other) => (one.instant < other.instant ? -1 : 1)),
      unaccounted: [...this.#expected].flatMap(([workload, due]) =>
        [...due].map((one) => ({ workload, due: one })),
      ),
      warnings: [...new Set(warnings)].slice(0, MAX_WARNINGS),
    };
  }

  #isCounted(instant: string): boolean {
    return Date.parse(instant) < this.#until;
  }

  #dayAt(at: number): DaySummary {
    const day = this.#days[dayIndexOf(this.plan.days, at)];
    if (day === undefined) throw new Error('a rehearsal has at least one day');
    return day;
  }

  #notePeak(index: number): void {
    const day = this.#days[index];
    if (day !== undefined) day.peakNodes = Math.max(day.peakNodes, this.#nodes);
  }

  #addCost(summary: WorkloadSummary, { final }: EndedOccurrence): void {
    const month = final.instant.slice(0, 7);
    const sum = this.#months.get(month) ?? { month, nodeMinutes: 0, cost: 0 };
    this.#months.set(month, sum);
    const { nodeMinutes, cost } = final;
    sum.nodeMinutes = rounded(sum.nodeMinutes + nodeMinutes);
    sum.cost = rounded(sum.cost + (cost ?? 0));
    summary.nodeMinutes = rounded(summary.nodeMinutes + nodeMinutes);
    if (summary.cost !== null) summary.cost = rounded(summary.cost + (cost ?? 0));
  }

  #noteDelay(occurrence: EndedOccurrence, waitMinutes: number): void {
    const delay = delayOf(occurrence, waitMinutes);
    if (delay === null) return;
    this.#delayedCount += 1;
    if (this.#delayed.length < MAX_DELAYED) this.#delayed.push(delay);
  }
}

function newSummary(workload: string, hasPrice: boolean): WorkloadSummary {
  return {
    workload,
    due: 0,
    started: 0,
    queued: 0,
    skipped: 0,
    missed: 0,
    failed: 0,
    longestWaitMinutes: 0,
    nodeMinutes: 0,
    cost: hasPrice ? 0 : null,
  };
}

/** Two schedules that are due at once have one occurrence. */
function dueTimesOf(
  schedules: readonly DeclaredSchedule[],
  from: number,
  until: number,
): Set<string> {
  const due = new Set<string>();
  for (const schedule of schedules) {
    const end = until - (schedule.delayMinutes ?? 0) * MINUTE;
    for (const at of dueTimesIn(schedule, textOf(from - 1), textOf(end - 1), Infinity)) due.add(at);
  }
  return due;
}

/** Minutes from the start that an occurrence should have had to the one that it had; 0 without a start. */
function waitOf(
  { final, knownAt, admittedAt, waitedAt }: EndedOccurrence,
  schedules: readonly DeclaredSchedule[],
): number {
  if (admittedAt === null) return 0;
  const { occurrence, instant } = final;
  if (occurrence.kind !== 'schedule') {
    const from = waitedAt ?? (occurrence.kind === 'afterAll' ? admittedAt : knownAt);
    return rounded((admittedAt - from) / MINUTE);
  }
  const schedule =
    schedules.length === 1 ? schedules[0] : schedules.find((one) => isDueAt(one, instant));
  const start = Date.parse(instant) + (schedule?.delayMinutes ?? 0) * MINUTE;
  return rounded(Math.max(0, admittedAt - start) / MINUTE);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function textOf(at: number): string {
  return new Date(at).toISOString();
}

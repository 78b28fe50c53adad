import type { RunSummary } from '../../api/schemas/run';
import { grouped } from './grouped';
import { dayOf } from '../format/times';

/** A day of a zone with its occurrences, the earliest first. */
export interface Day {
  /** `2026-11-30` */
  readonly day: string;
  readonly runs: readonly RunSummary[];
}

const DAY_MS = 24 * 60 * 60_000;

/** The last days up to now, the earliest first, each with the latest attempts of its occurrences. */
export function daysOf(
  runs: readonly RunSummary[],
  now: number,
  count: number,
  timeZone: string,
): readonly Day[] {
  const retried = new Set(runs.flatMap(({ retryOf }) => (retryOf === null ? [] : [retryOf])));
  const latest = runs.filter(({ runId }) => !retried.has(runId));
  const byDay = grouped(latest, (run) => dayOf(instantOf(run), timeZone));
  const days = Array.from({ length: count }, (_, back) =>
    dayOf(now - (count - 1 - back) * DAY_MS, timeZone),
  );
  return [...new Set(days)].map((day) => ({
    day,
    runs: (byDay.get(day) ?? []).toSorted((one, other) => instantOf(one) - instantOf(other)),
  }));
}

/** The due time of a run, else its creation. */
export function instantOf({ dueAt, createdAt }: RunSummary): number {
  return Date.parse(dueAt ?? createdAt);
}

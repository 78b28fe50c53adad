import { instantOf } from '../workload/local-time';
import { dueTimesIn, FRESH_MS } from './due-times';
import { hashOf } from './keys';
import type { BackfillMark, BackfillRequest, OccurrenceRow } from './rows';
import { dueWhenStarting, type DeclaredSchedule } from './schedules';

/** The due times of a backfill and what it does with each. Pure. */

/** Bound on the due times of one backfill. */
export const MAX_BACKFILL_DUE_TIMES = 5000;

export interface DueTime {
  readonly due: string;
  /** Index of the first schedule that has it. */
  readonly schedule: number;
}

/** The same request always has the same id. */
export function backfillIdOf(request: BackfillRequest): string {
  const { workload, from, to, order, atOnce, again, schedule } = request;
  const text = JSON.stringify([workload, from, to, order, atOnce, again, schedule]);
  return `${workload}-${hashOf(text, 10)}`;
}

/** The workload whose due times a backfill runs. */
export function backfillWorkload(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

export function isBackfillId(text: string): boolean {
  return /^[a-z][a-z0-9-]*-[0-9a-f]{10}$/.test(text);
}

/** The schedules of a backfill; none where it names one that is not there. */
export function schedulesOfBackfill(
  all: readonly DeclaredSchedule[],
  { schedule }: Pick<BackfillRequest, 'schedule'>,
): readonly DeclaredSchedule[] {
  return schedule === null ? all : all.filter(({ index }) => index === schedule);
}

/** Equal for schedules that have the same due times. */
export function schedulesHash(schedules: readonly DeclaredSchedule[]): string {
  const parts = schedules.map(({ index, cron, timeZone, from, until, exclude, delayMinutes }) =>
    [index, cron, timeZone, from, until, exclude, delayMinutes].map((part) => part ?? null),
  );
  return hashOf(JSON.stringify(parts), 16);
}

/**
 * The due times of a range in the order of the backfill, at most one more than the bound. A due time
 * of the last ten minutes is left to its timer and the reconciler.
 */
export function dueTimesOf(
  schedules: readonly DeclaredSchedule[],
  request: Pick<BackfillRequest, 'from' | 'to' | 'order'>,
  createdAt: string,
): readonly DueTime[] {
  const name = JSON.stringify([schedulesHash(schedules), request.from, request.to, createdAt]);
  let found = known.get(name);
  if (found === undefined) {
    found = rangeOf(schedules, request, createdAt);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(name, found);
  }
  return request.order === 'oldestFirst' ? found : found.toReversed();
}

/** Lists of the backfills of late: each advance asks for its list again, and the zone makes it slow. */
const known = new Map<string, readonly DueTime[]>();
const MAX_KNOWN = 20;

function rangeOf(
  schedules: readonly DeclaredSchedule[],
  { from, to }: Pick<BackfillRequest, 'from' | 'to'>,
  createdAt: string,
): readonly DueTime[] {
  const settled = new Date(Date.parse(createdAt) - FRESH_MS);
  const found = new Map<string, DueTime>();
  for (const schedule of schedules) {
    const { timeZone, index } = schedule;
    const after = new Date(startOf(from, timeZone) - 1).toISOString();
    const end = new Date(endOf(to, timeZone)).toISOString();
    const last = dueWhenStarting(schedule, settled);
    const until = end < last ? end : last;
    if (until <= after) continue;
    for (const due of dueTimesIn(schedule, after, until, MAX_BACKFILL_DUE_TIMES + 1)) {
      if (!found.has(due)) found.set(due, { due, schedule: index });
    }
  }
  return [...found.values()]
    .sort((one, other) => (one.due < other.due ? -1 : 1))
    .slice(0, MAX_BACKFILL_DUE_TIMES + 1);
}

const DAY_MS = 86_400_000;

export function isLocalDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

/** The first millisecond of a local day, or an instant as it is. */
export function startOf(text: string, timeZone: string): number {
  return isLocalDay(text) ? instantOf(Date.parse(`${text}T00:00:00Z`), timeZone) : Date.parse(text);
}

/** The last millisecond of a local day, or an instant as it is. */
export function endOf(text: string, timeZone: string): number {
  if (!isLocalDay(text)) return Date.parse(text);
  return instantOf(Date.parse(`${text}T00:00:00Z`) + DAY_MS, timeZone) - 1;
}

/** The due times after the cursor of a backfill. */
export function dueTimesAfter(
  due: readonly DueTime[],
  cursor: string | null,
  order: BackfillRequest['order'],
): readonly DueTime[] {
  if (cursor === null) return due;
  return due.filter(({ due: at }) => (order === 'oldestFirst' ? at > cursor : at < cursor));
}

/**
 * The attempt that a backfill registers for a due time; null where its occurrence is there already.
 * A due time that was skipped or missed has not been answered. `latest` is its latest attempt.
 */
export function attemptFor(
  latest: OccurrenceRow | null,
  mark: BackfillMark | null,
  again: BackfillRequest['again'],
): number | null {
  if (latest === null) return 0;
  if (isOf(latest, mark)) return null;
  switch (latest.state) {
    case 'open':
      return null;
    case 'skipped':
    case 'missed':
      return latest.attempt + 1;
    case 'failed':
    case 'timedOut':
    case 'cancelled':
      return again === 'never' ? null : latest.attempt + 1;
    case 'succeeded':
      return again === 'always' ? latest.attempt + 1 : null;
  }
}

/** True for what this very backfill has registered: each due time runs once in one backfill. */
export function isOf(
  { backfill }: Pick<OccurrenceRow, 'backfill'>,
  mark: BackfillMark | null,
): boolean {
  return mark !== null && backfill?.id === mark.id && backfill.createdAt === mark.createdAt;
}

import { Cron } from 'croner';
import { instantOf, offsetAt } from './local-time';

/** A schedule as it is in force: NCRONTAB (five or six fields) and an IANA time zone. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
}

/**
 * Due times after `after` and not after `until`, oldest first, at most `limit`. The timer trigger
 * asks for day of month and day of week both, as NCRONTAB does.
 */
export function dueTimesIn(
  schedule: Schedule,
  after: string,
  until: string,
  limit: number,
): readonly string[] {
  const name = `${schedule.cron} ${schedule.timeZone}`;
  const gap = gaps.get(name);
  if (gap !== undefined && gap.after <= after && until < gap.before) return [];
  const due: string[] = [];
  for (const at of dueTimesAfter(schedule, after)) {
    if (at > until && due.length === 0) gaps.set(name, { after, before: at });
    if (at > until || due.length === limit) return due;
    due.push(at);
  }
  return due;
}

/** The newest gap between two due times of each schedule: most calls ask for a part of it. */
const gaps = new Map<string, { readonly after: string; readonly before: string }>();

/** The next due time after an instant; null for a schedule that is never due again. */
export function nextDueTime(schedule: Schedule, after: string): string | null {
  for (const at of dueTimesAfter(schedule, after)) return at;
  return null;
}

function* dueTimesAfter({ cron, timeZone }: Schedule, after: string): Generator<string> {
  const hour = cron.trim().split(/\s+/).at(-4) ?? '*';
  if (!hour.includes('*')) return yield* fixedHours(cron, timeZone, after);
  const rule = ruleOf(cron, timeZone);
  for (let next = rule.nextRun(new Date(after)); next !== null; next = rule.nextRun(next)) {
    yield next.toISOString();
  }
}

/**
 * Due times of a schedule that names its hours. Where a clock change doubles a local time, the
 * first of the two is due; local times that a change skips are due once, at the change.
 */
function* fixedHours(cron: string, timeZone: string, after: string): Generator<string> {
  // Local times, read as if they were UTC.
  const rule = ruleOf(cron, 'UTC');
  let last = Date.parse(after);
  let local = rule.nextRun(new Date(last + offsetAt(last, timeZone)));
  for (; local !== null; local = rule.nextRun(local)) {
    const instant = instantOf(local.getTime(), timeZone);
    if (instant > last) yield new Date(instant).toISOString();
    last = Math.max(last, instant);
  }
}

/**
 * NCRONTAB takes any prefix of a name of three letters or more, this library just three. NCRONTAB
 * reads `5/15` as every 15 from 5 on, which is a sloppy range here, and turns around a range whose
 * ends are the wrong way round.
 */
function ruleOf(cron: string, timezone: string): Cron {
  const names = cron.replaceAll(/[a-z]{4,}/gi, (name) => name.slice(0, 3));
  const ranges = names.replaceAll(/(\w+)-(\w+)/g, (range, low: string, high: string) =>
    placeOf(low) > placeOf(high) ? `${high}-${low}` : range,
  );
  return new Cron(ranges, { timezone, domAndDow: true, sloppyRanges: true, paused: true });
}

const NAMES = 'jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat'.split(
  ' ',
);

function placeOf(value: string): number {
  const named = NAMES.indexOf(value.toLowerCase());
  return named === -1 ? Number(value) : named;
}

/** The policy for due times that passed while nothing could start them. */
export type CatchUp = 'none' | 'last' | 'all';

/** A due time that is found this late was only started late, by whatever policy. */
export const FRESH_MS = 10 * 60_000;

export interface CaughtUp {
  readonly run: readonly string[];
  readonly missed: readonly string[];
}

/**
 * Splits the first `count` of due times, oldest first, into those that run and those that are
 * recorded as missed. The rest is left for the next pass.
 */
export function catchUpOn(
  due: readonly string[],
  policy: CatchUp,
  now: string,
  count = due.length,
): CaughtUp {
  const isFresh = (at: string) => Date.parse(now) - Date.parse(at) <= FRESH_MS;
  const runs = (at: string, index: number): boolean => {
    switch (policy) {
      case 'all':
        return true;
      case 'last':
        return index === due.length - 1;
      case 'none':
        return isFresh(at) && index === due.length - 1;
    }
  };
  return {
    run: due.slice(0, count).filter(runs),
    missed: due.slice(0, count).filter((at, index) => !runs(at, index)),
  };
}

/** The later of two instants as ISO 8601 text in UTC. */
export function later(one: string, other: string): string {
  return one > other ? one : other;
}

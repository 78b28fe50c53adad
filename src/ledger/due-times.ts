import { Cron } from 'croner';
import { canonicalCron } from '../workload/cron';
import { instantOf, localDate, offsetAt } from '../workload/local-time';

/** A schedule as it is in force. Fields without a value are left out: the ledger keeps it as JSON. */
export interface Schedule {
  /** NCRONTAB of five or six fields, with the extensions that `checkSchedule` accepts. */
  readonly cron: string;
  /** IANA time zone. */
  readonly timeZone: string;
  /** First and last local day with due times, as `YYYY-MM-DD`. */
  readonly from?: string;
  readonly until?: string;
  /** Local days, as `YYYY-MM-DD`, and cron expressions of times that are not due. */
  readonly exclude?: readonly string[];
  /** Whole minutes by which a start follows its due time, so that schedules of one time spread. */
  readonly delayMinutes?: number;
}

/**
 * Due times after `after` and not after `until`, oldest first, at most `limit`. A schedule of six fields
 * asks for day of month and day of week both, as NCRONTAB does.
 */
export function dueTimesIn(
  schedule: Schedule,
  after: string,
  until: string,
  limit: number,
): readonly string[] {
  const { cron, timeZone, from, exclude } = schedule;
  // Not the whole object: the row of a schedule has more fields, which differ from pass to pass.
  const name = JSON.stringify([cron, timeZone, from, schedule.until, exclude]);
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

/** The last due time before an instant; null when there is none within ten years. */
export function previousDueTime(schedule: Schedule, before: string): string | null {
  const end = Date.parse(before);
  for (const days of LOOK_BACK_DAYS) {
    const from = new Date(end - days * DAY_MS).toISOString();
    const until = new Date(end - 1).toISOString();
    let last: string | null = null;
    for (const at of dueTimesAfter(schedule, from)) {
      if (at > until) break;
      last = at;
    }
    if (last !== null) return last;
  }
  return null;
}

const DAY_MS = 86_400_000;
/** Growing, so that a schedule of every minute is not walked through for years. */
const LOOK_BACK_DAYS = [0.1, 2, 40, 400, 3660];

/** True when the instant, as ISO 8601 text in UTC, is a due time of the schedule. */
export function isDueAt(schedule: Schedule, at: string): boolean {
  const before = new Date(Date.parse(at) - 1).toISOString();
  return dueTimesIn(schedule, before, at, 1).length === 1;
}

/** The next due time after an instant; null for a schedule that is never due again. */
export function nextDueTime(schedule: Schedule, after: string): string | null {
  for (const at of dueTimesAfter(schedule, after)) return at;
  return null;
}

/** Candidates in a row that `exclude` may remove before a schedule counts as never due again. */
const MAX_EXCLUDED = 5000;

function* dueTimesAfter(schedule: Schedule, after: string): Generator<string> {
  const { timeZone, from, until } = schedule;
  const first = from === undefined ? null : instantOf(Date.parse(`${from}T00:00:00Z`), timeZone);
  const start = first === null ? after : later(after, new Date(first - 1).toISOString());
  const isExcluded = exclusionOf(schedule);
  let excluded = 0;
  for (const at of timesAfter(schedule, start)) {
    if (until !== undefined && localDate(Date.parse(at), timeZone) > until) return;
    if (!isExcluded(at)) {
      excluded = 0;
      yield at;
    } else if (++excluded > MAX_EXCLUDED) return;
  }
}

function exclusionOf({ timeZone, exclude = [] }: Schedule): (at: string) => boolean {
  if (exclude.length === 0) return () => false;
  const days = new Set(exclude.filter(isDate));
  const rules = exclude.filter((text) => !isDate(text)).map((cron) => ruleOf(cron, timeZone));
  return (at) =>
    days.has(localDate(Date.parse(at), timeZone)) || rules.some((rule) => rule.match(new Date(at)));
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

/** True for a schedule that names its hours: its due times are local times, and not intervals. */
export function namesHours({ cron }: Pick<Schedule, 'cron'>): boolean {
  return !(canonicalCron(cron).split(' ').at(-4) ?? '*').includes('*');
}

function* timesAfter({ cron, timeZone }: Schedule, after: string): Generator<string> {
  if (namesHours({ cron })) return yield* fixedHours(cron, timeZone, after);
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
function ruleOf(cron: string, timeZone: string): Cron {
  const name = `${timeZone} ${cron}`;
  const known = rules.get(name);
  if (known !== undefined) return known;
  const names = canonicalCron(cron).replaceAll(/[a-z]{4,}/gi, (name) => name.slice(0, 3));
  const ranges = names.replaceAll(/(\w+)-(\w+)/g, (range, low: string, high: string) =>
    placeOf(low) > placeOf(high) ? `${high}-${low}` : range,
  );
  // A named zone costs several formats of a date for each time, an offset none.
  const zone = timeZone === 'UTC' ? { utcOffset: 0 } : { timezone: timeZone };
  const rule = new Cron(ranges, { ...zone, domAndDow: true, sloppyRanges: true, paused: true });
  rules.set(name, rule);
  return rule;
}

/** Rules by zone and expression: a rule takes long to make, and an app has few. */
const rules = new Map<string, Cron>();

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

export interface CatchUpRule {
  readonly catchUp: CatchUp;
  /** Age beyond which a due time is not made up for. */
  readonly catchUpHours?: number;
}

const HOUR_MS = 3_600_000;

/**
 * Splits the first `count` of due times, oldest first, into those that run and those that are
 * recorded as missed. The rest is left for the next pass.
 */
export function catchUpOn(
  due: readonly string[],
  { catchUp, catchUpHours = Infinity }: CatchUpRule,
  now: string,
  count = due.length,
): CaughtUp {
  const ageOf = (at: string) => Date.parse(now) - Date.parse(at);
  const runs = (at: string, index: number): boolean => {
    if (ageOf(at) > Math.max(catchUpHours * HOUR_MS, FRESH_MS)) return false;
    switch (catchUp) {
      case 'all':
        return true;
      case 'last':
        return index === due.length - 1;
      case 'none':
        return ageOf(at) <= FRESH_MS && index === due.length - 1;
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

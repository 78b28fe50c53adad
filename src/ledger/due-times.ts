import { Cron } from 'croner';

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
  { cron, timeZone }: Schedule,
  after: string,
  until: string,
  limit: number,
): readonly string[] {
  const rule = ruleOf(cron, timeZone);
  const due: string[] = [];
  let next = rule.nextRun(new Date(after));
  while (next !== null && next.toISOString() <= until && due.length < limit) {
    due.push(next.toISOString());
    next = rule.nextRun(next);
  }
  return due;
}

/** NCRONTAB takes any prefix of a name of three letters or more, this library just three. */
function ruleOf(cron: string, timezone: string): Cron {
  const names = cron.replaceAll(/[a-z]{4,}/gi, (name) => name.slice(0, 3));
  return new Cron(names, { timezone, domAndDow: true, paused: true });
}

/** The next due time after an instant; null for a schedule that is never due again. */
export function nextDueTime({ cron, timeZone }: Schedule, after: string): string | null {
  const rule = ruleOf(cron, timeZone);
  return rule.nextRun(new Date(after))?.toISOString() ?? null;
}

/** What becomes of due times that passed while nothing could start them. */
export type CatchUp = 'none' | 'last' | 'all';

/** A due time that is found this late was only started late, by whatever policy. */
const FRESH_MS = 10 * 60_000;

export interface CaughtUp {
  readonly run: readonly string[];
  readonly missed: readonly string[];
}

/** Splits due times, oldest first, into those that run and those that are recorded as missed. */
export function catchUpOn(due: readonly string[], policy: CatchUp, now: string): CaughtUp {
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
    run: due.filter(runs),
    missed: due.filter((at, index) => !runs(at, index)),
  };
}

import type { Schedule } from '../ledger/due-times';
import { offsetAt } from '../workload/local-time';
import { cronFieldsOf, valuesIn } from '../workload/cron';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * 60;
/** Days around now whose clocks count: a schedule lives until the next deployment. */
const DAYS_BEFORE = 30;
const DAYS_AFTER = 400;
const SAMPLED_EVERY_DAYS = 7;

/**
 * NCRONTAB for a timer of the host that fires at every due time of a schedule, and at times that are not due:
 * Flex Consumption knows no time zone (https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-time-zones),
 * and NCRONTAB has no last day of a month. The handler drops what is not due; the reconciler starts a due time that
 * the timer does not hit, such as one that a change of the clock moves.
 * @param hostZone zone in which the host reads NCRONTAB
 */
export function timerCronOf(schedule: Schedule, hostZone: string, now: Date): string {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = cronFieldsOf(schedule.cron);
  const shifts = shiftsOf(schedule, hostZone, now);
  const isSame = shifts.length === 1 && shifts[0] === 0;
  const isNcrontab = !/L/i.test(dayOfMonth) && !/[#7]/.test(dayOfWeek);
  if (isSame && isNcrontab && !/[a-z]{4}/i.test(`${month} ${dayOfWeek}`)) {
    return [second, minute, hour, dayOfMonth, month, dayOfWeek].join(' ');
  }
  const minutes = new Set<number>();
  const hours = new Set<number>();
  for (const shift of shifts) {
    for (const h of valuesIn(hour, 0, 23)) {
      for (const m of valuesIn(minute, 0, 59)) {
        const at = (h * MINUTES_PER_HOUR + m + shift + 2 * MINUTES_PER_DAY) % MINUTES_PER_DAY;
        hours.add(Math.floor(at / MINUTES_PER_HOUR));
        minutes.add(at % MINUTES_PER_HOUR);
      }
    }
  }
  return `${second} ${listOf(minutes, 60)} ${listOf(hours, 24)} * * *`;
}

/** Minutes from a local time of the schedule to that of the host, over the time around now. */
function shiftsOf(
  { timeZone, delayMinutes = 0 }: Schedule,
  hostZone: string,
  now: Date,
): readonly number[] {
  if (timeZone === hostZone) return [delayMinutes];
  const shifts = new Set<number>();
  for (let day = -DAYS_BEFORE; day <= DAYS_AFTER; day += SAMPLED_EVERY_DAYS) {
    const at = now.getTime() + day * DAY_MS;
    shifts.add((offsetAt(at, hostZone) - offsetAt(at, timeZone)) / MINUTE_MS + delayMinutes);
  }
  return [...shifts];
}

function listOf(values: ReadonlySet<number>, all: number): string {
  return values.size === all ? '*' : [...values].sort((one, other) => one - other).join(',');
}

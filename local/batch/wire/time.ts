let lastAt = Number.NaN;
let lastText = '';

/**
 * A timestamp in the service's format: UTC with seven decimals. The last result is cached, because
 * lists repeat timestamps.
 */
export function wireTime(at: number): string {
  if (at !== lastAt) {
    lastText = `${new Date(at).toISOString().slice(0, -1)}0000Z`;
    lastAt = at;
  }
  return lastText;
}

/** Parses a timestamp into Unix milliseconds; NaN when it is invalid. */
export function parseTime(text: string): number {
  return /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
}

const DAY_MS = 86_400_000;

/** The longest .NET time span: the service's value for "no limit". */
export const NO_LIMIT = 'P10675199DT2H48M5.4775807S';

/** The value of NO_LIMIT and of any longer duration. */
const NO_LIMIT_MS = Number.POSITIVE_INFINITY;

const MAX_SPAN_MS = 10_675_199 * DAY_MS;

const DURATION =
  /^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Parses an ISO 8601 duration into milliseconds, as the service does: a year is 365 days, a month
 * 30.
 */
export function durationMs(text: string): number {
  const parts = DURATION.exec(text);
  if (parts === null || /^-?PT?$/.test(text) || text.endsWith('T')) return Number.NaN;
  const [, sign, years, months, weeks, days, hours, minutes, seconds] = parts;
  const wholeDays = count(years) * 365 + count(months) * 30 + count(weeks) * 7 + count(days);
  const milliseconds =
    wholeDays * DAY_MS +
    count(hours) * 3_600_000 +
    count(minutes) * 60_000 +
    Math.round(count(seconds) * 1000);
  if (milliseconds >= MAX_SPAN_MS) return NO_LIMIT_MS;
  return sign === '-' ? -milliseconds : milliseconds;
}

/** A duration in the service's format: days, hours, minutes and seconds. */
export function wireDuration(milliseconds: number): string {
  if (milliseconds === NO_LIMIT_MS) return NO_LIMIT;
  const days = Math.floor(milliseconds / DAY_MS);
  const hours = Math.floor((milliseconds % DAY_MS) / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = (milliseconds % 60_000) / 1000;
  const clock = part(hours, 'H') + part(minutes, 'M') + part(seconds, 'S');
  if (days === 0 && clock === '') return 'PT0S';
  return `P${part(days, 'D')}${clock === '' ? '' : `T${clock}`}`;
}

function count(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits);
}

function part(amount: number, unit: string): string {
  return amount === 0 ? '' : `${amount}${unit}`;
}

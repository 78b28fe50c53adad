/** The meanings that the text of a cell may have: missing, a number or a time. */

const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', '-']);

/** True when a cell says that there is no value. */
export function isMissing(cell: string): boolean {
  return cell.length <= 4 && MISSING.has(cell.trim().toLowerCase());
}

const NUMBER_PATTERN = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*$/;
/** Numbers beyond these have squares that a double cannot hold; they stay text. */
const LARGEST = 1e100;
const SMALLEST = 1e-100;

/** A decimal number, or undefined. */
export function parseNumber(cell: string): number | undefined {
  if (!NUMBER_PATTERN.test(cell)) return undefined;
  const value = Number(cell);
  const size = Math.abs(value);
  return size < LARGEST && (size > SMALLEST || size === 0) ? value : undefined;
}

/*
 * date = year-month-day | year/month/day, each may be followed by a time; month-name day[,] year
 * time = (" " | "T") hours:minutes[:seconds[.fraction]] [Z | (+|-)hours[:]minutes]
 * 03/04/2001 is refused: it means two days.
 */
const DATE_PATTERN =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const NAMED_PATTERN = /^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})$/;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** A date as milliseconds since 1970, or undefined. A time without a zone counts as UTC. */
export function parseDate(cell: string): number | undefined {
  const text = cell.trim();
  const named = NAMED_PATTERN.exec(text);
  if (named !== null) {
    const [, name = '', day, year] = named;
    return utc(Number(year), MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1, Number(day));
  }

  const match = DATE_PATTERN.exec(text);
  if (match === null) return undefined;
  const [, year, , month, day, hours, minutes, seconds, zone] = match;
  const date = utc(Number(year), Number(month), Number(day));
  const time = timeOfDay(Number(hours ?? 0), Number(minutes ?? 0), Number(seconds ?? 0));
  return date === undefined || time === undefined ? undefined : date + time - zoneOffset(zone);
}

/** A whole year, for columns that say they hold years. */
export function parseYear(cell: string): number | undefined {
  const text = cell.trim();
  return /^[12]\d{3}$/.test(text) ? utc(Number(text), 1, 1) : undefined;
}

/** Midnight of a day that exists; 30 February does not. */
function utc(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(2000, month - 1, day));
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 ? date.getTime() : undefined;
}

function timeOfDay(hours: number, minutes: number, seconds: number): number | undefined {
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return minutes * 60_000 * (zone.startsWith('-') ? -1 : 1);
}

import { timeSpanMs } from '../time-span';
import { addDays, instantsOf, wallTimeOf, type WallTime } from './wall-time';

/**
 * Timer schedules as the WebJobs timer reads them:
 *
 *     schedule   = span | fields                          a span is a constant interval
 *     fields     = [ second ] minute hour day month weekday
 *     field      = part { "," part }
 *     part       = ( "*" | value [ "-" value ] ) [ "/" step ]
 *     value      = number | any prefix of an English name of a month or a day
 *
 * Every field must match, day and weekday both. Sunday is 0, not 7.
 */
export interface Schedule {
  /** The first occurrence after `time`; undefined when there is none. */
  next(time: Date): Date | undefined;
  /** Fires more than once in every minute: its status is not stored. */
  readonly isSubMinute: boolean;
}

export function parseSchedule(text: string, timeZone: string | undefined): Schedule {
  const expression = text.trim();
  const span = timeSpanMs(expression);
  if (span !== undefined) return interval(span);

  const texts = expression.split(/\s+/);
  if (texts.length !== 5 && texts.length !== 6)
    throw new Error(`'${text}' is not a schedule: it has ${texts.length} fields, not 5 or 6.`);
  const [second, minute, hour, day, month, weekday] = FIELDS.map((rule, i) =>
    parseField(
      texts.length === 5 ? (i === 0 ? '0' : (texts[i - 1] ?? '')) : (texts[i] ?? ''),
      rule,
    ),
  ) as [Field, Field, Field, Field, Field, Field];
  const fields = { second, minute, hour, day, month, weekday };
  const timeFields = texts.length === 5 ? [minute, hour] : [second, minute, hour];
  const isPointInTime = !timeFields.some(hasNeighbours);
  const isEveryMinute = [minute, hour, day, month, weekday].every(isWhole);
  return {
    next: (time) => nextOccurrence(fields, time, timeZone, isPointInTime),
    isSubMinute: isEveryMinute && second.size > 1,
  };
}

/**
 * The real timer reads the expression as NCrontab writes it, not as it was written: consecutive
 * values are a range there, and steps are lists. A range (or all) makes it an interval.
 */
function hasNeighbours(field: Field): boolean {
  return [...field].some((value) => field.has(value + 1));
}

function isWhole(field: Field, index: number): boolean {
  const { from, to } = FIELDS[index + 1] ?? { from: 0, to: 0 };
  return field.size === to - from + 1;
}

function interval(ms: number): Schedule {
  if (ms <= 0) throw new Error('The interval of a schedule must be positive.');
  return { next: (time) => new Date(time.getTime() + ms), isSubMinute: ms < 60_000 };
}

type Field = ReadonlySet<number>;

interface FieldRule {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const FIELDS: readonly FieldRule[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'weekday', from: 0, to: 6, names: DAYS },
];

function parseField(text: string, rule: FieldRule): Field {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const { first, last, step } = parsePart(part, rule);
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}

interface Part {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

function parsePart(part: string, rule: FieldRule): Part {
  const [range = '', stepText, ...more] = part.split('/');
  const written = stepText === undefined ? 1 : Number(stepText);
  if (more.length > 0 || stepText === '' || !Number.isInteger(written))
    throw fieldError(part, rule);
  // NCrontab treats a step of zero or less as one.
  const step = Math.max(1, written);
  if (range === '*') return { first: rule.from, last: rule.to, step };

  const [from = '', to, ...others] = range.split('-');
  if (others.length > 0) throw fieldError(part, rule);
  const first = parseValue(from, rule);
  if (to === undefined) return { first, last: stepText === undefined ? first : rule.to, step };
  // A reversed range is read in order.
  const last = parseValue(to, rule);
  return { first: Math.min(first, last), last: Math.max(first, last), step };
}

function parseValue(text: string, rule: FieldRule): number {
  if (/^\d+$/.test(text)) {
    const value = Number(text);
    if (value < rule.from || value > rule.to)
      throw new Error(`${value} is not a valid ${rule.name}: ${rule.from} to ${rule.to}.`);
    return value;
  }
  const index = (rule.names ?? []).findIndex(
    (name) => text !== '' && name.toLowerCase().startsWith(text.toLowerCase()),
  );
  if (index < 0) throw fieldError(text, rule);
  return rule.from + index;
}

function fieldError(text: string, rule: FieldRule): Error {
  return new Error(`'${text}' is not a valid ${rule.name} of a schedule.`);
}

interface Fields {
  readonly second: Field;
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

/** Leap days on a given weekday occur every 28 years, every 40 around a century. */
const SEARCH_DAYS = 41 * 366;

/**
 * Iterates over the days from that of `time`, and over the matching times of each. A local time
 * that a clock change skips fires later by the length of the change; a repeated one fires once when
 * the time of day is fixed, and both times when it is an interval.
 */
function nextOccurrence(
  fields: Fields,
  time: Date,
  timeZone: string | undefined,
  isPointInTime: boolean,
): Date | undefined {
  const today = wallTimeOf(time, timeZone);
  for (let days = 0; days <= SEARCH_DAYS; days++) {
    const date = addDays(today, days);
    if (!matchesDay(fields, date)) continue;
    const found = firstAfter(instantsOn(date, fields, timeZone, isPointInTime), time);
    if (found !== undefined) return found;
  }
  return undefined;
}

function matchesDay({ day, month, weekday }: Fields, date: WallTime): boolean {
  return day.has(date.day) && month.has(date.month) && weekday.has(date.weekday);
}

function* instantsOn(
  date: WallTime,
  { hour, minute, second }: Fields,
  timeZone: string | undefined,
  isPointInTime: boolean,
): Iterable<number> {
  // Clocks change at minutes; the seconds of a minute need no check.
  for (const h of sorted(hour))
    for (const m of sorted(minute)) {
      const starts = instantsOf({ ...date, hour: h, minute: m, second: 0 }, timeZone);
      for (const start of isPointInTime ? starts.slice(0, 1) : starts)
        for (const s of sorted(second)) yield start + s * 1000;
    }
}

/** The earliest instant after `time`; in a repeated hour, local times are not in order of time. */
function firstAfter(instants: Iterable<number>, time: Date): Date | undefined {
  let earliest: number | undefined;
  for (const instant of instants) {
    if (instant <= time.getTime()) continue;
    if (earliest === undefined || instant < earliest) earliest = instant;
    // After a repeated hour no earlier instant can follow.
    if (instant > earliest + REPEATED_MS) break;
  }
  return earliest === undefined ? undefined : new Date(earliest);
}

const REPEATED_MS = 2 * 3_600_000;

function sorted(field: Field): readonly number[] {
  return [...field].sort((a, b) => a - b);
}

/** Local time in a time zone, and its conversion to instants. No time zone: the machine's. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Sunday is 0. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export function wallTimeOf(time: Date, timeZone: string | undefined): WallTime {
  return fromShifted(time.getTime() + offsetAt(time.getTime(), timeZone));
}

/** Midnight, `days` days later. */
export function addDays({ year, month, day }: WallTime, days: number): WallTime {
  return fromShifted(Date.UTC(year, month - 1, day + days));
}

function fromShifted(ms: number): WallTime {
  const shifted = new Date(ms);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    weekday: shifted.getUTCDay(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
  };
}

/**
 * Returns the instants with this local time: usually one, two where clocks are set back, earliest
 * first. Where clocks are set forward past it: the one instant that is later by the change.
 */
export function instantsOf(wall: WallTime, timeZone: string | undefined): readonly number[] {
  const { year, month, day, hour, minute, second } = wall;
  const shifted = Date.UTC(year, month - 1, day, hour, minute, second);
  const before = offsetAt(shifted - DAY, timeZone);
  const after = offsetAt(shifted + DAY, timeZone);
  if (before === after) return [shifted - before];

  const isShown = (offset: number) => offsetAt(shifted - offset, timeZone) === offset;
  const shown = [before, after].filter(isShown).map((offset) => shifted - offset);
  return shown.length > 0 ? shown.sort((a, b) => a - b) : [shifted - before];
}

const DAY = 24 * 3_600_000;

/** The zone's offset from UTC at that instant, in milliseconds. */
function offsetAt(ms: number, timeZone: string | undefined): number {
  if (timeZone === 'UTC') return 0;
  const whole = Math.floor(ms / 1000) * 1000;
  const parts = formatFor(timeZone).formatToParts(new Date(whole));
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const shown = Date.UTC(
    get('year'),
    get('month') - 1,
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  );
  return shown - whole;
}

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

function formatFor(timeZone: string | undefined): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(timeZone, format);
  return format;
}

/** ISO with the zone's own offset, as .NET writes local times. */
export function isoLocal(time: Date, timeZone: string | undefined): string {
  const offset = offsetAt(time.getTime(), timeZone);
  const text = new Date(time.getTime() + offset).toISOString().slice(0, -1);
  const minutes = Math.abs(offset) / 60_000;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${text}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

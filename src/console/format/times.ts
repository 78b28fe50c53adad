/** Durations, and instants in the viewer's locale. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4 min 12 s`; the two largest units. */
export function durationText(ms: number): string {
  const rounded = Math.max(0, Math.round(ms / SECOND)) * SECOND;
  if (rounded < MINUTE) return `${rounded / SECOND} s`;
  if (rounded < HOUR) return two(rounded, MINUTE, 'min', SECOND, 's');
  if (rounded < DAY) return two(rounded, HOUR, 'h', MINUTE, 'min');
  return two(rounded, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, name: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${name}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** `3 min ago`, `in 2 h`; null for an instant that is more than a day away. */
export function relativeText(at: number, now: number): string | null {
  const away = Math.abs(at - now);
  if (away >= DAY) return null;
  if (away < 10 * SECOND) return 'now';
  const text = away < MINUTE ? durationText(away) : coarse(away);
  return at < now ? `${text} ago` : `in ${text}`;
}

function coarse(ms: number): string {
  return ms < HOUR ? `${Math.round(ms / MINUTE)} min` : durationText(ms);
}

/** Date and time; in the viewer's zone by default. */
export function instantText(at: number, timeZone?: string): string {
  return formatted(at, { dateStyle: 'medium', timeStyle: 'medium' }, timeZone);
}

/** Day and minute, for what is due. */
export function dueText(at: number, timeZone?: string): string {
  return formatted(
    at,
    { weekday: 'short', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
    timeZone,
  );
}

export function dayText(at: number, timeZone?: string): string {
  return formatted(at, { weekday: 'short', month: 'short', day: 'numeric' }, timeZone);
}

function formatted(at: number, options: Intl.DateTimeFormatOptions, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat(undefined, { ...options, ...zone }).format(at);
}

/** `2026-11-30` of an instant in a zone. */
export function dayOf(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(at);
}

export function viewerZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The month of UTC, such as `2026-11`, that is `back` months before an instant. */
export function monthOf(at: number, back = 0): string {
  const date = new Date(at);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1))
    .toISOString()
    .slice(0, 7);
}

export function monthText(month: string): string {
  return formatted(Date.parse(`${month}-01T00:00:00Z`), { month: 'long', year: 'numeric' }, 'UTC');
}

import { WrongCall } from './program';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** An instant in UTC. A time without an offset is refused: it would mean another one on another machine. */
export function instantIn(option: string, text: string): string {
  const time = new Date(text);
  if (INSTANT.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new WrongCall(
    `${option} must be a time with its offset, such as 2026-12-01T06:00+01:00, not ${JSON.stringify(text)}`,
  );
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An age such as `30m`, `12h` or `7d`, or an instant, as an instant in UTC. */
export function timeIn(option: string, text: string, now: Date): string {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count === '') return instantIn(option, text);
  return new Date(now.getTime() - Number(count) * (UNITS[unit] ?? 0)).toISOString();
}

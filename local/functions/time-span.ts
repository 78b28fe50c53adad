/**
 * A .NET time span as text, in milliseconds; undefined if it is not one:
 *
 *     span = days | days "." hh ":" mm [ ":" ss ] | [ days ":" ] hh ":" mm ":" ss | hh ":" mm
 *
 * Seconds may have a fraction. Three parts of which the first exceeds the hours of a day are days, hours and
 * minutes: `24:00:00` is twenty-four days, of which the documentation of the timer trigger warns.
 */
export function timeSpanMs(text: string): number | undefined {
  const [, dotted, clock = '', fraction = ''] =
    /^(?:(\d+)\.)?(\d+(?::\d{1,2}){0,3})(\.\d{1,7})?$/.exec(text.trim()) ?? [];
  if (clock === '') return undefined;
  const parts = clock.split(':').map(Number);
  const [days, hours, minutes, seconds] = arranged(dotted, parts) ?? [];
  if (days === undefined || hours === undefined || minutes === undefined) return undefined;
  if (hours > 23 || minutes > 59 || (seconds ?? 0) > 59) return undefined;
  if (fraction !== '' && seconds === undefined) return undefined;
  const whole = ((days * 24 + hours) * 60 + minutes) * 60 + (seconds ?? 0);
  return (whole + Number(`0${fraction}`)) * 1000;
}

type Parts = readonly [days: number, hours: number, minutes: number, seconds: number | undefined];

function arranged(dotted: string | undefined, parts: readonly number[]): Parts | undefined {
  const [a = 0, b = 0, c, d] = parts;
  if (dotted !== undefined)
    return parts.length === 2 || parts.length === 3 ? [Number(dotted), a, b, c] : undefined;
  switch (parts.length) {
    case 1:
      return [a, 0, 0, undefined];
    case 2:
      return [0, a, b, undefined];
    case 3:
      return a > 23 ? [a, b, c ?? 0, undefined] : [0, a, b, c];
    default:
      return [a, b, c ?? 0, d];
  }
}

/**
 * Parses the two formats of a timestamp that Batch accepts in filters and in `time("…")`: W3C-DTF
 * (the profile of ISO 8601) and RFC 1123. Returns Unix milliseconds, or undefined for any other
 * text; `Date.parse` alone would guess, and would read a text without a zone as local time.
 */
export function parseTimestamp(text: string): number | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) return parseIso(iso);
  const rfc = RFC_1123.exec(text);
  if (rfc !== null) return parseRfc1123(rfc);
  return undefined;
}

const ISO =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|z|[+-]\d\d:\d\d)?)?)?)?$/;

const RFC_1123 =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;

const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

/** A text without a zone is in UTC: Batch has no other default. */
function parseIso(parts: RegExpExecArray): number | undefined {
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = parts;
  const milliseconds = Number(`0.${parts[7] ?? '0'}`) * 1000;
  const civil = utc([year, month, day, hour, minute, second].map(Number));
  if (civil === undefined) return undefined;
  const offset = offsetMinutes(parts[8] ?? 'Z');
  return offset === undefined ? undefined : civil + milliseconds - offset * 60_000;
}

function parseRfc1123(parts: RegExpExecArray): number | undefined {
  const [, day, month, year, hour, minute, second] = parts;
  const monthNumber = MONTHS.findIndex((name) => name === month) + 1;
  return utc([Number(year), monthNumber, ...[day, hour, minute, second].map(Number)]);
}

/**
 * Unix milliseconds of a civil time, or undefined for one that no calendar has (30 February,
 * 25:00).
 */
function utc(fields: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const read = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  const expected = [year, month, day, hour, minute, second];
  return read.every((field, index) => field === expected[index]) ? date.getTime() : undefined;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

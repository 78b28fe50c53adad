const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

/**
 * The fields of NCRONTAB as the timer trigger reads it: six, seconds first, or five without seconds.
 * Each field is `*` or a list of values, ranges and steps; Sunday is 0 and 7 is rejected; `L`, `W`,
 * `#`, `?` and `@daily` are not supported.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
const fields = [
  { name: 'second', low: 0, high: 59, names: [] },
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  { name: 'day of month', low: 1, high: 31, names: [] },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of week', low: 0, high: 6, names: DAYS },
] as const;

type Field = (typeof fields)[number];

/** Returns why a schedule is not valid, with what would be; undefined when it is valid. */
export function checkSchedule(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6) {
    return `"${text}" has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'}; an NCRONTAB schedule has six, seconds first ("0 0 2 * * *" is 02:00 each day), or five without seconds`;
  }
  const withSeconds = parts.length === 6 ? parts : ['0', ...parts];
  for (const [index, field] of fields.entries()) {
    const message = checkField(withSeconds[index] ?? '', field);
    if (message !== undefined) return message;
  }
  // A second run could start before the first has requested its node.
  if (withSeconds[0] !== undefined && !/^\d+$/.test(withSeconds[0])) {
    return `"${withSeconds[0]}" would start runs seconds apart; the field of seconds must be one number, usually 0`;
  }
  return undefined;
}

function checkField(text: string, field: Field): string | undefined {
  for (const item of text.split(',')) {
    const [range = '', step, ...rest] = item.split('/');
    const bounds = range === '*' ? [] : range.split('-');
    const valid = `${field.low} to ${field.high}, *, a-b, */n, or a list of these with commas`;
    const isStep = step === undefined || (/^\d+$/.test(step) && Number(step) > 0);
    if (
      rest.length > 0 ||
      bounds.length > 2 ||
      !isStep ||
      !bounds.every((bound) => isValue(bound, field))
    ) {
      return `"${item}" is not a valid ${field.name}; it must be ${valid}`;
    }
  }
  return undefined;
}

function isValue(text: string, field: Field): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= field.low && Number(text) <= field.high;
  const names: readonly string[] = field.names;
  return text.length >= 3 && names.some((name) => name.startsWith(text.toLowerCase()));
}

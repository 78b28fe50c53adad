import { cronFieldsOf, NICKNAMES, valuesIn } from '../cron';

const MONTHS =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
  /** A form of its own, in addition to values, ranges and steps. */
  readonly special?: { readonly form: RegExp; readonly meaning: string };
}

/**
 * The fields of a schedule: those of NCRONTAB, seconds first, with what crontabs have in addition:
 * five fields, nicknames such as `@daily`, 7 for Sunday, `L` for the last day of a month, and `5#2`
 * or `FRI#L` for the second or last Friday of a month. The app computes due times itself, so it is
 * not bound by the parser of the timer trigger, which has none of these:
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
const fields: readonly Field[] = [
  { name: 'second', low: 0, high: 59, names: [] },
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  {
    name: 'day of month',
    low: 1,
    high: 31,
    names: [],
    special: { form: /^L$/i, meaning: 'L (the last day)' },
  },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  {
    name: 'day of week',
    low: 0,
    high: 7,
    names: DAYS,
    special: {
      form: /^(?:[0-7]|[a-z]{3,9})#(?:[1-5]|L)$/i,
      meaning: 'FRI#2 (the second Friday), FRI#L (the last)',
    },
  },
];

/** Returns why a schedule is not valid, with what would be; undefined when it is valid. */
export function checkSchedule(text: string): string | undefined {
  const isNickname = NICKNAMES[text.trim().toLowerCase()] !== undefined;
  if (!isNickname && text.trim().startsWith('@')) {
    return `"${text}" is no schedule; the nicknames are ${Object.keys(NICKNAMES).join(', ')}`;
  }
  const count = isNickname ? 6 : text.trim().split(/\s+/).length;
  if (count !== 5 && count !== 6) {
    return `"${text}" has ${count} ${count === 1 ? 'field' : 'fields'}; a schedule has six as in NCRONTAB, seconds first ("0 0 2 * * *" is 02:00 each day), or five as in a crontab`;
  }
  const parts = Object.values(cronFieldsOf(text)) as string[];
  for (const [index, field] of fields.entries()) {
    const message = checkField(parts[index] ?? '', field);
    if (message !== undefined) return message;
  }
  return checkSeconds(parts[0]) ?? checkBothDays(text, count) ?? checkDays(text);
}

/** A second run could start before the first has requested its node. */
function checkSeconds(second = ''): string | undefined {
  if (/^\d+$/.test(second)) return undefined;
  return `"${second}" would start runs seconds apart; the field of seconds must be one number, usually 0`;
}

/** With five fields crontab runs on either day, NCRONTAB on days that are both: neither is assumed. */
function checkBothDays(text: string, count: number): string | undefined {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = cronFieldsOf(text);
  if (count === 6 || dayOfMonth.startsWith('*') || dayOfWeek.startsWith('*')) return undefined;
  const [onDay, onWeekday] = [`${dayOfMonth} ${month} *`, `* ${month} ${dayOfWeek}`];
  const time = `${minute} ${hour}`;
  return `"${text}" names a day of month and a day of week, which crontab and NCRONTAB read differently; for days that are both write "0 ${time} ${dayOfMonth} ${month} ${dayOfWeek}", for either declare two schedules, "${time} ${onDay}" and "${time} ${onWeekday}"`;
}

/** February with its leap day. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A day that none of the months has is never due. */
function checkDays(text: string): string | undefined {
  const { dayOfMonth, month } = cronFieldsOf(text);
  if (/[L*]/i.test(dayOfMonth)) return undefined;
  const months = valuesIn(numbered(month, MONTHS, 1), 1, 12);
  const longest = Math.max(...months.map((number) => DAYS_OF_MONTH[number - 1] ?? 31));
  const [first = 1] = valuesIn(dayOfMonth, 1, 31);
  if (first <= longest) return undefined;
  return `"${text}" is never due: no month of "${month}" has a day ${first}; the last day of a month is L`;
}

function checkField(text: string, field: Field): string | undefined {
  for (const item of text.split(',')) {
    const message = checkItem(item, field);
    if (message !== undefined) return message;
  }
  return undefined;
}

function checkItem(item: string, field: Field): string | undefined {
  const { name, low, high, special } = field;
  if (special?.form.test(item) === true && isSpecialValue(item, field)) return undefined;
  const [range = '', step, ...rest] = item.split('/');
  const bounds = range === '*' ? [] : range.split('-');
  const isStep = step === undefined || (/^\d+$/.test(step) && Number(step) > 0);
  if (
    rest.length > 0 ||
    bounds.length > 2 ||
    !isStep ||
    !bounds.every((bound) => isValue(bound, field))
  ) {
    const forms = special === undefined ? '' : `${special.meaning}, `;
    return `"${item}" is not a valid ${name}; it must be ${low} to ${high}, *, a-b, */n, ${forms}or a list of these with commas`;
  }
  const [from, to] = bounds.map((bound) => valueOf(bound, field));
  if (from === undefined || to === undefined || from <= to) return undefined;
  return `"${item}" goes backwards, which parsers read differently; for the ${name} from ${bounds[0]} over the end to ${bounds[1]} write "${overTheEnd(bounds, field, step)}"`;
}

function isSpecialValue(item: string, field: Field): boolean {
  const [value = ''] = item.split('#');
  return !item.includes('#') || isValue(value, field);
}

/** `22-2` as `22-23,0-2`. Days of the week end with Saturday, for which 7 would be Sunday again. */
function overTheEnd(bounds: readonly string[], { low, high, names }: Field, step = ''): string {
  const [from = '', to = ''] = bounds;
  const isNamed = /\D/.test(from);
  const last = names === DAYS ? 6 : high;
  const shown = (value: number) =>
    isNamed ? (names[value - low] ?? '').slice(0, 3).toUpperCase() : String(value);
  const range = (first: string, end: string) =>
    first.toUpperCase() === end.toUpperCase() ? end : `${first}-${end}`;
  const steps = step === '' ? '' : `/${step}`;
  return `${range(from, shown(last))}${steps},${range(shown(low), to)}${steps}`;
}

function isValue(text: string, field: Field): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= field.low && Number(text) <= field.high;
  return text.length >= 3 && field.names.some((name) => name.startsWith(text.toLowerCase()));
}

function valueOf(text: string, { low, names }: Field): number {
  if (/^\d+$/.test(text)) return Number(text);
  return low + names.findIndex((name) => name.startsWith(text.toLowerCase()));
}

/** The field with numbers in place of names. */
function numbered(text: string, names: readonly string[], low: number): string {
  return text.replaceAll(/[a-z]{3,}/gi, (word) =>
    String(low + names.findIndex((name) => name.startsWith(word.toLowerCase()))),
  );
}

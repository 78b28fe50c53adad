import { expect, test } from 'vitest';
import { parseSchedule } from '../../../local/functions/triggers/ncrontab';
import { checkSchedule } from '../../../src/workload/checks/schedule';

const NOW = new Date('2026-11-21T12:00:00Z');

test.each([
  ['every night at two', '0 0 2 * * *'],
  ['every half hour', '0 */30 * * * *'],
  ['the first of each month, the closest to its end that NCRONTAB can express', '0 30 23 1 * *'],
  ['five fields have no second', '0 2 * * *'],
  ['lists, ranges and steps', '0 0,15,30-45/5 8-18/2 1-7 1,6 1-5'],
  ['steps from a value on', '0 5/10 * * * *'],
  ['abbreviated names in any case', '0 0 2 * JAN-march Mon,fri'],
  ['spaces around', '  0  0 2 * * *  '],
])('a schedule of %s is valid, and the host reads it too [RS1]', (_what, schedule) => {
  expect(checkSchedule(schedule)).toBeUndefined();
  expect(parseSchedule(schedule, 'UTC').next(NOW)).toBeInstanceOf(Date);
});

test.each([
  ['0 0 2 * * *', ['11-22T02:00', '11-23T02:00', '11-24T02:00']],
  ['0 */30 * * * *', ['11-21T12:30', '11-21T13:00', '11-21T13:30']],
  ['0 30 23 1 * *', ['12-01T23:30', '01-01T23:30', '02-01T23:30']],
])('the schedule %s is due as its fields say [RS1]', (schedule, due) => {
  const { next } = parseSchedule(schedule, 'UTC');
  const found: string[] = [];
  for (let at = next(NOW); at !== undefined && found.length < 3; at = next(at)) {
    found.push(at.toISOString().slice(5, 16));
  }

  expect(found).toEqual(due);
});

const second = '0 to 59, *, a-b, */n, or a list of these with commas';
const weekday = '0 to 6, *, a-b, */n, or a list of these with commas';

test.each([
  [
    '@daily',
    '"@daily" has 1 field; an NCRONTAB schedule has six, seconds first ("0 0 2 * * *" is 02:00 each day), or five without seconds',
  ],
  [
    '0 0 0 2 * * *',
    '"0 0 0 2 * * *" has 7 fields; an NCRONTAB schedule has six, seconds first ("0 0 2 * * *" is 02:00 each day), or five without seconds',
  ],
  ['0 60 2 * * *', `"60" is not a valid minute; it must be ${second}`],
  [
    '0 0 24 * * *',
    '"24" is not a valid hour; it must be 0 to 23, *, a-b, */n, or a list of these with commas',
  ],
  [
    '0 0 2 L * *',
    '"L" is not a valid day of month; it must be 1 to 31, *, a-b, */n, or a list of these with commas',
  ],
  [
    '0 0 2 * 13 *',
    '"13" is not a valid month; it must be 1 to 12, *, a-b, */n, or a list of these with commas',
  ],
  ['0 0 2 * * 7', `"7" is not a valid day of week; it must be ${weekday}`],
  ['0 0 2 * * mon#1', `"mon#1" is not a valid day of week; it must be ${weekday}`],
  ['0 0 2 * * ?', `"?" is not a valid day of week; it must be ${weekday}`],
  ['0 */0 2 * * *', `"*/0" is not a valid minute; it must be ${second}`],
  ['0 1-2-3 2 * * *', `"1-2-3" is not a valid minute; it must be ${second}`],
  ['0 1/2/3 2 * * *', `"1/2/3" is not a valid minute; it must be ${second}`],
  ['0 5, 2 * * *', `"" is not a valid minute; it must be ${second}`],
  [
    '0 0 2 * xyz *',
    '"xyz" is not a valid month; it must be 1 to 12, *, a-b, */n, or a list of these with commas',
  ],
  [
    '*/5 * * * * *',
    '"*/5" would start runs seconds apart; the field of seconds must be one number, usually 0',
  ],
])('the schedule %s is a validation error with the reason', (schedule, reason) => {
  expect(checkSchedule(schedule)).toBe(reason);
});

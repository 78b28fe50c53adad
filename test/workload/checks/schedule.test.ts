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

const minute = '0 to 59, *, a-b, */n, or a list of these with commas';
const monthDay = '1 to 31, *, a-b, */n, L (the last day), or a list of these with commas';
const weekday =
  '0 to 7, *, a-b, */n, FRI#2 (the second Friday), FRI#L (the last), or a list of these with commas';

test.each([
  ['the last day of each month', '0 30 23 L * *'],
  ['the second Tuesday and the last Friday', '0 0 6 * * TUE#2,5#L'],
  ['Sunday as 7', '0 2 * * 7'],
  ['a nickname', '@daily'],
  ['a nickname in capitals', ' @Weekly '],
  ['the leap day', '0 0 2 29 2 *'],
  ['six fields with both days, which must both be right', '0 0 2 1-7 * MON'],
])('a schedule of %s is valid [RS1]', (_what, schedule) => {
  expect(checkSchedule(schedule)).toBeUndefined();
});

test.each([
  [
    '@reboot',
    '"@reboot" is no schedule; the nicknames are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly',
  ],
  [
    '0 0 0 2 * * *',
    '"0 0 0 2 * * *" has 7 fields; a schedule has six as in NCRONTAB, seconds first ("0 0 2 * * *" is 02:00 each day), or five as in a crontab',
  ],
  ['0 60 2 * * *', `"60" is not a valid minute; it must be ${minute}`],
  [
    '0 0 24 * * *',
    '"24" is not a valid hour; it must be 0 to 23, *, a-b, */n, or a list of these with commas',
  ],
  ['0 0 2 W * *', `"W" is not a valid day of month; it must be ${monthDay}`],
  ['0 0 2 5#2 * *', `"5#2" is not a valid day of month; it must be ${monthDay}`],
  [
    '0 0 2 * 13 *',
    '"13" is not a valid month; it must be 1 to 12, *, a-b, */n, or a list of these with commas',
  ],
  ['0 0 2 * * 8', `"8" is not a valid day of week; it must be ${weekday}`],
  ['0 0 2 * * mon#6', `"mon#6" is not a valid day of week; it must be ${weekday}`],
  ['0 0 2 * * day#1', `"day#1" is not a valid day of week; it must be ${weekday}`],
  ['0 0 2 * * ?', `"?" is not a valid day of week; it must be ${weekday}`],
  ['0 */0 2 * * *', `"*/0" is not a valid minute; it must be ${minute}`],
  ['0 1-2-3 2 * * *', `"1-2-3" is not a valid minute; it must be ${minute}`],
  ['0 1/2/3 2 * * *', `"1/2/3" is not a valid minute; it must be ${minute}`],
  ['0 5, 2 * * *', `"" is not a valid minute; it must be ${minute}`],
  [
    '0 0 2 * xyz *',
    '"xyz" is not a valid month; it must be 1 to 12, *, a-b, */n, or a list of these with commas',
  ],
  [
    '*/5 * * * * *',
    '"*/5" would start runs seconds apart; the field of seconds must be one number, usually 0',
  ],
  [
    '0 0 22-2 * * *',
    '"22-2" goes backwards, which parsers read differently; for the hour from 22 over the end to 2 write "22-23,0-2"',
  ],
  [
    '0 0 22-2/2 * * *',
    '"22-2/2" goes backwards, which parsers read differently; for the hour from 22 over the end to 2 write "22-23/2,0-2/2"',
  ],
  [
    '0 2 * * FRI-MON',
    '"FRI-MON" goes backwards, which parsers read differently; for the day of week from FRI over the end to MON write "FRI-SAT,SUN-MON"',
  ],
  [
    '0 2 * * sat-sun',
    '"sat-sun" goes backwards, which parsers read differently; for the day of week from sat over the end to sun write "SAT,sun"',
  ],
  [
    '0 0 2 * NOV-FEB *',
    '"NOV-FEB" goes backwards, which parsers read differently; for the month from NOV over the end to FEB write "NOV-DEC,JAN-FEB"',
  ],
  [
    '0 0 2 30 2 *',
    '"0 0 2 30 2 *" is never due: no month of "2" has a day 30; the last day of a month is L',
  ],
  [
    '0 0 2 31 apr,jun *',
    '"0 0 2 31 apr,jun *" is never due: no month of "apr,jun" has a day 31; the last day of a month is L',
  ],
  [
    '0 2 1 * MON',
    '"0 2 1 * MON" names a day of month and a day of week, which crontab and NCRONTAB read differently; for days that are both write "0 0 2 1 * MON", for either declare two schedules, "0 2 1 * *" and "0 2 * * MON"',
  ],
])('the schedule %s is a validation error with the reason [RS1]', (schedule, reason) => {
  expect(checkSchedule(schedule)).toBe(reason);
});

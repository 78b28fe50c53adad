import { expect, test } from 'vitest';
import { timeSpanMs } from '../../../local/functions/time-span';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ['00:00:30', 30 * SECOND],
  ['00:00:00.200', 200],
  ['10:05', 10 * HOUR + 5 * MINUTE],
  ['1:02:03', HOUR + 2 * MINUTE + 3 * SECOND],
  ['3', 3 * DAY],
  ['3.00:00:00', 3 * DAY],
  ['1.02:03', DAY + 2 * HOUR + 3 * MINUTE],
  ['1:02:03:04', DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND],
  ['24:00:00', 24 * DAY],
  ['30:12:15', 30 * DAY + 12 * HOUR + 15 * MINUTE],
])('%s is %d ms', (text, ms) => {
  expect(timeSpanMs(text)).toBe(ms);
});

test.each([
  '',
  'x',
  '1.5',
  '00:60:00',
  '00:00:60',
  '25:24:00',
  '10:05.5',
  '-00:01:00',
  '1:2:3:4:5',
])('%s is not a time span', (text) => {
  expect(timeSpanMs(text)).toBeUndefined();
});

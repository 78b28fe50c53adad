import { expect, test } from 'vitest';
import { checkDueText, withDueTime } from '../../src/workload/due-text';
import { whole } from '../run/given';
import { validationErrorsOf } from './validation-errors';

const LOCAL = '2026-03-05T04:06:07.000Z';

test.each([
  ['{due}', '2026-03-05'],
  ['a/{due:yyyy/MM/dd}/b', 'a/2026/03/05/b'],
  ['{due:yyyyMMdd-HHmm}.csv', '20260305-0406.csv'],
  ['{due:yyyy}/{due:MM}', '2026/03'],
  ['{task}/{dues}', '{task}/{dues}'],
])('the due time in %s', (text, expected) => {
  expect(withDueTime(text, LOCAL)).toBe(expected);
});

test.each(['{due:}', '{due:YYYY}', '{due:yyyy MM}', '{due', '{due:yyyy'])(
  'the text %s is a validation error',
  (text) => {
    expect(checkDueText(text)).toBe(
      `${JSON.stringify(text)} has an invalid {due…}; write {due} for the day of the due time, or {due:yyyy/MM/dd} with yyyy, MM, dd, HH, mm and / - _ . between them`,
    );
  },
);

test('a watched container has no due time in the prefix of its inputs', () => {
  const inputs = { container: 'inbox', prefix: '{due}/' };
  const triggers = { blob: { container: 'inbox' } };

  expect(validationErrorsOf({ ...whole, inputs, triggers })).toEqual([
    'hello, inputs.prefix: has {due…}, and a run of a blob has no due time; leave out triggers.blob, or the {due…}',
  ]);
  expect(validationErrorsOf({ ...whole, inputs: { ...inputs, prefix: '{due:xx}' } })).toEqual([
    'hello, inputs.prefix: "{due:xx}" has an invalid {due…}; write {due} for the day of the due time, or {due:yyyy/MM/dd} with yyyy, MM, dd, HH, mm and / - _ . between them',
  ]);
});

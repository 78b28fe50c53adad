import { expect, test } from 'vitest';
import {
  isMissing,
  parseDate,
  parseNumber,
  parseYear,
} from '../../../src/workloads/nightly-report/programs/lib/cells';

test.each(['', '  ', 'NA', 'n/a', 'NaN', 'null', '-'])(
  '%j says that a value is missing',
  (cell) => {
    expect(isMissing(cell)).toBe(true);
  },
);

test.each(['0', 'none', 'nada', 'no', '--'])('%j is a value', (cell) => {
  expect(isMissing(cell)).toBe(false);
});

test.each([
  ['0', 0],
  ['-12.50', -12.5],
  ['+.5', 0.5],
  ['5.', 5],
  ['1e-3', 0.001],
  [' 7 ', 7],
])('%j is the number %d', (cell, number) => {
  expect(parseNumber(cell)).toBe(number);
});

test.each(['1,000', '0x10', '1e999', '1e200', '1e-200', 'Infinity', '1 2', '١', '--1', '1e', '.'])(
  '%j is no number',
  (cell) => {
    expect(parseNumber(cell)).toBeUndefined();
  },
);

test.each([
  ['2012-02-29', '2012-02-29T00:00:00.000Z'],
  ['2015/01/02 04:05:06', '2015-01-02T04:05:06.000Z'],
  ['2015-1-2', '2015-01-02T00:00:00.000Z'],
  ['2010-01-01T01:00:00', '2010-01-01T01:00:00.000Z'],
  ['2010-01-01T01:00:00.250Z', '2010-01-01T01:00:00.000Z'],
  ['2010-01-01 01:00+05:30', '2009-12-31T19:30:00.000Z'],
  ['2010-01-01 01:00-0800', '2010-01-01T09:00:00.000Z'],
  ['Jan 1 2000', '2000-01-01T00:00:00.000Z'],
  ['December 31, 1999', '1999-12-31T00:00:00.000Z'],
  ['0099-03-01', '0099-03-01T00:00:00.000Z'],
])('%j is a date', (cell, moment) => {
  expect(new Date(parseDate(cell) ?? Number.NaN).toISOString()).toBe(moment);
});

test.each([
  '2011-02-29',
  '2011-04-31',
  '2011-01-00',
  '2011-01-32',
  '2011-13-01',
  '03/04/2001',
  '2011-01/02',
  'Foo 1 2000',
  '20110101',
  '2011-01-01 25:00',
  '2011-01-01x',
])('%j is no date', (cell) => {
  expect(parseDate(cell)).toBeUndefined();
});

test('a year is one of four digits', () => {
  expect(['1987', '987', '19870', 'MMXX'].map(parseYear)).toEqual([
    Date.UTC(1987, 0, 1),
    undefined,
    undefined,
    undefined,
  ]);
});

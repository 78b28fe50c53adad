import { expect, test } from 'vitest';
import { NONE, ONE, V, W, valueOf, vectors } from './given';

const valueWithVectors = (expression: string) => valueOf(expression, { samples: vectors });

test.each([
  ['2 + 3', '5'],
  ['2 - 3', '-1'],
  ['2 * 3', '6'],
  ['2 / 4', '0.5'],
  [`${V} + 1`, '[2,3,4]'],
  [`${V} - 1`, '[0,1,2]'],
  [`${V} * 2`, '[2,4,6]'],
  [`${V} / 2`, '[0.5,1,1.5]'],
  [`${W} + ${V}`, '[11,22,33]'],
  [`${W} - ${V}`, '[9,18,27]'],
  [`${W} * ${V}`, '[10,40,90]'],
  [`${W} / ${V}`, '[10,10,10]'],
  [`${V} + ${ONE}`, '[6,7,8]'],
  [`${ONE} * 2`, '[10]'],
  [`2 * ${ONE}`, '10'],
  [`${NONE} * 2`, '[]'],
  ['2 * TimeInterval_Minute', 'PT2M'],
  ['TimeInterval_Minute * 3', 'PT3M'],
  ['TimeInterval_Hour / 4', 'PT15M'],
  ['TimeInterval_Day + TimeInterval_Second', 'P1DT1S'],
  ['TimeInterval_Hour - TimeInterval_Minute', 'PT59M'],
  ['time() + TimeInterval_Hour', '2026-11-21T04:00:00.000Z'],
  ['TimeInterval_Hour + time()', '2026-11-21T04:00:00.000Z'],
  ['time() - time("2026-11-20T02:59:58.500Z")', 'P1DT1.5S'],
  ['-3', '-3'],
  [`-${ONE}`, '-5'],
  ['-TimeInterval_Minute', '-PT1M'],
  ['!0', '1'],
  ['!0.5', '0'],
  ['!-1', '0'],
  [`!${ONE}`, '0'],
])('%s is %s', (expression, value) => {
  expect(valueWithVectors(expression)).toBe(value);
});

test.each([
  ['1 < 2', 1],
  ['2 <= 2', 1],
  ['2 == 2', 1],
  ['2 >= 3', 0],
  ['2 > 1', 1],
  ['2 != 2', 0],
  ['"a" < "b"', 1],
  ['"a" <= "a"', 1],
  ['"a" == "A"', 0],
  ['"b" >= "a"', 1],
  ['"a" > "b"', 0],
  ['"a" != "b"', 1],
  ['time() < time("2030-01-01")', 1],
  ['time() <= time()', 1],
  ['time() == time("2026-11-21T03:00:00Z")', 1],
  ['time() >= time("2030-01-01")', 0],
  ['time() > time("2020-01-01")', 1],
  ['time() != time()', 0],
  ['TimeInterval_Minute < TimeInterval_Hour', 1],
  ['TimeInterval_Minute * 60 == TimeInterval_Hour', 1],
  ['TimeInterval_Minute > TimeInterval_Hour', 0],
  [`${ONE} > 4`, 1],
  [`5 == ${ONE}`, 1],
  [`${ONE} == ${ONE}`, 1],
  ['2 && 3', 1],
  ['2 && 0', 0],
  ['0 || 0.1', 1],
  ['0 || 0', 0],
  [`${ONE} && 1`, 1],
])('the comparison %s is %i', (expression, value) => {
  expect(valueWithVectors(expression)).toBe(String(value));
});

test.each([
  ['"a" + "b"', 'there is no string + string'],
  ['"a" * 2', 'there is no string * double'],
  ['1 + TimeInterval_Minute', 'there is no double + timeinterval'],
  ['1 / TimeInterval_Minute', 'there is no double / timeinterval'],
  ['TimeInterval_Hour / TimeInterval_Minute', 'there is no timeinterval / timeinterval'],
  ['time() - TimeInterval_Hour', 'there is no timestamp - timeinterval'],
  ['time() + time()', 'there is no timestamp + timestamp'],
  ['1 < "a"', 'there is no double < string'],
  ['time() < TimeInterval_Hour', 'there is no timestamp < timeinterval'],
  ['requeue == requeue', 'there is no node deallocation option == node deallocation option'],
  [`2 * ${V}`, 'there is no double * doubleVec of 3 elements'],
  [`${V} + ${NONE}`, 'there is no doubleVec of 3 elements + doubleVec of 0 elements'],
  [`${V} > 1`, 'there is no doubleVec of 3 elements > double'],
  [`${NONE} > 1`, 'there is no doubleVec of 0 elements > double'],
  [`-${V}`, 'expected a double, found a doubleVec of 3 elements'],
  ['-"a"', 'expected a double, found a string'],
  ['!time()', 'expected a double, found a timestamp'],
  ['"a" && 1', 'expected a double, found a string'],
  ['0 || "a"', 'expected a double, found a string'],
  ['"a" ? 1 : 2', 'expected a double, found a string'],
  ['time().day.hour', 'a double has no member hour'],
])('%s has no meaning', (expression, reason) => {
  expect(valueWithVectors(expression)).toMatch(/^Line 1, Col \d+: /);
  expect(valueWithVectors(expression).replace(/^.*: /, '')).toBe(reason);
});

test('the error of an undefined operation has the position of its operator', () => {
  expect(valueOf('1 +\n  "a"')).toBe('Line 1, Col 7: there is no double + string');
  expect(valueOf('max(1,\n  2 - "a")')).toBe('Line 2, Col 5: there is no double - string');
});

test.each([
  ['avg(1,2,3,7)', '3.25'],
  [`avg(${V}, 6)`, '3'],
  ['len(1,2,3)', '3'],
  [`len(${V}, ${W}, 1)`, '7'],
  [`len(${NONE})`, '0'],
  ['max(1,5,3)', '5'],
  [`max(0, ${NONE})`, '0'],
  [`max(${V})`, '3'],
  ['min(4,2,8)', '2'],
  [`min(${V}, 0.5)`, '0.5'],
  ['norm(3,4)', '5'],
  ['range(1,5,3)', '4'],
  ['std(1,2,3,4)', '1.29099'],
  ['sum(1,2,3.5)', '6.5'],
  [`sum(${V}, ${W})`, '66'],
  [`sum(${NONE})`, '0'],
  ['lg(8)', '3'],
  ['ln(1)', '0'],
  ['log(1000)', '3'],
  [`lg(${V} * 1)`, '[0,1,1.58496]'],
  ['ceil(1.2)', '2'],
  ['ceil(-1.2)', '-1'],
  ['floor(1.8)', '1'],
  ['floor(-1.2)', '-2'],
  ['round(2.5)', '3'],
  ['round(-2.5)', '-3'],
  ['round(2.4)', '2'],
  [`round(${V} / 2)`, '[1,1,2]'],
  ['percentile(7, 50)', '7'],
  [`percentile(${V}, 0)`, '1'],
  [`percentile(${V}, 50)`, '2'],
  [`percentile(${V}, 75)`, '2.5'],
  [`percentile(${V}, 100)`, '3'],
  [`val(${V}, 0)`, '1'],
  [`val(${V}, 2)`, '3'],
  ['rand()', '0.25'],
  ['time()', '2026-11-21T03:00:00.000Z'],
  ['time("")', '2026-11-21T03:00:00.000Z'],
  ['time("2026-03-02T10:00:00Z")', '2026-03-02T10:00:00.000Z'],
  ['time("2026-03-02T10:00:00+02:00")', '2026-03-02T08:00:00.000Z'],
  ['time("2026-03-02T10:00:00.123456Z")', '2026-03-02T10:00:00.123Z'],
  ['time("2026-03-02")', '2026-03-02T00:00:00.000Z'],
  ['time("Mon, 06 Oct 2014 10:20:00 GMT")', '2014-10-06T10:20:00.000Z'],
])('the call %s gives %s', (expression, value) => {
  expect(valueWithVectors(expression)).toBe(value);
});

test('what log of nothing and division by nothing give is shown, but is not a valid number of nodes', () => {
  expect(valueOf('1 / 0')).toBe('inf');
  expect(valueOf('-1 / 0')).toBe('-inf');
  expect(valueOf('0 / 0')).toBe('nan');
  expect(valueOf('ln(0)')).toBe('-inf');
  expect(valueOf('log(-1)')).toBe('nan');
});

test.each([
  [`avg(${NONE})`, 8, 'avg needs at least one element, found 0'],
  [`max(${NONE})`, 8, 'max needs at least one element, found 0'],
  [`min(${NONE})`, 8, 'min needs at least one element, found 0'],
  [`range(${NONE})`, 10, 'range needs at least one element, found 0'],
  ['std(1)', 8, 'std needs at least 2 elements, found 1'],
  [`percentile(${NONE}, 50)`, 15, 'percentile needs at least one element, found 0'],
  [`percentile(${V}, 101)`, 15, '101 is no percentile: 0 to 100 is'],
  [`percentile(${V}, 0/0)`, 15, 'NaN is no percentile: 0 to 100 is'],
  [`val(${V}, 3)`, 8, 'there is no element 3 in a vector of 3'],
  [`val(${V}, -1)`, 8, 'there is no element -1 in a vector of 3'],
  [`val(${V}, 0.5)`, 8, 'there is no element 0.5 in a vector of 3'],
  [`val(${NONE}, 0)`, 8, 'there is no element 0 in a vector of 0'],
  ['max("a")', 8, 'max takes doubles and vectors, found a string'],
  ['sum(1, time())', 8, 'sum takes doubles and vectors, found a timestamp'],
  ['lg("a")', 7, 'expected a double, found a string'],
  ['time(1)', 9, 'time takes a string, found a double'],
  ['time("noon")', 9, '"noon" is no time in the form of W3C-DTF or RFC 1123'],
  ['time("2026-13-01")', 9, '"2026-13-01" is no time in the form of W3C-DTF or RFC 1123'],
  [
    'time("2026-03-02T10:00:00.123456789Z")',
    9,
    '"2026-03-02T10:00:00.123456789Z" is no time in the form of W3C-DTF or RFC 1123',
  ],
  ['max()', 8, 'max takes 1 or more arguments, found 0'],
  ['lg(1, 2)', 7, 'lg takes 1 argument, found 2'],
  ['val(1)', 8, 'val takes 2 arguments, found 1'],
  ['time("a", "b")', 9, 'time takes 0 to 1 arguments, found 2'],
  ['abs(1)', 5, 'there is no function abs'],
  ['Max(1)', 5, 'there is no function Max'],
])('the call %s fails', (expression, column, reason) => {
  expect(valueWithVectors(expression)).toBe(`Line 1, Col ${column}: ${reason}`);
});

test('a timestamp has seven members, in UTC, and Monday is day 1', () => {
  const members = ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'second'];
  const values = members.map((member) => valueOf(`time("2026-03-02T10:11:12.9Z").${member}`));

  expect(values).toEqual(['2026', '3', '2', '1', '10', '11', '12']);
  expect(valueOf('time("2026-03-07T00:00:00Z").weekday')).toBe('6');
  expect(valueOf('time("2026-03-08T00:00:00Z").weekday')).toBe('0');
  expect(valueOf('time().Hour')).toBe('Line 1, Col 12: there is no member Hour');
  expect(valueOf('time().toString')).toBe('Line 1, Col 12: there is no member toString');
});

test('the intervals have their lengths', () => {
  const units = ['Zero', '100ns', 'Microsecond', 'Millisecond', 'Second', 'Minute', 'Hour'];
  const longer = ['Day', 'Week', 'Year'];
  const values = [...units, ...longer].map((unit) => valueOf(`TimeInterval_${unit} * 10000`));

  expect(values).toEqual([
    'PT0S',
    'PT0.001S',
    'PT0.01S',
    'PT10S',
    'PT2H46M40S',
    'P6DT22H40M',
    'P416DT16H',
    'P10000D',
    'P70000D',
    'P3650000D',
  ]);
});

import { expect, test } from 'vitest';
import { checkInputs } from '../../../src/workloads/shared/lib/inputs';
import { oneLine, quoted, wholeNumber } from '../../../src/workloads/shared/lib/program';

test('what a stranger wrote cannot break the line, move the cursor or turn the text around', () => {
  expect(oneLine('a\r\nb\u001B[2Jc\u202Ed\u2028e\u0085f\uD800g')).toBe(
    'a\\u{d}\\u{a}b\\u{1b}[2Jc\\u{202e}d\\u{2028}e\\u{85}f\\u{d800}g',
  );
  expect(oneLine('Grüße 日本 👩‍🚀')).toBe('Grüße 日本 👩\\u{200d}🚀');
  expect(oneLine('x'.repeat(1000))).toBe(`${'x'.repeat(600)}…`);
});

test('a quotation is short', () => {
  expect([quoted('abc'), quoted('abcdef', 3)]).toEqual(['"abc"', '"abc…"']);
});

test('a number that is not set is what it is otherwise, and must be set without that', () => {
  expect(wholeNumber({}, 'N', { min: 1, max: 9, otherwise: 3 })).toBe(3);
  expect(wholeNumber({ N: '9' }, 'N', { min: 1, max: 9, otherwise: 3 })).toBe(9);
  expect(() => wholeNumber({}, 'N', { min: 1, max: 9 })).toThrow(
    'N is not set: set it to a whole number from 1 to 9.',
  );
});

test('the list of inputs keeps hostile names and drops what it does not know', () => {
  const name = '../"; rm -rf ~\n';

  expect(checkInputs([{ file: 'inputs/0001.csv', name, size: 3, other: true }])).toEqual([
    { file: 'inputs/0001.csv', name, size: 3 },
  ]);
});

test.each([
  [[null], 'inputs.json: "file" of entry 1 must be a plain name in inputs/, and is missing.'],
  [[{ file: '/etc/passwd', name: 'a', size: 1 }], '"file" of entry 1'],
  [[{ file: 'inputs/a/b', name: 'a', size: 1 }], '"file" of entry 1'],
  [[{ file: 'inputs/..', name: 'a', size: 1 }], '"file" of entry 1'],
  [[{ file: 'inputs/a.csv', name: 7, size: 1 }], '"name" of entry 1 must be a text, and is 7.'],
  [[{ file: 'inputs/a.csv', name: 'a', size: -1 }], '"size" of entry 1 must be a number of bytes'],
])('an entry that the app did not write is refused: %j', (list, reason) => {
  expect(() => checkInputs(list)).toThrow(reason);
});

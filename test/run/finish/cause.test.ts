import { expect, test } from 'vitest';
import {
  describeFailure,
  describeTask,
  lastLine,
  lastLines,
  wholeLines,
} from '../../../src/run/finish/cause';

test.each([
  [7, 'FailureExitCode: it exited', 'failed with exit code 7'],
  [
    137,
    'FailureExitCode',
    'failed with exit code 137 (SIGKILL: out of memory, or killed; try more memory, or fewer tasks on a node)',
  ],
  [
    143,
    'FailureExitCode',
    'failed with exit code 143 (SIGTERM: terminated, for example at a time limit)',
  ],
  [126, 'FailureExitCode', 'failed with exit code 126 (a program is not executable)'],
  [127, 'FailureExitCode', 'failed with exit code 127 (a program was not found)'],
  [139, null, 'failed with exit code 139 (SIGSEGV: invalid memory access)'],
  [null, null, 'failed'],
  [
    137,
    'TaskEnded: ended by user request',
    'was terminated by Batch, probably for exceeding maxMinutes',
  ],
  [
    null,
    'CommandProgramNotFound: The program is not found: python4',
    'could not start (The program is not found: python4); install the program in pool.setup, or call it by its path',
  ],
  [
    null,
    'BlobNotFound: The blob is not found: https://a/b',
    'could not get a file: The blob is not found: https://a/b',
  ],
  [
    null,
    'ContainerInvalidImage: manifest unknown',
    'could not run its container image: manifest unknown; check its name and the access to its registry',
  ],
  [null, 'FileUploadAccessDenied: Access is denied', 'could not store an output: Access is denied'],
  [null, 'DiskFull', 'ran out of disk space: DiskFull'],
  [3, 'NewCode: of a later version', 'failed with exit code 3: NewCode: of a later version'],
])('exit code %j with the reason %j is described as %j', (exitCode, cause, sentence) => {
  expect(describeFailure({ exitCode, cause })).toBe(sentence);
});

test('a task is named with its input, without control characters and bounded', () => {
  expect(describeTask({ id: 't1', input: null })).toBe('task t1');
  expect(describeTask({ id: 't1', input: 'a\u001B[31m\nb\u202Etxt' })).toBe(
    'task t1 (input a b txt)',
  );
  expect(describeTask({ id: 't1', input: 'x'.repeat(300) })).toBe(
    `task t1 (input ${'x'.repeat(99)}…)`,
  );
});

test.each([
  ['no log', null],
  ['an empty log', ''],
  ['a log of blank lines', '\n \r\n\t\n'],
  ['a log of control characters', '\u0000\u0007\u001B[0m'],
])('%s has no last line', (_, text) => {
  expect([lastLine(text), lastLines(text)]).toEqual([null, null]);
});

test('the last line of a log is its last non-empty one, and its last lines are three', () => {
  const log = 'one\n\n  two  \r\nthree\n\tfour\n\n';

  expect(lastLine(log)).toBe('four');
  expect(lastLines(log)).toBe('two / three / four');
});

test('an uncaught error of Node.js is quoted by its message, not by its stack or version', () => {
  const log = `starting
file:///task/wd/fit.mjs:3
throw new RangeError('no such column: price');
^

RangeError: no such column: price
    at fit (file:///task/wd/fit.mjs:3:7)
    at file:///task/wd/fit.mjs:9:1 {
  column: 'price'
}

Node.js v24.4.0
`;

  expect(lastLine(log)).toBe('RangeError: no such column: price');
  expect(lastLine('nothing else\nNode.js v24.4.0')).toBe('nothing else');
});

test('lines of a log have no control characters and no terminal sequences', () => {
  const log = '\u001B[31mred\u001B[0m \u0000alarm\u0007 \u009B1mbold \u001B]0;title\u0007end\u007F';

  expect(lastLine(log)).toBe('red  alarm  bold end');
});

test('lines of a log keep letters of all languages [PY19]', () => {
  expect(lastLine('Größe: 日本 \u{1F600}')).toBe('Größe: 日本 \u{1F600}');
});

test('lines of a log have their credentials redacted [GD19]', () => {
  expect(lastLine('GET https://x/in/scene.bin?sv=1&sig=abc%3D failed')).toBe(
    'GET https://x/in/scene.bin?sv=1&sig=*** failed',
  );
});

test('a long line is shortened at its end, so that no quotation begins in the middle of a word', () => {
  const line = `the beginning ${'x'.repeat(10_000)}`;

  expect(lastLine(line)).toBe(`the beginning ${'x'.repeat(285)}…`);
  expect(lastLines(`${line}\nend`)).toBe(`the beginning ${'x'.repeat(135)}… / end`);
});

test.each([
  ['ginning of a line\nwhole\n', 'whole\n'],
  ['ginning of the only line\n', '…of the only line\n'],
  ['', '…'],
])('of the end of a file, %j, only whole lines are left', (text, rest) => {
  expect(wholeLines(text, true)).toBe(rest);
  expect(wholeLines(text, false)).toBe(text);
});

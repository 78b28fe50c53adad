import { expect, test } from 'vitest';
import { tail } from '../../src/run/harvest';

test('the last words of a task are its last three lines that say something', () => {
  expect(tail('one\n\n  two  \r\nthree\n\tfour\n\n')).toBe('two / three / four');
});

test.each([
  ['no log', null],
  ['an empty log', ''],
  ['a log of blank lines', '\n \r\n\t\n'],
  ['a log of control characters', '\u0000\u0007\u001B[0m'],
])('%s has no last words', (_what, text) => {
  expect(tail(text)).toBeNull();
});

test('last words hold no control characters, whatever was written', () => {
  const text = '\u001B[31mred\u001B[0m \u0000alarm\u0007 \u009B1mbold \u001B]0;title\u0007\u007F';

  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(tail(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
  expect(tail('\u001B[31mred\u001B[0m')).toBe('red');
});

test('letters of all languages stay in last words [PY19]', () => {
  expect(tail('Größe: 日本 \u{1F600}')).toBe('Größe: 日本 \u{1F600}');
});

test('last words are short, and the end is what stays of them', () => {
  const words = tail(`${'x'.repeat(10_000)}the end`);

  expect(words).toHaveLength(500);
  expect(words).toMatch(/xthe end$/);
});

test('last words give nobody access [GD19]', () => {
  expect(tail('GET https://x/in/scene.bin?sv=1&sig=abc%3D failed')).toBe(
    'GET https://x/in/scene.bin?sv=1&sig=*** failed',
  );
});

test('a log of 64 KB without a line end is cut in no time', () => {
  expect(tail('a'.repeat(64 * 1024))).toHaveLength(500);
});

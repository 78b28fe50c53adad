import { expect, test } from 'vitest';
import { counted, printable, twoColumns, wrap } from '../../../local/cli/text';

test('a count agrees with its noun', () => {
  expect([0, 1, 2, 0.6].map((count) => counted(count, 'node-minute'))).toEqual([
    '0 node-minutes',
    '1 node-minute',
    '2 node-minutes',
    '0.6 node-minutes',
  ]);
});

test('a printed name cannot control the terminal', () => {
  expect(printable('\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp.txt')).toBe(
    '\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202egnp.txt',
  );
  expect(printable('häuser/日本 😀.txt')).toBe('häuser/日本 😀.txt');
});

test('a text breaks between words, never within one', () => {
  expect(wrap('downloads outputs and logs', 12)).toEqual(['downloads', 'outputs and', 'logs']);
  expect(wrap('http://127.0.0.1:10003/long', 10)).toEqual(['http://127.0.0.1:10003/long']);
});

test('notes are beside their commands if all of them fit, and below otherwise', () => {
  const rows = [
    ['npm run drop', 'uploads a file'],
    ['npm run fetch', 'downloads outputs and logs'],
  ] as const;

  expect(twoColumns(rows, 80)).toEqual([
    '  npm run drop   uploads a file',
    '  npm run fetch  downloads outputs and logs',
  ]);
  expect(twoColumns(rows, 24)).toEqual([
    '  npm run drop',
    '    uploads a file',
    '  npm run fetch',
    '    downloads outputs',
    '    and logs',
  ]);
});

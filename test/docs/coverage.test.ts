import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { root, textOf } from './documents';

test('every numbered instruction is proved by a test, or listed with its place', () => {
  const page = textOf('docs/coverage.md');
  const ranges = [...page.matchAll(/^\| ([A-Z]{2})1 to \1(\d+) \|/gm)];
  const all = ranges.flatMap(([, guide = '', last]) =>
    Array.from({ length: Number(last) }, (_, index) => `${guide}${index + 1}`),
  );
  const [, rows = ''] = page.split('| id | instruction, in short | where |');
  const listed = [...rows.matchAll(/^\| ([A-Z]{2}\d+(?:, [A-Z]{2}\d+)*) \|/gm)].flatMap(
    ([, ids = '']) => ids.split(', '),
  );
  const shown = new Set(
    globSync('test/**/*.test.ts', { cwd: root }).flatMap((file) =>
      [...textOf(file).matchAll(/\[((?:[A-Z]{2}\d+(?:, )?)+)\]/g)].flatMap(([, ids = '']) =>
        ids.split(', '),
      ),
    ),
  );

  expect(all).toHaveLength(137);
  expect(all.filter((id) => !shown.has(id) && !listed.includes(id))).toEqual([]);
  expect([...shown, ...listed].filter((id) => !all.includes(id))).toEqual([]);
});

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { rooms } from '../boundaries';
import { codeIn, root, rowsOf, sectionOf, textOf } from './documents';

const page = 'docs/architecture.md';

test('the architecture page lists every room of src with what it may import', () => {
  const rows = rowsOf(sectionOf(page, 'The rooms of `src`')).filter(([room = '']) =>
    room.startsWith('`'),
  );
  const listed = rows.map(([room = '', , imports = '']) => [codeIn(room)[0], codeIn(imports)]);

  expect(Object.fromEntries(listed)).toEqual(rooms);
});

test('every room of the table exists in src, and src has no other', () => {
  expect(readdirSync(path.join(root, 'src')).sort()).toEqual(Object.keys(rooms).sort());
});

test('every file and folder that the architecture page names exists', () => {
  const files = globSync(['src/**', 'local/**', 'test/**'], { cwd: root });
  const named = codeIn(textOf(page).replaceAll(/```[\s\S]*?```/g, '')).filter((code) =>
    /^[\w/.-]+(\.ts|\/)$/.test(code),
  );
  const missing = named.filter(
    (name) =>
      !existsSync(path.join(root, name)) && !files.some((file) => `/${file}`.includes(`/${name}`)),
  );

  expect(named.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

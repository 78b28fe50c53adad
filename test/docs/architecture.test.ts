import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { rooms } from '../boundaries';
import { codeIn, root, rowsOf, sectionOf } from './documents';

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

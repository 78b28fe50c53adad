import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { assumptions } from '../../../local/verify/assumptions';

const root = join(__dirname, '..', '..', '..');

/** The files with a mark, the marks of this test's own title aside. */
function markedFiles(): readonly string[] {
  const files = globSync(['{src,local,infra,test}/**/*.{ts,mts,mjs,sh,bicep}'], { cwd: root });
  return files
    .filter((file) => !file.endsWith('assumptions.test.ts'))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('Unconfirmed:'))
    .sort();
}

test('every file with an unconfirmed assumption is in the list of assumptions', () => {
  const listed = new Set(assumptions.map(({ dependsOn }) => dependsOn));
  expect(markedFiles().filter((file) => !listed.has(file))).toEqual([]);
});

test('every assumption names a file that exists, and each name occurs once', () => {
  const ids = assumptions.map(({ id }) => id);
  expect(assumptions.filter(({ dependsOn }) => !existsSync(join(root, dependsOn)))).toEqual([]);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildState, hashSources, writeStamp } from '../scripts/build-stamp.mjs';

function repository(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-build-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const part of ['src', 'local', 'dist']) mkdirSync(path.join(folder, part));
  writeFileSync(path.join(folder, 'src', 'main.ts'), 'export const a = 1;\n');
  writeFileSync(path.join(folder, 'local', 'part.ts'), 'export const b = 1;\n');
  return folder;
}

test.each([
  ['a changed file', 'src/main.ts', 'export const a = 2;\n'],
  ['a new file', 'local/new.ts', ''],
  ['a new data file of a workload', 'src/table.csv', 'a,b\n'],
])('%s makes a build stale', (_, file, text) => {
  const folder = repository();
  writeStamp(hashSources(folder), folder);
  const before = buildState(folder);

  writeFileSync(path.join(folder, file), text);

  expect([before, buildState(folder)]).toEqual(['current', 'stale']);
});

test('a file that is deleted makes a build stale', () => {
  const folder = repository();
  writeStamp(hashSources(folder), folder);

  rmSync(path.join(folder, 'local', 'part.ts'));

  expect(buildState(folder)).toBe('stale');
});

test('without a stamp there is no build, whatever dist has', () => {
  expect(buildState(repository())).toBe('missing');
});

test('the same content is the same build, whenever it was written', () => {
  const folder = repository();
  writeStamp(hashSources(folder), folder);

  writeFileSync(path.join(folder, 'src', 'main.ts'), 'export const a = 1;\n');

  expect(buildState(folder)).toBe('current');
});

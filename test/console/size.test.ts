import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const built = join(__dirname, '..', '..', 'dist', 'src', 'console');
const assets = join(built, 'assets');

test('the console has at most 150 KB, compressed, all its files together', () => {
  const files = [
    join(built, 'index.html'),
    ...readdirSync(assets).map((name) => join(assets, name)),
  ];
  const bytes = files.map((file) => gzipSync(readFileSync(file), { level: 9 }).length);

  expect(files.length).toBeGreaterThan(3);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(150 * 1024);
});

test('the page has no script or style of its own, and every file that it names exists', () => {
  const page = readFileSync(join(built, 'index.html'), 'utf8');
  const named = [...page.matchAll(/"\/api\/console\/(assets\/[^"]+)"/g)].map(
    ([, file = '']) => file,
  );

  expect(named).toHaveLength(2);
  expect(named.filter((file) => !existsSync(join(built, file)))).toEqual([]);
  expect(page).not.toMatch(
    /<style|style=|<script(?![^>]* src=)|onload=|https?:(?!\/\/www\.w3\.org)/,
  );
});

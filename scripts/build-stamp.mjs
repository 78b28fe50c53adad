// Tells whether dist/ was built from the sources as they are: a hash of everything that the build
// reads, which the build leaves in dist/.sources. Modification times would not do, since a checkout
// changes them.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const READ_BY_THE_BUILD = [
  'src/**/*',
  'local/**/*.ts',
  'scripts/build*.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** Hash of the sources in `folder`. */
export function hashSources(folder = root) {
  const hash = createHash('sha256');
  const files = globSync(READ_BY_THE_BUILD, { cwd: folder, dot: true }).sort();
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readFileSync(path.join(folder, file)));
    hash.update('\0');
  }
  return hash.digest('hex');
}

function stampOf(folder) {
  return path.join(folder, 'dist', '.sources');
}

export function writeStamp(hash, folder = root) {
  writeFileSync(stampOf(folder), `${hash}\n`);
}

/** `missing`, `stale` or `current`. */
export function buildState(folder = root) {
  const stamp = stampOf(folder);
  if (!existsSync(stamp)) return 'missing';
  return readFileSync(stamp, 'utf8').trim() === hashSources(folder) ? 'current' : 'stale';
}

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildState } from '../scripts/build-stamp.mjs';

const root = path.resolve(__dirname, '..');

/** Runs once before the tests that use `dist`: none of them passes on a build that is stale. */
export function setup(): void {
  const state = buildState();
  if (state === 'current') return;
  process.stdout.write(`dist is ${state}; building\n`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

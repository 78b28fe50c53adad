// Compiles the app and the local environment into dist/, and makes the programs of the nodes and the
// files of the console.
//
//   node scripts/build.mjs [--in-place]
//
// --in-place   keeps what dist/ has, for an environment that runs from it

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from './arguments.mjs';
import { hashSources, root, writeStamp } from './build-stamp.mjs';

const { values: options } = readArguments({
  usage: `node scripts/build.mjs [--in-place]
  Compiles the app and the local environment into dist/.
  --in-place    keep what dist/ has, for an environment that runs from it
`,
  options: { 'in-place': { type: 'boolean', default: false } },
});

// Before the build: a file that changes meanwhile must make the build stale.
const hash = hashSources();
const dist = path.join(root, 'dist');
rmSync(options['in-place'] ? path.join(dist, '.sources') : dist, { recursive: true, force: true });
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noEmitOnError');
run('scripts/build-programs.mjs');
run('scripts/build-console.mjs');
writeStamp(hash);

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

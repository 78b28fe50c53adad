// Makes the programs that run on Batch nodes. Each `src/workloads/<workload>/programs/*.ts` becomes
// one ES module without imports beside Node's own, `<name>.mjs` in the same place under `dist/src`;
// what is no TypeScript (shell scripts, data) is copied as it is, with its executable bit.
//
//   node scripts/build-programs.mjs [output folder, dist by default]

import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';
import { readArguments } from './arguments.mjs';
import { scriptWarnings } from './build-lint.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { positionals } = readArguments({
  usage: `node scripts/build-programs.mjs [<output folder>]
  Makes the programs that run on Batch nodes, by default in dist/.
`,
  maxArguments: 1,
});
const output = path.resolve(positionals[0] ?? path.join(root, 'dist'));

const programs = globSync('src/workloads/*/programs/*.ts', { cwd: root });
const plainFiles = globSync('src/workloads/**/*', { cwd: root, ignore: '**/*.ts', dot: true });

await build({
  absWorkingDir: root,
  entryPoints: programs,
  outbase: root,
  outdir: output,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  // The `nodejs` package of Ubuntu 24.04 is Node.js 18.
  target: 'node18',
  // Packages written as CommonJS ask for Node's own modules through `require`.
  banner: {
    js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

for (const file of plainFiles) {
  for (const warning of scriptWarnings(file, readFileSync(path.join(root, file), 'latin1')))
    process.stderr.write(`warning: ${warning}\n`);
  const target = path.join(output, file);
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(path.join(root, file), target);
  chmodSync(target, statSync(path.join(root, file)).mode);
}

process.stdout.write(`${programs.length} programs and ${plainFiles.length} plain files built.\n`);

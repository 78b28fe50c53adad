#!/usr/bin/env node
// Starts the command line of src/cli: bundles it into dist/cli, which takes a moment, so that it
// always is that of the sources, and runs it in this process.
//
//   nightshift <command> [arguments]

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(root, 'dist', 'cli', 'main.js');

const esbuild = await import('esbuild').catch(() => {
  process.stderr.write(`the dependencies are not installed; run npm ci in ${root}\n`);
  process.exit(1);
});
const { outputFiles } = esbuild.buildSync({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts'],
  bundle: true,
  platform: 'node',
  packages: 'external',
  sourcemap: 'inline',
  outfile: file,
  write: false,
  logLevel: 'error',
});
const [{ contents }] = outputFiles;
mkdirSync(path.dirname(file), { recursive: true });
// Another call at the same time reads the old file or the new one, never a part.
const temporary = `${file}.${process.pid}`;
writeFileSync(temporary, contents);
renameSync(temporary, file);
createRequire(file)(file);

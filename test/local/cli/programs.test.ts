import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';

const root = path.resolve(__dirname, '../../..');

/** Modules without a command line, and two whose first argument is a command. */
const notPrograms = [
  'arguments',
  'bicep-compiler',
  'build-lint',
  'build-stamp',
  'nightshift',
  'real-engine-host',
  'run',
];

const programs = [
  ...globSync('scripts/*.mjs', {
    cwd: root,
    ignore: notPrograms.map((name) => `scripts/${name}.mjs`),
  }),
  ...globSync('dist/local/{batch,functions,functions/bench,verify}/main.js', { cwd: root }),
  ...globSync('dist/local/cli/{demo,up}.js', { cwd: root }),
].sort();

function call(program: string, argument: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, argument], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('every program of the project is tried', () => {
  expect(programs.length).toBe(16);
});

test.each(programs)('%s prints its usage for --help', (program) => {
  const { status, stdout, stderr } = call(program, '--help');

  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^(npm|node) \S+.*\n {2}\S/);
});

test.each(programs)('%s refuses an unknown option in one sentence', (program) => {
  const { status, stdout, stderr } = call(program, '--misspelt');

  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^[^\n]*unknown option '--misspelt'; .* --help lists the options\n$/);
});

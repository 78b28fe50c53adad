import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scriptWarnings } from '../../scripts/build-lint.mjs';
import { buildPrograms } from './built';

const built = buildPrograms();
afterAll(() => built.remove());

const files = readdirSync(path.join(built.folder, 'src'), { recursive: true, encoding: 'utf8' })
  .map((file) => path.join(built.folder, 'src', file))
  .filter((file) => statSync(file).isFile());

test('each program becomes one file, and plain files are copied', () => {
  const names = files.map((file) => path.relative(built.folder, file).replaceAll(path.sep, '/'));

  expect(names).toEqual(
    expect.arrayContaining([
      'src/workloads/nightly-report/programs/report.mjs',
      'src/workloads/render/programs/merge.mjs',
      'src/workloads/render/programs/split.mjs',
      'src/workloads/render/programs/tile.mjs',
      'src/workloads/shared/install-node.sh',
    ]),
  );
  expect(names.filter((name) => name.includes('/lib/') || name.endsWith('.ts'))).toEqual([]);
});

test('a program needs nothing but Node.js', () => {
  const known = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  for (const file of files.filter((name) => name.endsWith('.mjs'))) {
    const imports = [...readFileSync(file, 'utf8').matchAll(/^import .* from ["'](.+)["'];$/gm)];
    expect(imports.length).toBeGreaterThan(0);
    expect(imports.map(([, name = '']) => name).filter((name) => !known.has(name))).toEqual([]);
  }
});

test.skipIf(process.platform === 'win32')('a script stays executable', () => {
  const script = files.find((file) => file.endsWith('.sh')) ?? '';

  expect(statSync(script).mode & 0o111).toBe(0o111);
});

test('no script loses its variables to sudo: it is Batch that gives it its rights [NB13]', () => {
  const scripts = files.filter((file) => file.endsWith('.sh'));

  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.filter((script) => /\bsudo\b/.test(readFileSync(script, 'utf8')))).toEqual([]);
});

// A script returns the exit code of its last command only, unless it says otherwise.
test('scripts stop at the first command that fails [PY12] [PY13]', () => {
  const scripts = files.filter((file) => file.endsWith('.sh'));

  expect(scripts.length).toBeGreaterThan(0);
  for (const script of scripts) {
    const text = readFileSync(script, 'utf8');
    // Plain sh knows no pipefail, so a script for it may have no pipe.
    const isPlain = text.startsWith('#!/bin/sh\n') && !/[^|]\|[^|]/.test(text);
    expect(text).toMatch(isPlain ? /^set -eu$/m : /^set -euo pipefail$/m);
  }
});

test.each([
  [
    '#!/bin/bash\nmake\nmake install\n',
    'a command that fails is ignored; begin the script with set -euo pipefail',
  ],
  [
    '#!/bin/bash\n# set -e would help\nmake\n',
    'a command that fails is ignored; begin the script with set -euo pipefail',
  ],
  [
    '#!/bin/bash\nset -e\nmake | tee log\n',
    'a failure on the left of a pipe is ignored; write set -euo pipefail',
  ],
  [
    '#!/bin/sh\nset -eu\nmake | tee log\n',
    'a failure on the left of a pipe is ignored, and sh has no pipefail; use #!/bin/bash',
  ],
])(
  'the build warns of a script of a workload whose failures are lost: %j [PY13]',
  (text, warning) => {
    expect(scriptWarnings('src/workloads/fit/programs/fit.sh', text)).toEqual([
      `src/workloads/fit/programs/fit.sh: ${warning}`,
    ]);
  },
);

test.each([
  ['fit.sh', '#!/bin/bash\nset -euo pipefail\nmake | tee log\n'],
  ['fit.sh', '#!/bin/sh\nset -eu\necho "a | b" || exit 1\n'],
  ['fit.sh', '#!/bin/bash -e\nmake\n'],
  ['fit.sh', '#!/bin/bash\nset -o errexit -o pipefail\nmake | tee log\n'],
  ['fit.py', '#!/usr/bin/env python3\nprint(1)\n'],
  ['names.txt', 'make; make install\n'],
])('the build has no warning of %s: %j', (name, text) => {
  expect(scriptWarnings(name, text)).toEqual([]);
});

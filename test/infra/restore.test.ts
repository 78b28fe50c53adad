import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BICEP_VERSION, hasDotnet } from '../../scripts/bicep-compiler.mjs';
import { root, textAt } from './deployment';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'restore-'));
  mkdirSync(path.join(folder, 'scripts'));
  for (const file of ['arguments.mjs', 'bicep.mjs', 'bicep-compiler.mjs'])
    cpSync(path.join(root, 'scripts', file), path.join(folder, 'scripts', file));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the script in a repository that has no compiler. */
function restoring(environment?: Readonly<Record<string, string>>) {
  const script = path.join(folder, 'scripts/bicep.mjs');
  const { status, stdout } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    ...(environment === undefined ? {} : { env: environment }),
  });
  return { status, stdout };
}

const isPinned = process.platform === 'linux' && process.arch === 'x64';

test.runIf(isPinned)('without dotnet no compiler is restored, and the script says so', () => {
  expect(restoring({ PATH: '' })).toEqual({
    status: 0,
    stdout: `Bicep ${BICEP_VERSION} is skipped: dotnet is missing.\n`,
  });
});

const noDotnet = hasDotnet() ? '' : ', skipped as dotnet is missing';

test.runIf(isPinned && noDotnet === '')(
  `without a source that has the package no compiler is restored, and the script says so${noDotnet}`,
  () => {
    mkdirSync(path.join(folder, 'empty'), { recursive: true });
    writeFileSync(
      path.join(folder, 'NuGet.config'),
      '<configuration><packageSources><clear /><add key="none" value="empty" /></packageSources></configuration>',
    );

    expect(restoring()).toEqual({
      status: 0,
      stdout: `Bicep ${BICEP_VERSION} is skipped: NuGet could not restore the package; the reason is above.\n`,
    });
    expect(existsSync(path.join(folder, '.nightshift/tools', `bicep-${BICEP_VERSION}`))).toBe(
      false,
    );
  },
  300_000,
);

test('a clean clone restores the compiler before its tests, and a failure does not end it', () => {
  const lines = textAt('.ci/run').split('\n');
  const restore = lines.findIndex((line) => line.startsWith('node scripts/bicep.mjs'));
  expect(lines[restore]).toBe(
    "node scripts/bicep.mjs || echo 'The Bicep compiler was not restored: its tests are skipped.'",
  );
  expect(restore).toBeLessThan(lines.findIndex((line) => line.includes('npm test')));
});

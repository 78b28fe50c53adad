import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, test } from 'vitest';

const root = join(__dirname, '..', '..');

test('Azurite starts without the library of its telemetry', () => {
  const preloaded = ['--require', join(root, 'local', 'without-telemetry.ts')];
  const exported = (args: readonly string[]) =>
    execFileSync(execPath, [...args, '--print', "typeof require('applicationinsights').start"], {
      cwd: root,
      encoding: 'utf8',
    }).trim();

  expect([exported([]), exported(preloaded)]).toEqual(['function', 'undefined']);
});

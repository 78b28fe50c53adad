import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../../local/folder-lock';

function temporaryFolder(name = ''): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lock-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, name);
}

test.each([
  ['a short name', 'state'],
  ['a name that is too long for a socket', 'x'.repeat(120)],
])('a folder with %s is locked for one, until it is released', async (_, name) => {
  const folder = temporaryFolder(name);
  const release = await lockFolder(folder, 'Batch stand-in');

  await expect(lockFolder(folder, 'Batch stand-in')).rejects.toThrow(
    `Another Batch stand-in runs on ${folder}; stop it, or give this one another folder.`,
  );
  await release();
  await (
    await lockFolder(folder, 'Batch stand-in')
  )();
});

test('the lock lies in the folder, where a container that mounts it finds it', async () => {
  const folder = temporaryFolder();
  const release = await lockFolder(folder, 'Functions host');

  expect(fs.statSync(path.join(folder, '.lock')).isSocket()).toBe(true);
  await release();
});

test('a process that was killed leaves no lock', async () => {
  const folder = temporaryFolder();
  const held = `require('node:net').createServer().listen(${JSON.stringify(path.join(folder, '.lock'))}, () => console.log('held'))`;
  const child = spawn(process.execPath, ['-e', held], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await expect(lockFolder(folder, 'Functions host')).rejects.toThrow('runs on');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const release = await lockFolder(folder, 'Functions host');
  await release();
});

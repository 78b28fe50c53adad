import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { clientFor, newFolder, UBUNTU } from './stand';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../../..');

test('the package is one file under 3 MB, which installs offline in an empty folder and runs a task', async () => {
  const folder = await newFolder();
  const { stdout } = await run(process.execPath, ['scripts/pack-batch.mjs', '--to', folder], {
    cwd: root,
  });
  const archive = /^(\S+\.tgz): /.exec(stdout)?.[1] ?? '';
  const empty = await newFolder();
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: empty });

  expect((await fsp.stat(archive)).size).toBeLessThan(3_000_000);
  const installed = path.join(empty, 'node_modules');
  const names = (await fsp.readdir(installed)).filter((name) => !name.startsWith('.'));
  expect(names).toEqual(['nightshift-batch']);
  expect((await fsp.readdir(path.join(installed, 'nightshift-batch'))).sort()).toEqual([
    'Containerfile',
    'LICENSE',
    'README.md',
    'THIRD-PARTY-LICENSES.txt',
    'nightshift-batch.js',
    'package.json',
  ]);

  const { url, account, key, stderr } = await start(empty);
  expect(stderr()).toBe('');
  const client = clientFor(url, { name: account, key });
  await client.pool.add({
    id: 'pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetDedicatedNodes: 1,
  });
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await client.task.add('job', { id: 'task', commandLine: 'true' });
  await expect
    .poll(async () => (await client.task.get('job', 'task')).executionInfo, { timeout: 60_000 })
    .toMatchObject({ exitCode: 0, result: 'success' });
});

/** Starts the installed program, and reads from its output how to reach it. */
async function start(folder: string) {
  const program = path.join(folder, 'node_modules', '.bin', 'nightshift-batch');
  const child = spawn(program, ['--port=0', '--speed=50', '--quiet'], { cwd: folder });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  const printed = (pattern: RegExp) => pattern.exec(output)?.[1] ?? '';
  const started = expect
    .poll(() => printed(/ACCESS_KEY=(\S+)\n/), { timeout: 60_000 })
    .not.toBe('');
  await Promise.race([started, ended.then(() => Promise.reject(new Error(errors)))]);
  return {
    url: printed(/^endpoint (\S+)/m),
    account: printed(/^account +(\S+)/m),
    key: printed(/^key +(\S+)/m),
    stderr: () => errors,
  };
}

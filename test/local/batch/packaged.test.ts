import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fsp from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ACCOUNT as PUBLISHED } from '../../../local/batch/command';
import { containerEngine, nodeImage, whySkipped } from '../../container-image';
import { clientFor, newFolder, newTemporaryFolder, UBUNTU } from './stand';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../../..');
const engine = containerEngine();

/** The archive of the package, and the folder of its content. */
let packed: { readonly archive: string; readonly content: string };
let remove: () => Promise<void>;

beforeAll(async () => {
  const folder = await newTemporaryFolder();
  remove = () => folder.remove();
  const { stdout } = await run(process.execPath, ['scripts/pack-batch.mjs', '--to', folder.path], {
    cwd: root,
  });
  packed = {
    archive: /^(\S+\.tgz): /.exec(stdout)?.[1] ?? '',
    content: path.join(folder.path, 'nightshift-batch'),
  };
});
afterAll(() => remove());

test('the package is one file under 3 MB, which installs offline in an empty folder and runs a task', async () => {
  const empty = await newFolder();
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed.archive], {
    cwd: empty,
  });

  expect((await fsp.stat(packed.archive)).size).toBeLessThan(3_000_000);
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
  await runTask(await start(empty));
});

/** Starts the installed program, and reads from its output where it is. */
async function start(folder: string): Promise<string> {
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
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      if (output.includes('ACCESS_KEY')) resolve();
    });
  });
  await Promise.race([started, ended.then(() => Promise.reject(new Error(errors)))]);
  return /^endpoint (\S+)/m.exec(output)?.[1] ?? '';
}

/** Runs a task that prints the variable of a node, and checks what it printed. */
async function runTask(url: string): Promise<void> {
  const client = clientFor(url, PUBLISHED);
  await client.pool.add({
    id: 'pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetDedicatedNodes: 1,
  });
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "sleep 1000 & echo $AZ_BATCH_POOL_ID"',
  });
  await expect
    .poll(async () => (await client.task.get('job', 'task')).executionInfo, { timeout: 60_000 })
    .toMatchObject({ exitCode: 0, result: 'success' });
  const { contentLength } = await client.file.getPropertiesFromTask('job', 'task', 'stdout.txt');
  expect(contentLength).toBe('pool\n'.length);
}

test.skipIf(typeof engine === 'string')(
  `the Containerfile makes an image that runs a task, is probed and reset${whySkipped(engine)}`,
  async () => {
    if (typeof engine === 'string') return;
    const image = `localhost/nightshift-batch-test:${process.pid}`;
    engine.ask('build', '--build-arg', `BASE=${nodeImage(engine)}`, '-t', image, packed.content);
    onTestFinished(() => void engine.ask('rmi', '--force', image));
    const port = String(await freePort());
    const container = engine
      .ask(
        'run',
        '--detach',
        '-p',
        `127.0.0.1:${port}:${port}`,
        image,
        '--allow-host',
        'localhost',
        '--port',
        port,
        '--speed',
        '50',
      )
      .trim();
    onTestFinished(() => void engine.ask('rm', '--force', '--volumes', container));
    const url = `http://localhost:${port}`;
    const probe = () => fetch(`${url}/healthz`).then(({ status }) => status, String);

    await expect.poll(probe, { timeout: 60_000 }).toBe(200);
    await runTask(url);
    const reset = await fetch(`${url}/_local/reset`, { method: 'POST' });

    expect(reset.status).toBe(200);
    expect([...(await clientFor(url, PUBLISHED).pool.list())]).toEqual([]);
    expect(engine.ask('logs', container)).toContain(`endpoint http://127.0.0.1:${port}\n`);
  },
);

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

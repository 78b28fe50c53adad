import { build } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ACCOUNT, UBUNTU, clientOf, isAlive, newFolder, newTemporaryFolder } from './stand';

/** The stand-in as a separate process, so that it can be killed. */
let program: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  // Beside the sources, because it finds its libraries from where it is.
  const folder = path.resolve('node_modules/.batch-test');
  await fsp.mkdir(folder, { recursive: true });
  program = path.join(folder, `main-${process.pid}.cjs`);
  remove = () => fsp.rm(program, { force: true });
  await build({
    entryPoints: ['local/batch/main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logLevel: 'error',
  });
});

afterAll(() => remove());

interface Started {
  readonly process: ChildProcess;
  readonly url: string;
}

async function start(folder: string): Promise<Started> {
  const child = spawn(
    process.execPath,
    [
      program,
      '--port=0',
      `--folder=${folder}`,
      '--speed=20',
      '--quiet',
      `--account=${ACCOUNT.name}`,
      `--key=${ACCOUNT.key}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      const found = /endpoint (\S+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { process: child, url };
}

async function kill(started: Started): Promise<void> {
  const gone = new Promise((resolve) => {
    started.process.once('exit', resolve);
  });
  started.process.kill('SIGKILL');
  await gone;
}

test.each([1, 20, 60, 120])(
  'a stand-in that is killed after %i tasks keeps everything that it acknowledged',
  async (count) => {
    const folder = await newFolder();
    const first = await start(folder);
    const client = clientOf(first.url);
    await client.pool.add({
      id: 'pool',
      vmSize: 'standard_d2s_v5',
      virtualMachineConfiguration: UBUNTU,
      targetLowPriorityNodes: 2,
    });
    await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
    const acknowledged: string[] = [];
    let next = 0;
    let isEnough = () => {};
    const enough = new Promise<void>((resolve) => {
      isEnough = resolve;
    });
    const adding = Array.from({ length: 4 }, async () => {
      for (;;) {
        const id = `t${(next += 1)}`;
        await client.task.add('job', { id, commandLine: 'true' });
        acknowledged.push(id);
        if (acknowledged.length === count) isEnough();
      }
    }).map((one) => one.catch(() => undefined));

    await enough;
    await kill(first);
    await Promise.all(adding);

    const second = await start(folder);
    const after = clientOf(second.url);
    const ids = new Set<string>();
    for (let page = await after.task.list('job'); ;) {
      for (const { id } of page) ids.add(id ?? '');
      if (page.odatanextLink === undefined) break;
      page = await after.task.listNext(page.odatanextLink);
    }
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    // At most one task of each adder was under way and may or may not have come in.
    expect(ids.size - acknowledged.length).toBeLessThanOrEqual(4);
  },
);

test('processes of a killed stand-in are killed by the next one, and their tasks run again', async () => {
  const folder = await newFolder();
  const shared = await newTemporaryFolder();
  onTestFinished(() => shared.remove());
  const first = await start(folder);
  const client = clientOf(first.url);
  await client.pool.add({
    id: 'pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetLowPriorityNodes: 1,
  });
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const pids = path.join(shared.path, 'pids');
  await client.task.add('job', {
    id: 'task',
    commandLine: `/bin/sh -c "sleep 1000 & echo $! >> ${pids}; test $(wc -l < ${pids}) = 2 || wait; kill $!"`,
  });
  const pidOf = async (line: number) =>
    Number((await fsp.readFile(pids, 'utf8').catch(() => '')).split('\n')[line]);
  await expect.poll(() => pidOf(0), { timeout: 50_000 }).toBeGreaterThan(0);
  const left = await pidOf(0);
  // An acknowledged change is on disk with all earlier ones, also the start of the task.
  await client.job.add({ id: 'later', poolInfo: { poolId: 'pool' } });

  await kill(first);
  expect(isAlive(left)).toBe(true);
  const second = await start(folder);
  const after = clientOf(second.url);

  await expect
    .poll(async () => (await after.task.get('job', 'task')).state, { timeout: 50_000 })
    .toBe('completed');
  const { executionInfo } = await after.task.get('job', 'task');
  await expect.poll(() => isAlive(left), { timeout: 50_000 }).toBe(false);
  expect(executionInfo).toMatchObject({ exitCode: 0, retryCount: 0, requeueCount: 1 });
});

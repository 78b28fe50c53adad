import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SteppedClock } from '../../../local/clock';
import { fileText, isAlive, newFolder, poolOf, printedPid, standIn, taskDone } from './stand';

test('everything is restored after a restart, and interrupted tasks run again', async () => {
  const folder = await newFolder();
  const clock = new SteppedClock('2030-01-01T00:00:00Z');
  const before = await standIn({ folder, clock });
  await poolOf(before, 1, { startTask: { commandLine: 'true' }, taskSlotsPerNode: 2 });
  await before.client.job.add({
    id: 'job',
    poolInfo: { poolId: 'pool' },
    usesTaskDependencies: true,
  });
  await before.client.task.addCollection('job', [
    { id: 'done', commandLine: '/bin/echo kept' },
    { id: 'parent', commandLine: 'true' },
    {
      id: 'long',
      commandLine: '/bin/sh -c "echo $$; test -e $AZ_BATCH_NODE_SHARED_DIR/go || sleep 1000"',
    },
    { id: 'child', commandLine: 'true', dependsOn: { taskIds: ['long', 'parent'] } },
  ]);
  await taskDone(before, 'job', 'done');
  const pid = await printedPid(before, 'job', 'long');
  const pool = await before.client.pool.get('pool');
  await before.batch.close();
  expect(isAlive(pid)).toBe(false);

  const after = await standIn({ folder, clock });
  const [node] = await after.client.computeNode.list('pool');
  const again = await after.client.task.get('job', 'long');
  await fsp.writeFile(path.join(folder, 'nodes/pool', node?.id ?? '', 'tasks/shared/go'), '');

  expect((await after.client.pool.get('pool')).eTag).toBe(pool.eTag);
  expect(node?.state).toBe('rebooting');
  expect(again).toMatchObject({
    state: 'active',
    executionInfo: { retryCount: 0, requeueCount: 1 },
  });
  expect((await taskDone(after, 'job', 'child')).executionInfo?.exitCode).toBe(0);
  expect(await fileText(after, 'job', 'done', 'stdout.txt')).toBe('kept\n');
  expect((await after.client.job.getTaskCounts('job')).taskCounts).toEqual({
    active: 0,
    running: 0,
    completed: 4,
    succeeded: 4,
    failed: 0,
  });
});

test.each([
  ['is completed', { kind: 'complete', failure: { code: 'TaskEnded' } }, 'completed'],
  ['is removed', { kind: 'remove' }, 'TaskNotFound'],
  ['runs again', { kind: 'requeue' }, 'active'],
])(
  'a task that was being stopped when the stand-in was killed %s after the restart',
  async (_, pendingStop, state) => {
    const folder = await newFolder();
    const before = await standIn({ folder });
    await poolOf(before, 1);
    await before.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
    await before.client.task.add('job', { id: 'task', commandLine: 'sleep 1000' });
    await before.until(async () => {
      return (await before.client.task.get('job', 'task')).state === 'running';
    }, 0);
    await before.batch.close();
    const [log = ''] = fs.readdirSync(path.join(folder, 'state'));
    const file = path.join(folder, 'state', log);
    const changes = fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as [string, string, object][])));
    const [, row, record] = changes.findLast(([, key]) => key === 'task/job/task') ?? [];
    fs.appendFileSync(file, `${JSON.stringify([['put', row, { ...record, pendingStop }]])}\n`);

    const after = await standIn({ folder });

    const found = await after.client.task.get('job', 'task').then(
      (task) => task.state,
      (error: { readonly code: string }) => error.code,
    );
    expect(found).toBe(state);
  },
);

test('a second stand-in on a folder is refused, and the folder is free again after the first', async () => {
  const folder = await newFolder();
  const first = await standIn({ folder });

  await expect(standIn({ folder })).rejects.toThrow(
    `Another Batch stand-in runs on ${folder}; stop it, or give this one another folder.`,
  );
  await first.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await first.batch.close();
  const next = await standIn({ folder });
  expect((await next.client.job.list()).map(({ id }) => id)).toEqual(['job']);
});

test('a page of another port of this machine uses neither the service nor its control', async () => {
  const { batch } = await standIn();
  const post = async (path: string, headers: Readonly<Record<string, string>>) =>
    (await fetch(`${batch.url}${path}`, { method: 'POST', headers, body: '{}' })).status;

  expect([
    await post('/_local/faults', { origin: 'http://localhost:5173', 'content-type': 'text/plain' }),
    await post('/jobs', { origin: 'http://localhost:5173' }),
  ]).toEqual([403, 403]);
});

test('an incomplete last line of the journal is truncated, and the complete lines count', async () => {
  const folder = await newFolder();
  const before = await standIn({ folder });
  await before.client.job.add({ id: 'whole', poolInfo: { poolId: 'pool' } });
  await before.batch.close();
  const state = path.join(folder, 'state');
  const [log = ''] = fs.readdirSync(state);
  fs.appendFileSync(path.join(state, log), '[["put","job/half",{"spec":{"id":"ha');

  const after = await standIn({ folder });
  const jobs = await after.client.job.list();
  await after.client.job.add({ id: 'half', poolInfo: { poolId: 'pool' } });

  expect(jobs.map(({ id }) => id)).toEqual(['whole']);
  expect((await after.client.job.get('half')).state).toBe('active');
});

import { afterEach, expect, test } from 'vitest';
import { scripted, type ScriptedBatch } from './scripted-batch';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

test('a job that Batch ends between the reads of the job and of its manager is seen as ended', async () => {
  const manager = { id: 'job-manager', commandLine: 'x' };
  const ended = {
    state: 'completed',
    executionInfo: { terminateReason: 'MaxWallClockTimeExpiry' },
  };
  open = await scripted([
    { status: 200, body: { id: 'hello-1', state: 'active', jobManagerTask: manager } },
    {
      status: 200,
      body: { id: 'job-manager', state: 'completed', executionInfo: { exitCode: 1 } },
    },
    { status: 200, body: { id: 'hello-1', ...ended, jobManagerTask: manager } },
  ]);

  expect(await open.batch.getJob('hello-1')).toMatchObject({
    state: 'completed',
    terminateReason: 'MaxWallClockTimeExpiry',
  });
  expect(open.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /jobs/hello-1',
    'GET /jobs/hello-1/tasks/job-manager',
    'GET /jobs/hello-1',
  ]);
});

test('an active job whose manager has succeeded is read once, as every poll of its tasks does', async () => {
  const manager = { id: 'job-manager', commandLine: 'x' };
  const done = { state: 'completed', executionInfo: { exitCode: 0, result: 'success' } };
  open = await scripted([
    { status: 200, body: { id: 'hello-1', state: 'active', jobManagerTask: manager } },
    { status: 200, body: { id: 'job-manager', ...done } },
  ]);

  expect(await open.batch.getJob('hello-1')).toMatchObject({
    state: 'active',
    jobManager: { state: 'succeeded' },
  });
  expect(open.asked.length).toBe(2);
});

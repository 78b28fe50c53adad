import { afterEach, expect, test } from 'vitest';
import type { TaskPage } from '../../../src/run/finish/reads';
import { owner, poolSpec, portOnStandIn, nodeIn, type PortOnStandIn } from './on-stand-in';
import { scripted, type ScriptedBatch } from './scripted-batch';
import { job, task, tasks } from './specs';

let line: ScriptedBatch | undefined;

afterEach(async () => {
  await line?.close();
  line = undefined;
});

async function withTasks(count: number): Promise<PortOnStandIn> {
  const port = await portOnStandIn();
  await port.batch.makePool(poolSpec({ formula: '$TargetLowPriorityNodes = 0;' }), owner);
  await port.batch.makeJob({ ...job, jobManager: null, preparation: null, release: null }, owner);
  const first = { ...task, id: 't0', environment: { INPUT_NAME: 'a "b".csv' } };
  await port.batch.addTasks('hello-1', [first, ...tasks(count)]);
  return port;
}

const all = { state: null, cursor: null, limit: 4 } as const;

test('the tasks of a job are listed a page at a time, each once', async () => {
  const { batch } = await withTasks(9);
  const sizes: number[] = [];
  const ids: string[] = [];
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null;) {
    isFirst = false;
    const page: TaskPage | null = await batch.listTasks('hello-1', { ...all, cursor });
    sizes.push(page?.tasks.length ?? 0);
    ids.push(...(page?.tasks ?? []).map(({ id }) => id));
    cursor = page?.next ?? null;
  }

  expect(sizes).toEqual([4, 4, 2]);
  expect(ids).toEqual(['t0', ...tasks(9).map(({ id }) => id)]);
});

test('a task that waits is shown with its input, and without its environment', async () => {
  const { batch } = await withTasks(0);

  expect(await batch.listTasks('hello-1', all)).toEqual({
    tasks: [
      {
        id: 't0',
        state: 'waiting',
        node: null,
        exitCode: null,
        startedAt: null,
        endedAt: null,
        retries: 0,
        requeues: 0,
        input: 'a "b".csv',
        cause: null,
      },
    ],
    next: null,
  });
});

test.each([
  ['waiting', 3],
  ['running', 0],
  ['succeeded', 0],
  ['failed', 0],
] as const)('the service finds the tasks that are %s', async (state, count) => {
  const { batch } = await withTasks(2);

  expect((await batch.listTasks('hello-1', { ...all, state }))?.tasks).toHaveLength(count);
});

test('there are no tasks without a job, and no nodes without a pool', async () => {
  const { batch } = await withTasks(0);

  expect(await batch.listTasks('hello-2', all)).toBeNull();
  expect(await batch.listNodes('hello-2', 10)).toBeNull();
});

test('a cursor that a caller has changed reaches neither another job nor another host', async () => {
  line = await scripted(() => ({ status: 200, body: { value: [] } }));
  const cursor = Buffer.from('@evil.example/../jobs/other?$skiptoken=1#').toString('base64url');
  await line.batch.listTasks('hello-1', { ...all, cursor });

  expect(line.asked.map(({ path }) => path.split('?')[0])).toEqual(['/jobs/hello-1/tasks']);
});

test('a task that failed is shown with its node, times, exit code, retries and cause, without credentials', async () => {
  const failed = {
    id: 't1',
    state: 'completed',
    nodeInfo: { nodeId: 'tvm-1' },
    executionInfo: {
      startTime: '2026-11-30T02:00:00Z',
      endTime: '2026-11-30T02:01:00Z',
      exitCode: 3,
      result: 'Failure',
      retryCount: 2,
      requeueCount: 1,
      failureInfo: {
        category: 'UserError',
        code: 'FailureExitCode',
        message: 'see https://x/y?sig=secret',
      },
    },
  };
  line = await scripted(() => ({ status: 200, body: { value: [failed] } }));

  expect(await line.batch.listTasks('hello-1', all)).toEqual({
    tasks: [
      {
        id: 't1',
        state: 'failed',
        node: 'tvm-1',
        exitCode: 3,
        startedAt: '2026-11-30T02:00:00.000Z',
        endedAt: '2026-11-30T02:01:00.000Z',
        retries: 2,
        requeues: 1,
        input: null,
        cause: 'FailureExitCode: see https://x/y?sig=***',
      },
    ],
    next: null,
  });
});

test('nodes are listed with their state, whether they are Spot, and their start task', async () => {
  const port = await portOnStandIn();
  await port.batch.makePool(poolSpec({ startTask: null }), owner);
  const { id = '' } = await nodeIn(port.stand, 'idle');
  const nodes = await port.batch.listNodes('hello-1', 10);

  expect(nodes).toEqual([
    {
      id,
      state: 'idle',
      isSpot: true,
      since: expect.stringMatching(/Z$/),
      allocatedAt: expect.stringMatching(/Z$/),
      runningTasks: 0,
      startTask: null,
      errors: [],
    },
  ]);
});

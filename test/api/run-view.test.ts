import { expect, test } from 'vitest';
import { cancelHandler, showHandler } from '../../src/api/runs';
import { recordWithoutRun } from '../../src/run/finish/record-without-run';
import { readOccurrence } from '../../src/ledger/ledger';
import { NO_TASKS } from '../../src/run/run';
import { minute, STARTED, whole } from '../run/given';
import { answerTo, present, testApp, type TestApp } from './given';

const queueing = { ...whole, overlap: 'queue' } as const;

/** The answer with those of its headers that are not about its form. */
async function show({ app, hub }: TestApp, id: string) {
  const answer = await answerTo(showHandler(app), hub, { path: `/api/runs/${id}`, params: { id } });
  const {
    ETag: _etag,
    'Cache-Control': _cache,
    'Content-Type': _type,
    ...headers
  } = answer.headers;
  return { ...answer, headers };
}

/** All of a view of a run of `hello` that has only been registered. */
const blank = {
  workload: 'hello',
  trigger: 'request',
  dueAt: null,
  startedBy: 'a request',
  blob: null,
  parameters: {},
  follows: [],
  attempt: 0,
  retryOf: null,
  backfill: null,
  createdAt: STARTED,
  startedAt: null,
  endedAt: null,
  nodeMinutes: 0,
  cost: null,
  cause: null,
  phase: null,
  tasks: null,
  nodes: null,
  timeline: [],
  record: null,
};

test('a run that waits shows what it waits for, and when to ask again', async () => {
  const world = testApp([queueing]);
  const first = await world.start('hello', 'first');
  const second = await world.start('hello', 'second');

  expect(await show(world, second)).toEqual({
    status: 200,
    headers: { 'Retry-After': '10' },
    body: {
      ...blank,
      runId: second,
      status: 'queued',
      waitingFor: `run ${first} of hello is active`,
    },
  });
  expect(await show(world, first)).toMatchObject({
    body: { runId: first, status: 'queued', waitingFor: 'a worker of the Functions host' },
  });
});

test('a run that is active shows the progress of its orchestration', async () => {
  const world = testApp([queueing]);
  const runId = await world.start('hello', 'first');
  await world.claim(runId);
  const timeline = [{ phase: 'watching', at: STARTED }];
  const customStatus = {
    phase: 'watching',
    timeline,
    waitingFor: 'tasks',
    tasks: { ...NO_TASKS, running: 3 },
    nodes: null,
    nodeMinutes: 4.5,
  };
  const instance = present(world.hub.instances.get(runId));
  world.hub.instances.set(runId, Object.assign(instance, { customStatus }));

  expect(await show(world, runId)).toEqual({
    status: 200,
    headers: { 'Retry-After': '10' },
    body: {
      ...blank,
      runId,
      status: 'running',
      waitingFor: 'tasks',
      phase: 'watching',
      timeline,
      tasks: { ...NO_TASKS, running: 3 },
      nodeMinutes: 4.5,
    },
  });
});

test('a run that has ended shows its record, and asks nobody to come again', async () => {
  const world = testApp([queueing]);
  const runId = await world.start('hello', 'first');
  const record = await recordWithoutRun(world.files, {
    runId,
    request: { workload: 'hello', occurrence: { kind: 'request', key: 'first' }, parameters: {} },
    outcome: { kind: 'failed', code: 'taskFailed', cause: '1 task failed' },
    workload: null,
    startedAt: STARTED,
    endedAt: minute(5).toISOString(),
  });
  world.at(5);
  await world.end(runId, { state: 'failed', code: 'taskFailed', cause: '1 task failed' });

  const ended = {
    ...blank,
    runId,
    status: 'failed',
    waitingFor: null,
    startedAt: STARTED,
    endedAt: minute(5).toISOString(),
    cause: { code: 'taskFailed', message: '1 task failed' },
    phase: 'ended',
    tasks: NO_TASKS,
    timeline: record.timeline,
    record,
  };
  expect(await show(world, runId)).toEqual({ status: 200, headers: {}, body: ended });
});

test('a run that has ended shows what the ledger has of it where its record is deleted', async () => {
  const world = testApp([queueing]);
  const runId = await world.start('hello', 'first');
  world.at(5);
  await world.end(runId, { nodeMinutes: 7, cost: 0.2 });

  expect(await show(world, runId)).toEqual({
    status: 200,
    headers: {},
    body: {
      ...blank,
      runId,
      status: 'succeeded',
      waitingFor: null,
      startedAt: STARTED,
      endedAt: minute(5).toISOString(),
      nodeMinutes: 7,
      cost: 0.2,
      phase: 'ended',
    },
  });
});

test('a run whose active row storage has lost is shown as running until it ends', async () => {
  const world = testApp([queueing]);
  const runId = await world.start('hello', 'first');
  await world.claim(runId);
  world.table.partitions.get('active')?.delete(runId);

  expect(await show(world, runId)).toMatchObject({
    headers: { 'Retry-After': '10' },
    body: { status: 'running', phase: null, record: null },
  });
});

test('a row of the ledger leads over a record only once it is final', async () => {
  const world = testApp([queueing]);
  const runId = await world.start('hello', 'first');
  const row = await readOccurrence(world.table, runId);
  await recordWithoutRun(world.files, {
    runId,
    request: { workload: 'hello', occurrence: { kind: 'request', key: 'first' }, parameters: {} },
    outcome: { kind: 'cancelled', code: 'cancelled', cause: 'by a request' },
    workload: null,
    startedAt: STARTED,
    endedAt: STARTED,
  });

  expect(row?.value.state).toBe('open');
  expect(await show(world, runId)).toMatchObject({ body: { status: 'queued', record: null } });
  world.table.partitions.get('active')?.delete(runId);
  expect(await show(world, runId)).toMatchObject({ body: { status: 'cancelled', phase: 'ended' } });
});

test.each(['hello-20261121t020000-0123456789', 'hello-0123456789abcdef', 'Hello', '../x'])(
  'a run with neither a row nor a record is unknown: %s',
  async (id) => {
    const world = testApp([queueing]);

    expect(await show(world, id)).toMatchObject({ status: 404, body: { title: 'unknownRun' } });
  },
);

test('a run that waits is cancelled at once, one that runs polls, one that has ended is refused', async () => {
  const world = testApp([queueing]);
  const first = await world.start('hello', 'first');
  await world.claim(first);
  const second = await world.start('hello', 'second');
  const cancel = (id: string) =>
    answerTo(cancelHandler(world.app), world.hub, {
      method: 'DELETE',
      path: `/api/runs/${id}`,
      params: { id },
    });

  expect((await cancel(second)).status).toBe(202);
  expect(await show(world, second)).toMatchObject({
    body: { status: 'skipped', cause: { code: 'cancelled' } },
  });
  expect((await cancel(first)).status).toBe(202);
  expect(world.hub.polled).toEqual([first]);
  expect(await cancel(second)).toMatchObject({ status: 409, body: { title: 'runEnded' } });
});

import { expect, test } from 'vitest';
import { nodeLogHandler, nodesHandler, taskLogHandler } from '../../src/api/logs';
import type { LogPart } from '../../src/api/schemas/log';
import { outputContainerOf } from '../../src/run/names';
import { whole } from '../run/given';
import { answerTo, testApp, type Answer, type TestApp } from './given';
import { addResources } from './resources';

interface Running extends TestApp {
  readonly runId: string;
}

async function running(): Promise<Running> {
  const world = testApp([whole]);
  const runId = await world.start('hello', 'one');
  await world.claim(runId);
  await addResources(world, runId, 'hello');
  return { ...world, runId };
}

/** Log of a task, or of the start task of a node. */
function log(world: Running, params: Record<string, string>, query = ''): Promise<Answer> {
  const { app, hub, runId } = world;
  const handler = 'node' in params ? nodeLogHandler(app) : taskLogHandler(app);
  const path = `/api/runs/${runId}/logs${query}`;
  return answerTo(handler, hub, { path, params: { id: runId, log: 'stdout', ...params } });
}

async function partOf(world: Running, query = ''): Promise<LogPart> {
  return (await log(world, { task: 't1' }, query)).body as LogPart;
}

function writeLive(world: Running, text: string): void {
  world.batch.texts.set(`${world.runId}/t1/stdout.txt`, text);
}

function keep(world: Running, text: string): void {
  world.files.put(outputContainerOf(world.runId), 'logs/t1/stdout.txt', text);
}

test('the log of a running task is followed from its node, and to its end from storage', async () => {
  const world = await running();
  writeLive(world, 'one\n');
  const first = await partOf(world);
  writeLive(world, 'one\ntwo\n');
  const second = await partOf(world, `?offset=${first.next}`);
  keep(world, 'one\ntwo\nthree\n');
  await world.end(world.runId);
  const third = await partOf(world, `?offset=${second.next}`);

  expect([first, second, third]).toEqual([
    { text: 'one\n', offset: 0, next: 4, length: 4, isEnded: false },
    { text: 'two\n', offset: 4, next: 8, length: 8, isEnded: false },
    { text: 'three\n', offset: 8, next: 14, length: 14, isEnded: true },
  ]);
});

test('an answer has at most 256 KiB, and the log has not ended before its last part', async () => {
  const world = await running();
  keep(world, 'x'.repeat(300 * 1024));
  const first = await partOf(world);
  const second = await partOf(world, `?offset=${first.next}`);

  expect([first.text.length, first.isEnded]).toEqual([256 * 1024, false]);
  expect([second.text.length, second.isEnded]).toEqual([44 * 1024, true]);
});

test('a negative offset counts from the end, and one beyond it continues there', async () => {
  const world = await running();
  keep(world, '0123456789');

  expect(await partOf(world, '?offset=-3')).toMatchObject({ text: '789', offset: 7, next: 10 });
  expect(await partOf(world, '?offset=-99')).toMatchObject({ text: '0123456789', offset: 0 });
  expect(await partOf(world, '?offset=99')).toMatchObject({ text: '', offset: 10, next: 10 });
});

test('a letter that is cut off is part of the next answer', async () => {
  const world = await running();
  keep(world, `${'x'.repeat(256 * 1024 - 1)}日本`);
  const first = await partOf(world);
  const second = await partOf(world, `?offset=${first.next}`);

  expect(first.next).toBe(256 * 1024 - 1);
  expect(second.text).toBe('日本');
});

test('a log has no control characters, marks of direction or credentials', async () => {
  const world = await running();
  keep(world, '\u001B[31mred\u001B[0m\r\n\ta\u202Eb https://x/y?sig=abc\n\u0007\u009B');

  expect((await partOf(world)).text).toBe('red\n\tab https://x/y?sig=***\n');
});

test.each([
  [{ task: 't2' }, 'unknownLog'],
  [{ task: '..' }, 'unknownTask'],
  [{ task: '../../runs/records' }, 'unknownTask'],
  [{ task: 't1', log: 'secrets' }, 'unknownLog'],
  [{ task: 't1', log: '../stdout' }, 'unknownLog'],
  [{ task: 't1', id: '../x' }, 'unknownRun'],
  [{ node: '../tvm-1' }, 'unknownLog'],
  [{ node: 'tvm-9' }, 'unknownLog'],
] as const)('there is no log for %o', async (params, code) => {
  const world = await running();
  const { status, body } = await log(world, params);

  expect([status, (body as { title: string }).title]).toEqual([404, code]);
});

test('an offset that is no number is refused', async () => {
  expect((await log(await running(), { task: 't1' }, '?offset=x')).status).toBe(400);
});

test('after the end of a run no node is asked', async () => {
  const world = await running();
  writeLive(world, 'one\n');
  await world.end(world.runId);

  expect((await log(world, { task: 't1' })).status).toBe(404);
});

test('the nodes of an active run are listed, with the log of their start task, until its end', async () => {
  const world = await running();
  const { app, batch, hub, runId } = world;
  const node = {
    id: 'tvm-1',
    state: 'startTaskFailed',
    isSpot: true,
    since: null,
    allocatedAt: null,
    runningTasks: 0,
    startTask: { exitCode: 1, startedAt: null, endedAt: null, retries: 2 },
    errors: [],
  } as const;
  batch.nodes = [node];
  batch.texts.set(`${runId}/tvm-1/startup/stdout.txt`, 'installing\n');
  hub.become({
    id: runId,
    status: 'Running',
    customStatus: { timeline: [{ phase: 'admitting', at: '2026-11-21T02:00:00.000Z' }] },
  });
  const list = () => answerTo(nodesHandler(app), hub, { params: { id: runId } });
  const before = await list();
  const text = (await log(world, { node: 'tvm-1' })).body;
  await world.end(runId);

  expect(before.body).toEqual({ nodes: [node] });
  expect(text).toMatchObject({ text: 'installing\n', isEnded: false });
  expect((await list()).body).toEqual({ nodes: [] });
  expect((await log(world, { node: 'tvm-1' })).status).toBe(404);
});

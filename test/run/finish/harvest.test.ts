import { expect, test } from 'vitest';
import { harvest, tail } from '../../../src/run/finish/harvest';
import type { Outcome } from '../../../src/run/run';
import { echo, whole } from '../given';
import { now, worldOf, type World } from '../world';

test('the tail of a log is its last three non-empty lines', () => {
  expect(tail('one\n\n  two  \r\nthree\n\tfour\n\n')).toBe('two / three / four');
});

test.each([
  ['no log', null],
  ['an empty log', ''],
  ['a log of blank lines', '\n \r\n\t\n'],
  ['a log of control characters', '\u0000\u0007\u001B[0m'],
])('%s has no tail', (_what, text) => {
  expect(tail(text)).toBeNull();
});

test('the tail of a log has no control characters', () => {
  const text = '\u001B[31mred\u001B[0m \u0000alarm\u0007 \u009B1mbold \u001B]0;title\u0007\u007F';

  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(tail(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
  expect(tail('\u001B[31mred\u001B[0m')).toBe('red');
});

test('the tail of a log keeps letters of all languages [PY19]', () => {
  expect(tail('Größe: 日本 \u{1F600}')).toBe('Größe: 日本 \u{1F600}');
});

test('the tail of a log is short and keeps the end', () => {
  const words = tail(`${'x'.repeat(10_000)}the end`);

  expect(words).toHaveLength(500);
  expect(words).toMatch(/xthe end$/);
});

test('the tail of a log has its credentials redacted [GD19]', () => {
  expect(tail('GET https://x/in/scene.bin?sv=1&sig=abc%3D failed')).toBe(
    'GET https://x/in/scene.bin?sv=1&sig=*** failed',
  );
});

test('a log of 64 KB without a line end is truncated', () => {
  expect(tail('a'.repeat(64 * 1024))).toHaveLength(500);
});

const taskFailed: Outcome = { kind: 'failed', code: 'taskFailed', cause: '2 tasks failed' };
const succeeded: Outcome = { kind: 'succeeded' };

/** A run that has its job, and whose outputs and node files are these. */
async function workedWorld(
  blobs: Readonly<Record<string, string>>,
  nodeFiles: Readonly<Record<string, string>> = {},
): Promise<World> {
  const outputs = [{ files: 'outputs/*', to: 'results' }];
  const world = worldOf({
    ...whole,
    work: { kind: 'whole', jobManager: { ...echo, outputs } },
    results: ['report.json', 'chart.svg'],
  });
  const { activities, plan, files, batch } = world;
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  for (const [name, text] of Object.entries(blobs)) files.put(plan.outputContainer, name, text);
  for (const [name, text] of Object.entries(nodeFiles)) {
    batch.texts.set(`${plan.jobId}/${name}`, text);
  }
  return world;
}

function harvesting({ activities, plan }: World, outcome: Outcome) {
  return activities.harvest({ plan, outcome, worked: true });
}

test('results are listed with their sizes, and missing or empty ones are named [GD35]', async () => {
  const world = await workedWorld({
    'results/chart.svg': '',
    'results/more/a.txt': '123',
    'tiles/1': 'no result',
  });

  expect(await harvesting(world, succeeded)).toMatchObject({
    results: [
      { name: 'results/chart.svg', bytes: 0 },
      { name: 'results/more/a.txt', bytes: 3 },
    ],
    missing: ['results/report.json', 'results/chart.svg'],
    errorDetail: null,
  });
});

test('uploaded logs are kept, and logs that are only on a node are saved under the names that they have there [PI10, RS30]', async () => {
  const world = await workedWorld(
    { 'logs/t1/stderr.txt': 'uploaded', 'logs/t9/stdout.txt': 'of a task that went well' },
    {
      't1/stderr.txt': 'as it is on the node',
      't1/stdout.txt': 'out of t1',
      'job-manager/stderr.txt': 'of the job manager',
    },
  );
  world.batch.failed = [{ id: 't1', exitCode: 1, cause: 'FailureExitCode' }];

  const { logs } = await harvesting(world, taskFailed);

  const kept = logs.map((name) => [name, world.files.text(world.plan.outputContainer, name)]);
  expect(Object.fromEntries(kept)).toEqual({
    'logs/job-manager/stderr.txt': 'of the job manager',
    'logs/t1/stderr.txt': 'uploaded',
    'logs/t1/stdout.txt': 'out of t1',
    'logs/t9/stdout.txt': 'of a task that went well',
  });
});

test('logs of running tasks are saved, for twenty tasks at most [RS30]', async () => {
  const ids = Array.from({ length: 25 }, (_, index) => `t${index}`);
  const world = await workedWorld(
    {},
    Object.fromEntries(ids.map((id) => [`${id}/stdout.txt`, `${id} is at it\n`])),
  );
  world.batch.running = ids;
  const outcome: Outcome = { kind: 'timedOut', code: 'deadlineExceeded', cause: 'too late' };

  const { logs, errorDetail } = await harvesting(world, outcome);

  expect([...logs].sort()).toEqual(
    ids
      .slice(0, 20)
      .map((id) => `logs/${id}/stdout.txt`)
      .sort(),
  );
  expect(world.files.text(world.plan.outputContainer, 'logs/t7/stdout.txt')).toBe('t7 is at it\n');
  expect(errorDetail).toBeNull();
});

test('a run that succeeded reads no log of a running task', async () => {
  const world = await workedWorld({}, { 't1/stdout.txt': 'of a job that somebody added to' });
  world.batch.running = ['t1'];

  expect((await harvesting(world, succeeded)).logs).toEqual([]);
});

test('the last 64 KB of a large log are saved', async () => {
  const world = await workedWorld({}, { 'job-manager/stdout.txt': `${'x'.repeat(100_000)}end` });

  await harvesting(world, succeeded);

  const log = world.files.text(world.plan.outputContainer, 'logs/job-manager/stdout.txt');
  expect([log?.length, log?.slice(-4)]).toEqual([64 * 1024, 'xend']);
});

test.each([
  ['the job manager before all', ['t1', 'job-manager'], 'cannot read the table'],
  ['the first task that failed, with its id', ['t1', 't2'], 't1: no such tile'],
  ["Batch's own words where the task left none", ['t3'], 't3: DiskFull: no space left'],
  ['nobody where nothing is said to have failed', [], null],
])('the cause quotes the log of %s', async (_what, ids, words) => {
  const world = await workedWorld(
    { 'logs/t1/stderr.txt': 'no such tile\n' },
    { 'job-manager/stderr.txt': 'cannot read the table\n', 't2/stderr.txt': 'x' },
  );
  world.batch.failed = ids.map((id) => ({
    id,
    exitCode: 1,
    cause: id === 't3' ? 'DiskFull: no space left' : 'FailureExitCode',
  }));

  expect((await harvesting(world, taskFailed)).errorDetail).toBe(words);
});

test('the error detail of a failed start task is its stderr', async () => {
  const world = await workedWorld({});
  world.batch.texts.set(world.plan.poolId, 'E: Unable to locate package nodejs\n');

  const outcome: Outcome = { kind: 'failed', code: 'startTaskFailed', cause: 'the set-up failed' };
  expect((await harvesting(world, outcome)).errorDetail).toBe('E: Unable to locate package nodejs');
});

test('a run that never had a job has nothing to harvest', async () => {
  const { activities, plan } = worldOf(whole);

  expect(await activities.harvest({ plan, outcome: taskFailed, worked: false })).toMatchObject({
    results: [],
    logs: [],
    missing: [],
    errorDetail: null,
  });
});

test('a run that succeeded as its workload was removed is harvested like any other', async () => {
  const world = worldOf(whole);
  const { plan, files } = world;
  await files.makeContainer(plan.outputContainer, {});
  files.put(plan.outputContainer, 'results/report.json', '{}');
  const tools = { ...world.tools, workloads: new Map() };

  expect(await harvest(tools, { plan, outcome: { kind: 'succeeded' }, worked: true })).toEqual({
    results: [{ name: 'results/report.json', bytes: 2 }],
    logs: [],
    missing: [],
    missingTasks: 0,
    errorDetail: null,
  });
});

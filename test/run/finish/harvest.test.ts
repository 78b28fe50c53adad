import { expect, test } from 'vitest';
import { harvest } from '../../../src/run/finish/harvest';
import type { Outcome } from '../../../src/run/run';
import { echo, whole } from '../given';
import { now, worldOf, type World } from '../world';

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
  world.batch.failed = [{ id: 't1', input: null, exitCode: 1, cause: 'FailureExitCode' }];

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
  [
    'the job manager before all',
    ['t1', 'job-manager'],
    'task job-manager failed with exit code 1: cannot read the table',
  ],
  [
    'the first task that failed, with its id and its input',
    ['t1', 't2'],
    'task t1 (input in of t1) failed with exit code 1: no such tile',
  ],
  [
    "Batch's own reason where the task left none",
    ['t3'],
    'task t3 (input in of t3) ran out of disk space: no space left',
  ],
  ['nobody where nothing is said to have failed', [], null],
])('the cause quotes the log of %s', async (_what, ids, words) => {
  const world = await workedWorld(
    { 'logs/t1/stderr.txt': 'no such tile\n' },
    { 'job-manager/stderr.txt': 'cannot read the table\n', 't2/stderr.txt': 'x' },
  );
  world.batch.failed = ids.map((id) => ({
    id,
    input: id === 'job-manager' ? null : `in of ${id}`,
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

test.each([
  ['a run that was cancelled', { kind: 'cancelled', code: 'cancelled' }, null],
  [
    'the job manager of a run that it ended',
    { kind: 'failed', code: 'jobManagerFailed' },
    'no such tile',
  ],
  [
    'a run that ran out of time',
    { kind: 'timedOut', code: 'deadlineExceeded' },
    'task job-manager failed with exit code 7: no such tile',
  ],
] as const)('the error detail of %s', async (_, outcome, detail) => {
  const world = await workedWorld({ 'logs/job-manager/stderr.txt': 'no such tile' });
  const cause = 'FailureExitCode: not 0';
  world.batch.failed = [{ id: 'job-manager', input: null, exitCode: 7, cause }];

  expect((await harvesting(world, { ...outcome, cause: 'c' })).errorDetail).toBe(detail);
});

test('a task that was terminated with its job is no detail of the end of the job', async () => {
  const world = await workedWorld({});
  world.batch.failed = [{ id: 't1', input: null, exitCode: null, cause: 'TaskEnded: by user' }];
  const outcome: Outcome = { kind: 'failed', code: 'jobEndedEarly', cause: 'terminated' };

  expect((await harvesting(world, outcome)).errorDetail).toBeNull();
});

test('logs of a preparation that failed or runs are saved, and quoted where it failed the run', async () => {
  const world = worldOf({ ...whole, prepare: { command: 'mount-all' } });
  const { activities, plan, batch, files } = world;
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  batch.texts.set(`${plan.jobId}/preparation/stderr.txt`, 'no maps here\n');
  batch.texts.set(`${plan.jobId}/preparation/stdout.txt`, 'looking for maps\n');
  const outcome: Outcome = { kind: 'failed', code: 'preparationFailed', cause: 'it failed' };

  const { logs, errorDetail } = await harvesting(world, outcome);

  expect([errorDetail, ...logs]).toEqual([
    'no maps here',
    'logs/job-preparation/stderr.txt',
    'logs/job-preparation/stdout.txt',
  ]);
  expect(files.text(plan.outputContainer, 'logs/job-preparation/stdout.txt')).toBe(
    'looking for maps\n',
  );
});

test('logs of a start task are saved whatever ended the run, its success aside', async () => {
  const kept = async (outcome: Outcome) => {
    const world = worldOf({ ...whole, pool: { setup: { command: 'install' } } });
    const { activities, plan, batch } = world;
    await activities.stage({ plan });
    await activities.submitJob({ plan, now });
    batch.texts.set(plan.poolId, 'still installing\n');
    return (await harvesting(world, outcome)).logs;
  };

  expect(await kept({ kind: 'timedOut', code: 'deadlineExceeded', cause: 'late' })).toEqual([
    'logs/start-task/stderr.txt',
  ]);
  expect(await kept({ kind: 'cancelled', code: 'cancelled', cause: 'c' })).toEqual([
    'logs/start-task/stderr.txt',
  ]);
  expect(await kept(succeeded)).toEqual([]);
});

test('the error detail of a start task has its exit code and the end of its log, in whole lines', async () => {
  const world = await workedWorld({});
  const { activities, batch, plan } = world;
  await activities.provision({ plan, startNodes: 1, now });
  batch.nodes = [
    {
      id: 'n1',
      state: 'startTaskFailed',
      isSpot: true,
      since: null,
      allocatedAt: null,
      runningTasks: 0,
      startTask: { exitCode: 100, startedAt: null, endedAt: null, retries: 2 },
      errors: [],
    },
  ];
  batch.texts.set(plan.poolId, `${'z'.repeat(70_000)}\nE: no package\nE: give up\n`);

  const outcome: Outcome = { kind: 'failed', code: 'startTaskFailed', cause: 'the set-up failed' };
  expect((await harvesting(world, outcome)).errorDetail).toBe(
    'exit code 100: E: no package / E: give up',
  );
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
    warnings: [],
  });
});

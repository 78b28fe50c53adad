import { expect, test } from 'vitest';
import { createActivities } from '../../src/run/activities';
import { NO_TASKS, type Outcome, type RunRecord } from '../../src/run/run';
import { disconnecting } from '../fakes';
import { checked, minute, OWNER, planOf, watchWith, whole } from './given';
import { now, snapshot, worldOf, type World } from './world';
import { Failure } from '../../src/failure';
import { changeActive } from '../../src/ledger/ledger';
import { requestCancel } from '../../src/ledger/claim';
import { labelsOf } from '../../src/run/activity-context';
import { recordBlob, RUNS_CONTAINER } from '../../src/run/names';

const OTHER = { owner: OWNER, runId: 'other-1', workload: 'other' };
const nothing = { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null };

function recordInput({ plan }: World, outcome: Outcome = { kind: 'succeeded' }) {
  return {
    plan,
    outcome,
    harvest: nothing,
    watch: watchWith(),
    cleanedUp: [],
    followers: [],
    endedAt: minute(30).toISOString(),
  };
}

function claiming({ activities, plan }: World, term = plan.term) {
  return activities.claim({ plan: { ...plan, term }, now });
}

const CLAIMED = { kind: 'claimed', cancelledBy: null };

test('a run is claimed once and again by its orchestration, and by no other, until it is recorded', async () => {
  const world = worldOf(whole);

  expect([await claiming(world), await claiming(world), await claiming(world, 2)]).toEqual([
    CLAIMED,
    CLAIMED,
    { kind: 'superseded' },
  ]);

  await world.activities.record(recordInput(world));
  expect(await claiming(world)).toEqual({ kind: 'final' });
});

test('a step that begins after its run was taken over makes nothing', async () => {
  const world = worldOf(whole);
  const { activities, plan, table } = world;
  await claiming(world);
  await changeActive(table, plan.runId, (row) => ({ ...row, term: 2, state: 'ending' }));
  const before = snapshot(world);
  const steps = [
    () => activities.stage({ plan }),
    () => activities.provision({ plan, startNodes: 1, now }),
    () => activities.submitJob({ plan, now }),
    () => activities.submitTasks({ plan, from: 0, now }),
    () => activities.setTargetNodes({ plan, startNodes: 1, now }),
    () => activities.rebootNodes({ plan, nodes: ['n1'] }),
  ];

  for (const step of steps) await expect(step()).rejects.toMatchObject({ code: 'runEnded' });
  expect(await activities.cleanUp({ plan, outcome: 'succeeded' })).toEqual({
    isOwn: false,
    done: [],
    pool: null,
  });
  expect(await activities.record(recordInput(world))).toBeNull();
  expect(snapshot(world)).toEqual(before);
});

test('a run is cleaned up although its ledger cannot be read', async () => {
  const world = worldOf(whole);
  await begin(world);
  world.table.get = async () => {
    throw new Failure('serviceUnavailable', 'the table is away');
  };

  const { isOwn } = await world.activities.cleanUp({ plan: world.plan, outcome: 'succeeded' });
  world.batch.finishDeletions();

  expect([isOwn, world.batch.pools.size, world.batch.jobs.size]).toEqual([true, 0, 0]);
});

test('a poll that cannot read whether its run was cancelled fails, and is repeated', async () => {
  const world = worldOf(whole);
  await begin(world);
  const get = world.table.get.bind(world.table);
  world.table.get = async () => {
    throw new Failure('serviceUnavailable', 'the table is away');
  };

  await expect(world.activities.poll({ plan: world.plan, now })).rejects.toMatchObject({
    code: 'serviceUnavailable',
  });
  world.table.get = get;
  await requestCancel(world.table, world.plan.runId, 'ada', now);
  expect((await world.activities.poll({ plan: world.plan, now })).claim).toEqual({
    kind: 'claimed',
    cancelledBy: 'ada',
  });
});

test('a run that was recorded is not done again', async () => {
  const world = worldOf(whole);
  const record = await world.activities.record(recordInput(world));

  expect(await claiming(world)).toEqual({ kind: 'final' });
  expect(await world.activities.readRecord({ runId: world.plan.runId })).toEqual(record);
});

test('a second record of a run changes neither the record nor the row of the run', async () => {
  const world = worldOf(whole);
  const { plan, activities, table } = world;
  const first = await activities.record(recordInput(world));
  const rows = table.values(`run-${plan.workload}`);
  const outcome = { kind: 'failed', code: 'taskFailed', cause: '1 task failed' } as const;

  expect(await activities.record(recordInput(world, outcome))).toEqual(first);
  expect(table.values(`run-${plan.workload}`)).toEqual(rows);
});

test('a run that was cancelled before it was claimed learns of it with its claim', async () => {
  const world = worldOf(whole);
  await claiming(world);
  await requestCancel(world.table, world.plan.runId, 'ada', now);

  expect(await claiming(world)).toEqual({ kind: 'claimed', cancelledBy: 'ada' });
});

test('a record ends its own run only: the active row of another run stays', async () => {
  const world = worldOf(whole);
  const other = planOf(world.workload, { occurrence: { kind: 'request', key: 'other' } });
  await claiming(world);
  await world.activities.claim({ plan: other, now });

  await world.activities.record(recordInput(world));

  expect(Object.keys(world.table.values('active'))).toEqual([other.runId]);
});

test.each([
  ['one price for all nodes', 0.09, 0.03],
  ['a price for each kind of node', { spot: 0.04, dedicated: 0.24 }, 0.03],
])('a record says how the run ended, what it took and what it cost, at %s', async (...given) => {
  const [, price, estimatedCost] = given;
  const world = worldOf({ ...whole, keepOutputsDays: 2, pool: { pricePerNodeHour: price } });
  const usage = { ...watchWith().usage, nodeMinutes: 20.04, dedicatedMinutes: 5, preemptions: 1 };
  const outcome = { kind: 'failed', code: 'taskFailed', cause: '1 task failed' } as const;
  const cleanedUp = [{ resource: 'pool', id: world.plan.poolId, state: 'deleted' }] as const;

  const record = await world.activities.record({
    ...recordInput(world, outcome),
    watch: watchWith({ usage, tasks: { ...NO_TASKS, failed: 1 } }),
    harvest: {
      ...nothing,
      results: [{ name: 'results/a', bytes: 1 }],
      logs: ['logs/x/stderr.txt'],
    },
    cleanedUp,
  });

  const expected: RunRecord = {
    runId: world.plan.runId,
    workload: 'hello',
    occurrence: { kind: 'request', key: 'the-key' },
    outcome,
    startedAt: minute(0).toISOString(),
    endedAt: minute(30).toISOString(),
    timeline: [{ phase: 'watching', at: minute(0).toISOString() }],
    tasks: { ...NO_TASKS, failed: 1 },
    missingTasks: 0,
    nodeMinutes: 20,
    dedicatedMinutes: 5,
    preemptions: 1,
    estimatedCost,
    results: [{ name: 'results/a', bytes: 1 }],
    logs: ['logs/x/stderr.txt'],
    outputContainer: world.plan.outputContainer,
    outputsKeptUntil: '2026-11-23T02:30:00.000Z',
    logsKeptUntil: '2026-11-23T02:30:00.000Z',
    cleanedUp,
    warnings: [],
    followers: [],
  };
  expect(record).toEqual(expected);
  expect(JSON.parse(world.files.text(RUNS_CONTAINER, recordBlob(world.plan.runId)) ?? '')).toEqual(
    expected,
  );
});

test('a run that failed before anything was there has a record all the same', async () => {
  const world = worldOf(whole);

  await world.activities.record(recordInput(world));

  expect([...world.files.containers.keys()]).toEqual([RUNS_CONTAINER]);
});

test('a run without a record is unknown', async () => {
  const { activities } = worldOf(whole);

  await expect(activities.readRecord({ runId: 'hello-1' })).rejects.toMatchObject({
    code: 'unknownRun',
    message: 'no run has the id hello-1',
  });
});

test('a poll returns what Batch shows and whether an end was requested', async () => {
  const world = worldOf(whole);
  const looked = () => world.activities.poll({ plan: world.plan, now });

  expect(await looked()).toEqual({
    job: null,
    pool: null,
    tasks: NO_TASKS,
    unpreparedNodes: 0,
    blocked: 0,
    claim: CLAIMED,
  });
  await world.activities.provision({ plan: world.plan, startNodes: 1, now });
  await world.activities.submitJob({ plan: world.plan, now });
  await requestCancel(world.table, world.plan.runId, 'ada', now);
  expect(await looked()).toMatchObject({
    job: { state: 'active' },
    pool: { state: 'active' },
    tasks: { active: 1 },
    claim: { kind: 'claimed', cancelledBy: 'ada' },
  });
});

test('a poll counts the tasks that all failed ones block, however many failed', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `${index}`);
  const world = worldOf({
    ...whole,
    work: {
      kind: 'tasks',
      task: { command: 'echo' },
      tasks: ids.flatMap((id) => [
        { id: `fetch-${id}` },
        { id: `use-${id}`, after: [`fetch-${id}`] },
      ]),
      tolerateFailed: 0.9,
    },
  });
  await begin(world);
  world.batch.failed = ids
    .slice(0, 30)
    .map((id) => ({ id: `fetch-${id}`, input: null, exitCode: 1, cause: 'FailureExitCode' }));

  const { blocked } = await world.activities.poll({ plan: world.plan, now });

  expect(blocked).toBe(30);
});

test('an adopted pool belongs to the run; one of another owner is not changed [GD26, GD40]', async () => {
  const world = worldOf(whole);
  const provision = () => world.activities.provision({ plan: world.plan, startNodes: 1, now });
  expect([await provision(), await provision()]).toEqual([
    { poolId: world.plan.poolId, warnings: [] },
    { poolId: world.plan.poolId, warnings: [] },
  ]);

  const there = world.batch.pools.get(world.plan.poolId);
  if (there !== undefined) world.batch.pools.set(world.plan.poolId, { ...there, owner: OTHER });
  await expect(provision()).rejects.toMatchObject({ code: 'nameCollision' });
});

test('a run is cleaned up of pool, job and staging, in two passes; its outputs are kept [GD37, GD38]', async () => {
  const world = worldOf(whole);
  await begin(world);
  const { jobId, poolId, stagingContainer, outputContainer } = world.plan;

  const first = await world.activities.cleanUp({ plan: world.plan, outcome: 'succeeded' });
  world.batch.finishDeletions();
  const second = await world.activities.cleanUp({ plan: world.plan, outcome: 'succeeded' });

  const ends = (state: string) => [
    { resource: 'job', id: jobId, state },
    { resource: 'pool', id: poolId, state },
    { resource: 'staging', id: stagingContainer, state: 'deleted' },
    { resource: 'outputs', id: outputContainer, state: 'kept' },
  ];
  expect(first).toEqual({
    isOwn: true,
    done: ends('deleting'),
    pool: expect.objectContaining({ state: 'deleting' }),
  });
  expect(second).toEqual({ isOwn: true, done: ends('deleted'), pool: null });
  expect([...world.files.containers.keys()]).toEqual([outputContainer]);
});

test('outputs that are not to be kept go with the rest', async () => {
  const world = worldOf({ ...whole, keepOutputsDays: 0 });
  await begin(world);
  await world.activities.cleanUp({ plan: world.plan, outcome: 'succeeded' });

  expect([...world.files.containers.keys()]).toEqual([]);
});

test.each([
  ['another run of this app', OTHER],
  ['another app, of a run with the same id', { ...planOf(checked(whole)), owner: 'another-app' }],
])('resources of %s are not deleted, whatever their names [GD40]', async (_whose, owner) => {
  const world = worldOf({ ...whole, keepOutputsDays: 0 });
  await begin(world);
  const { plan, batch, files } = world;
  for (const things of [batch.pools, batch.jobs]) {
    for (const thing of things.values()) Object.assign(thing, { owner });
  }
  for (const container of files.containers.values()) {
    Object.assign(container, { labels: labelsOf(owner) });
  }
  const before = snapshot(world);

  const { done } = await world.activities.cleanUp({ plan, outcome: 'succeeded' });

  expect(done.map(({ state }) => state)).toEqual(['notOwned', 'notOwned', 'notOwned', 'notOwned']);
  expect(snapshot(world)).toEqual(before);
});

test("outputs of another app's run are not thinned out, although the run has the same id [GD40]", async () => {
  const world = worldOf({ ...whole, keepOutputsDays: 0, keepLogsDays: 5 });
  const { plan, files, activities } = world;
  await files.makeContainer(plan.outputContainer, labelsOf({ ...plan, owner: 'another-app' }));
  files.put(plan.outputContainer, 'results/a', 'result');
  const before = snapshot(world);

  const { done } = await activities.cleanUp({ plan, outcome: 'succeeded' });

  expect(done.find(({ resource }) => resource === 'outputs')?.state).toBe('notOwned');
  expect(snapshot(world)).toEqual(before);
});

test('what refuses to go does not keep the rest from going, and is asked again', async () => {
  const world = worldOf(whole);
  await begin(world);
  const refusing = createActivities({
    ...world.tools,
    batch: disconnecting(world.batch, { calls: 0 }, 1, 'beforeTheCall'),
  });

  const { done } = await refusing.cleanUp({ plan: world.plan, outcome: 'succeeded' });

  expect(done.map(({ resource, state, reason }) => [resource, state, reason])).toEqual([
    ['job', 'deleting', 'cut before'],
    ['pool', 'deleting', undefined],
    ['staging', 'deleted', undefined],
    ['outputs', 'kept', undefined],
  ]);
});

/** The steps of a run up to its job. */
async function begin({ activities, plan }: World): Promise<void> {
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
}

test('a copy of a step that comes after clean-up has begun makes nothing again', async () => {
  const world = worldOf(whole);
  const { activities, plan } = world;
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  await activities.cleanUp({ plan, outcome: 'succeeded' });
  const cleaned = snapshot(world);

  const copies = [
    () => activities.stage({ plan }),
    () => activities.provision({ plan, startNodes: 1, now }),
    () => activities.submitJob({ plan, now }),
  ];

  for (const copy of copies) await expect(copy()).rejects.toMatchObject({ code: 'runEnded' });
  expect(snapshot(world)).toEqual(cleaned);
});

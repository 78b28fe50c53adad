import { expect, test } from 'vitest';
import { endLostRun, type LostRun } from '../../../src/run/finish/end-lost-run';
import { recordWithoutRun } from '../../../src/run/finish/record-without-run';
import { recordBlob, RUNS_CONTAINER } from '../../../src/run/names';
import type { RunRecord } from '../../../src/run/run';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { disconnecting } from '../../fakes';
import { minute, whole } from '../given';
import { now, snapshot, worldOf, type World } from '../world';

/** Runs that no orchestration ends. */

const CAUSE = 'the run could not end itself: its orchestration is lost';

/** A run whose orchestration was lost after it had created its job. */
async function lostWorld(declared: Partial<WorkloadDeclaration> = {}): Promise<World> {
  const world = worldOf({ ...whole, ...declared });
  const { activities, plan } = world;
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
  return world;
}

function lost({ plan, workload }: World): LostRun {
  return {
    plan,
    runId: plan.runId,
    code: 'internal',
    cause: CAUSE,
    nodeMinutes: 0,
    workload,
    giveUpAt: minute(120).toISOString(),
    mayRecord: true,
  };
}

function endAt(
  world: World,
  minutes: number,
  changed: Partial<LostRun> = {},
): Promise<RunRecord | null> {
  return endLostRun(world.tools, { ...lost(world), ...changed }, () => minute(minutes));
}

function endsOf(record: RunRecord | null): readonly string[] | undefined {
  return record?.cleanedUp.map(({ resource, state }) => `${resource} ${state}`);
}

test('a lost run is recorded as failed once its job, pool and staging are deleted; its outputs are kept', async () => {
  const world = await lostWorld({ keepOutputsDays: 2, keepFailedDays: 5 });
  const { runId, jobId, poolId, stagingContainer, outputContainer } = world.plan;

  expect(await endAt(world, 1)).toBeNull();
  expect(world.files.text(RUNS_CONTAINER, recordBlob(runId))).toBeUndefined();
  world.batch.finishDeletions();
  const record = await endAt(world, 2);

  expect(record).toEqual({
    runId,
    workload: 'hello',
    occurrence: world.plan.request.occurrence,
    outcome: { kind: 'failed', code: 'internal', cause: CAUSE },
    startedAt: now,
    endedAt: minute(2).toISOString(),
    timeline: [{ phase: 'ended', at: minute(2).toISOString() }],
    tasks: { active: 0, running: 0, succeeded: 0, failed: 0 },
    missingTasks: 0,
    nodeMinutes: 0,
    dedicatedMinutes: 0,
    preemptions: 0,
    estimatedCost: null,
    results: [],
    logs: [],
    outputContainer,
    outputsKeptUntil: '2026-11-26T02:02:00.000Z',
    logsKeptUntil: '2026-11-26T02:02:00.000Z',
    cleanedUp: [
      { resource: 'job', id: jobId, state: 'deleted' },
      { resource: 'pool', id: poolId, state: 'deleted' },
      { resource: 'staging', id: stagingContainer, state: 'deleted' },
      { resource: 'outputs', id: outputContainer, state: 'kept' },
    ],
    warnings: [],
    followers: [],
  } satisfies RunRecord);
  expect(JSON.parse(world.files.text(RUNS_CONTAINER, recordBlob(runId)) ?? '')).toEqual(record);
});

test('a lost run is recorded with its node-minutes and their cost', async () => {
  const world = await lostWorld({ pool: { pricePerNodeHour: { spot: 0.5, dedicated: 2 } } });
  await endAt(world, 1);
  world.batch.finishDeletions();

  expect(await endAt(world, 2, { nodeMinutes: 120 })).toMatchObject({
    nodeMinutes: 120,
    estimatedCost: 1,
  });
});

test('a retained pool of a lost run is scaled to zero, unless another run uses it', async () => {
  const world = await lostWorld({ pool: { keep: { days: 5 } } });
  const { poolId } = world.plan;

  await endAt(world, 1);
  world.batch.finishDeletions();

  expect(world.batch.pools.get(poolId)).toMatchObject({ isDeleting: false });
  expect(endsOf(await endAt(world, 2))?.[1]).toMatch(/^pool (kept|leftBehind)$/);
});

test('a lost run whose workload no longer exists is recorded as workloadChanged, its outputs kept as by default', async () => {
  const world = await lostWorld();
  await endAt(world, 1, { workload: null });
  world.batch.finishDeletions();

  expect(await endAt(world, 2, { workload: null })).toMatchObject({
    outcome: { kind: 'failed', code: 'workloadChanged', cause: CAUSE },
    outputsKeptUntil: '2026-12-21T02:02:00.000Z',
  });
});

test('a resource of a lost run that is still being deleted in the end is recorded as left behind', async () => {
  const world = await lostWorld();

  expect(await endAt(world, 119)).toBeNull();
  expect(endsOf(await endAt(world, 120))).toEqual([
    'job leftBehind',
    'pool leftBehind',
    'staging deleted',
    'outputs kept',
  ]);
});

test('a deletion that fails does not stop the others, and its error is in the record of the lost run', async () => {
  const world = await lostWorld();
  const batch = disconnecting(world.batch, { calls: 0 }, 1, 'beforeTheCall');
  const ended = endLostRun({ ...world.tools, batch }, lost(world), () => minute(120));

  expect((await ended)?.cleanedUp.map(({ state, reason }) => [state, reason])).toEqual([
    ['leftBehind', 'cut before'],
    ['leftBehind', undefined],
    ['deleted', undefined],
    ['kept', undefined],
  ]);
  expect(world.batch.pools.get(world.plan.poolId)?.isDeleting).toBe(true);
});

test('the first step of ending a lost run deletes and records nothing, since an activity may be under way', async () => {
  const world = await lostWorld();

  expect(await endAt(world, 1, { mayRecord: false })).toBeNull();
  world.batch.finishDeletions();
  expect(await endAt(world, 2, { mayRecord: false })).toBeNull();

  expect([world.batch.pools.size, world.batch.jobs.size]).toEqual([0, 0]);
  expect(endsOf(await endAt(world, 3))).toHaveLength(4);
});

test('a lost run that had made nothing is recorded at once, with nothing kept', async () => {
  const world = worldOf(whole);

  const record = await endAt(world, 1);

  expect(endsOf(record)).toEqual([
    'job deleted',
    'pool deleted',
    'staging deleted',
    'outputs deleted',
  ]);
  expect([record?.outputsKeptUntil, record?.logsKeptUntil]).toEqual([null, null]);
});

test("resources of another app's run with the same id are not touched when a lost run is ended [GD40]", async () => {
  const world = worldOf(whole);
  const another = { ...world.plan, owner: 'another-app' };
  await world.activities.stage({ plan: another });
  await world.activities.provision({ plan: another, startNodes: 1, now });
  await world.activities.submitJob({ plan: another, now });
  const before = snapshot(world);

  const record = await endAt(world, 1);

  expect(endsOf(record)).toEqual([
    'job notOwned',
    'pool notOwned',
    'staging notOwned',
    'outputs notOwned',
  ]);
  world.files.containers.delete(RUNS_CONTAINER);
  expect(snapshot(world)).toEqual(before);
});

test('a lost run that has a record keeps it', async () => {
  const world = worldOf(whole);
  const { plan, files } = world;
  const first = await recordWithoutRun(files, {
    runId: plan.runId,
    request: plan.request,
    outcome: { kind: 'cancelled', code: 'cancelled', cause: 'the run was cancelled on request' },
    workload: world.workload,
    startedAt: now,
    endedAt: minute(1).toISOString(),
  });

  expect(await endAt(world, 2)).toEqual(first);
});

test('an occurrence that ended without a run has a record with its reason, and nothing is kept of it', async () => {
  const { plan, files, workload } = worldOf(whole);
  const { runId, request } = plan;
  const outcome = {
    kind: 'skipped',
    code: 'overlapped',
    cause: 'run hello-1 of hello was active',
  } as const;
  const end = { runId, request, outcome, workload, startedAt: now, endedAt: now };

  const record = await recordWithoutRun(files, end);

  expect(record).toMatchObject({
    runId,
    occurrence: request.occurrence,
    outcome,
    nodeMinutes: 0,
    outputsKeptUntil: null,
    logsKeptUntil: null,
    cleanedUp: [],
  });
  expect(files.containers.has(plan.outputContainer)).toBe(false);
});

test('of two records of one occurrence the first one stands, and the node time it took is in it', async () => {
  const { plan, files, workload } = worldOf(whole);
  const { runId, request } = plan;
  const usage = { nodeMinutes: 12, dedicatedMinutes: 2, preemptions: 1 };
  const outcome = { kind: 'failed', code: 'internal', cause: CAUSE } as const;
  const end = { runId, request, outcome, workload, startedAt: now, endedAt: now, usage };

  const first = await recordWithoutRun(files, end);
  const second = await recordWithoutRun(files, { ...end, endedAt: minute(5).toISOString() });

  expect(second).toEqual(first);
  expect(first).toMatchObject(usage);
});

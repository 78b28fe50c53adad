import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import type { Outcome } from '../../../src/run/run';
import { expire, type ExpiringRuns, type Expired } from '../../../src/run/finish/expire';
import { reap, type Reaped } from '../../../src/run/finish/reap';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { disconnecting } from '../../fakes';
import { minute, OWNER, watchWith, whole } from '../given';
import { now, snapshot, worldOf, type World } from '../world';
import { recordBlob, RUNS_CONTAINER, taskListBlob } from '../../../src/run/names';
import { labelsOf } from '../../../src/run/activity-context';

const DAY = 24 * 60;
const NOTHING: Reaped & Expired = {
  orphans: [],
  containers: [],
  forgotten: [],
  failures: [],
  retainedPools: [],
};

async function leave({ activities, plan }: World): Promise<void> {
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
}

function recordIt(
  { activities, plan }: World,
  outcome: Outcome = { kind: 'succeeded' },
): Promise<unknown> {
  return activities.record({
    plan,
    outcome,
    harvest: { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null },
    watch: watchWith(),
    cleanedUp: [],
    followers: [],
    endedAt: now,
  });
}

const forgotten: string[] = [];
afterEach(() => {
  forgotten.length = 0;
});

function runs(active: readonly string[] = [], running: readonly string[] = []): ExpiringRuns {
  return {
    owner: OWNER,
    activeRunIds: async () => new Set(active),
    isRunning: async (runId) => running.includes(runId),
    mayBeUnmarked: (runId) => runId.startsWith('former-'),
    workloadOf: (runId) => runId.replace(/-\d{8}t\d{6}-[0-9a-f]{10}$/, ''),
    forget: async (runId) => {
      forgotten.push(runId);
    },
  };
}

/** A pass of the reaper and the daily work after it. */
async function reapAndExpire(
  tools: World['tools'],
  known: ExpiringRuns,
  now: Date,
): Promise<Reaped & Expired> {
  const reaped = await reap(tools, known, now);
  const expired = await expire(tools, known, now);
  return {
    ...reaped,
    ...expired,
    containers: [...reaped.containers, ...expired.containers],
    failures: [...reaped.failures, ...expired.failures],
  };
}

function tidying(world: World, active: readonly string[] = [], days = 0) {
  return reapAndExpire(world.tools, runs(active), minute(days * DAY));
}

test('resources of an active run are kept [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);

  expect(await tidying(world, [world.plan.runId])).toEqual(NOTHING);
  expect(world.batch.pools.get(world.plan.poolId)?.isDeleting).toBe(false);
});

test('resources of a run that the engine still runs are kept, although its active row is lost [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);
  const before = snapshot(world);

  expect(await reapAndExpire(world.tools, runs([], [world.plan.runId]), minute(0))).toEqual(
    NOTHING,
  );
  expect(snapshot(world)).toEqual(before);
});

test('resources of a run that was admitted after the resources were listed are kept [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);
  const order: string[] = [];
  const noting = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        if (name === 'listOwned' || name === 'listContainers') order.push(name);
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  const tools = { ...world.tools, batch: noting(world.batch), files: noting(world.files) };
  const known = {
    ...runs(),
    activeRunIds: async () => {
      order.push('activeRunIds');
      return new Set([world.plan.runId]);
    },
  };

  expect((await reap(tools, known, minute(0))).orphans).toEqual([]);
  expect(order).toEqual(['listOwned', 'listContainers', 'activeRunIds']);
});

test('resources of another app are not deleted, whatever the names of their runs [GD40]', async () => {
  const world = worldOf({ ...whole, keepOutputsDays: 0 });
  await leave(world);
  const before = snapshot(world);

  const known = { ...runs(), owner: 'another-app' };
  expect(await reapAndExpire(world.tools, known, minute(1000 * DAY))).toEqual(NOTHING);
  expect(snapshot(world)).toEqual(before);
});

test('leftovers of a run are deleted and listed: pool, job and staging at once [GD39, GD40]', async () => {
  const world = worldOf(whole);
  await leave(world);
  const { poolId, jobId, stagingContainer, outputContainer } = world.plan;

  expect(await tidying(world)).toEqual({
    orphans: [
      { kind: 'pool', id: poolId },
      { kind: 'job', id: jobId },
    ],
    containers: [stagingContainer],
    forgotten: [],
    failures: [],
    retainedPools: [],
  });
  world.batch.finishDeletions();
  expect([world.batch.pools.size, world.batch.jobs.size]).toEqual([0, 0]);
  expect([...world.files.containers.keys()]).toEqual([outputContainer, RUNS_CONTAINER]);
  expect(await tidying(world)).toEqual(NOTHING);
});

test('outputs are deleted at the end of the retention in the record [GD39]', async () => {
  const world = worldOf({ ...whole, keepOutputsDays: 2 });
  await leave(world);
  await recordIt(world);
  await tidying(world);
  world.batch.finishDeletions();

  expect(await tidying(world, [], 1.9)).toEqual(NOTHING);
  expect(await tidying(world, [], 2.1)).toEqual({
    orphans: [],
    containers: [world.plan.outputContainer],
    forgotten: [],
    failures: [],
    retainedPools: [],
  });
  expect(world.files.text(RUNS_CONTAINER, recordBlob(world.plan.runId))).toBeDefined();
});

test('outputs of a run without a record are kept for thirty days after they were first seen [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);
  await tidying(world, [], 5);
  world.batch.finishDeletions();

  expect(await tidying(world, [], 34.9)).toEqual(NOTHING);
  expect(await tidying(world, [], 35.1)).toEqual({
    orphans: [],
    containers: [world.plan.outputContainer],
    forgotten: [],
    failures: [],
    retainedPools: [],
  });
  expect(await tidying(world, [], 36)).toEqual(NOTHING);
  const { blobs } = world.files.containers.get(RUNS_CONTAINER) ?? { blobs: new Map() };
  expect([...blobs.keys()]).toEqual([]);
});

test('a deletion that fails is listed and does not stop the others', async () => {
  const world = worldOf(whole);
  await leave(world);
  const { poolId, jobId, stagingContainer } = world.plan;
  const batch = disconnecting(world.batch, { calls: 0 }, 2, 'beforeTheCall');

  expect(await reapAndExpire({ ...world.tools, batch }, runs(), minute(0))).toEqual({
    orphans: [{ kind: 'job', id: jobId }],
    containers: [stagingContainer],
    forgotten: [],
    failures: [`pool ${poolId}: cut before`],
    retainedPools: [],
  });
});

test('a resource without a run id is not deleted, whatever its name [GD40]', async () => {
  const world = worldOf(whole);
  world.files.put('run-hello-1-in', 'a', '1');
  world.files.put('inbox', 'b', '1');

  expect(await tidying(world)).toEqual(NOTHING);
  expect([...world.files.containers.keys()]).toEqual(['run-hello-1-in', 'inbox']);
});

const failed: Outcome = { kind: 'failed', code: 'taskFailed', cause: '1 task failed' };

/** A run that has ended and whose outputs lie there. */
async function endedWorld(declared: Partial<WorkloadDeclaration>, outcome?: Outcome) {
  const world = worldOf({ ...whole, ...declared });
  const { files, plan, activities } = world;
  await files.makeContainer(plan.outputContainer, labelsOf(plan));
  files.put(plan.outputContainer, 'results/a', 'result');
  files.put(plan.outputContainer, 'logs/job-manager/stdout.txt', 'log');
  await activities.cleanUp({ plan, outcome: outcome?.kind ?? 'succeeded' });
  await recordIt(world, outcome);
  return world;
}

function outputsIn({ files, plan }: World): readonly string[] | 'deleted' {
  const container = files.containers.get(plan.outputContainer);
  return container === undefined ? 'deleted' : [...container.blobs.keys()];
}

const RESULT = 'results/a';
const LOG = 'logs/job-manager/stdout.txt';

test.each([
  ['logs longer than results', { keepOutputsDays: 2, keepLogsDays: 5 }, [RESULT, LOG], [LOG]],
  ['results longer than logs', { keepOutputsDays: 5, keepLogsDays: 2 }, [RESULT, LOG], [RESULT]],
  ['logs alone', { keepOutputsDays: 0, keepLogsDays: 5 }, [LOG], [LOG]],
  ['results alone', { keepOutputsDays: 5, keepLogsDays: 0 }, [RESULT], [RESULT]],
])(
  'outputs of a workload that keeps %s are deleted when their time is over, not before [GD39, PY10]',
  async (...given) => {
    const [, declared, atFirst, then] = given;
    const world = await endedWorld(declared);

    await tidying(world, [], 1.9);
    expect(outputsIn(world)).toEqual(atFirst);
    await tidying(world, [], 2.1);
    expect(outputsIn(world)).toEqual(then);
    await tidying(world, [], 4.9);
    expect(outputsIn(world)).toEqual(then);
    await tidying(world, [], 5.1);
    expect(outputsIn(world)).toBe('deleted');
  },
);

test('outputs of a failed run are kept for keepFailedDays when that is set [GD39, PY10]', async () => {
  const declared = { keepOutputsDays: 0, keepFailedDays: 3 };
  const [good, bad] = [await endedWorld(declared), await endedWorld(declared, failed)];

  expect([outputsIn(good), outputsIn(bad)]).toEqual(['deleted', [RESULT, LOG]]);
  await tidying(bad, [], 2.9);
  expect(outputsIn(bad)).toEqual([RESULT, LOG]);
  await tidying(bad, [], 3.1);
  expect(outputsIn(bad)).toBe('deleted');
});

test.each([
  ['logs', { keepOutputsDays: 5, keepLogsDays: 0 }, [RESULT]],
  ['results', { keepOutputsDays: 0, keepLogsDays: 5 }, [LOG]],
] as const)(
  '%s that are kept for no day are deleted by the run itself, before it is recorded [GD39]',
  async (...given) => {
    const [, declared, left] = given;

    expect(outputsIn(await endedWorld(declared))).toEqual(left);
  },
);

test('a record is deleted at the end of its retention, and the instance is purged with it [GD39]', async () => {
  const world = await endedWorld({ keepOutputsDays: 2, keepRecordsDays: 10 });
  const { runId } = world.plan;
  world.files.put(RUNS_CONTAINER, taskListBlob(runId), '');
  const isThere = () => world.files.text(RUNS_CONTAINER, recordBlob(runId)) !== undefined;

  await tidying(world, [], 9.9);
  expect([isThere(), forgotten]).toEqual([true, []]);
  expect(await tidying(world, [], 10.1)).toEqual({ ...NOTHING, forgotten: [runId] });
  expect([isThere(), forgotten]).toEqual([false, [runId]]);
  expect(world.files.text(RUNS_CONTAINER, taskListBlob(runId))).toBeUndefined();
});

test('a record is kept longer than the outputs it lists, and is deleted also when its workload was removed [GD39]', async () => {
  const world = await endedWorld({ keepOutputsDays: 20, keepRecordsDays: 10 });
  const { runId } = world.plan;

  expect((await tidying(world, [], 19.9)).forgotten).toEqual([]);
  const without = { ...world.tools, workloads: new Map() };
  expect((await reapAndExpire(without, runs(), minute(399 * DAY))).forgotten).toEqual([]);
  expect((await reapAndExpire(without, runs(), minute(401 * DAY))).forgotten).toEqual([runId]);
});

test('a record is not deleted before the outputs it lists, however the declaration has changed [GD39]', async () => {
  const world = await endedWorld({ keepOutputsDays: 1000 });
  const { runId, outputContainer } = world.plan;
  const without = { ...world.tools, workloads: new Map() };

  expect(await reapAndExpire(without, runs(), minute(999 * DAY))).toEqual(NOTHING);
  expect(outputsIn(world)).toEqual([RESULT, LOG]);
  expect(await reapAndExpire(without, runs(), minute(1001 * DAY))).toEqual({
    ...NOTHING,
    containers: [outputContainer],
    forgotten: [runId],
  });
});

test('a record that cannot be read is not treated as missing, and nothing is deleted [GD39]', async () => {
  const world = await endedWorld({ keepOutputsDays: 2 });
  const { runId, outputContainer } = world.plan;
  const readText = world.files.readText.bind(world.files);
  world.files.readText = async (container, name, maxBytes) => {
    if (name === recordBlob(runId)) throw new Failure('serviceUnavailable', 'storage is busy');
    return readText(container, name, maxBytes);
  };

  expect(await tidying(world, [], 500)).toEqual({
    ...NOTHING,
    failures: [
      `container ${outputContainer}: storage is busy`,
      `record of ${runId}: storage is busy`,
    ],
  });
  expect(outputsIn(world)).toEqual([RESULT, LOG]);
  expect([...(world.files.containers.get(RUNS_CONTAINER)?.blobs.keys() ?? [])]).toEqual([
    recordBlob(runId),
  ]);
});

test('a record is kept as long as the logs of its run, after the outputs are deleted [GD39]', async () => {
  const world = await endedWorld({ keepOutputsDays: 2, keepLogsDays: 1000 });
  const { runId } = world.plan;
  const without = { ...world.tools, workloads: new Map() };

  expect(await reapAndExpire(without, runs(), minute(999 * DAY))).toEqual(NOTHING);
  expect(outputsIn(world)).toEqual([LOG]);
  expect((await reapAndExpire(without, runs(), minute(1001 * DAY))).forgotten).toEqual([runId]);
});

test('containers without a mark are deleted after the retention of their record, of runs of the version before alone', async () => {
  const world = worldOf(whole);
  const label = (runId: string) => ({ nightshiftrun: runId, nightshiftworkload: 'former' });
  for (const name of ['former-1', 'another-1']) {
    await world.files.makeContainer(`run-${name}-in`, label(name));
    await world.files.makeContainer(`run-${name}-out`, label(name));
  }

  expect(await tidying(world, [], 0)).toEqual(NOTHING);
  expect(await tidying(world, [], 29)).toEqual(NOTHING);
  expect((await tidying(world, ['former-1'], 31)).containers).toEqual([]);
  expect((await tidying(world, [], 31)).containers).toEqual([
    'run-former-1-in',
    'run-former-1-out',
  ]);
  expect((await tidying(world, [], 400)).containers).toEqual([]);
});

test('staging without a mark is deleted as soon as its run has a record', async () => {
  const world = worldOf(whole);
  await world.files.makeContainer('run-former-1-in', { nightshiftrun: 'former-1' });
  expect(await tidying(world)).toEqual(NOTHING);

  world.files.put(RUNS_CONTAINER, recordBlob('former-1'), '{}');

  expect((await tidying(world)).containers).toEqual(['run-former-1-in']);
});

import { expect, test } from 'vitest';
import { recordBlob, RUNS_CONTAINER } from '../../src/run/plan';
import { tidy, type Tidied } from '../../src/run/tidy';
import { cutting } from '../fakes';
import { minute, watchWith, whole } from './given';
import { now, worldOf, type World } from './world';

const DAY = 24 * 60;
const NOTHING: Tidied = { orphans: [], containers: [], refused: [], kept: [] };

async function leave({ activities, plan }: World): Promise<void> {
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
}

function recordIt({ activities, plan }: World): Promise<unknown> {
  return activities.record({
    plan,
    outcome: { kind: 'succeeded' },
    harvest: { results: [], logs: [], missing: [], missingTasks: 0, lastWords: null },
    watch: watchWith(),
    cleanedUp: [],
    followers: [],
    endedAt: now,
  });
}

function tidying(world: World, going: readonly string[] = [], days = 0): Promise<Tidied> {
  return tidy(world.tools, async (runId) => going.includes(runId), minute(days * DAY));
}

test('what a run is still looking after stays [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);

  expect(await tidying(world, [world.plan.runId])).toEqual(NOTHING);
  expect(world.batch.pools.get(world.plan.poolId)?.isGoing).toBe(false);
});

test('what a run has left is deleted and named: pool, job and staging at once [GD39, GD40]', async () => {
  const world = worldOf(whole);
  await leave(world);
  const { poolId, jobId, stagingContainer, outputContainer } = world.plan;

  expect(await tidying(world)).toEqual({
    orphans: [
      { kind: 'pool', id: poolId },
      { kind: 'job', id: jobId },
    ],
    containers: [stagingContainer],
    refused: [],
    kept: [],
  });
  world.batch.finishRemovals();
  expect([world.batch.pools.size, world.batch.jobs.size]).toEqual([0, 0]);
  expect([...world.files.containers.keys()]).toEqual([outputContainer, RUNS_CONTAINER]);
  expect(await tidying(world)).toEqual(NOTHING);
});

test('outputs stay for as long as the record says, and go then [GD39]', async () => {
  const world = worldOf({ ...whole, keepOutputsDays: 2 });
  await leave(world);
  await recordIt(world);
  await tidying(world);
  world.batch.finishRemovals();

  expect(await tidying(world, [], 1.9)).toEqual(NOTHING);
  expect(await tidying(world, [], 2.1)).toEqual({
    orphans: [],
    containers: [world.plan.outputContainer],
    refused: [],
    kept: [],
  });
  expect(world.files.text(RUNS_CONTAINER, recordBlob(world.plan.runId))).toBeDefined();
});

test('outputs of a run that nobody could record stay for thirty days after they were found [GD39]', async () => {
  const world = worldOf(whole);
  await leave(world);
  await tidying(world, [], 5);
  world.batch.finishRemovals();

  expect(await tidying(world, [], 34.9)).toEqual(NOTHING);
  expect(await tidying(world, [], 35.1)).toEqual({
    orphans: [],
    containers: [world.plan.outputContainer],
    refused: [],
    kept: [],
  });
  expect(await tidying(world, [], 36)).toEqual(NOTHING);
  const { blobs } = world.files.containers.get(RUNS_CONTAINER) ?? { blobs: new Map() };
  expect([...blobs.keys()]).toEqual([]);
});

test('one thing that cannot be deleted does not keep the others, and is named', async () => {
  const world = worldOf(whole);
  await leave(world);
  const { poolId, jobId, stagingContainer } = world.plan;
  const batch = cutting(world.batch, { calls: 0 }, 2, 'beforeTheCall');

  expect(await tidy({ ...world.tools, batch }, async () => false, minute(0))).toEqual({
    orphans: [{ kind: 'job', id: jobId }],
    containers: [stagingContainer],
    refused: [`pool ${poolId}: cut before`],
    kept: [],
  });
});

test('what carries no run id is nobody of ours, whatever its name says [GD40]', async () => {
  const world = worldOf(whole);
  world.files.put('run-hello-1-in', 'a', '1');
  world.files.put('inbox', 'b', '1');

  expect(await tidying(world)).toEqual(NOTHING);
  expect([...world.files.containers.keys()]).toEqual(['run-hello-1-in', 'inbox']);
});

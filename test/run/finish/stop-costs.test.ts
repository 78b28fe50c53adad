import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import { stopCosts } from '../../../src/run/finish/stop-costs';
import { checked, OWNER, planOf, whole } from '../given';
import { now, snapshot, worldOf } from '../world';

async function working() {
  const world = worldOf(whole);
  const { activities, plan } = world;
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
  return world;
}

test('a stop deletes every pool and job of any run, without a condition [NB17]', async () => {
  const { tools, plan } = await working();

  expect(await stopCosts(tools, OWNER, null)).toEqual({
    removing: [
      { kind: 'pool', id: plan.poolId },
      { kind: 'job', id: plan.jobId },
    ],
    scaledToZero: [],
    refused: [],
  });
});

test('a stop ignores what is deleted already, and can be repeated [NB17]', async () => {
  const { tools } = await working();
  const batch = { ...tools.batch, listOwned: (owner: string) => tools.batch.listOwned(owner) };
  const gone = {
    ...batch,
    deletePool: async () => 'deleted' as const,
    deleteJob: async () => 'deleted' as const,
  };

  expect(await stopCosts({ batch: gone }, OWNER, null)).toEqual({
    removing: [],
    scaledToZero: [],
    refused: [],
  });
});

test('a deletion that fails is listed and does not stop the others', async () => {
  const { tools, plan } = await working();
  const batch = {
    ...tools.batch,
    listOwned: (owner: string) => tools.batch.listOwned(owner),
    deletePool: async () => {
      throw new Failure('serviceUnavailable', 'cannot delete the pool at the moment');
    },
    deleteJob: tools.batch.deleteJob.bind(tools.batch),
  };

  expect(await stopCosts({ batch }, OWNER, null)).toEqual({
    removing: [{ kind: 'job', id: plan.jobId }],
    scaledToZero: [],
    refused: [`pool ${plan.poolId}: cannot delete the pool at the moment`],
  });
});

const nothing = { removing: [], scaledToZero: [], refused: [] };

test('a stop of one run deletes what that run has, and nothing of another run', async () => {
  const { tools, plan } = await working();
  const only = (runId: string) => ({ runIds: new Set([runId]), workload: 'hello' });

  expect(await stopCosts(tools, OWNER, only('hello-2'))).toEqual(nothing);
  expect(await stopCosts(tools, OWNER, only(plan.runId))).toEqual({
    ...nothing,
    removing: [
      { kind: 'pool', id: plan.poolId },
      { kind: 'job', id: plan.jobId },
    ],
  });
});

test('a stop of another app changes nothing [GD40]', async () => {
  const world = await working();
  const before = snapshot(world);

  expect(await stopCosts(world.tools, 'another-app', null)).toEqual(nothing);
  expect(snapshot(world)).toEqual(before);
});

test('a stop scales retained pools to zero, that of one workload alone when it concerns one [NB17]', async () => {
  const { batch } = worldOf(whole);
  const { poolId } = planOf(checked({ ...whole, pool: { keep: { days: 7 } } }));
  const until = '2026-11-26T00:00:00.000Z';
  batch.retained.push({ id: poolId, until }, { id: 'hello-late-kept-0123456789-1', until });
  const scaled: string[] = [];
  batch.scalePoolToZero = async (id, { owner, workload }) => {
    scaled.push(`${id} of ${workload} of ${owner}`);
    return 'deleting';
  };

  const one = await stopCosts({ batch }, OWNER, { runIds: new Set(), workload: 'hello' });
  const all = await stopCosts({ batch }, OWNER, null);

  expect([one, all]).toEqual([
    { ...nothing, scaledToZero: [poolId] },
    { ...nothing, scaledToZero: [poolId, 'hello-late-kept-0123456789-1'] },
  ]);
  expect(scaled[0]).toBe(`${poolId} of hello of ${OWNER}`);
});

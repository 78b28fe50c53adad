import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import { stopCosts } from '../../../src/run/finish/stop-costs';
import { whole } from '../given';
import { now, worldOf } from '../world';

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

  expect(await stopCosts(tools)).toEqual({
    removing: [
      { kind: 'pool', id: plan.poolId },
      { kind: 'job', id: plan.jobId },
    ],
    refused: [],
  });
});

test('a stop ignores what is deleted already, and can be repeated [NB17]', async () => {
  const { tools } = await working();
  const batch = { ...tools.batch, listOwned: () => tools.batch.listOwned() };
  const gone = {
    ...batch,
    deletePool: async () => 'deleted' as const,
    deleteJob: async () => 'deleted' as const,
  };

  expect(await stopCosts({ batch: gone })).toEqual({ removing: [], refused: [] });
});

test('a deletion that fails is listed and does not stop the others', async () => {
  const { tools, plan } = await working();
  const batch = {
    ...tools.batch,
    listOwned: () => tools.batch.listOwned(),
    deletePool: async () => {
      throw new Failure('serviceUnavailable', 'cannot delete the pool at the moment');
    },
    deleteJob: tools.batch.deleteJob.bind(tools.batch),
  };

  expect(await stopCosts({ batch })).toEqual({
    removing: [{ kind: 'job', id: plan.jobId }],
    refused: [`pool ${plan.poolId}: cannot delete the pool at the moment`],
  });
});

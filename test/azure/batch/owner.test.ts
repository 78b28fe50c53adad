import { expect, test } from 'vitest';
import { OWNER } from '../../run/given';
import { owner, poolSpec, portOnStandIn } from './on-stand-in';
import { job } from './specs';

/** Two apps on one Batch account, whose runs have the same ids. */

const another = { ...owner, owner: 'another-app' };
const KEPT = { id: 'hello-kept-1', retainedUntil: '2030-01-08T00:00:00.000Z' };
const FORMULA = '// none';

/** A pool, a job and a retained pool of one app. */
async function accountOfOneApp() {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec({ formula: FORMULA }), owner);
  await batch.makePool(poolSpec({ ...KEPT, formula: FORMULA }), owner);
  await batch.makeJob({ ...job, jobManager: null }, owner);
  return { stand, batch };
}

test('pools, retained pools and jobs carry the mark of their app', async () => {
  const { stand, batch } = await accountOfOneApp();
  const { client } = stand;

  const made = [
    await client.pool.get('hello-1'),
    await client.pool.get(KEPT.id),
    await client.job.get(job.id),
  ];

  for (const { metadata } of made) {
    expect(metadata).toContainEqual({ name: 'nightshift-owner', value: OWNER });
  }
  expect((await batch.listOwned(OWNER)).map(({ kind, id }) => [kind, id])).toEqual([
    ['pool', 'hello-1'],
    ['pool', KEPT.id],
    ['job', job.id],
  ]);
});

test("pools and jobs of another app's run with the same id are not adopted [GD26, GD40]", async () => {
  const { stand, batch } = await accountOfOneApp();
  const collision = { code: 'nameCollision' };

  const second = '// second';
  await expect(batch.makePool(poolSpec({ formula: FORMULA }), another)).rejects.toMatchObject(
    collision,
  );
  await expect(
    batch.makePool(poolSpec({ ...KEPT, formula: second }), another),
  ).rejects.toMatchObject(collision);
  await expect(batch.makeJob({ ...job, jobManager: null }, another)).rejects.toMatchObject(
    collision,
  );
  expect((await stand.client.pool.get(KEPT.id)).autoScaleFormula).toBe(FORMULA);
});

test('pools and jobs of another app are neither deleted, resized nor listed [GD40]', async () => {
  const { stand, batch } = await accountOfOneApp();

  expect([
    await batch.deleteJob(job.id, another),
    await batch.deletePool('hello-1', another),
    await batch.scalePoolToZero(KEPT.id, another),
    await batch.deleteRetainedPool(KEPT.id, another.owner),
    await batch.listOwned(another.owner),
  ]).toEqual(['notOwned', 'notOwned', 'notOwned', 'notOwned', []]);
  const { client } = stand;
  expect([
    (await client.pool.get('hello-1')).state,
    (await client.pool.get(KEPT.id)).autoScaleFormula,
    (await client.job.get(job.id)).state,
  ]).toEqual(['active', FORMULA, 'active']);
});

test('pools and jobs without a mark of an app are of no app, whatever run they name [GD40]', async () => {
  const { stand, batch } = await portOnStandIn();
  const metadata = [
    { name: 'nightshift-run', value: owner.runId },
    { name: 'nightshift-workload', value: owner.workload },
  ];
  await batch.makePool(poolSpec({ formula: FORMULA }), owner);
  await stand.client.pool.updateProperties('hello-1', {
    metadata,
    applicationPackageReferences: [],
    certificateReferences: [],
  });
  await stand.client.job.add({ id: job.id, poolInfo: { poolId: 'hello-1' }, metadata });

  expect([
    await batch.listOwned(OWNER),
    await batch.deletePool('hello-1', owner),
    await batch.deleteJob(job.id, owner),
  ]).toEqual([[], 'notOwned', 'notOwned']);
});

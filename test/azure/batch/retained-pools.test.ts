import { expect, test } from 'vitest';
import { createActivities } from '../../../src/run/activities';
import { MemoryFiles } from '../../memory-files';
import { checked, planOf, whole } from '../../run/given';
import { nodeIn, ONE_NODE, poolSpec, portOnStandIn } from './on-stand-in';
import { checkWorkloads } from '../../../src/workload/check-workloads';

const declaration = { ...whole, pool: { keep: { days: 7 } } };

function planWith(key: string) {
  return planOf(checked(declaration), { occurrence: { kind: 'request', key } });
}

test('a run that is skipped leaves the retained pool to the active run [GD38]', async () => {
  const { stand, batch } = await portOnStandIn();
  const activities = createActivities({
    batch,
    files: new MemoryFiles(),
    secrets: { read: async () => '' },
    workloads: checkWorkloads([declaration]),
    programsFolder: '/nowhere',
  });
  const [going, late] = [planWith('one'), planWith('two')];
  const now = going.startedAt;
  expect(late.poolId).toBe(going.poolId);
  expect(await activities.admit({ plan: going, now })).toMatchObject({ kind: 'admitted' });
  await batch.makePool(poolSpec({ id: going.poolId, retainedUntil: '2030-01-08T00:00:00.000Z' }), {
    runId: going.runId,
    workload: 'hello',
  });
  await nodeIn(stand, 'idle', going.poolId);
  expect(await activities.admit({ plan: late, now })).toMatchObject({ kind: 'busy' });

  const { done } = await activities.cleanUp({ plan: late, outcome: 'skipped' });
  expect(done.find(({ resource }) => resource === 'pool')?.state).toBe('kept');
  expect((await stand.client.pool.get(going.poolId)).autoScaleFormula).toBe(ONE_NODE);

  // The one that had its turn puts it to rest.
  await activities.cleanUp({ plan: going, outcome: 'succeeded' });
  expect((await stand.client.pool.get(going.poolId)).autoScaleFormula).not.toBe(ONE_NODE);
});

test.each<[string, object, object]>([
  ['another way to fill nodes', { fill: 'spread' }, {}],
  ['no set-up any more', {}, { setup: { command: '/bin/true' } }],
  ['no packages any more', {}, { packages: [{ application: 'fit', version: '1' }] }],
  ['another subnet', { subnetId: subnet('a') }, { subnetId: subnet('b') }],
])('a pool is not kept for a workload that has %s [NB17]', (_, after, before = {}) => {
  const poolWith = (more: object) =>
    planOf(checked({ ...declaration, pool: { keep: { days: 7 }, ...more } })).poolId;

  expect(poolWith(after)).not.toBe(poolWith(before));
  expect(poolWith(before)).toBe(poolWith(before));
});

function subnet(name: string): string {
  return `/subscriptions/s/resourceGroups/g/providers/x/virtualNetworks/n/subnets/${name}`;
}

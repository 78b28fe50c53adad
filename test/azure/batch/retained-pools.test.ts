import { expect, test } from 'vitest';
import { createActivities } from '../../../src/run/activities';
import { ACTIVE_PARTITION } from '../../../src/ledger/keys';
import { runLedgerOn } from '../../../src/ledger/run-ledger';
import { MemoryFiles } from '../../memory-files';
import { MemoryTable } from '../../memory-table';
import { checked, OWNER, planOf, whole } from '../../run/given';
import { nodeIn, ONE_NODE, poolSpec, portOnStandIn } from './on-stand-in';
import { checkWorkloads } from '../../../src/workload/check-workloads';

const declaration = { ...whole, pool: { keep: { days: 7 } } };

function planWith(key: string) {
  return planOf(checked(declaration), { occurrence: { kind: 'request', key } });
}

test('a run that ends leaves the retained pool to a run that is active, and the last one scales it to zero [GD38]', async () => {
  const { stand, batch } = await portOnStandIn();
  const table = new MemoryTable();
  const activities = createActivities({
    batch,
    files: new MemoryFiles(),
    ledger: runLedgerOn(table),
    secrets: { read: async () => '' },
    workloads: checkWorkloads([declaration]),
    programsFolder: '/nowhere',
    warn: () => undefined,
  });
  const [active, ended] = [planWith('one'), planWith('two')];
  const now = active.startedAt;
  expect(ended.poolId).toBe(active.poolId);
  expect(await activities.claim({ plan: active, now })).toMatchObject({ kind: 'claimed' });
  await batch.makePool(poolSpec({ id: active.poolId, retainedUntil: '2030-01-08T00:00:00.000Z' }), {
    owner: OWNER,
    runId: active.runId,
    workload: 'hello',
  });
  await nodeIn(stand, 'idle', active.poolId);

  const { done } = await activities.cleanUp({ plan: ended, outcome: 'cancelled' });
  expect(done.find(({ resource }) => resource === 'pool')?.state).toBe('kept');
  expect((await stand.client.pool.get(active.poolId)).autoScaleFormula).toBe(ONE_NODE);

  await table.remove(ACTIVE_PARTITION, ended.runId);
  await activities.cleanUp({ plan: active, outcome: 'succeeded' });
  expect((await stand.client.pool.get(active.poolId)).autoScaleFormula).not.toBe(ONE_NODE);
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

import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import type { BatchAccount, PackageAccess } from '../../../src/run/ports';
import { provision } from '../../../src/run/provision/provision';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo, whole } from '../given';
import { now, worldOf } from '../world';

const inTasks: WorkloadDeclaration = {
  ...whole,
  work: { kind: 'whole', jobManager: { ...echo, packages: [{ application: 'fit' }] } },
};
const inPool: WorkloadDeclaration = { ...whole, pool: { packages: [{ application: 'fit' }] } };
const inExistingPool: WorkloadDeclaration = { ...inTasks, pool: { existing: 'shared' } };

/** Provisions the pool of a run, in an account that says how nodes get packages. */
async function provisioned(
  declaration: WorkloadDeclaration,
  packageAccess: BatchAccount['packageAccess'],
) {
  const { batch, plan, tools } = worldOf(declaration);
  batch.packages.set('fit', ['1.0']);
  batch.existing.set('shared', {
    isBeingDeleted: false,
    runId: null,
    nodeAgent: 'batch.node.ubuntu 24.04',
    runsContainers: false,
    slotsPerNode: 1,
    autoscales: false,
    targetNodes: 1,
  });
  const account: BatchAccount = {
    quotas: () => Promise.reject(new Error('not read')),
    defaultVersionOf: () => Promise.reject(new Error('not read')),
    vmSizes: () => Promise.reject(new Error('not read')),
    packageAccess,
  };
  const result = await provision({ ...tools, account }, { plan, startNodes: 1, now }).then(
    ({ poolId }) => poolId,
    (error: Failure) => `${error.code}: ${error.message}`,
  );
  return { result, pools: [...batch.pools.keys()], own: plan.poolId };
}

test.each([
  [inPool, 'pool.packages', 'noIdentity'],
  [inTasks, 'work.jobManager.packages', 'noIdentity'],
  [inTasks, 'work.jobManager.packages', 'nodeIdentity'],
] as const)(
  'a run whose nodes could not download their packages creates no pool: $1, $2 [RS20]',
  async (declaration, field, access: PackageAccess) => {
    const { result, pools } = await provisioned(declaration, async () => access);

    expect(result).toBe(
      `badSpecification: ${field}: application packages cannot reach the nodes, which would never finish starting: the Batch account reads its storage with an identity (autoStorage.authenticationMode), and a pool that a run creates has none; deliver the files as programs, as inputs, as shared data or in a container image, or name an existing pool that has the identity of autoStorage.nodeIdentityReference (pool.existing)`,
    );
    expect(pools).toEqual([]);
  },
);

test('an existing pool may have the identity that the account names for nodes', async () => {
  const [named, none] = await Promise.all([
    provisioned(inExistingPool, async () => 'nodeIdentity'),
    provisioned(inExistingPool, async () => 'noIdentity'),
  ]);

  expect(named.result).toBe('shared');
  expect(none.result).toContain('and names none for nodes (autoStorage.nodeIdentityReference)');
});

test('a run with packages starts where nodes get them with keys, and where the account cannot be read', async () => {
  const unreadable = () => Promise.reject(new Failure('accessDenied', 'it requires the right to'));
  for (const access of [async () => 'storageKeys' as const, unreadable]) {
    const { result, pools, own } = await provisioned(inPool, access);
    expect([result, pools]).toEqual([own, [own]]);
  }
});

test('a run without packages does not read the account', async () => {
  const { result, own } = await provisioned(whole, () => Promise.reject(new Error('not read')));

  expect(result).toBe(own);
});

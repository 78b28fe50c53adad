import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createActivities } from '../../../src/run/activities';
import type { PoolDescription, PoolSpec } from '../../../src/run/ports';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { CANARY, now, worldOf, type World } from '../world';
import { echo, split, whole } from '../given';

const container = { image: 'busybox:1.36' };

async function provision(world: World): Promise<PoolSpec> {
  await world.activities.provision({ plan: world.plan, startNodes: 1, now });
  const made = world.batch.pools.get(world.plan.poolId)?.spec;
  if (made === undefined) throw new Error('no pool was made');
  return made;
}

function refusal(world: World): Promise<string> {
  return provision(world).then(
    () => 'not refused',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );
}

test('a pool of containers fetches the images of its tasks, and logs in where it must [NB4, GD23, GD16]', async () => {
  const world = worldOf({
    ...split,
    pool: {
      containerImages: ['nginx:1.29'],
      registries: [{ server: 'tools.azurecr.io', user: 'puller', secret: 'signing-key' }],
    },
    work: {
      kind: 'split',
      jobManager: { ...echo, container },
      task: { ...echo, container: { image: 'tools.azurecr.io/fit:2' } },
    },
  });

  const { containers, image } = await provision(world);

  expect(containers).toEqual({
    images: ['nginx:1.29', 'busybox:1.36', 'tools.azurecr.io/fit:2'],
    registries: [{ server: 'tools.azurecr.io', user: 'puller', password: CANARY }],
  });
  expect(image.kind === 'marketplace' && image.offer).toBe('ubuntu-hpc');
});

test('the password of a registry is nowhere but in the pool: not staged, not told [GD19, NB14]', async () => {
  const world = worldOf({
    ...whole,
    pool: { registries: [{ server: 'tools.azurecr.io', user: 'puller', secret: 'signing-key' }] },
    work: { kind: 'whole', jobManager: { ...echo, container } },
  });

  const staged = await world.activities.stage({ plan: world.plan });
  const provisioned = await world.activities.provision({ plan: world.plan, startNodes: 1, now });

  const blobs = [...world.files.containers.values()].flatMap(({ blobs: all }) => [...all.values()]);
  expect(blobs.filter(({ bytes }) => bytes.includes(CANARY))).toEqual([]);
  expect(JSON.stringify([staged, provisioned, world.plan])).not.toContain(CANARY);
});

test('containers of the run and of others are mounted, each with a credential for it alone [GD24, NB9, GD36]', async () => {
  const world = worldOf({
    ...whole,
    inputs: { container: 'reports-in' },
    pool: {
      mounts: [
        { of: 'inputs', at: 'in' },
        { of: 'outputs', at: 'out' },
        { of: { container: 'maps' }, at: 'maps', options: '-o allow_other -o ro -o uid=1000' },
      ],
    },
  });
  const { stagingContainer, outputContainer } = world.plan;

  expect((await provision(world)).mounts).toEqual([
    {
      account: 'memory',
      container: stagingContainer,
      sas: `read-${stagingContainer}-for=210`,
      at: 'in',
      options: '-o allow_other -o ro -o umask=022',
    },
    {
      account: 'memory',
      container: outputContainer,
      sas: `write-${outputContainer}-for=210`,
      at: 'out',
      options: '-o allow_other -o umask=000',
    },
    {
      account: 'memory',
      container: 'maps',
      sas: 'read-maps-for=210',
      at: 'maps',
      options: '-o allow_other -o ro -o uid=1000',
    },
  ]);
});

test('what cannot be read is found before anything is asked of Batch, by its field', async () => {
  const mounted = worldOf({ ...whole, pool: { mounts: [{ of: { container: 'maps' }, at: 'm' }] } });
  const shared = worldOf({ ...whole, shared: [{ container: 'maps', prefix: '2026/', to: 'm' }] });
  shared.files.put('maps', '2025/world.bin', 'old');

  await expect(mounted.activities.stage({ plan: mounted.plan })).rejects.toMatchObject({
    code: 'inputGone',
    message: 'pool.mounts[0]: container maps contains no blob; upload the data there',
  });
  await expect(shared.activities.stage({ plan: shared.plan })).rejects.toMatchObject({
    message:
      'shared[0]: container maps contains no blob whose name starts with "2026/"; upload the data there',
  });
});

test('a mounted output container is never empty, so that a bare folder is known for one', async () => {
  const world = worldOf({ ...whole, pool: { mounts: [{ of: 'outputs', at: 'out' }] } });
  const programsFolder = join(__dirname, '..', '..', '..', 'src', 'workloads');

  await createActivities({ ...world.tools, programsFolder }).stage({ plan: world.plan });

  expect(world.files.text(world.plan.outputContainer, '.nightshift')).toBe(world.plan.runId);
});

test('packages of pool and tasks are looked for before the pool is made [RS18, RS19]', async () => {
  const pool = { packages: [{ application: 'fit', version: '2.0' }] };
  const task = { ...echo, packages: [{ application: 'maps' }] };
  const world = worldOf({ ...split, pool, work: { ...split.work, task } });
  const missing = () => refusal(world);

  expect(await missing()).toBe(
    'badSpecification: pool.packages: the Batch account has no version 2.0 of the application package fit (the application does not exist); upload it with npm run pack',
  );
  world.batch.packages.set('fit', ['1.0', '1.1']);
  expect(await missing()).toContain(
    'no version 2.0 of the application package fit (it has 1.0, 1.1)',
  );
  world.batch.packages.set('fit', ['2.0']);
  world.batch.packages.set('maps', []);
  expect(await missing()).toContain(
    'work.task.packages: the Batch account has no version of the application package maps (it has none)',
  );
  expect(world.batch.pools.size).toBe(0);

  world.batch.packages.set('maps', ['2026']);
  expect((await provision(world)).packages).toEqual([{ application: 'fit', version: '2.0' }]);
});

test('an image near its end is a warning of the run', async () => {
  const world = worldOf({ ...whole, pool: { image: 'ubuntu-22.04' } });
  const late = { plan: world.plan, startNodes: 1, now: '2027-06-01T00:00:00.000Z' };

  expect((await world.activities.provision(late)).warnings).toEqual([
    'pool.image: Batch supports ubuntu-22.04 until 2027-06-30, 29 days from now; choose a newer image',
  ]);
});

const shared: PoolDescription = {
  isBeingDeleted: false,
  runId: null,
  nodeAgent: 'batch.node.ubuntu 24.04',
  runsContainers: false,
  slotsPerNode: 2,
  autoscales: true,
  targetNodes: 0,
};

function sharing(
  facts: Partial<PoolDescription> | null,
  more: Partial<WorkloadDeclaration> = {},
): World {
  const world = worldOf({ ...whole, pool: { existing: 'shared-pool' }, ...more });
  if (facts !== null) world.batch.existing.set('shared-pool', { ...shared, ...facts });
  return world;
}

test('an existing pool is used unchanged: not created, not resized, not deleted [PI6, GD26]', async () => {
  const world = sharing({});
  const { plan, activities, batch } = world;

  expect(await activities.provision({ plan, startNodes: 1, now })).toEqual({
    poolId: 'shared-pool',
    warnings: [],
  });
  await activities.submitJob({ plan, now });
  const grown = await activities.setTargetNodes({ plan, startNodes: 2, now });
  const { done } = await activities.cleanUp({ plan, outcome: 'succeeded' });

  expect(batch.jobs.get(plan.jobId)?.spec.poolId).toBe('shared-pool');
  expect([grown, batch.pools.size]).toEqual([{ result: 'notOwned' }, 0]);
  expect(done.find(({ resource }) => resource === 'pool')).toEqual({
    resource: 'pool',
    id: 'shared-pool',
    state: 'kept',
  });
});

const containers = { work: { kind: 'whole', jobManager: { ...echo, container } } } as const;
const wide = { work: { kind: 'whole', jobManager: { ...echo, slots: 3 } } } as const;

test.each<[string, Partial<PoolDescription> | null, Partial<WorkloadDeclaration>, string]>([
  ['that is not there', null, {}, 'the pool does not exist'],
  ['that is being deleted', { isBeingDeleted: true }, {}, 'it is being deleted'],
  [
    'that belongs to a run',
    { runId: 'other-1' },
    {},
    'it belongs to run other-1, which deletes it when it ends',
  ],
  [
    'that takes containers alone [NB1]',
    { runsContainers: true },
    {},
    'it only runs tasks in containers; give every task a container',
  ],
  [
    'that runs no containers [NB1]',
    {},
    containers,
    'it has no container configuration, and the tasks run in containers; name a pool that has one',
  ],
  [
    'whose nodes are too narrow [PI8]',
    {},
    wide,
    'a task needs 3 slots and its nodes have 2; lower the slots of the task',
  ],
  [
    'that has no node and gets none',
    { autoscales: false },
    {},
    'it has zero nodes and does not autoscale; resize it, or give it an autoscale formula',
  ],
  [
    'of another node agent',
    { nodeAgent: 'batch.node.el 9' },
    { pool: { existing: 'shared-pool', image: 'ubuntu-24.04' } },
    'its nodes have the node agent "batch.node.el 9", and pool.image needs "batch.node.ubuntu 24.04"',
  ],
])('a pool %s is refused, with the reason', async (_what, facts, more, reason) => {
  const { activities, plan } = sharing(facts, more);

  await expect(activities.provision({ plan, startNodes: 1, now })).rejects.toMatchObject({
    code: 'badSpecification',
    message: `pool.existing "shared-pool" cannot be used: ${reason}`,
  });
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import { createActivities } from '../../../src/run/activities';
import type { BatchAccount, PackageAccess } from '../../../src/run/ports';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo, whole } from '../given';
import { now, worldOf, type World } from '../world';

const declared: WorkloadDeclaration = {
  ...whole,
  pool: { packages: [{ application: 'fit' }] },
  work: {
    kind: 'whole',
    jobManager: { ...echo, packages: [{ application: 'my-tool', version: '1.0' }] },
  },
};

/** A world whose Batch account says how nodes get packages, with the archives in its storage. */
function packagedWorld(
  packageAccess: () => Promise<PackageAccess>,
  declaration: WorkloadDeclaration = declared,
): World {
  const world = worldOf(declaration);
  world.batch.packages.set('fit', ['2.0']).set('my-tool', ['1.0']);
  world.files.put('app-fit', '2.0', 'archive of fit');
  world.files.put('app-my-tool', '1.0', 'archive of my-tool');
  const account: BatchAccount = {
    quotas: () => Promise.reject(new Error('not read')),
    defaultVersionOf: async () => '2.0',
    vmSizes: () => Promise.reject(new Error('not read')),
    packageUrl: async (application, version) => `memory://app-${application}/${version}`,
    packageAccess,
  };
  const programsFolder = join(__dirname, '..', '..', '..', 'src', 'workloads');
  const tools = { ...world.tools, account, programsFolder };
  return { ...world, tools, activities: createActivities(tools) };
}

async function submitted(world: World) {
  const { activities, batch, plan } = world;
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
  return {
    pool: batch.pools.get(plan.poolId)?.spec,
    job: batch.jobs.get(plan.jobId)?.spec,
    staged: (index: number) => world.files.text(plan.stagingContainer, `packages/${index}.zip`),
  };
}

const variables = (names: readonly string[], index: number) =>
  names.map(
    (name) =>
      `AZ_BATCH_APP_PACKAGE_${name}=$AZ_BATCH_JOB_PREP_WORKING_DIR/packages/${index}; export AZ_BATCH_APP_PACKAGE_${name}`,
  );

test.each(['noIdentity', 'nodeIdentity'] as const)(
  'where nodes need an identity, the app delivers the packages, with the variables of Batch: %s [RS18, RS19, RS21]',
  async (access) => {
    const world = packagedWorld(async () => access);

    const { pool, job, staged } = await submitted(world);

    const setting = [
      ...variables(['fit', 'FIT'], 0),
      ...variables(['my_tool_1_0', 'MY_TOOL_1_0'], 1),
    ].join('; ');
    const prefix = `/bin/sh -c "${setting}; exec \\"$@\\"" sh`;
    expect([staged(0), staged(1)]).toEqual(['archive of fit', 'archive of my-tool']);
    expect([pool?.packages, job?.jobManager?.packages]).toEqual([[], []]);
    expect(job?.jobManager?.command).toBe(`${prefix} ${echo.command}`);
    expect(job?.preparation?.command).toBe(`/bin/sh unpack-packages.sh 0 1 -- ${prefix} /bin/true`);
    const files = job?.preparation?.resourceFiles.map((file) => 'url' in file && file.path);
    expect(files).toEqual(['unpack-packages.sh', 'packages/0.zip', 'packages/1.zip']);
  },
);

test('with the keys of its storage, or an account that cannot be read, Batch delivers the packages', async () => {
  const denied = () => Promise.reject(new Failure('accessDenied', 'it requires the right to'));
  for (const access of [async () => 'storageKeys' as const, denied]) {
    const { pool, job, staged } = await submitted(packagedWorld(access));

    expect(staged(0)).toBeUndefined();
    expect(pool?.packages).toEqual([{ application: 'fit' }]);
    expect(job?.jobManager).toMatchObject({
      command: echo.command,
      packages: [{ application: 'my-tool', version: '1.0' }],
    });
    expect(job?.preparation?.command).toBe('/bin/true');
  }
});

test('packages that the app cannot deliver end the run before it has a pool [RS20]', async () => {
  const inContainers: WorkloadDeclaration = {
    ...declared,
    work: { kind: 'whole', jobManager: { ...echo, container: { image: 'busybox:1.36' } } },
  };
  const world = packagedWorld(async () => 'noIdentity', inContainers);

  await expect(world.activities.stage({ plan: world.plan })).rejects.toMatchObject({
    code: 'badSpecification',
    message: expect.stringContaining('pool.packages: the application package fit cannot reach'),
  });
  expect(world.batch.pools.size).toBe(0);
});

test('a run without packages does not read the account', async () => {
  const unread = () => Promise.reject(new Error('not read'));

  const { job } = await submitted(packagedWorld(unread, whole));

  expect([job?.jobManager?.command, job?.preparation]).toEqual([echo.command, null]);
});

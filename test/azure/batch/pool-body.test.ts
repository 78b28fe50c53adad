import { afterEach, expect, test } from 'vitest';
import type { PoolSpec } from '../../../src/run/ports';
import { OWNER } from '../../run/given';
import { owner, pool } from './specs';
import { scripted, type ScriptedBatch } from './scripted-batch';

let line: ScriptedBatch | undefined;

afterEach(async () => {
  await line?.close();
  line = undefined;
});

/** The pool as the real client sends it. */
async function sent(more: Partial<PoolSpec>): Promise<Record<string, unknown>> {
  const opened = await scripted([{ status: 201 }]);
  line = opened;
  await opened.batch.makePool({ ...pool, ...more }, owner);
  return opened.asked[0]?.body as Record<string, unknown>;
}

test('a pool of containers says what to fetch and how to log in [NB4, GD23]', async () => {
  const registries = [{ server: 'tools.azurecr.io', user: 'puller', password: 'p-3f9a' }];

  const body = await sent({ containers: { images: ['tools.azurecr.io/fit:2'], registries } });

  expect(body['virtualMachineConfiguration']).toMatchObject({
    containerConfiguration: {
      type: 'dockerCompatible',
      containerImageNames: ['tools.azurecr.io/fit:2'],
      containerRegistries: [
        { registryServer: 'tools.azurecr.io', username: 'puller', password: 'p-3f9a' },
      ],
    },
  });
});

test('the start task of a pool of containers runs on the node itself, outside of a container [NB6]', async () => {
  const { startTask, virtualMachineConfiguration } = await sent({
    containers: { images: ['busybox:1.36'], registries: [] },
  });

  expect(virtualMachineConfiguration).toMatchObject({
    containerConfiguration: { containerImageNames: ['busybox:1.36'] },
  });
  expect(startTask).toMatchObject({ commandLine: '/bin/bash install.sh', waitForSuccess: true });
  expect(startTask).not.toHaveProperty('containerSettings');
});

test('a pool without a container has no container configuration, which would refuse its tasks [NB1]', async () => {
  const { containerConfiguration } = (await sent({}))['virtualMachineConfiguration'] as {
    containerConfiguration?: unknown;
  };

  expect(containerConfiguration).toBeUndefined();
});

test('containers of blobs are mounted with a SAS, below the folder of mounts [GD24, NB14]', async () => {
  const mount = {
    account: 'store',
    container: 'maps',
    sas: 'sv=1&sig=x',
    at: 'maps',
    options: '-o allow_other -o ro',
  };

  expect((await sent({ mounts: [mount] }))['mountConfiguration']).toEqual([
    {
      azureBlobFileSystemConfiguration: {
        accountName: 'store',
        containerName: 'maps',
        sasKey: 'sv=1&sig=x',
        blobfuseOptions: '-o allow_other -o ro',
        relativeMountPath: 'maps',
      },
    },
  ]);
});

test('an image of an own gallery is named by its id alone, with its agent [RS6]', async () => {
  const image = { kind: 'gallery', id: '/subscriptions/s/images/i', nodeAgent: 'a' } as const;

  expect((await sent({ image }))['virtualMachineConfiguration']).toEqual({
    imageReference: { virtualMachineImageId: '/subscriptions/s/images/i' },
    nodeAgentSKUId: 'a',
  });
});

test('packages, and nodes that may talk to each other, are for the pool to say [RS18, PI15]', async () => {
  const packages = [{ application: 'fit', version: '2.0' }, { application: 'maps' }];

  expect(await sent({ packages, interNode: true })).toMatchObject({
    applicationPackageReferences: [
      { applicationId: 'fit', version: '2.0' },
      { applicationId: 'maps' },
    ],
    enableInterNodeCommunication: true,
  });
});

test('a retained pool has its workload and its end as metadata, and no run', async () => {
  const { metadata } = await sent({ retainedUntil: '2030-01-08T00:00:00.000Z' });

  expect(metadata).toEqual([
    { name: 'nightshift-kept-until', value: '2030-01-08T00:00:00.000Z' },
    { name: 'nightshift-owner', value: OWNER },
    { name: 'nightshift-workload', value: 'hello' },
    { name: 'nightshift-spec', value: expect.stringMatching(/^[0-9a-f]{16}$/) as string },
  ]);
});

test('another start task, formula or password is the same pool; another size, image or mount is not', async () => {
  const markOf = async (more: Partial<PoolSpec>) => {
    const { metadata } = (await sent(more)) as { metadata: { name: string; value: string }[] };
    await line?.close();
    return metadata.find(({ name }) => name === 'nightshift-spec')?.value;
  };
  const containers = (password: string) => ({
    images: ['a:1'],
    registries: [{ server: 'r', user: 'u', password }],
  });
  const usual = await markOf({});

  expect(await markOf({ startTask: null, formula: 'x = 1;', vmSize: 'STANDARD_D4S_V5' })).toBe(
    usual,
  );
  expect(await markOf({ containers: containers('old') })).toBe(
    await markOf({ containers: containers('new') }),
  );
  const others = [
    await markOf({ vmSize: 'standard_d8s_v5' }),
    await markOf({ interNode: true }),
    await markOf({ subnetId: '/subscriptions/s/subnets/n' }),
    await markOf({ containers: containers('old') }),
    await markOf({
      mounts: [{ account: 'a', container: 'c', sas: 's', at: 'm', options: '-o ro' }],
    }),
  ];
  expect(new Set([usual, ...others]).size).toBe(6);
});

import { expect, test } from 'vitest';
import { UBUNTU, bodyOf, poolOf, standIn } from './stand';

const SMALL = { vmSize: 'STANDARD_D2s_v5', virtualMachineConfiguration: UBUNTU };

test("a new pool shows the service's defaults", async () => {
  const { client, batch } = await standIn();
  await client.pool.add({ id: 'Pool', ...SMALL });

  const pool = bodyOf(await client.pool.get('pool'));

  const born = new Date('2030-01-01T00:00:00Z');
  expect(pool).toEqual({
    id: 'Pool',
    url: `${batch.url}/pools/Pool`,
    eTag: expect.any(String) as string,
    lastModified: born,
    creationTime: born,
    state: 'active',
    stateTransitionTime: born,
    allocationState: 'resizing',
    allocationStateTransitionTime: born,
    vmSize: 'standard_d2s_v5',
    currentDedicatedNodes: 0,
    targetDedicatedNodes: 0,
    currentLowPriorityNodes: 0,
    targetLowPriorityNodes: 0,
    enableAutoScale: false,
    resizeTimeout: 'PT15M',
    enableInterNodeCommunication: false,
    taskSlotsPerNode: 1,
    taskSchedulingPolicy: { nodeFillType: 'Spread' },
    virtualMachineConfiguration: {
      ...UBUNTU,
      imageReference: { ...UBUNTU.imageReference, version: 'latest' },
    },
  });
});

test('a pool is steady at its size after the allocation time [PI7]', async () => {
  const stand = await standIn();
  await stand.client.pool.add({
    id: 'pool',
    ...SMALL,
    targetLowPriorityNodes: 1,
  });

  const seen: string[] = [];
  await stand.until(async () => {
    const nodes = await stand.client.computeNode.list('pool');
    const { allocationState } = await stand.client.pool.get('pool');
    const states = nodes.map(({ state }) => state ?? '');
    const line = `${allocationState}: ${states.join(' ')}`;
    if (seen.at(-1) !== line) seen.push(line);
    return nodes.length === 1 && nodes.every(({ state }) => state === 'idle');
  });

  expect(seen).toEqual(['resizing: ', 'steady: creating', 'steady: starting', 'steady: idle']);
});

test('an existing pool is refused with PoolExists, in any case of its id', async () => {
  const { client } = await standIn();
  await client.pool.add({ id: 'pool', ...SMALL });

  await expect(client.pool.add({ id: 'POOL', ...SMALL })).rejects.toMatchObject({
    statusCode: 409,
    code: 'PoolExists',
  });
  expect((await client.pool.exists('pool')).body).toBe(true);
  expect((await client.pool.exists('other')).body).toBe(false);
});

test('a deleted pool is first deleting, then not found', async () => {
  const stand = await standIn();
  await poolOf(stand, 2);

  await stand.client.pool.deleteMethod('pool');

  expect((await stand.client.pool.get('pool')).state).toBe('deleting');
  await expect(stand.client.pool.add({ id: 'pool', ...SMALL })).rejects.toMatchObject({
    code: 'PoolBeingDeleted',
  });
  const gone = await stand.until(() =>
    stand.client.pool.get('pool').then(
      () => undefined,
      (error: { readonly code: string }) => error.code,
    ),
  );
  expect(gone).toBe('PoolNotFound');
});

test('a resizing pool refuses another resize', async () => {
  const stand = await standIn();
  await poolOf(stand, 2);
  await stand.client.pool.resize('pool', { targetLowPriorityNodes: 0 });

  await expect(
    stand.client.pool.resize('pool', { targetLowPriorityNodes: 4 }),
  ).rejects.toMatchObject({ statusCode: 409, code: 'PoolBeingResized' });
  const left = await stand.until(async () => {
    const pool = await stand.client.pool.get('pool');
    return pool.allocationState === 'steady' && pool;
  });
  expect([left.currentLowPriorityNodes, left.targetLowPriorityNodes]).toEqual([0, 0]);
});

test('a core quota leaves the pool below its target, with a resize error', async () => {
  const stand = await standIn({ quotas: { lowPriorityCores: 4 } });
  await stand.client.pool.add({ id: 'pool', ...SMALL, targetLowPriorityNodes: 5 });

  const pool = await stand.until(async () => {
    const found = await stand.client.pool.get('pool');
    return found.allocationState === 'steady' && found;
  });

  expect(pool.currentLowPriorityNodes).toBe(2);
  expect(pool.resizeErrors?.map(({ code }) => code)).toEqual([
    'AccountLowPriorityCoreQuotaReached',
  ]);
});

test('a resize without available machines ends at its time limit', async () => {
  const stand = await standIn();
  await stand.control('PUT /supply', { nodes: 1 });
  await stand.client.pool.add({
    id: 'pool',
    ...SMALL,
    targetLowPriorityNodes: 3,
    resizeTimeout: 'PT5M',
  });

  const pool = await stand.until(async () => {
    const found = await stand.client.pool.get('pool');
    return found.allocationState === 'steady' && found;
  }, 10);

  expect(pool.currentLowPriorityNodes).toBe(1);
  expect(pool.resizeErrors?.map(({ code }) => code)).toEqual(['AllocationTimedout']);
  expect(pool.allocationStateTransitionTime).toEqual(new Date('2030-01-01T00:05:00Z'));
});

test('a stopped resize keeps its nodes and has a resize error', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.pool.resize('pool', { targetLowPriorityNodes: 9 });
  await stand.client.pool.stopResize('pool');

  expect((await stand.client.pool.get('pool')).allocationState).toBe('stopping');
  const pool = await stand.until(async () => {
    const found = await stand.client.pool.get('pool');
    return found.allocationState === 'steady' && found;
  });
  expect(pool.currentLowPriorityNodes).toBe(1);
  expect(pool.resizeErrors?.map(({ code }) => code)).toEqual(['ResizeStopped']);
});

test('removing nodes also lowers the target', async () => {
  const stand = await standIn();
  const [first] = await poolOf(stand, 3);

  await stand.client.pool.removeNodes('pool', { nodeList: [first?.id ?? ''] });

  const pool = await stand.until(async () => {
    const found = await stand.client.pool.get('pool');
    return found.allocationState === 'steady' && found;
  });
  expect([pool.currentLowPriorityNodes, pool.targetLowPriorityNodes]).toEqual([2, 2]);
  await expect(stand.client.computeNode.get('pool', first?.id ?? '')).rejects.toMatchObject({
    code: 'NodeNotFound',
  });
});

test('a patch replaces the given properties and changes the ETag', async () => {
  const { client } = await standIn();
  const metadata = [{ name: 'run', value: 'r1' }];
  await client.pool.add({ id: 'pool', ...SMALL, metadata });
  const before = await client.pool.get('pool');

  await client.pool.patch('pool', { startTask: { commandLine: 'true' } });

  const after = await client.pool.get('pool');
  expect(after.startTask).toEqual({
    commandLine: 'true',
    maxTaskRetryCount: 0,
    waitForSuccess: true,
    userIdentity: { autoUser: { scope: 'pool', elevationLevel: 'nonadmin' } },
  });
  expect(after.metadata).toEqual(metadata);
  expect(after.eTag).not.toBe(before.eTag);
});

test.each([
  ['no image', { virtualMachineConfiguration: undefined }, 'MissingRequiredProperty'],
  [
    'a formula and targets',
    { enableAutoScale: true, autoScaleFormula: '$x=1', targetDedicatedNodes: 1 },
    'InvalidPropertyValue',
  ],
  [
    'a formula that cannot be read',
    { enableAutoScale: true, autoScaleFormula: '$x=' },
    'AutoScalingFormulaSyntaxError',
  ],
  [
    'an interval below five minutes',
    { enableAutoScale: true, autoScaleFormula: '$x=1', autoScaleEvaluationInterval: 'PT4M' },
    'InvalidPropertyValue',
  ],
  ['an id with a dot', { id: 'a.b' }, 'InvalidPropertyValue'],
  ['more slots than four a core', { taskSlotsPerNode: 9 }, 'InvalidPropertyValue'],
  [
    'a package that is not there',
    { applicationPackageReferences: [{ applicationId: 'x' }] },
    'InvalidApplicationPackageReferences',
  ],
])('a pool with %s is refused', async (_, wrong, code) => {
  const { client } = await standIn();

  const adding = client.pool.add({ id: 'pool', ...SMALL, ...wrong } as never);

  await expect(adding).rejects.toMatchObject({ code });
});

test('a pool without a machine configuration, or with an invalid VM size, is refused first', async () => {
  const { client } = await standIn();
  await client.pool.add({ id: 'pool', ...SMALL });

  await expect(client.pool.add({ id: 'pool', vmSize: SMALL.vmSize })).rejects.toMatchObject({
    code: 'MissingRequiredProperty',
  });
  await expect(client.pool.add({ id: 'pool', ...SMALL, vmSize: 'small' })).rejects.toMatchObject({
    code: 'InvalidPropertyValue',
    body: { values: [{ key: 'PropertyName', value: 'vmSize' }, {}, {}] },
  });
});

test('a size that Azure does not have, or no longer, is refused; an added one is accepted', async () => {
  const { client, control } = await standIn();
  const adding = (id: string, vmSize: string) =>
    client.pool.add({ id, ...SMALL, vmSize }).then(
      () => 'added',
      ({ body }: { body: { values: readonly { value: string }[] } }) =>
        body.values.map(({ value }) => value).join(': '),
    );
  const reason = 'The specified VM size is not available in the region of the account';

  // The clock shows 2030, and Fsv2 ended in 2028.
  expect([
    await adding('missing', 'standard_d3s_v5'),
    await adding('ended', 'standard_f2s_v2'),
    await adding('newer', 'standard_d2s_v9'),
  ]).toEqual(
    ['standard_d3s_v5', 'standard_f2s_v2', 'standard_d2s_v9'].map(
      (size) => `vmSize: ${size}: ${reason}`,
    ),
  );
  await control('PUT /sizes', ['Standard_D2s_v9']);
  expect(await adding('newer', 'standard_d2s_v9')).toBe('added');
});

test.each([
  [
    { publisher: 'canonical', offer: 'ubuntu-99_04-lts', sku: 'server' },
    'batch.node.ubuntu 24.04',
    'imageReference',
  ],
  [
    { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
    'batch.node.ubuntu 22.04',
    'nodeAgentSKUId',
  ],
] as const)('an image that is not listed with this node agent is refused: %j', async (...given) => {
  const [imageReference, nodeAgentSKUId, property] = given;
  const { client } = await standIn();
  const virtualMachineConfiguration = { imageReference, nodeAgentSKUId };

  await expect(
    client.pool.add({ id: 'pool', ...SMALL, virtualMachineConfiguration }),
  ).rejects.toMatchObject({
    code: 'InvalidPropertyValue',
    body: { values: [{ key: 'PropertyName', value: property }, {}, {}] },
  });
});

test('a selection of an unknown property is refused in an empty list, too', async () => {
  const { client } = await standIn();

  await expect(
    client.pool.list({ poolListOptions: { select: 'id,nonsense' } }),
  ).rejects.toMatchObject({ statusCode: 400, code: 'InvalidQueryParameterValue' });
});

test('removing a node allocates no other, even after an earlier resize was stopped', async () => {
  const stand = await standIn();
  const [first] = await poolOf(stand, 2);
  await stand.client.pool.resize('pool', { targetLowPriorityNodes: 5 });
  await stand.client.pool.stopResize('pool');
  const steady = async () => {
    const found = await stand.client.pool.get('pool');
    return found.allocationState === 'steady' && found;
  };
  await stand.until(steady);

  await stand.client.pool.removeNodes('pool', { nodeList: [first?.id ?? ''] });

  const pool = await stand.until(steady);
  expect([pool.currentLowPriorityNodes, pool.targetLowPriorityNodes]).toEqual([1, 1]);
});

test('an evaluation has its full OData type', async () => {
  const { client } = await standIn();
  const autoScaleFormula = '$TargetLowPriorityNodes=0';
  await client.pool.add({ id: 'pool', ...SMALL, enableAutoScale: true, autoScaleFormula });

  const { _response } = await client.pool.evaluateAutoScale('pool', autoScaleFormula);

  expect(JSON.parse(_response.bodyAsText)).toMatchObject({
    'odata.metadata': expect.stringMatching(
      /\$metadata#Microsoft\.Azure\.Batch\.Protocol\.Entities\.AutoScaleRun$/,
    ) as string,
  });
});

import { expect, test } from 'vitest';
import { type Stand, poolOf, standIn, taskDone } from './stand';

async function stateOf(stand: Stand, nodeId: string): Promise<string> {
  return (await stand.client.computeNode.get('pool', nodeId)).state ?? '';
}

test('a rebooted node requeues its task, runs its start task again and continues', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1, {
    startTask: { commandLine: '/bin/sh -c "echo x >> $AZ_BATCH_NODE_SHARED_DIR/boots"' },
  });
  const nodeId = node?.id ?? '';
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "test $(wc -l < $AZ_BATCH_NODE_SHARED_DIR/boots) = 2 || sleep 1000"',
  });
  await stand.until(async () => (await stand.client.task.get('job', 'task')).state === 'running');

  await stand.client.computeNode.reboot('pool', nodeId);
  await stand.until(async () => (await stateOf(stand, nodeId)) === 'rebooting');
  await expect(stand.client.computeNode.reboot('pool', nodeId)).rejects.toMatchObject({
    statusCode: 409,
    code: 'NodeBeingRebooted',
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');
  expect(executionInfo).toMatchObject({ exitCode: 0, requeueCount: 1 });
});

test('a reimaged node has an empty disk', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1, {
    startTask: { commandLine: '/bin/sh -c "echo x >> $AZ_BATCH_NODE_SHARED_DIR/boots"' },
  });
  const nodeId = node?.id ?? '';
  await stand.client.computeNode.reimage('pool', nodeId);
  await stand.until(async () => (await stateOf(stand, nodeId)) === 'reimaging');
  await stand.until(async () => (await stateOf(stand, nodeId)) === 'idle');

  const file = await stand.client.file.getPropertiesFromComputeNode('pool', nodeId, 'shared/boots');
  expect(file.contentLength).toBe(2);
});

test('a node with disabled scheduling finishes its task, is offline, and can be enabled again', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  const nodeId = node?.id ?? '';
  await stand.control('PUT /scripts', [{ task: 'job/*', exitCode: 0, afterSeconds: 60 }]);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'first', commandLine: 'true' });
  await stand.client.task.add('job', { id: 'second', commandLine: 'true' });

  await stand.client.computeNode.disableScheduling('pool', nodeId, {
    nodeDisableSchedulingOption: 'taskcompletion',
  });
  const first = await taskDone(stand, 'job', 'first');
  await stand.until(async () => (await stateOf(stand, nodeId)) === 'offline');
  const second = await stand.client.task.get('job', 'second');
  await expect(stand.client.computeNode.disableScheduling('pool', nodeId)).rejects.toMatchObject({
    code: 'NodeAlreadyInTargetSchedulingState',
  });
  await stand.client.computeNode.enableScheduling('pool', nodeId);

  expect(first.executionInfo?.requeueCount).toBe(0);
  expect(second.state).toBe('active');
  await taskDone(stand, 'job', 'second');
});

test('users of a node are kept by name', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  const nodeId = node?.id ?? '';
  const { computeNode } = stand.client;
  await computeNode.addUser('pool', nodeId, { name: 'me', password: 'secret' });

  await expect(computeNode.addUser('pool', nodeId, { name: 'me' })).rejects.toMatchObject({
    code: 'NodeUserExists',
  });
  await computeNode.updateUser('pool', nodeId, 'me', { password: 'other' });
  await computeNode.deleteUser('pool', nodeId, 'me');
  await expect(computeNode.deleteUser('pool', nodeId, 'me')).rejects.toMatchObject({
    code: 'NodeUserNotFound',
  });
  expect(await computeNode.getRemoteLoginSettings('pool', nodeId)).toMatchObject({
    remoteLoginIPAddress: '127.0.0.1',
  });
});

test('node counts separate Spot from dedicated nodes, usage has core hours', async () => {
  const stand = await standIn();
  await poolOf(stand, 3, { targetLowPriorityNodes: 2, targetDedicatedNodes: 1 });
  stand.clock.stepTo(new Date('2030-01-01T00:30:02Z'));

  const [counts] = await stand.client.account.listPoolNodeCounts();
  const usage = await stand.client.pool.listUsageMetrics();

  expect([counts?.dedicated?.idle, counts?.lowPriority?.idle, counts?.lowPriority?.total]).toEqual([
    1, 2, 2,
  ]);
  // Three nodes of four cores each, from two seconds after the hour.
  expect(usage[0]?.totalCoreHours).toBeCloseTo((12 * 1798) / 3600, 6);
  expect(usage.map(({ poolId, startTime }) => [poolId, startTime?.toISOString()])).toEqual([
    ['pool', '2030-01-01T00:00:00.000Z'],
    ['pool', '2030-01-01T00:30:00.000Z'],
  ]);
});

test('images can be filtered by their properties [PY5]', async () => {
  const { client } = await standIn();

  const linux = await client.account.listSupportedImages({
    accountListSupportedImagesOptions: { filter: "osType eq 'linux'" },
  });

  const noble = linux.find(({ imageReference: { sku } }) => sku === 'server');
  expect(noble?.nodeAgentSKUId).toBe('batch.node.ubuntu 24.04');
  expect(linux.every(({ osType }) => osType === 'linux')).toBe(true);
});

test('an operation that is not imitated is refused by name', async () => {
  const { client } = await standIn();

  await expect(client.job.getAllLifetimeStatistics()).rejects.toMatchObject({
    statusCode: 501,
    body: { values: [{ key: 'Operation', value: 'lifetime statistics of jobs' }] },
  });
});

test('preparation and release are shown for each node', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({
    id: 'job',
    poolInfo: { poolId: 'pool' },
    jobPreparationTask: { commandLine: 'true' },
    jobReleaseTask: { commandLine: '/bin/sh -c "exit 4"' },
  });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });
  await taskDone(stand, 'job', 'task');
  await stand.client.job.terminate('job');
  await stand.until(async () => (await stand.client.job.get('job')).state === 'completed');

  const [status] = await stand.client.job.listPreparationAndReleaseTaskStatus('job');

  expect(status).toMatchObject({
    poolId: 'pool',
    nodeId: node?.id,
    jobPreparationTaskExecutionInfo: { state: 'completed', exitCode: 0, result: 'success' },
    jobReleaseTaskExecutionInfo: { state: 'completed', exitCode: 4, result: 'failure' },
  });
});

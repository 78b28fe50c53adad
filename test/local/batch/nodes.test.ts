import { expect, test } from 'vitest';
import { UBUNTU, fileText, isAlive, poolOf, printedPid, standIn, taskDone } from './stand';

test('a node waits for its start task and its retry [RS22]', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1, {
    startTask: {
      commandLine:
        '/bin/sh -c "echo x >> $AZ_BATCH_NODE_SHARED_DIR/t; test $(wc -l < $AZ_BATCH_NODE_SHARED_DIR/t) = 2"',
      maxTaskRetryCount: 1,
    },
  });

  expect(node?.startTaskInfo).toMatchObject({
    state: 'completed',
    exitCode: 0,
    result: 'success',
    retryCount: 1,
  });
});

test('a node with a failed start task gets no tasks [NB16]', async () => {
  const stand = await standIn();
  await stand.client.pool.add({
    id: 'pool',
    vmSize: 'standard_d4s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetDedicatedNodes: 1,
    startTask: { commandLine: '/bin/sh -c "echo no >&2; exit 9"' },
  });
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });

  const node = await stand.until(async () => {
    const [found] = await stand.client.computeNode.list('pool');
    return found?.state === 'starttaskfailed' && found;
  });

  expect(node.startTaskInfo).toMatchObject({
    result: 'failure',
    exitCode: 9,
    failureInfo: { category: 'UserError', code: 'FailureExitCode' },
  });
  expect((await stand.client.task.get('job', 'task')).state).toBe('active');
  const { readableStreamBody } = await stand.client.file.getFromComputeNode(
    'pool',
    node.id ?? '',
    'startup/stderr.txt',
  );
  const chunks: string[] = [];
  for await (const chunk of readableStreamBody ?? []) chunks.push(String(chunk));
  expect(chunks.join('')).toBe('no\n');
});

test('a preempted node keeps its name, loses its disk, and its task runs again elsewhere', async () => {
  const stand = await standIn();
  const nodes = await poolOf(stand, 2);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: `/bin/sh -c "echo $AZ_BATCH_NODE_ID; sleep 1000"`,
  });
  const first = await stand.until(async () => {
    const { state, nodeInfo } = await stand.client.task.get('job', 'task');
    return state === 'running' && nodeInfo?.nodeId;
  });

  await stand.control(`POST /pools/pool/nodes/${first}/preempt`);

  const evicted = await stand.client.computeNode.get('pool', first);
  const second = await stand.until(async () => {
    const { state, nodeInfo } = await stand.client.task.get('job', 'task');
    return state === 'running' && nodeInfo?.nodeId !== first && nodeInfo?.nodeId;
  }, 0);
  const pool = await stand.client.pool.get('pool');
  const task = await stand.client.task.get('job', 'task');
  expect(nodes.map(({ id }) => id)).toContain(second);
  expect(second).not.toBe(first);
  expect(evicted.state).toBe('preempted');
  expect(pool.currentLowPriorityNodes).toBe(2);
  expect(task.executionInfo).toMatchObject({ retryCount: 0, requeueCount: 1 });
  await stand.until(async () => {
    const back = await stand.client.computeNode.get('pool', first);
    return back.state === 'idle';
  });
});

test("a task's detached processes end with its node", async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    // It waits for the other to be away from it: until then, the two would end together.
    commandLine:
      `/bin/sh -c "setsid --fork /bin/sh -c 'echo $$; exec sleep 1000'; ` +
      'until test -s ../stdout.txt; do sleep 0.05; done"',
  });
  await taskDone(stand, 'job', 'task');
  const pid = await printedPid(stand, 'job', 'task');
  expect(isAlive(pid)).toBe(true);

  await stand.client.pool.deleteMethod('pool');
  await stand.until(async () => !(await stand.client.pool.exists('pool')).body);

  // A killed process is in the list of processes until its parent has heard of it.
  expect(await stand.until(async () => !isAlive(pid))).toBe(true);
});

test('Spot nodes are evicted at the configured rate', async () => {
  const stand = await standIn({ timings: { evictionsPerNodeHour: 6, restoreSeconds: 60 } });
  await poolOf(stand, 1, { targetDedicatedNodes: 0 });
  let evictions = 0;
  let before = '';

  // The random number of the test is always one half, so evictions come every 415.9 seconds.
  for (let minute = 0; minute < 60; minute += 1) {
    stand.clock.step(60_000);
    const [node] = await stand.client.computeNode.list('pool');
    if (node?.state === 'preempted' && before !== 'preempted') evictions += 1;
    before = node?.state ?? '';
  }

  expect(evictions).toBe(7);
});

test('tasks of removed nodes are requeued, terminated, or completed first', async () => {
  const stand = await standIn();
  await poolOf(stand, 3);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  for (const id of ['a', 'b', 'c']) {
    await stand.client.task.add('job', { id, commandLine: 'sleep 1000' });
  }
  const running = await stand.until(async () => {
    const tasks = await stand.client.task.list('job');
    return tasks.every(({ state }) => state === 'running') && [...tasks];
  });
  const nodeOf = (id: string) => running.find((task) => task.id === id)?.nodeInfo?.nodeId ?? '';
  const steady = async () => (await stand.client.pool.get('pool')).allocationState === 'steady';

  await stand.client.pool.removeNodes('pool', {
    nodeList: [nodeOf('a')],
    nodeDeallocationOption: 'terminate',
  });
  await stand.until(steady);
  await stand.client.pool.removeNodes('pool', { nodeList: [nodeOf('b')] });
  await stand.until(steady);
  await stand.client.pool.removeNodes('pool', {
    nodeList: [nodeOf('c')],
    nodeDeallocationOption: 'taskcompletion',
  });
  stand.clock.step(3_600_000);

  const states = await Promise.all(
    ['a', 'b', 'c'].map(async (id) => (await stand.client.task.get('job', id)).state),
  );
  expect(states).toEqual(['completed', 'active', 'running']);
  expect((await stand.client.pool.get('pool')).allocationState).toBe('resizing');
  await stand.client.task.terminate('job', 'c');
  await stand.until(steady);
  expect((await stand.client.pool.get('pool')).currentLowPriorityNodes).toBe(0);
});

test('a deleted pool requeues its tasks', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: '/bin/sh -c "echo again"' });
  await stand.client.task.add('job', { id: 'long', commandLine: 'sleep 1000' });
  await taskDone(stand, 'job', 'task');
  await stand.until(async () => (await stand.client.task.get('job', 'long')).state === 'running');

  await stand.client.pool.deleteMethod('pool');
  await stand.until(async () => !(await stand.client.pool.exists('pool')).body);

  expect((await stand.client.task.get('job', 'long')).state).toBe('active');
  await expect(fileText(stand, 'job', 'task', 'stdout.txt')).rejects.toMatchObject({
    statusCode: 409,
  });
});

test('a broken node is unusable with a reason, and its task is requeued', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'sleep 1000' });
  const nodeId = await stand.until(async () => {
    const { state, nodeInfo } = await stand.client.task.get('job', 'task');
    return state === 'running' && nodeInfo?.nodeId;
  });

  await stand.control(`POST /pools/pool/nodes/${nodeId}/break`, { code: 'DiskFull' });

  const node = await stand.client.computeNode.get('pool', nodeId);
  expect(node.state).toBe('unusable');
  expect(node.errors?.map(({ code }) => code)).toEqual(['DiskFull']);
  await stand.until(async () => (await stand.client.task.get('job', 'task')).state === 'active');
});

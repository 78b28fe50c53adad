import { expect, test } from 'vitest';
import { type Stand, bodyOf, fileText, poolOf, standIn, taskDone } from './stand';

const POOL = { poolInfo: { poolId: 'pool' } };

async function jobIn(stand: Stand, id: string, state: string) {
  return stand.until(async () => {
    const job = await stand.client.job.get(id);
    return job.state === state && job;
  }, 2);
}

test("a new job shows the service's defaults", async () => {
  const { client, batch } = await standIn();
  await client.job.add({ id: 'Job', ...POOL });

  const job = bodyOf(await client.job.get('job'));

  const born = new Date('2030-01-01T00:00:00Z');
  expect(job).toEqual({
    id: 'Job',
    url: `${batch.url}/jobs/Job`,
    eTag: expect.any(String) as string,
    lastModified: born,
    creationTime: born,
    state: 'active',
    stateTransitionTime: born,
    priority: 0,
    maxParallelTasks: -1,
    allowTaskPreemption: false,
    usesTaskDependencies: false,
    constraints: { maxWallClockTime: 'P10675199DT2H48M5.4775807S', maxTaskRetryCount: 0 },
    poolInfo: { poolId: 'pool' },
    onAllTasksComplete: 'noaction',
    onTaskFailure: 'noaction',
    executionInfo: { startTime: born, poolId: 'pool' },
  });
});

test('a job with onAllTasksComplete and no tasks takes its first tasks, and completes some seconds later', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', ...POOL, onAllTasksComplete: 'terminatejob' });
  await stand.client.job.add({ id: 'used', ...POOL, onAllTasksComplete: 'terminatejob' });

  stand.clock.step(4000);
  expect((await stand.client.job.get('job')).state).toBe('active');
  await stand.client.task.add('used', { id: 'task', commandLine: 'true' });
  stand.clock.step(1000);

  expect((await jobIn(stand, 'job', 'completed')).executionInfo?.terminateReason).toBe(
    'AllTasksComplete',
  );
  expect((await stand.client.job.get('used')).state).toBe('active');
});

test('a job patched to onAllTasksComplete ends after its last task', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', ...POOL });
  await stand.client.task.add('job', { id: 'a', commandLine: 'true' });
  await stand.client.task.add('job', { id: 'b', commandLine: 'false' });
  await stand.client.job.patch('job', { onAllTasksComplete: 'terminatejob' });

  const job = await jobIn(stand, 'job', 'completed');

  expect(job.executionInfo?.terminateReason).toBe('AllTasksComplete');
  expect((await stand.client.job.getTaskCounts('job')).taskCounts).toEqual({
    active: 0,
    running: 0,
    completed: 2,
    succeeded: 1,
    failed: 1,
  });
  await expect(
    stand.client.job.patch('job', { onAllTasksComplete: 'noaction' }),
  ).rejects.toMatchObject({ code: 'JobCompleted' });
});

test('a job manager ends its job and kills the running tasks [RS26]', async () => {
  const stand = await standIn();
  await poolOf(stand, 2);
  await stand.control('PUT /scripts', [{ task: 'job/manager', exitCode: 0, afterSeconds: 60 }]);
  await stand.client.job.add({
    id: 'job',
    ...POOL,
    jobManagerTask: { id: 'manager', commandLine: 'true' },
  });
  await stand.client.task.add('job', { id: 'worker', commandLine: 'sleep 1000' });
  await stand.client.task.add('job', { id: 'waiting', commandLine: 'sleep 1000' });

  const job = await jobIn(stand, 'job', 'completed');

  expect(job.executionInfo?.terminateReason).toBe('JMComplete');
  expect(job.jobManagerTask).toMatchObject({
    killJobOnCompletion: true,
    runExclusive: true,
    allowLowPriorityNode: true,
  });
  expect((await stand.client.task.get('job', 'worker')).executionInfo?.failureInfo?.code).toBe(
    'TaskEnded',
  );
  // A task that was still waiting stays active forever.
  expect((await stand.client.task.get('job', 'waiting')).state).toBe('active');
});

test('an exclusive job manager shares its node with no other task', async () => {
  const stand = await standIn();
  await poolOf(stand, 1, { taskSlotsPerNode: 4 });
  await stand.control('PUT /scripts', [{ task: 'job/*', exitCode: 0, afterSeconds: 30 }]);
  await stand.client.job.add({
    id: 'job',
    ...POOL,
    jobManagerTask: { id: 'manager', commandLine: 'true', killJobOnCompletion: false },
  });
  await stand.client.task.add('job', { id: 'worker', commandLine: 'true' });

  expect((await stand.client.task.get('job', 'manager')).state).toBe('running');
  expect((await stand.client.task.get('job', 'worker')).state).toBe('active');
  await taskDone(stand, 'job', 'worker');
  expect((await stand.client.job.get('job')).state).toBe('active');
});

test('a job manager that needs a dedicated node never runs on Spot', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({
    id: 'job',
    ...POOL,
    jobManagerTask: { id: 'manager', commandLine: 'true', allowLowPriorityNode: false },
  });

  stand.clock.step(3_600_000);

  expect((await stand.client.task.get('job', 'manager')).state).toBe('active');
});

test('a job over its wall-clock time is terminated with that reason', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', ...POOL, constraints: { maxWallClockTime: 'PT10M' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'sleep 1000' });

  const job = await jobIn(stand, 'job', 'completed');

  expect(job.executionInfo?.terminateReason).toBe('MaxWallClockTimeExpiry');
  expect((await stand.client.task.get('job', 'task')).state).toBe('completed');
});

test('a patch of the constraints replaces them as a whole', async () => {
  const { client } = await standIn();
  await client.job.add({ id: 'job', ...POOL, constraints: { maxTaskRetryCount: 5 } });

  await client.job.patch('job', { constraints: { maxWallClockTime: 'P1Y' } });

  expect((await client.job.get('job')).constraints).toEqual({
    maxWallClockTime: 'P365D',
    maxTaskRetryCount: 0,
  });
});

test('a disabled job requeues its tasks and runs them again when it is enabled', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', ...POOL });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "test -e $AZ_BATCH_NODE_SHARED_DIR/go || sleep 1000"',
  });
  await stand.until(async () => (await stand.client.task.get('job', 'task')).state === 'running');

  await stand.client.job.disable('job', 'requeue');
  const disabled = await jobIn(stand, 'job', 'disabled');
  const waiting = await stand.client.task.get('job', 'task');
  await stand.client.job.enable('job');

  expect(disabled.previousState).toBe('disabling');
  expect(waiting).toMatchObject({ state: 'active', executionInfo: { requeueCount: 1 } });
  await stand.until(async () => (await stand.client.task.get('job', 'task')).state === 'running');
});

test('a deleted job is first deleting, then not found, and its id is free', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', ...POOL });
  await stand.client.job.deleteMethod('job');

  await expect(stand.client.job.add({ id: 'job', ...POOL })).rejects.toMatchObject({
    statusCode: 409,
    code: 'JobBeingDeleted',
  });
  await stand.until(async () =>
    stand.client.job.add({ id: 'job', ...POOL }).then(
      () => true,
      () => false,
    ),
  );
});

test('a terminated job refuses further tasks', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', ...POOL });
  await stand.client.job.terminate('job');

  const codes = [await codeOfAdding()];
  const job = await jobIn(stand, 'job', 'completed');
  codes.push(await codeOfAdding());

  expect(codes).toEqual(['JobBeingTerminated', 'JobCompleted']);
  expect(job.executionInfo?.terminateReason).toBe('UserTerminate');

  function codeOfAdding(): Promise<string> {
    return stand.client.task.add('job', { id: 'task', commandLine: 'true' }).then(
      () => 'added',
      (error: { readonly code: string }) => error.code,
    );
  }
});

test('jobs of higher priority run first, each within its own maxParallelTasks [PI14]', async () => {
  const stand = await standIn();
  await stand.control('PUT /scripts', [{ task: '*', exitCode: 0, afterSeconds: 60 }]);
  await stand.client.job.add({ id: 'low', ...POOL, priority: -5 });
  await stand.client.job.add({ id: 'high', ...POOL, priority: 5, maxParallelTasks: 2 });
  for (const job of ['low', 'high']) {
    const tasks = ['a', 'b', 'c'].map((id) => ({ id, commandLine: 'true' }));
    await stand.client.task.addCollection(job, tasks);
  }
  await stand.client.pool.add({
    id: 'pool',
    vmSize: 'standard_d4s_v5',
    virtualMachineConfiguration: { imageReference: {}, nodeAgentSKUId: 'batch.node.ubuntu 24.04' },
    targetLowPriorityNodes: 3,
  });

  const running = await stand.until(async () => {
    const counts = [];
    for (const job of ['low', 'high']) {
      counts.push((await stand.client.job.getTaskCounts(job)).taskCounts.running);
    }
    return counts[0] !== 0 && counts;
  });

  expect(running).toEqual([1, 2]);
});

test('preparation runs before the first task on a node, release when the job ends [PI3]', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({
    id: 'job',
    ...POOL,
    onAllTasksComplete: 'noaction',
    jobPreparationTask: { commandLine: '/bin/sh -c "echo ready > data"' },
    jobReleaseTask: { commandLine: '/bin/sh -c "echo released > $AZ_BATCH_NODE_SHARED_DIR/end"' },
  });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/data"',
  });
  await taskDone(stand, 'job', 'task');

  await stand.client.job.terminate('job');
  await jobIn(stand, 'job', 'completed');

  expect(await fileText(stand, 'job', 'task', 'stdout.txt')).toBe('ready\n');
  const { contentLength } = await stand.client.file.getPropertiesFromComputeNode(
    'pool',
    node?.id ?? '',
    'shared/end',
  );
  expect(contentLength).toBe('released\n'.length);
});

test('a node whose preparation fails runs no task of the job', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', ...POOL, jobPreparationTask: { commandLine: 'false' } });
  await stand.client.job.add({ id: 'other', ...POOL });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });

  await stand.until(async () => {
    const { state, previousState } = await stand.client.task.get('job', 'task');
    return state === 'active' && previousState === 'preparing';
  });
  await stand.client.task.add('other', { id: 'task', commandLine: 'true' });

  await taskDone(stand, 'other', 'task');
  expect((await stand.client.task.get('job', 'task')).state).toBe('active');
});

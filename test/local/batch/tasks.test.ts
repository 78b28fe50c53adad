import { expect, test } from 'vitest';
import { bodyOf, fileText, isAlive, poolOf, printedPid, standIn, taskDone } from './stand';

test('a task runs as a process on a node and leaves its output', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'hello', commandLine: '/bin/echo "hello world"' });

  await taskDone(stand, 'job', 'hello');

  const task = bodyOf(await stand.client.task.get('job', 'hello'));
  const at = expect.any(Date) as Date;
  const nodeUrl = `${stand.batch.url}/pools/pool/nodes/${node?.id ?? ''}`;
  expect(task).toEqual({
    id: 'hello',
    url: `${stand.batch.url}/jobs/job/tasks/hello`,
    eTag: expect.stringMatching(/^0x[0-9A-F]{15}$/) as string,
    creationTime: at,
    lastModified: at,
    state: 'completed',
    stateTransitionTime: at,
    previousState: 'running',
    previousStateTransitionTime: at,
    commandLine: '/bin/echo "hello world"',
    userIdentity: { autoUser: { scope: 'pool', elevationLevel: 'nonadmin' } },
    constraints: {
      maxWallClockTime: 'P10675199DT2H48M5.4775807S',
      retentionTime: 'P7D',
      maxTaskRetryCount: 0,
    },
    requiredSlots: 1,
    executionInfo: {
      startTime: at,
      endTime: at,
      exitCode: 0,
      result: 'success',
      retryCount: 0,
      requeueCount: 0,
    },
    nodeInfo: {
      affinityId: `TVM:${node?.id ?? ''}`,
      nodeUrl,
      poolId: 'pool',
      nodeId: node?.id,
      taskRootDirectory: 'workitems/job/job-1/hello',
      taskRootDirectoryUrl: `${nodeUrl}/files/workitems/job/job-1/hello`,
    },
  });
  expect(await fileText(stand, 'job', 'hello', 'stdout.txt')).toBe('hello world\n');
});

test('a task waits for a pool that does not exist yet [PI7]', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });

  expect((await stand.client.task.get('job', 'task')).state).toBe('active');
  await poolOf(stand, 1);

  expect((await taskDone(stand, 'job', 'task')).executionInfo?.exitCode).toBe(0);
});

test.each([
  ['exits with 3', '/bin/sh -c "exit 3"', { exitCode: 3, code: 'FailureExitCode' }],
  [
    'is killed by a signal',
    '/bin/sh -c "kill -TERM $$"',
    { exitCode: 143, code: 'FailureExitCode' },
  ],
  ['is no program', 'no-such-program -x', { exitCode: undefined, code: 'CommandProgramNotFound' }],
  [
    'is an unclosed quotation',
    '/bin/echo "x',
    { exitCode: undefined, code: 'CommandLaunchFailed' },
  ],
])('a command that %s fails with its cause [PY11]', async (_, commandLine, { exitCode, code }) => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo).toMatchObject({
    result: 'failure',
    failureInfo: { category: 'UserError', code },
  });
  expect(executionInfo?.exitCode).toBe(exitCode);
});

test('a failed task is retried up to its limit', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({
    id: 'job',
    poolInfo: { poolId: 'pool' },
    constraints: { maxTaskRetryCount: 2 },
  });
  const count =
    '/bin/sh -c "echo x >> $AZ_BATCH_NODE_SHARED_DIR/tries; test $(wc -l < $AZ_BATCH_NODE_SHARED_DIR/tries) = 3"';
  await stand.client.task.add('job', { id: 'third', commandLine: count });
  await stand.client.task.add('job', { id: 'never', commandLine: 'false' });

  const third = await taskDone(stand, 'job', 'third');
  const never = await taskDone(stand, 'job', 'never');

  expect(third.executionInfo).toMatchObject({ result: 'success', retryCount: 2, requeueCount: 0 });
  expect(never.executionInfo).toMatchObject({ result: 'failure', retryCount: 2, exitCode: 1 });
});

test('a task over its wall-clock time is killed with all its processes', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'slow',
    commandLine: '/bin/sh -c "sleep 1000 & echo $!; wait"',
    constraints: { maxWallClockTime: 'PT1M' },
  });

  const child = await printedPid(stand, 'job', 'slow');

  const { executionInfo } = await taskDone(stand, 'job', 'slow');

  expect(executionInfo?.failureInfo?.code).toBe('TaskEnded');
  const ranMs =
    (executionInfo?.endTime?.getTime() ?? 0) - (executionInfo?.startTime?.getTime() ?? 0);
  expect(ranMs).toBeGreaterThanOrEqual(60_000);
  expect(isAlive(child)).toBe(false);
});

test('a running task can be read, terminated, and run again', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "echo on; sleep 1000"',
  });
  await stand.until(async () => (await outputOf('task')) === 'on\n', 0);

  await expect(stand.client.task.reactivate('job', 'task')).rejects.toMatchObject({
    code: 'TaskNotCompleted',
  });
  await stand.client.task.terminate('job', 'task');
  const ended = await stand.client.task.get('job', 'task');
  await stand.client.task.reactivate('job', 'task');
  const again = await stand.client.task.get('job', 'task');

  expect(ended).toMatchObject({
    state: 'completed',
    executionInfo: { result: 'failure', failureInfo: { code: 'TaskEnded' } },
  });
  expect(again.executionInfo?.failureInfo).toBeUndefined();
  await stand.until(async () => (await stand.client.task.get('job', 'task')).state === 'running');

  function outputOf(id: string): Promise<string | undefined> {
    return fileText(stand, 'job', id, 'stdout.txt').catch(() => undefined);
  }
});

test('a deleted task is deleted with its files', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });
  await taskDone(stand, 'job', 'task');

  await stand.client.task.deleteMethod('job', 'task');

  await expect(stand.client.task.get('job', 'task')).rejects.toMatchObject({
    code: 'TaskNotFound',
  });
  await stand.until(async () => {
    const files = await stand.client.file.listFromComputeNode('pool', node?.id ?? '', {
      recursive: true,
      fileListFromComputeNodeOptions: { filter: "startswith(name,'workitems/job/job-1')" },
    });
    return files.length === 1;
  });
});

test('tasks share a node by its slots, and wait for enough free slots [PI8]', async () => {
  const stand = await standIn();
  await poolOf(stand, 1, { taskSlotsPerNode: 4 });
  await stand.control('PUT /scripts', [{ task: 'job/*', exitCode: 0, afterSeconds: 60 }]);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.addCollection('job', [
    { id: 'a', commandLine: 'true', requiredSlots: 3 },
    { id: 'b', commandLine: 'true', requiredSlots: 2 },
    { id: 'c', commandLine: 'true' },
  ]);

  const { taskCounts, taskSlotCounts } = await stand.client.job.getTaskCounts('job');

  expect(taskCounts).toEqual({ active: 1, running: 2, completed: 0, succeeded: 0, failed: 0 });
  expect(taskSlotCounts).toEqual({ active: 2, running: 4, completed: 0, succeeded: 0, failed: 0 });
  await taskDone(stand, 'job', 'b');
  expect((await stand.client.job.getTaskCounts('job')).taskCounts.succeeded).toBe(3);
});

test('a collection has a result for each task [PI17]', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'there', commandLine: 'true' });

  const { value } = await stand.client.task.addCollection('job', [
    { id: 'new', commandLine: 'true' },
    { id: 'There', commandLine: 'true' },
    { id: 'a b', commandLine: 'true' },
    {
      id: 'wide',
      commandLine: 'true',
      multiInstanceSettings: { coordinationCommandLine: 'true' },
    },
  ]);

  expect(value?.map(({ taskId, status, error }) => [taskId, status, error?.code])).toEqual([
    ['new', 'Success', undefined],
    ['There', 'ClientError', 'TaskExists'],
    ['a b', 'ClientError', 'InvalidPropertyValue'],
    ['wide', 'ClientError', 'NotImplemented'],
  ]);
});

test('a collection of more than a mebibyte is refused as a whole [PI17]', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const commandLine = `/bin/echo ${'x'.repeat(20_000)}`;
  const tasks = Array.from({ length: 60 }, (_, index) => ({ id: `t${index}`, commandLine }));

  await expect(stand.client.task.addCollection('job', tasks)).rejects.toMatchObject({
    statusCode: 413,
    code: 'RequestBodyTooLarge',
  });
  expect(await stand.client.task.list('job')).toHaveLength(0);
});

test('a list continues after its last page, even if tasks are deleted meanwhile', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const tasks = Array.from({ length: 10 }, (_, index) => ({
    id: `t${index}`,
    commandLine: 'true',
  }));
  await stand.client.task.addCollection('job', tasks);
  const options = { taskListOptions: { maxResults: 4, select: 'id', filter: "id ne 't1'" } };

  const first = await stand.client.task.list('job', options);
  await stand.client.task.deleteMethod('job', 't4');
  await stand.client.task.deleteMethod('job', 't6');
  const second = await stand.client.task.listNext(first.odatanextLink ?? '');

  expect([...first].map((task) => ({ ...task }))).toEqual(
    ['t0', 't2', 't3', 't4'].map((id) => ({ id })),
  );
  expect([...second].map(({ id }) => id)).toEqual(['t5', 't7', 't8', 't9']);
  expect(second.odatanextLink).toBeUndefined();
});

test.each([
  [
    'depends on another in a job without dependencies',
    { dependsOn: { taskIds: ['x'] } },
    'TaskDependenciesNotSpecifiedOnJob',
  ],
  [
    'asks a job that performs none for an action',
    { exitConditions: { default: { jobAction: 'terminate' } } },
    'InvalidPropertyValue',
  ],
  [
    'has a resource file of two sources',
    { resourceFiles: [{ httpUrl: 'http://x', storageContainerUrl: 'http://y' }] },
    'InvalidPropertyValue',
  ],
  [
    'spreads over nodes',
    { multiInstanceSettings: { coordinationCommandLine: 'true' } },
    'NotImplemented',
  ],
])('a task that %s is refused', async (_, wrong, code) => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });

  const adding = stand.client.task.add('job', {
    id: 'task',
    commandLine: 'true',
    ...wrong,
  } as never);

  await expect(adding).rejects.toMatchObject({ code });
});

import { expect, test } from 'vitest';
import { poolOf, standIn, taskDone } from './stand';

const JOB = { id: 'job', poolInfo: { poolId: 'pool' }, usesTaskDependencies: true };

test('a task waits for its dependencies, also for those added later [NB11]', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add(JOB);
  await stand.client.task.add('job', {
    id: 'merge',
    commandLine: '/bin/sh -c "cat $AZ_BATCH_NODE_SHARED_DIR/*"',
    dependsOn: { taskIds: ['A', 'b'] },
  });
  expect((await stand.client.task.get('job', 'merge')).state).toBe('active');
  for (const id of ['a', 'b']) {
    await stand.client.task.add('job', {
      id,
      commandLine: `/bin/sh -c "echo ${id} > $AZ_BATCH_NODE_SHARED_DIR/${id}"`,
    });
  }

  await taskDone(stand, 'job', 'merge');

  const order = await Promise.all(
    ['a', 'b', 'merge'].map((id) => stand.client.task.get('job', id)),
  );
  const ends = order.map(({ executionInfo }) => executionInfo?.endTime?.getTime() ?? 0);
  expect(ends[2]).toBeGreaterThanOrEqual(Math.max(ends[0] ?? 0, ends[1] ?? 0));
});

test('a range compares ids as integers, with or without leading zeros', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add(JOB);
  await stand.client.task.add('job', {
    id: 'merge',
    commandLine: 'true',
    dependsOn: { taskIdRanges: [{ start: 8, end: 10 }] },
  });
  for (const id of ['08', '9', '0010', '11']) {
    await stand.client.task.add('job', { id, commandLine: 'true' });
  }

  expect((await taskDone(stand, 'job', 'merge')).executionInfo?.result).toBe('success');
});

test('a failed parent blocks its child forever, unless its exit options satisfy it', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add(JOB);
  await stand.client.task.addCollection('job', [
    { id: 'fails', commandLine: 'false' },
    {
      id: 'tolerated',
      commandLine: 'false',
      exitConditions: { exitCodes: [{ code: 1, exitOptions: { dependencyAction: 'satisfy' } }] },
    },
    { id: 'blocked', commandLine: 'true', dependsOn: { taskIds: ['fails'] } },
    { id: 'free', commandLine: 'true', dependsOn: { taskIds: ['tolerated'] } },
  ]);

  await taskDone(stand, 'job', 'fails');
  await taskDone(stand, 'job', 'free');

  expect((await stand.client.task.get('job', 'blocked')).state).toBe('active');
});

test('a failed task can terminate its job', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ ...JOB, onTaskFailure: 'performexitoptionsjobaction' });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "exit 7"',
    exitConditions: {
      exitCodeRanges: [{ start: 5, end: 9, exitOptions: { jobAction: 'terminate' } }],
    },
  });

  const job = await stand.until(async () => {
    const found = await stand.client.job.get('job');
    return found.state === 'completed' && found;
  });

  expect(job.executionInfo?.terminateReason).toBe('TaskFailed');
});

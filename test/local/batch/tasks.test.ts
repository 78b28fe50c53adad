import { expect, test } from 'vitest';
import { fileText, poolOf, standIn, taskDone } from './stand';

test('a task runs as a process on a node and leaves its output', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'hello', commandLine: '/bin/echo "hello world"' });

  const task = await taskDone(stand, 'job', 'hello');

  expect(task.executionInfo).toMatchObject({ exitCode: 0, result: 'success', retryCount: 0 });
  expect(await fileText(stand, 'job', 'hello', 'stdout.txt')).toBe('hello world\n');
});

import type { BatchServiceModels } from '@azure/batch';
import { expect, test } from 'vitest';
import { UBUNTU, bodyOf, poolOf, standIn, taskDone } from './stand';

const POOL = { poolInfo: { poolId: 'pool' } };

test('the retries of a job manager task stay as they were when its job was made', async () => {
  const { client } = await standIn();
  await client.job.add({
    id: 'job',
    ...POOL,
    constraints: { maxTaskRetryCount: 5 },
    jobManagerTask: { id: 'manager', commandLine: 'true' },
  });

  await client.job.patch('job', { constraints: { maxWallClockTime: 'PT1H' } });

  const { constraints, jobManagerTask } = await client.job.get('job');
  expect([constraints?.maxTaskRetryCount, jobManagerTask?.constraints?.maxTaskRetryCount]).toEqual([
    0, 5,
  ]);
  expect((await client.task.get('job', 'manager')).constraints?.maxTaskRetryCount).toBe(5);
});

test('jobs are listed by id, over pages', async () => {
  const { client } = await standIn();
  for (const id of ['b', 'C', 'a', 'd']) await client.job.add({ id, ...POOL });

  const page = await client.job.list({ jobListOptions: { maxResults: 3 } });
  await client.job.add({ id: 'aa', ...POOL });
  const next = await client.job.listNext(page.odatanextLink ?? '');

  expect([page.map(({ id }) => id), next.map(({ id }) => id)]).toEqual([['a', 'b', 'C'], ['d']]);
});

test('what is accepted elsewhere and has no effect here is refused by its name', async () => {
  const { client } = await standIn();
  await client.job.add({ id: 'job', ...POOL, allowTaskPreemption: false });
  const refusal = (adding: Promise<unknown>) =>
    adding.then(
      () => 'accepted',
      ({ body }: { readonly body?: BatchServiceModels.BatchError }) => body?.values?.[0]?.value,
    );
  const task = { id: 'task', commandLine: 'true' };
  const identityReference = { resourceId: 'of-a-node' };

  expect([
    await refusal(client.job.add({ id: 'other', ...POOL, allowTaskPreemption: true })),
    await refusal(
      client.task.add('job', { ...task, authenticationTokenSettings: { access: ['job'] } }),
    ),
    await refusal(
      client.task.add('job', {
        ...task,
        resourceFiles: [{ httpUrl: 'https://a.example/b', filePath: 'b', identityReference }],
      }),
    ),
  ]).toEqual([
    'preemption of tasks by other jobs',
    'authentication tokens of tasks',
    'identities of nodes',
  ]);
});

test('a task whose resource files have more than 32,768 characters in all is refused', async () => {
  const { client } = await standIn();
  await client.job.add({ id: 'job', ...POOL });
  const files = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      httpUrl: `https://account.blob.core.windows.net/container/${'x'.repeat(200)}`,
      filePath: String(index),
    }));
  const task = { id: 'task', commandLine: 'true' };

  await expect(
    client.task.add('job', { ...task, resourceFiles: files(120) }),
  ).rejects.toMatchObject({ statusCode: 413, code: 'RequestEntityTooLarge' });
  await client.task.add('job', { ...task, resourceFiles: files(100) });
});

test('an auto-pool is shown with the defaults of a pool, in a job and in a schedule', async () => {
  const { client } = await standIn();
  const pool = { vmSize: 'standard_d2s_v5', virtualMachineConfiguration: UBUNTU };
  const poolInfo = { autoPoolSpecification: { poolLifetimeOption: 'job' as const, pool } };
  await client.job.add({ id: 'job', poolInfo });
  await client.jobSchedule.add({ id: 'schedule', schedule: {}, jobSpecification: { poolInfo } });

  const job = await client.job.get('job');
  const schedule = await client.jobSchedule.get('schedule');

  const shown = {
    autoPoolSpecification: {
      poolLifetimeOption: 'job',
      keepAlive: false,
      pool: {
        vmSize: 'standard_d2s_v5',
        virtualMachineConfiguration: {
          ...UBUNTU,
          imageReference: { ...UBUNTU.imageReference, version: 'latest' },
        },
        taskSlotsPerNode: 1,
        taskSchedulingPolicy: { nodeFillType: 'Spread' },
        resizeTimeout: 'PT15M',
        targetDedicatedNodes: 0,
        targetLowPriorityNodes: 0,
        enableAutoScale: false,
        enableInterNodeCommunication: false,
      },
    },
  };
  expect(job.poolInfo).toEqual(shown);
  expect(schedule.jobSpecification?.poolInfo).toEqual(shown);
});

test('a node is shown with its endpoint and with the versions of its image', async () => {
  const stand = await standIn();
  const [node] = await poolOf(stand, 1);

  expect(bodyOf(await stand.client.computeNode.get('pool', node?.id ?? ''))).toMatchObject({
    endpointConfiguration: {
      inboundEndpoints: [
        { name: 'SSHRule.0', protocol: 'tcp', publicIPAddress: node?.ipAddress, backendPort: 22 },
      ],
    },
    virtualMachineInfo: {
      imageReference: { ...UBUNTU.imageReference, version: 'latest', exactVersion: '1.0.0' },
    },
  });
});

test('a resource file that cannot be fetched says why', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', ...POOL });
  // A port that programs refuse to fetch from.
  const httpUrl = 'http://127.0.0.1:10080/container/blob';
  const resourceFiles = [{ httpUrl, filePath: 'blob' }];
  await stand.client.task.add('job', { id: 'task', commandLine: 'true', resourceFiles });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo?.failureInfo).toMatchObject({
    code: 'BlobDownloadMiscError',
    details: [
      { name: 'BlobSource', value: httpUrl },
      { name: 'FilePath', value: 'blob' },
      { name: 'Message', value: 'bad port' },
    ],
  });
});

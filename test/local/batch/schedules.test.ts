import { expect, test } from 'vitest';
import { type Stand, UBUNTU, poolOf, standIn } from './stand';

const ONE_TASK = {
  poolInfo: { poolId: 'pool' },
  jobManagerTask: { id: 'only-task', commandLine: 'true' },
};

async function jobsOf(stand: Stand, id: string): Promise<string[]> {
  const jobs = await stand.client.job.listFromJobSchedule(id);
  return jobs.map((job) => `${job.id} ${job.state}`);
}

test('each recurrence creates a separate job [RS25]', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.control('PUT /scripts', [{ task: '*', exitCode: 0, afterSeconds: 60 }]);
  await stand.client.jobSchedule.add({
    id: 'nightly',
    schedule: { recurrenceInterval: 'PT30M' },
    jobSpecification: ONE_TASK,
  });
  const first = await stand.client.jobSchedule.get('nightly');

  await stand.until(async () => (await jobsOf(stand, 'nightly')).length === 3, 60);

  const firstAt = first.creationTime?.getTime() ?? 0;
  const jobs = await stand.client.job.listFromJobSchedule('nightly');
  expect(first.executionInfo?.nextRunTime).toEqual(new Date(firstAt + 1_800_000));
  expect(first.executionInfo?.recentJob?.id).toBe('nightly:job-1');
  expect(jobs.map(({ creationTime }) => (creationTime?.getTime() ?? 0) - firstAt)).toEqual([
    0, 1_800_000, 3_600_000,
  ]);
  expect(jobs[0]?.executionInfo?.terminateReason).toBe('JMComplete');
});

test('a running job blocks the next one, which is skipped when its start window closes [RS28]', async () => {
  const stand = await standIn();
  await stand.client.jobSchedule.add({
    id: 'sched',
    schedule: { recurrenceInterval: 'PT1H', startWindow: 'PT10M' },
    jobSpecification: { poolInfo: { poolId: 'pool' } },
  });

  stand.clock.step(3_600_000 + 300_000);
  expect(await jobsOf(stand, 'sched')).toEqual(['sched:job-1 active']);
  await stand.client.job.terminate('sched:job-1');
  stand.clock.step(60_000);
  expect(await jobsOf(stand, 'sched')).toEqual(['sched:job-1 completed', 'sched:job-2 active']);
  stand.clock.step(3_600_000 + 900_000);
  await stand.client.job.terminate('sched:job-2');
  stand.clock.step(60_000);

  expect(await jobsOf(stand, 'sched')).toEqual(['sched:job-1 completed', 'sched:job-2 completed']);
});

test('a schedule without recurrence has one job, not before its time, and completes with it', async () => {
  const stand = await standIn();
  await stand.client.jobSchedule.add({
    id: 'once',
    schedule: { doNotRunUntil: new Date('2030-01-01T06:00:00Z') },
    jobSpecification: { poolInfo: { poolId: 'pool' } },
  });

  expect(await jobsOf(stand, 'once')).toEqual([]);
  stand.clock.stepTo(new Date('2030-01-01T06:00:00Z'));
  const [job] = await stand.client.job.listFromJobSchedule('once');
  await stand.client.job.terminate(job?.id ?? '');
  stand.clock.step(10_000);

  expect(job?.creationTime).toEqual(new Date('2030-01-01T06:00:00Z'));
  expect((await stand.client.jobSchedule.get('once')).state).toBe('completed');
});

test('a disabled schedule creates no job until it is enabled', async () => {
  const stand = await standIn();
  await stand.client.jobSchedule.add({
    id: 'sched',
    schedule: { recurrenceInterval: 'PT1H' },
    jobSpecification: { poolInfo: { poolId: 'pool' }, onAllTasksComplete: 'terminatejob' },
  });
  await stand.client.jobSchedule.disable('sched');
  stand.clock.step(3 * 3_600_000);
  const disabled = await jobsOf(stand, 'sched');

  await stand.client.jobSchedule.enable('sched');

  expect(disabled).toEqual(['sched:job-1 completed']);
  expect(await jobsOf(stand, 'sched')).toHaveLength(2);
});

test('a terminated schedule terminates its job, a deleted one deletes all its jobs', async () => {
  const stand = await standIn();
  await stand.client.jobSchedule.add({
    id: 'sched',
    schedule: { recurrenceInterval: 'PT1H' },
    jobSpecification: { poolInfo: { poolId: 'pool' } },
  });
  await stand.client.jobSchedule.terminate('sched');
  stand.clock.step(10_000);
  const job = await stand.client.job.get('sched:job-1');
  const terminated = await stand.client.jobSchedule.get('sched');

  await stand.client.jobSchedule.deleteMethod('sched');
  stand.clock.step(10_000);

  expect([terminated.state, job.executionInfo?.terminateReason]).toEqual([
    'completed',
    'TerminateJobSchedule',
  ]);
  expect((await stand.client.jobSchedule.exists('sched')).body).toBe(false);
  await expect(stand.client.job.get('sched:job-1')).rejects.toMatchObject({ code: 'JobNotFound' });
});

test('an interval below a minute is refused, and ids are shared with jobs', async () => {
  const { client } = await standIn();
  const adding = (recurrenceInterval: string) =>
    client.jobSchedule.add({
      id: 'same',
      schedule: { recurrenceInterval },
      jobSpecification: { poolInfo: { poolId: 'pool' } },
    });

  await expect(adding('PT59S')).rejects.toMatchObject({ code: 'InvalidPropertyValue' });
  await client.job.add({ id: 'same', poolInfo: { poolId: 'pool' } });
  await expect(adding('PT1H')).rejects.toMatchObject({ code: 'JobWithSameIdExists' });
});

const AUTO_POOL = {
  autoPoolIdPrefix: 'Auto',
  pool: {
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetLowPriorityNodes: 1,
  },
};

test('an auto-pool is created and deleted with its job', async () => {
  const stand = await standIn();
  await stand.client.job.add({
    id: 'job',
    poolInfo: { autoPoolSpecification: { ...AUTO_POOL, poolLifetimeOption: 'job' } },
    onAllTasksComplete: 'noaction',
  });
  await stand.client.task.add('job', { id: 'hello', commandLine: '/bin/echo hello' });
  await stand.client.job.patch('job', { onAllTasksComplete: 'terminatejob' });
  const job = await stand.client.job.get('job');

  await stand.until(async () => (await stand.client.job.get('job')).state === 'completed');

  const poolId = job.executionInfo?.poolId ?? '';
  expect(poolId).toMatch(/^Auto[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  expect((await stand.client.task.get('job', 'hello')).executionInfo?.exitCode).toBe(0);
  await stand.until(async () => !(await stand.client.pool.exists(poolId)).body);
});

test('an auto-pool of a schedule serves all its jobs', async () => {
  const stand = await standIn();
  await stand.client.jobSchedule.add({
    id: 'sched',
    schedule: { recurrenceInterval: 'PT10M' },
    jobSpecification: {
      poolInfo: { autoPoolSpecification: { ...AUTO_POOL, poolLifetimeOption: 'jobschedule' } },
      jobManagerTask: { id: 'only-task', commandLine: 'true' },
    },
  });

  await stand.until(async () => (await jobsOf(stand, 'sched')).length === 2, 10);

  const jobs = await stand.client.job.listFromJobSchedule('sched');
  const pools = new Set(jobs.map(({ executionInfo }) => executionInfo?.poolId));
  expect([pools.size, (await stand.client.pool.list()).length]).toEqual([1, 1]);
  await stand.client.jobSchedule.deleteMethod('sched');
  await stand.until(async () => (await stand.client.pool.list()).length === 0);
});

test('a job whose auto-pool cannot be created completes with a scheduling error', async () => {
  const stand = await standIn({ quotas: { pools: 0 } });
  await stand.client.job.add({
    id: 'job',
    poolInfo: { autoPoolSpecification: { ...AUTO_POOL, poolLifetimeOption: 'job' } },
  });

  expect(await stand.client.job.get('job')).toMatchObject({
    state: 'completed',
    executionInfo: { schedulingError: { code: 'AutoPoolCreationFailedWithQuotaReached' } },
  });
});

import { expect, test } from 'vitest';
import { SteppedClock } from '../../../local/clock';
import { UBUNTU, newFolder, standIn, taskDone } from './stand';

const FOLLOW_PENDING =
  'pending = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 2) < 50 ? 0 : ' +
  'max($PendingTasks.GetSample(1)); $TargetLowPriorityNodes = min(2, pending);' +
  '$NodeDeallocationOption = taskcompletion;';

const SCALED = {
  id: 'pool',
  vmSize: 'standard_d2s_v5',
  virtualMachineConfiguration: UBUNTU,
  enableAutoScale: true,
  autoScaleEvaluationInterval: 'PT5M',
};

test('a formula is evaluated when the pool is created, and the pool resizes even to zero', async () => {
  const { client } = await standIn();
  await client.pool.add({ ...SCALED, autoScaleFormula: FOLLOW_PENDING });

  const pool = await client.pool.get('pool');

  expect(pool.allocationState).toBe('resizing');
  expect(pool.autoScaleRun).toEqual({
    timestamp: new Date('2030-01-01T00:00:00Z'),
    results:
      '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;pending=0',
  });
});

test('a pool scales up with its pending tasks at the next evaluation, and back to zero [RS2] [RS13]', async () => {
  const stand = await standIn();
  await stand.client.pool.add({ ...SCALED, autoScaleFormula: FOLLOW_PENDING });
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });

  // The evaluation after five minutes, and the time that its node takes to come up.
  stand.clock.stepTo(new Date('2030-01-01T00:05:10Z'));
  const task = await taskDone(stand, 'job', 'task', 0);
  const empty = await stand.until(async () => {
    const pool = await stand.client.pool.get('pool');
    return pool.currentLowPriorityNodes === 0 && pool;
  }, 10);

  const started = task.executionInfo?.startTime?.getTime() ?? 0;
  expect(started).toBeGreaterThanOrEqual(Date.parse('2030-01-01T00:05:00Z'));
  expect(started).toBeLessThan(Date.parse('2030-01-01T00:05:30Z'));
  expect(empty.autoScaleRun?.results).toContain('$TargetLowPriorityNodes=0');
});

test('enabling with a new interval evaluates at once, and not twice within thirty seconds', async () => {
  const stand = await standIn();
  await stand.client.pool.add({
    ...SCALED,
    enableAutoScale: false,
    autoScaleEvaluationInterval: undefined,
  } as never);
  await stand.until(async () => (await stand.client.pool.get('pool')).allocationState === 'steady');
  const settings = {
    autoScaleFormula: '$TargetLowPriorityNodes=3',
    autoScaleEvaluationInterval: 'PT10M',
  };

  await stand.client.pool.enableAutoScale('pool', settings);

  const pool = await stand.client.pool.get('pool');
  expect([pool.enableAutoScale, pool.targetLowPriorityNodes]).toEqual([true, 3]);
  await expect(stand.client.pool.enableAutoScale('pool', settings)).rejects.toMatchObject({
    statusCode: 503,
    code: 'TooManyEnableAutoScaleRequests',
  });
});

test('a failed evaluation is a result with an error, and changes nothing', async () => {
  const stand = await standIn();
  await stand.client.pool.add({ ...SCALED, autoScaleFormula: '$TargetLowPriorityNodes=2' });

  const run = await stand.client.pool.evaluateAutoScale('pool', '$something_useless');

  expect(run.error?.code).toBe('AutoScalingFormulaEvaluationError');
  expect(run.results).toBe(
    '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=2;$NodeDeallocationOption=requeue',
  );
});

test('a pool with autoscale refuses a resize until autoscale is disabled', async () => {
  const stand = await standIn();
  await stand.client.pool.add({ ...SCALED, autoScaleFormula: '$TargetLowPriorityNodes=0' });
  await stand.until(async () => (await stand.client.pool.get('pool')).allocationState === 'steady');

  await expect(
    stand.client.pool.resize('pool', { targetLowPriorityNodes: 1 }),
  ).rejects.toMatchObject({ statusCode: 409 });
  await stand.client.pool.disableAutoScale('pool');
  await stand.client.pool.resize('pool', { targetLowPriorityNodes: 1 });

  expect(await stand.client.pool.get('pool')).toMatchObject({
    enableAutoScale: false,
    targetLowPriorityNodes: 1,
  });
});

test('samples survive a restart, and are deleted with their pool', async () => {
  const folder = await newFolder();
  const clock = new SteppedClock('2030-01-01T00:00:00Z');
  const options = { folder, clock };
  const look = '$n = $PendingTasks.Count(); $last = $PendingTasks.GetSample(1)';
  const before = await standIn(options);
  await before.client.pool.add({ ...SCALED, autoScaleFormula: '$TargetLowPriorityNodes=0' });
  await before.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await before.client.task.add('job', { id: 'task', commandLine: 'true' });
  for (let half = 0; half < 5; half += 1) clock.step(30_000);
  const seen = (await before.client.pool.evaluateAutoScale('pool', look)).results;
  await before.batch.close();

  const after = await standIn(options);

  expect(seen).toContain('$last=[1];$n=');
  expect((await after.client.pool.evaluateAutoScale('pool', look)).results).toBe(seen);
  await after.client.pool.deleteMethod('pool');
  await after.until(async () => !(await after.client.pool.exists('pool')).body);
  await after.client.pool.add({ ...SCALED, autoScaleFormula: '$TargetLowPriorityNodes=0' });
  await after.batch.close();
  const anew = await standIn(options);
  const { results } = await anew.client.pool.evaluateAutoScale('pool', '$n=$PendingTasks.Count()');
  expect(results).toContain('$n=0');
});

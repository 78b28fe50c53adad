import { expect, test } from 'vitest';
import { portOnStandIn } from './on-stand-in';

test('a job schedule counts while it makes jobs, whatever the case of its name', async () => {
  const { stand, batch } = await portOnStandIn();
  const { jobSchedule } = stand.client;
  const schedule = {
    id: 'Nightly-Report',
    schedule: { recurrenceInterval: 'PT1H' },
    jobSpecification: { poolInfo: { poolId: 'pool' } },
  };
  const seen = [await batch.hasJobSchedule('nightly-report')];
  await jobSchedule.add(schedule);
  seen.push(await batch.hasJobSchedule('nightly-report'));
  await jobSchedule.disable('nightly-report');
  seen.push(await batch.hasJobSchedule('nightly-report'));
  await jobSchedule.enable('nightly-report');
  seen.push(await batch.hasJobSchedule('nightly-report'));
  await jobSchedule.terminate('nightly-report');
  seen.push(await batch.hasJobSchedule('nightly-report'));

  expect(seen).toEqual([false, true, false, true, false]);
});

import { expect, test } from 'vitest';
import { checkAccount } from '../../../src/run/forecast/account-check';
import { checked, STARTED, whole } from '../given';
import { now, worldOf, type World } from '../world';
import { MemoryFiles } from '../../memory-files';

const scheduled = { ...whole, triggers: { schedule: '0 0 2 * * *' } };
const due = { kind: 'schedule', due: '2030-01-01T02:00:00.000Z' } as const;
const collision = `the Batch account has an active job schedule ${whole.name}, so the work of a due time would be done twice; disable or delete it: az batch job-schedule disable --job-schedule-id ${whole.name}`;

function provision({ activities, plan }: World): Promise<unknown> {
  return activities.provision({ plan, startNodes: 1, now });
}

test('the run of a due time makes no pool while Batch schedules the same work itself', async () => {
  const world = worldOf(scheduled, { occurrence: due });
  world.batch.jobSchedules.add(whole.name);

  await expect(provision(world)).rejects.toMatchObject({
    code: 'nameCollision',
    message: collision,
  });
  expect(world.batch.pools.size).toBe(0);
  world.batch.jobSchedules.clear();
  await provision(world);
  expect(world.batch.pools.size).toBe(1);
});

test('a run that is started by hand does not collide with a job schedule', async () => {
  const world = worldOf(scheduled);
  world.batch.jobSchedules.add(whole.name);

  await provision(world);

  expect(world.batch.pools.size).toBe(1);
});

test('a plan warns of a job schedule of the same name, for a workload with a schedule only', async () => {
  const warningsOf = async (declaration: typeof whole) => {
    const { batch } = worldOf(declaration);
    batch.jobSchedules.add(whole.name);
    const quotas = { spotCoreQuota: null, dedicatedCoreQuota: null };
    const { errors, warnings } = await checkAccount(
      { batch, files: new MemoryFiles(), ...quotas },
      checked(declaration),
      STARTED,
    );
    expect(errors).toEqual([]);
    return warnings.filter((warning) => warning.includes('job schedule'));
  };

  expect([await warningsOf(scheduled), await warningsOf(whole)]).toEqual([[collision], []]);
});

import { InvocationContext, type Timer } from '@azure/functions';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/run/run';
import { MemoryHub, type InstanceState } from '../hub';
import { minute, watchWith, whole } from '../run/given';
import { now, worldOf, type World } from '../run/world';
import { recordBlob, RUNS_CONTAINER, runIdOf } from '../../src/run/names';
import { timerHandler } from '../../src/triggers/timer';
import { reaperHandler } from '../../src/triggers/reap';

const DAY = 24 * 60;

function timerThatIsDue(next: string): Timer {
  const scheduleStatus = { last: next, next, lastUpdated: next };
  return { isPastDue: false, schedule: { adjustForDST: false }, scheduleStatus };
}

/** What the host writes where it has written no status yet. */
const firedByHand = timerThatIsDue('0001-01-01T00:00:00');

/** One call of a function, whose log nobody reads. */
function call(invocationId: string): InvocationContext {
  return new InvocationContext({ invocationId, logHandler: () => undefined });
}

async function fire(timers: readonly Timer[]): Promise<MemoryHub> {
  const { tools, workload } = worldOf(whole);
  const hub = new MemoryHub();
  const handler = timerHandler(tools, workload);
  for (const [index, timer] of timers.entries()) {
    await handler(timer, hub.client, call(`call-${index}`));
  }
  return hub;
}

test('a timer that an operator fires twice starts two runs', async () => {
  const { started } = await fire([firedByHand, firedByHand]);

  const key = (index: number) => ({ kind: 'request', key: `timer-call-${index}` }) as const;
  expect(started).toEqual([runIdOf('hello', key(0)), runIdOf('hello', key(1))]);
});

test('a timer that fires twice for one due time starts one run', async () => {
  const due = '2030-01-01T02:00:00.000Z';
  const { started } = await fire([timerThatIsDue(due), timerThatIsDue(due)]);

  expect(started).toEqual([runIdOf('hello', { kind: 'schedule', due })]);
});

const succeed = ({ activities, plan }: World): Promise<RunRecord> =>
  activities.record({
    plan,
    outcome: { kind: 'succeeded' },
    harvest: { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null },
    watch: watchWith(),
    cleanedUp: [],
    followers: [],
    endedAt: now,
  });

/** A run with a pool and a job, which the hub shows so. */
async function tidied(status: InstanceState['status']): Promise<World> {
  const world = worldOf(whole);
  const { activities, plan, tools } = world;
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
  const output = status === 'Completed' ? await succeed(world) : null;
  const { client } = new MemoryHub([{ id: plan.runId, status, output }]);
  await reaperHandler(tools, () => minute(0))(firedByHand, client, call('tidy'));
  return world;
}

test.each(['Completed', 'Failed', 'Canceled', 'Terminated'] as const)(
  'pool and job of a run that is %s are deleted',
  async (status) => {
    const { batch, plan } = await tidied(status);

    expect(batch.pools.get(plan.poolId)?.isDeleting).toBe(true);
    expect(batch.jobs.get(plan.jobId)?.isDeleting).toBe(true);
  },
);

test.each(['Pending', 'Running', 'Suspended', 'ContinuedAsNew'] as const)(
  'pool and job of a run that is %s are kept',
  async (status) => {
    const { batch, plan } = await tidied(status);

    expect(batch.pools.get(plan.poolId)?.isDeleting).toBe(false);
    expect(batch.jobs.get(plan.jobId)?.isDeleting).toBe(false);
  },
);

test('the history of a run is purged with its record, and only once', async () => {
  const world = worldOf(whole);
  const { files, plan, tools } = world;
  const output = await succeed(world);
  const hub = new MemoryHub([{ id: plan.runId, status: 'Completed', output }]);
  const tidyUp = reaperHandler(tools, () => minute(4000 * DAY));

  for (let time = 0; time < 2; time++) {
    await succeed(world);
    await tidyUp(firedByHand, hub.client, call('tidy'));
  }

  expect(hub.purged).toEqual([plan.runId]);
  expect(files.text(RUNS_CONTAINER, recordBlob(plan.runId))).toBeUndefined();
});

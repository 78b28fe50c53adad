import { InvocationContext, type Timer } from '@azure/functions';
import { expect, test } from 'vitest';
import { timerHandler } from '../../src/triggers/timer';
import { runIdOf } from '../../src/ledger/keys';
import type { DeclaredSchedule } from '../../src/ledger/schedules';
import type { Occurrence } from '../../src/run/run';
import { present, testApp, type TestApp } from '../api/given';
import { OWNER, STARTED, whole } from '../run/given';

function timerThatIsDue(next: string): Timer {
  const scheduleStatus = { last: next, next, lastUpdated: next };
  return { isPastDue: false, schedule: { adjustForDST: false }, scheduleStatus };
}

/** The status of a timer for which the host has written none yet. */
const firedByHand = timerThatIsDue('0001-01-01T00:00:00');

const nightly: DeclaredSchedule = {
  workload: 'hello',
  index: 0,
  cron: '0 0 2 * * *',
  timeZone: 'UTC',
  catchUp: 'last',
};

async function fire(
  timers: readonly Timer[],
  schedules: readonly DeclaredSchedule[] = [nightly],
): Promise<TestApp> {
  const world = testApp([{ ...whole, overlap: 'allow' }]);
  const handler = timerHandler(
    { ...world.app, schedules: { hello: schedules } },
    present(world.app.workloads.get('hello')),
  );
  for (const [index, timer] of timers.entries()) {
    const context = new InvocationContext({
      invocationId: `call-${index}`,
      logHandler: () => undefined,
    });
    await handler(timer, world.hub.client, context);
  }
  return world;
}

function idOf(occurrence: Occurrence, instant: string): string {
  return runIdOf({ owner: OWNER, workload: 'hello', occurrence, instant, attempt: 0 });
}

test('a timer that an operator fires twice starts two runs', async () => {
  const { hub } = await fire([firedByHand, firedByHand]);

  const key = (index: number) => ({ kind: 'request', key: `timer-call-${index}` }) as const;
  expect(hub.started).toEqual([idOf(key(0), STARTED), idOf(key(1), STARTED)]);
});

test('a timer that fires twice for one due time starts one run', async () => {
  const due = '2030-01-01T02:00:00.000Z';
  const { hub } = await fire([timerThatIsDue(due), timerThatIsDue(due)]);

  expect(hub.started).toEqual([idOf({ kind: 'schedule', due }, due)]);
});

test('of an hour that comes twice each due time is a run, and one instant in two offsets is one', async () => {
  const first = '2030-10-27T02:30:00+02:00';
  const second = '2030-10-27T02:30:00+01:00';
  // A schedule of half hours follows real time: it is due in both of the doubled hours.
  const halfHourly = { ...nightly, cron: '0 30 * * * *', timeZone: 'Europe/Berlin' };
  const { hub } = await fire(
    [timerThatIsDue(first), timerThatIsDue(second), timerThatIsDue('2030-10-27T00:30:00+00:00')],
    [halfHourly],
  );

  const run = (due: string) => idOf({ kind: 'schedule', due }, due);
  expect(hub.started).toEqual([run('2030-10-27T00:30:00.000Z'), run('2030-10-27T01:30:00.000Z')]);
});

test('a timer that fires at a time that is not due in the zone of the schedule starts nothing', async () => {
  const inBerlin = { ...nightly, timeZone: 'Europe/Berlin' };
  const [winter, summer] = ['2030-01-01T01:00:00.000Z', '2030-01-01T00:00:00.000Z'];
  const { hub } = await fire([timerThatIsDue(summer), timerThatIsDue(winter)], [inBerlin]);

  expect(hub.started).toEqual([idOf({ kind: 'schedule', due: winter }, winter)]);
});

test('a run of a delayed schedule has the due time, not the time of its start', async () => {
  const delayed = { ...nightly, delayMinutes: 7 };
  const due = '2030-01-01T02:00:00.000Z';
  const { hub } = await fire(
    [timerThatIsDue(due), timerThatIsDue('2030-01-01T02:07:00.000Z')],
    [delayed],
  );

  expect(hub.started).toEqual([idOf({ kind: 'schedule', due }, due)]);
});

test('two schedules that are due at once are one run', async () => {
  const due = '2030-01-01T02:00:00.000Z';
  const { hub } = await fire([timerThatIsDue(due)], [nightly, { ...nightly, index: 1 }]);

  expect(hub.started).toEqual([idOf({ kind: 'schedule', due }, due)]);
});

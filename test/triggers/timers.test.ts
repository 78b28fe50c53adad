import { InvocationContext, type Timer } from '@azure/functions';
import { expect, test } from 'vitest';
import { timerHandler } from '../../src/triggers/timer';
import { runIdOf } from '../../src/ledger/keys';
import type { Occurrence } from '../../src/run/run';
import { present, testApp, type TestApp } from '../api/given';
import { OWNER, STARTED, whole } from '../run/given';

function timerThatIsDue(next: string): Timer {
  const scheduleStatus = { last: next, next, lastUpdated: next };
  return { isPastDue: false, schedule: { adjustForDST: false }, scheduleStatus };
}

/** The status of a timer for which the host has written none yet. */
const firedByHand = timerThatIsDue('0001-01-01T00:00:00');

async function fire(timers: readonly Timer[]): Promise<TestApp> {
  const world = testApp([{ ...whole, overlap: 'allow' }]);
  const handler = timerHandler(world.app, present(world.app.workloads.get('hello')));
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
  const { hub } = await fire([
    timerThatIsDue(first),
    timerThatIsDue(second),
    timerThatIsDue('2030-10-27T00:30:00+00:00'),
  ]);

  const run = (due: string) => idOf({ kind: 'schedule', due }, due);
  expect(hub.started).toEqual([run('2030-10-27T00:30:00.000Z'), run('2030-10-27T01:30:00.000Z')]);
});

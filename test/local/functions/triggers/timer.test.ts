import fs from 'node:fs';
import path from 'node:path';
import { app, type InvocationContext, type Timer } from '@azure/functions';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../../local/clock';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';
import { temporaryFolder } from '../host-process';

const open: TestHub[] = [];

afterEach(async () => {
  for (const hub of open.splice(0)) await hub.close();
});

interface Fired {
  readonly at: string;
  readonly isPastDue: boolean;
  readonly status: unknown;
}

type TimerOptions = Omit<Parameters<typeof app.timer>[1], 'handler'>;

interface Started {
  readonly hub: TestHub;
  readonly clock: SteppedClock;
  readonly fired: readonly Fired[];
}

/** A host with one timer function, which notes what it is given. */
async function withTimer(
  options: TimerOptions,
  setup: {
    readonly at?: string;
    readonly dataFolder?: string;
    readonly work?: (clock: SteppedClock, context: InvocationContext) => unknown;
  } = {},
): Promise<Started> {
  const fired: Fired[] = [];
  const clock = new SteppedClock(setup.at ?? '2030-01-01T00:00:10Z');
  const hub = await startTestHub({
    clock,
    ...(setup.dataFolder === undefined ? {} : { dataFolder: setup.dataFolder }),
    register: () =>
      app.timer('tick', {
        ...options,
        handler: async (timer: Timer, context) => {
          const { isPastDue, scheduleStatus: status } = timer;
          fired.push({ at: clock.now().toISOString(), isPastDue, status });
          await setup.work?.(clock, context);
        },
      }),
  });
  open.push(hub);
  await hub.settled();
  return { hub, clock, fired };
}

async function step({ hub, clock }: Started, seconds: number): Promise<void> {
  clock.step(seconds * 1000);
  await hub.settled();
}

const times = ({ fired }: Started) => fired.map(({ at }) => at.slice(11, 19));

test('a timer fires at its times and gets its status', async () => {
  const host = await withTimer({ schedule: '0 */5 * * * *' });
  await step(host, 290);
  await step(host, 300);

  expect(host.fired).toEqual([
    {
      at: '2030-01-01T00:05:00.000Z',
      isPastDue: false,
      status: {
        last: '0001-01-01T00:00:00',
        next: '2030-01-01T00:05:00.000+00:00',
        lastUpdated: '2030-01-01T00:00:10.000+00:00',
      },
    },
    {
      at: '2030-01-01T00:10:00.000Z',
      isPastDue: false,
      status: {
        last: '2030-01-01T00:05:00.000+00:00',
        next: '2030-01-01T00:10:00.000+00:00',
        lastUpdated: '2030-01-01T00:05:00.000+00:00',
      },
    },
  ]);
});

test('times missed while the host was down are made up for, once', async () => {
  const dataFolder = temporaryFolder();
  const before = await withTimer({ schedule: '0 */5 * * * *' }, { dataFolder });
  await before.hub.close();
  const after = await withTimer(
    { schedule: '0 */5 * * * *' },
    { dataFolder, at: '2030-01-01T00:32:00Z' },
  );
  await step(after, 180);

  expect(after.fired.map(({ at, isPastDue }) => [at.slice(11, 19), isPastDue])).toEqual([
    ['00:32:00', true],
    ['00:35:00', false],
  ]);
});

test('a changed schedule is never past due', async () => {
  const dataFolder = temporaryFolder();
  const before = await withTimer({ schedule: '0 */5 * * * *' }, { dataFolder });
  await before.hub.close();
  const after = await withTimer(
    { schedule: '0 */7 * * * *' },
    { dataFolder, at: '2030-01-01T00:32:00Z' },
  );
  await step(after, 180);

  expect(after.fired.map(({ at, isPastDue }) => [at.slice(11, 19), isPastDue])).toEqual([
    ['00:35:00', false],
  ]);
});

test('a timer that fires more than once a minute has no stored status', async () => {
  const dataFolder = temporaryFolder();
  const host = await withTimer({ schedule: '*/20 * * * * *' }, { dataFolder });
  await step(host, 10);

  expect(host.fired).toEqual([{ at: '2030-01-01T00:00:20.000Z', isPastDue: false, status: null }]);
  expect(fs.existsSync(path.join(dataFolder, 'timers'))).toBe(false);
});

test('a timer without useMonitor has no stored status', async () => {
  const host = await withTimer({ schedule: '0 * * * * *', useMonitor: false });
  await step(host, 50);

  expect(host.fired[0]?.status).toBeNull();
});

test('a timer may run when the host starts, and keeps its times', async () => {
  const host = await withTimer({ schedule: '0 */5 * * * *', runOnStartup: true });
  await step(host, 290);

  expect(times(host)).toEqual(['00:00:10', '00:05:00']);
});

test('a run that outlasts the period skips times, and no two runs overlap', async () => {
  let running = 0;
  let most = 0;
  const host = await withTimer(
    { schedule: '0 * * * * *' },
    {
      work: async (clock) => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => {
          clock.at(new Date(clock.now().getTime() + 150_000), resolve);
        });
        running--;
      },
    },
  );
  for (let i = 0; i < 39; i++) {
    host.clock.step(10_000);
    await new Promise(setImmediate);
  }

  expect({ times: times(host), most, running }).toEqual({
    times: ['00:01:00', '00:04:00'],
    most: 1,
    running: 0,
  });
});

test('a run that fails changes nothing in the schedule', async () => {
  const host = await withTimer(
    { schedule: '0 */5 * * * *' },
    {
      work: () => {
        throw new Error('no');
      },
    },
  );
  await step(host, 290);
  await step(host, 300);

  expect(times(host)).toEqual(['00:05:00', '00:10:00']);
});

test('a timer with a retry policy is retried after its delays', async () => {
  const counts: (number | undefined)[] = [];
  const host = await withTimer(
    {
      schedule: '0 */5 * * * *',
      retry: { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: { seconds: 10 } },
    },
    {
      work: (_, context) => {
        counts.push(context.retryContext?.retryCount);
        throw new Error('no');
      },
    },
  );
  await step(host, 290);
  await step(host, 10);
  await step(host, 10);
  await step(host, 10);

  expect({ times: times(host), counts }).toEqual({
    times: ['00:05:00', '00:05:10', '00:05:20'],
    counts: [0, 1, 2],
  });
});

test('a timer can be run by hand, now', async () => {
  const host = await withTimer({ schedule: '0 0 0 1 1 *' });
  const response = await fetch(`${host.hub.host.url}/admin/functions/tick`, {
    method: 'POST',
    body: '{}',
  });
  await host.hub.settled();

  expect(response.status).toBe(202);
  expect(host.fired).toEqual([{ at: '2030-01-01T00:00:10.000Z', isPastDue: false, status: null }]);
});

test('schedules are in the time zone of WEBSITE_TIME_ZONE', async () => {
  const fired: string[] = [];
  const hub = await startTestHub({
    start: '2030-07-01T00:00:00Z',
    environment: { WEBSITE_TIME_ZONE: 'America/New_York' },
    register: () =>
      app.timer('tick', {
        schedule: '0 0 2 * * *',
        handler: ({ scheduleStatus }) => {
          fired.push(scheduleStatus.next);
        },
      }),
  });
  open.push(hub);
  await hub.stepToNextAlarm();

  expect(fired).toEqual(['2030-07-01T02:00:00.000-04:00']);
  expect(hub.clock.now().toISOString()).toBe('2030-07-01T06:00:00.000Z');
});

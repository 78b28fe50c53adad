import { expect, test } from 'vitest';
import { WrongRehearsal } from '../../src/rehearse/plan-rehearsal';
import { planned, workload } from './given';

const NIGHTLY = workload('nightly', '0 0 2 * * *');

test('the schedule in force is that of the setting, in the zone of the app', () => {
  const { plan, assumptions } = planned([NIGHTLY], {
    environment: { SCHEDULE_NIGHTLY: '0 30 4 * * *', WEBSITE_TIME_ZONE: 'Europe/Berlin' },
  });

  expect(plan.schedules).toEqual({
    nightly: [
      {
        workload: 'nightly',
        index: 0,
        cron: '0 30 4 * * *',
        timeZone: 'Europe/Berlin',
        catchUp: 'last',
      },
    ],
  });
  expect(assumptions.zone).toBe('Europe/Berlin');
  expect(plan.days.map(({ day, from }) => [day, new Date(from).toISOString()])).toEqual([
    ['2026-12-01', '2026-11-30T23:00:00.000Z'],
  ]);
});

test('the calendar has the zone that all schedules share, else that of the app', () => {
  const zoneOf = (...zones: readonly string[]) =>
    planned(
      zones.map((timeZone, index) => workload(`w${index}`, { cron: '0 0 2 * * *', timeZone })),
    ).assumptions.zone;

  expect([zoneOf('Asia/Tokyo'), zoneOf('Asia/Tokyo', 'Europe/Berlin')]).toEqual([
    'Asia/Tokyo',
    'UTC',
  ]);
});

test('the first day is today where none is given', () => {
  const { plan } = planned([NIGHTLY], { options: { from: null, days: 2 } });

  expect(plan.days.map(({ day }) => day)).toEqual(['2026-11-30', '2026-12-01']);
});

test('minutes of work are those given, else of past runs, else a quarter of the deadline', () => {
  const bounded = workload('bounded', '0 0 2 * * *', {
    work: { kind: 'whole', jobManager: { command: 'work', maxMinutes: 10 } },
  });
  const others = ['given', 'past'].map((name) => workload(name, '0 0 2 * * *'));
  const { plan, assumptions } = planned([NIGHTLY, bounded, ...others], {
    options: { minutes: { given: 7 }, past: { given: [99], past: [20, 34.5, 90], nightly: [] } },
  });

  expect(plan.minutes).toEqual({ nightly: 30, bounded: 10, given: 7, past: 30 });
  expect(assumptions.workloads.map(({ workload: name, work }) => [name, work])).toEqual([
    ['nightly', '30 min of work (assumed, a quarter of its deadline)'],
    ['bounded', '10 min of work (assumed, a quarter of its deadline)'],
    ['given', '7 min of work (given)'],
    ['past', '30 min of work (the median of 3 past runs, less 4.5 min around it)'],
  ]);
});

test.each([
  [{ workloads: ['weekly'] }, 'there is no workload "weekly"; there are nightly'],
  [{ minutes: { weekly: 1 } }, 'there is no workload "weekly"; there are nightly'],
  [
    { down: ['2026-12-05'] },
    '--down must be two local times, such as 2026-12-05T10:00/2026-12-07, not "2026-12-05"',
  ],
  [
    { down: ['2026-12-05/2026-12-04'] },
    '--down must be two local times, such as 2026-12-05T10:00/2026-12-07, not "2026-12-05/2026-12-04"',
  ],
])('the options %j are refused', (options, message) => {
  expect(() => planned([NIGHTLY], { options })).toThrow(new WrongRehearsal('option', message));
});

test('an app that cannot start is refused with all errors of its settings', () => {
  expect(() => planned([NIGHTLY], { environment: { MONTHLY_BUDGET: 'many' } })).toThrow(
    new WrongRehearsal(
      'app',
      'the app settings have validation errors:\n  MONTHLY_BUDGET: not valid; it is the same as a sum of money, in the currency of the prices',
    ),
  );
});

import { expect, test } from 'vitest';
import { scheduleWarningsOf } from '../../src/ledger/schedule-warnings';
import type { DeclaredSchedule } from '../../src/ledger/schedules';

const NOW = new Date('2026-11-30T12:00:00.000Z');

function schedule(cron: string, more: Partial<DeclaredSchedule> = {}): DeclaredSchedule {
  return { workload: 'report', index: 0, cron, timeZone: 'UTC', catchUp: 'last', ...more };
}

test.each([
  ['forbid', 'most due times will be skipped'],
  ['queue', 'the queue will grow'],
  ['replace', 'runs will replace each other before they end'],
] as const)(
  'a schedule that is due more often than it can run is a warning with overlap %s',
  (overlap, effect) => {
    expect(scheduleWarningsOf([schedule('*/5 2 * * *')], overlap, NOW)).toEqual([
      `schedule "*/5 2 * * *" is due every 5 minutes, and a run with its own pool takes 10 or more: with overlap '${overlap}' ${effect}`,
    ]);
  },
);

test('a schedule that is due every ten minutes, or whose runs may overlap, is no warning', () => {
  expect(scheduleWarningsOf([schedule('*/10 * * * *')], 'forbid', NOW)).toEqual([]);
  expect(scheduleWarningsOf([schedule('*/5 * * * *')], 'allow', NOW)).toEqual([]);
});

test('a schedule that has ended is a warning, not an error: the app still starts', () => {
  expect(
    scheduleWarningsOf([schedule('0 2 * * *', { until: '2026-11-01' })], 'forbid', NOW),
  ).toEqual(['schedule "0 2 * * *" is not due within a year']);
});

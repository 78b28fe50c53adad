import { expect, test } from 'vitest';
import { parseSchedule } from '../../local/functions/triggers/ncrontab';
import { dueTimesIn, type Schedule } from '../../src/ledger/due-times';
import { timerCronOf } from '../../src/triggers/timer-cron';

const NOW = new Date('2026-11-30T12:00:00.000Z');

test.each([
  ['0 0 2 * * *', 'UTC', 'UTC', '0 0 2 * * *'],
  ['0 2 * * MON', 'UTC', 'UTC', '0 0 2 * * MON'],
  ['@daily', 'UTC', 'UTC', '0 0 0 * * *'],
  ['0 0 2 L * *', 'UTC', 'UTC', '0 0 2 * * *'],
  ['0 0 2 * * 7', 'UTC', 'UTC', '0 0 2 * * *'],
  ['0 0 2 7,17 JUL *', 'UTC', 'UTC', '0 0 2 7,17 JUL *'],
  ['0 0 2 * * *', 'Europe/Berlin', 'UTC', '0 0 0,1 * * *'],
  ['0 0 2 * * *', 'Europe/Berlin', 'Europe/Berlin', '0 0 2 * * *'],
  ['0 30 1 * * *', 'Australia/Lord_Howe', 'UTC', '0 0,30 14,15 * * *'],
  ['0 */5 * * * *', 'Europe/Berlin', 'UTC', '0 0,5,10,15,20,25,30,35,40,45,50,55 * * * *'],
])('the host is given for %s in %s, with %s, %s', (cron, timeZone, hostZone, expected) => {
  expect(timerCronOf({ cron, timeZone }, hostZone, NOW)).toBe(expected);
});

/** Instants at which a timer of the host fires. */
function firingsOf(cron: string, from: string, until: string): ReadonlySet<string> {
  const { next } = parseSchedule(cron, 'UTC');
  const fired = new Set<string>();
  for (let at = next(new Date(from)); at !== undefined; at = next(at)) {
    if (at.toISOString() > until) break;
    fired.add(at.toISOString());
  }
  return fired;
}

test.each([
  ['0 30 2 * * *', 'Europe/Berlin', 1],
  ['0 15 */3 L * *', 'America/New_York', 0],
  ['0 0 0 * * SUN#2', 'America/Sao_Paulo', 0],
  ['0 45 1 * * *', 'Australia/Lord_Howe', 0],
  ['0 20,50 22-23,0-2 * * 1-5', 'Asia/Kathmandu', 0],
])(
  'a timer of the host in UTC fires at each due time of %s in %s in a year',
  (cron, timeZone, moved) => {
    const schedule: Schedule = { cron, timeZone };
    const [from, until] = ['2026-12-01T00:00:00.000Z', '2027-12-01T00:00:00.000Z'];
    const due = dueTimesIn(schedule, from, until, 5000);
    const fired = firingsOf(timerCronOf(schedule, 'UTC', NOW), from, until);

    // A due time that a change of the clock moves is started by the reconciler.
    expect(due.filter((at) => !fired.has(at)).length).toBe(moved);
    expect(due.length).toBeGreaterThan(10);
  },
);

test('a delay moves the timer', () => {
  const schedule = { cron: '0 50 23 * * *', timeZone: 'UTC', delayMinutes: 15 };

  expect(timerCronOf(schedule, 'UTC', NOW)).toBe('0 5 0 * * *');
});

import { expect, test } from 'vitest';
import { catchUpOn, dueTimesIn, isDueAt, nextDueTime } from '../../src/ledger/due-times';

function due(cron: string, timeZone: string, after: string, until: string): readonly string[] {
  return dueTimesIn({ cron, timeZone }, after, until, 500).map((at) => at.replace(':00.000Z', 'Z'));
}

test('due times are those after the one instant and not after the other', () => {
  const daily = ['0 0 2 * * *', 'UTC'] as const;

  expect(due(...daily, '2026-11-30T02:00:00.000Z', '2026-12-02T02:00:00.000Z')).toEqual([
    '2026-12-01T02:00Z',
    '2026-12-02T02:00Z',
  ]);
  expect(due(...daily, '2026-11-30T01:59:59.500Z', '2026-11-30T02:00:00.000Z')).toEqual([
    '2026-11-30T02:00Z',
  ]);
  expect(due(...daily, '2026-11-30T02:00:00.000Z', '2026-12-01T01:59:59.999Z')).toEqual([]);
});

test('no more due times are given than asked for, the oldest first', () => {
  const minutely = { cron: '* * * * *', timeZone: 'UTC' };

  expect(dueTimesIn(minutely, '2026-11-30T00:00:00.000Z', '2027-01-01T00:00:00.000Z', 2)).toEqual([
    '2026-11-30T00:01:00.000Z',
    '2026-11-30T00:02:00.000Z',
  ]);
});

test.each([
  ['five fields', '30 2 * * *', ['2026-11-30T02:30Z', '2026-12-01T02:30Z']],
  ['a whole name of a month', '0 0 2 1 december *', ['2026-12-01T02:00Z']],
  ['a part of a name', '0 0 2 * Novem-DEC mond', ['2026-11-30T02:00Z']],
  ['day of month and of week, which must both hold', '0 0 2 1 * TUE', ['2026-12-01T02:00Z']],
  ['day of month and of week that do not both hold', '0 0 2 1 * MON', []],
  ['a step from a value on', '0 10/25 2 30 * *', ['2026-11-30T02:10Z', '2026-11-30T02:35Z']],
  ['a range the wrong way round', '0 0 2 * * TUE-SUN', ['2026-11-30T02:00Z', '2026-12-01T02:00Z']],
  ['a day that never comes', '0 0 2 30 2 *', []],
])('a schedule is read as the timer trigger reads it: %s', (_, cron, expected) => {
  expect(due(cron, 'UTC', '2026-11-30T00:00:00.000Z', '2026-12-01T23:00:00.000Z')).toEqual(
    expected,
  );
});

const berlin = 'Europe/Berlin';
const newYork = 'America/New_York';

test.each([
  // Berlin: 02:00 becomes 03:00 at 01:00 UTC.
  ['0 30 2 * * *', berlin, '2027-03-27T12:00', ['2027-03-28T01:00Z']],
  ['0 0,30 2 * * *', berlin, '2027-03-27T12:00', ['2027-03-28T01:00Z']],
  ['0 */10 2 * * *', berlin, '2027-03-27T12:00', ['2027-03-28T01:00Z']],
  ['0 30 2,3 * * *', berlin, '2027-03-27T12:00', ['2027-03-28T01:00Z', '2027-03-28T01:30Z']],
  ['0 0 2,3 * * *', berlin, '2027-03-27T12:00', ['2027-03-28T01:00Z']],
  ['0 30 2 * * *', newYork, '2027-03-13T12:00', ['2027-03-14T07:00Z']],
])('local times that a clock change skips are due once, at the change: %s %s', (...given) => {
  const [cron, zone, noon, expected] = given;
  const until = new Date(Date.parse(`${noon}:00.000Z`) + 86_400_000).toISOString();

  expect(due(cron, zone, `${noon}:00.000Z`, until)).toEqual(expected);
});

test.each([
  // Berlin: 03:00 becomes 02:00 at 01:00 UTC.
  ['0 30 2 * * *', berlin, '2026-10-24T12:00', ['2026-10-25T00:30Z']],
  ['0 0,30 2 * * *', berlin, '2026-10-24T12:00', ['2026-10-25T00:00Z', '2026-10-25T00:30Z']],
  [
    '0 30 1-3 * * *',
    berlin,
    '2026-10-24T12:00',
    ['2026-10-24T23:30Z', '2026-10-25T00:30Z', '2026-10-25T02:30Z'],
  ],
  ['0 30 1 * * *', newYork, '2026-10-31T12:00', ['2026-11-01T05:30Z']],
])('a fixed local time that a clock change doubles is due once: %s %s', (...given) => {
  const [cron, zone, noon, expected] = given;
  const until = new Date(Date.parse(`${noon}:00.000Z`) + 86_400_000).toISOString();

  expect(due(cron, zone, `${noon}:00.000Z`, until)).toEqual(expected);
});

test('every hour is due in both of two doubled hours and not in the skipped one', () => {
  const every = '0 0 * * * *';

  expect(due(every, berlin, '2026-10-24T23:30:00.000Z', '2026-10-25T02:30:00.000Z')).toEqual([
    '2026-10-25T00:00Z',
    '2026-10-25T01:00Z',
    '2026-10-25T02:00Z',
  ]);
  expect(due(every, newYork, '2027-03-14T05:30:00.000Z', '2027-03-14T08:30:00.000Z')).toEqual([
    '2027-03-14T06:00Z',
    '2027-03-14T07:00Z',
    '2027-03-14T08:00Z',
  ]);
});

test('due times are the same wherever a pass begins to count', () => {
  const schedules = ['0 */20 1-3 * * *', '0 30 2 * * *', '0 */30 * * * *'];
  const year = ['2026-10-25', '2027-03-28'];
  for (const cron of schedules) {
    for (const day of year) {
      const whole = due(cron, berlin, `${day}T00:00:00.000Z`, `${day}T06:00:00.000Z`);
      const steps = Array.from({ length: 72 }, (_, step) => {
        const at = Date.parse(`${day}T00:00:00.000Z`) + step * 300_000;
        const [from, to] = [new Date(at).toISOString(), new Date(at + 300_000).toISOString()];
        return due(cron, berlin, from, to);
      });
      expect(steps.flat()).toEqual(whole);
    }
  }
});

test('the next due time of a schedule follows an instant, and may never come', () => {
  const after = '2026-11-30T02:00:00.000Z';

  expect(nextDueTime({ cron: '0 0 2 * * *', timeZone: berlin }, after)).toBe(
    '2026-12-01T01:00:00.000Z',
  );
  expect(nextDueTime({ cron: '0 0 2 30 2 *', timeZone: 'UTC' }, after)).toBeNull();
});

test('catch-up makes up none, the last or all of the due times that passed', () => {
  const [one, two, three] = ['2026-11-30T02:00Z', '2026-11-30T03:00Z', '2026-11-30T04:00Z'];
  const passed = [one, two, three];
  const now = '2026-11-30T05:00:00.000Z';

  expect(catchUpOn(passed, { catchUp: 'none' }, now)).toEqual({ run: [], missed: passed });
  expect(catchUpOn(passed, { catchUp: 'last' }, now)).toEqual({ run: [three], missed: [one, two] });
  expect(catchUpOn(passed, { catchUp: 'all' }, now)).toEqual({ run: passed, missed: [] });
  expect(catchUpOn([], { catchUp: 'last' }, now)).toEqual({ run: [], missed: [] });
});

test('a due time older than the bound on catch-up is missed, whatever the policy', () => {
  const passed = ['2026-11-30T02:00:00.000Z', '2026-11-30T03:00:00.000Z'];
  const now = '2026-11-30T08:30:00.000Z';
  const hours = (catchUpHours: number) => catchUpOn(passed, { catchUp: 'all', catchUpHours }, now);

  expect(hours(6)).toEqual({ run: [passed[1]], missed: [passed[0]] });
  expect(hours(5)).toEqual({ run: [], missed: passed });
  expect(catchUpOn(passed, { catchUp: 'last', catchUpHours: 5 }, now).run).toEqual([]);
});

test('a due time that is found within ten minutes runs by whatever policy', () => {
  const passed = ['2026-11-30T02:00:00.000Z'];

  expect(catchUpOn(passed, { catchUp: 'none' }, '2026-11-30T02:10:00.000Z')).toEqual({
    run: passed,
    missed: [],
  });
  expect(catchUpOn(passed, { catchUp: 'none' }, '2026-11-30T02:10:00.001Z')).toEqual({
    run: [],
    missed: passed,
  });
});

test('due times are found whatever part of the time between two of them was asked for before', () => {
  const schedule = { cron: '0 0 3 * * *', timeZone: 'Europe/Berlin' };
  const ask = (after: string, until: string) =>
    dueTimesIn(schedule, `2030-01-${after}:00.000Z`, `2030-01-${until}:00.000Z`, 10);

  expect([
    ask('01T04:00', '01T05:00'),
    ask('01T05:00', '01T06:00'),
    ask('01T05:00', '02T02:00'),
    ask('01T01:00', '01T05:00'),
    ask('02T02:00', '02T03:00'),
  ]).toEqual([[], [], ['2030-01-02T02:00:00.000Z'], ['2030-01-01T02:00:00.000Z'], []]);
});

const days = (cron: string, from: string, until: string, timeZone = 'UTC') =>
  dueTimesIn({ cron, timeZone }, `${from}T00:00:00.000Z`, `${until}T00:00:00.000Z`, 500).map((at) =>
    at.slice(5, 10),
  );

test.each([
  ['the last day of each month', '0 0 2 L * *', ['01-31', '02-28', '03-31']],
  ['the second Tuesday', '0 0 2 * * TUE#2', ['01-12', '02-09', '03-09']],
  ['the last Friday', '0 2 * * 5#L', ['01-29', '02-26', '03-26']],
  ['the first day that is a Monday too', '0 0 2 1 * MON', ['02-01', '03-01']],
])('a schedule of %s is due on these days [RS1]', (_, cron, expected) => {
  expect(days(cron, '2027-01-01', '2027-04-01')).toEqual(expected);
});

test.each([
  ['7 is Sunday', '0 2 * * 7', ['01-03', '01-10']],
  ['a weekend that ends with 7', '0 2 * * 6-7', ['01-02', '01-03', '01-09', '01-10']],
  ['a nickname', '@weekly', ['01-03', '01-10']],
])('crontab: %s', (_, cron, expected) => {
  expect(days(cron, '2027-01-01', '2027-01-12')).toEqual(expected);
});

test('due times begin and end with local days, without excluded days and times [RS25]', () => {
  const schedule = {
    cron: '0 0,12 * * *',
    timeZone: 'America/New_York',
    from: '2026-12-23',
    until: '2026-12-27',
    exclude: ['2026-12-25', '0 12 * * SAT'],
  };
  const all = dueTimesIn(schedule, '2026-01-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z', 500);

  expect(all.map((at) => at.slice(5, 16))).toEqual([
    '12-23T05:00',
    '12-23T17:00',
    '12-24T05:00',
    '12-24T17:00',
    '12-26T05:00',
    '12-27T05:00',
    '12-27T17:00',
  ]);
  expect(nextDueTime(schedule, '2026-12-27T17:00:00.000Z')).toBeNull();
});

test('a schedule whose every due time is excluded is never due', () => {
  const schedule = { cron: '0 2 * * *', timeZone: 'UTC', exclude: ['0 2 * * *'] };

  expect(nextDueTime(schedule, '2026-12-01T00:00:00.000Z')).toBeNull();
});

test.each([
  ['0 30 2 * * *', 'Australia/Lord_Howe', '2026-10-03', ['2026-10-03T15:30Z']],
  ['0 45 1 * * *', 'Australia/Lord_Howe', '2027-04-03', ['2027-04-03T14:45Z']],
  ['0 0 0 * * *', 'America/Sao_Paulo', '2018-11-03', ['2018-11-04T03:00Z']],
  ['0 30 23 * * *', 'America/Sao_Paulo', '2018-02-17', ['2018-02-18T01:30Z']],
  ['0 0 0 * * *', 'America/Sao_Paulo', '2026-11-03', ['2026-11-04T03:00Z']],
])(
  'a zone with rules of its own has one due time a day: %s %s on %s',
  (cron, zone, day, expected) => {
    const until = new Date(Date.parse(`${day}T12:00:00.000Z`) + 86_400_000).toISOString();

    expect(due(cron, zone, `${day}T12:00:00.000Z`, until)).toEqual(expected);
  },
);

test('an instant is due or not', () => {
  const schedule = { cron: '0 0 2 * * *', timeZone: 'Europe/Berlin' };

  expect(isDueAt(schedule, '2026-12-01T01:00:00.000Z')).toBe(true);
  expect(isDueAt(schedule, '2026-12-01T02:00:00.000Z')).toBe(false);
});

import { Cron } from 'croner';
import { expect, test } from 'vitest';
import { parseSchedule } from '../../../../local/functions/triggers/ncrontab';

function next(schedule: string, after: string, timeZone = 'UTC'): string | undefined {
  return parseSchedule(schedule, timeZone).next(new Date(after))?.toISOString();
}

function several(schedule: string, after: string, count: number, timeZone = 'UTC'): string[] {
  const parsed = parseSchedule(schedule, timeZone);
  const times: string[] = [];
  let time = new Date(after);
  for (let i = 0; i < count; i++) {
    time = parsed.next(time) ?? new Date(Number.NaN);
    times.push(time.toISOString());
  }
  return times;
}

test.each([
  ['0 */5 * * * *', '2030-01-01T00:02:00Z', '2030-01-01T00:05:00.000Z'],
  ['*/5 * * * *', '2030-01-01T00:02:00Z', '2030-01-01T00:05:00.000Z'],
  ['0 0 2 * * *', '2030-01-01T02:00:00Z', '2030-01-02T02:00:00.000Z'],
  ['30 59 23 31 12 *', '2030-12-31T23:59:29.999Z', '2030-12-31T23:59:30.000Z'],
  ['0 0 0 29 2 *', '2030-01-01T00:00:00Z', '2032-02-29T00:00:00.000Z'],
  ['0 0 9 * jan-mar mon', '2030-04-01T00:00:00Z', '2031-01-06T09:00:00.000Z'],
  ['0 0 9 * m MONDAY', '2030-01-01T00:00:00Z', '2030-03-04T09:00:00.000Z'],
  ['0 0 17-9/4 * * *', '2030-01-01T09:00:00Z', '2030-01-01T13:00:00.000Z'],
  ['0 10/20 1 * * *', '2030-01-01T01:10:00Z', '2030-01-01T01:30:00.000Z'],
  ['0 0 0 1,15 * *', '2030-01-01T00:00:00Z', '2030-01-15T00:00:00.000Z'],
  ['00:30:00', '2030-01-01T00:02:00Z', '2030-01-01T00:32:00.000Z'],
  ['1.00:00:00', '2030-01-01T00:02:00Z', '2030-01-02T00:02:00.000Z'],
  ['24:00:00', '2030-01-01T00:00:00Z', '2030-01-25T00:00:00.000Z'],
  ['00:10', '2030-01-01T00:02:00Z', '2030-01-01T00:12:00.000Z'],
  ['0 */0 * * * *', '2030-01-01T00:02:30Z', '2030-01-01T00:03:00.000Z'],
  ['0 1,59/5,*/-1 * * * *', '2030-01-01T00:02:30Z', '2030-01-01T00:03:00.000Z'],
])('%s after %s is %s', (schedule, after, expected) => {
  expect(next(schedule, after)).toBe(expected);
});

test('day of month and day of week must both match', () => {
  expect(several('0 0 0 13 * fri', '2030-01-01T00:00:00Z', 2)).toEqual([
    '2030-09-13T00:00:00.000Z',
    '2030-12-13T00:00:00.000Z',
  ]);
});

test('a day that does not exist has no occurrence', () => {
  expect(next('0 0 0 31 2 *', '2030-01-01T00:00:00Z')).toBeUndefined();
});

test.each([
  ['0 0 0 * * 7', '7 is not a valid weekday: 0 to 6.'],
  ['60 * * * * *', '60 is not a valid second: 0 to 59.'],
  ['0 0 0 L * *', "'L' is not a valid day of a schedule."],
  ['0 0 0 ? * *', "'?' is not a valid day of a schedule."],
  ['0 0 0 * * mon#1', "'mon#1' is not a valid weekday of a schedule."],
  ['0 */ * * * *', "'*/' is not a valid minute of a schedule."],
  ['0 */x * * * *', "'*/x' is not a valid minute of a schedule."],
  ['-00:10:00', "'-00:10:00' is not a schedule"],
  ['00:60:00', "'00:60:00' is not a schedule"],
  ['00:00:00', 'The interval of a schedule must be positive.'],
  ['@daily', "'@daily' is not a schedule: it has 1 fields, not 5 or 6."],
  ['0 0 0 1-2-3 * *', "'1-2-3' is not a valid day of a schedule."],
  ['0 0 0 1, * *', "'' is not a valid day of a schedule."],
])('%s is refused', (schedule, words) => {
  expect(() => parseSchedule(schedule, 'UTC')).toThrow(words);
});

test('a schedule with seconds is known to fire more than once a minute', () => {
  const isSubMinute = (schedule: string) => parseSchedule(schedule, 'UTC').isSubMinute;

  expect(
    [
      '*/10 * * * * *',
      '0,30 */1 0-23 1-31 jan-dec *',
      '00:00:59',
      '5 * * * * *',
      '00:01:00',
      // Not in every minute.
      '*/10 0 * * * *',
      '*/10 * * * * mon-fri',
    ].map(isSubMinute),
  ).toEqual([true, true, true, false, false, false, false]);
});

test.each([
  // As written there are steps; as NCrontab writes them, lists.
  ['0 30 */2 * * *', 1],
  ['0 30 2-2 * * *', 1],
  ['0 30 2,3 * * *', 2],
  ['30 2 * * *', 1],
])('%s fires %d times in a repeated hour', (schedule, times) => {
  const day = several(schedule, '2030-10-26T23:45:00Z', 2, 'Europe/Berlin');

  // 02:30 in Berlin, in summer time and an hour later in winter time.
  expect(day.filter((time) => /27T0[01]:30/.test(time))).toHaveLength(times);
});

test('it agrees with another implementation on schedules that both support', () => {
  let seed = 7;
  const chance = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % n;
  };
  const field = (from: number, to: number) => {
    const value = () => from + chance(to - from + 1);
    const low = value();
    return ['*', String(low), `*/${1 + chance(7)}`, `${low},${value()}`, `${low}-${to}`][chance(5)];
  };
  for (let i = 0; i < 300; i++) {
    const words = [
      [0, 59],
      [0, 59],
      [0, 23],
      [1, 28],
      [1, 12],
      [0, 6],
    ] as const;
    const schedule = words.map(([from, to]) => field(from, to)).join(' ');
    const after = new Date(Date.UTC(2030, chance(12), 1 + chance(28), chance(24), chance(60)));
    const other = new Cron(schedule, {
      mode: '6-part',
      domAndDow: true,
      sloppyRanges: true,
      timezone: 'UTC',
      paused: true,
    });

    expect([schedule, next(schedule, after.toISOString())]).toEqual([
      schedule,
      other.nextRun(after)?.toISOString(),
    ]);
  }
});

test('a time that a clock change skips fires later by the length of the change', () => {
  // Berlin, 31 March 2030: 02:00 becomes 03:00.
  expect(several('0 30 2 * * *', '2030-03-30T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
    '2030-03-30T01:30:00.000Z',
    '2030-03-31T01:30:00.000Z',
    '2030-04-01T00:30:00.000Z',
  ]);
});

test('a repeated time of day fires once', () => {
  // Berlin, 27 October 2030: 03:00 becomes 02:00.
  expect(several('0 30 2 * * *', '2030-10-26T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
    '2030-10-27T00:30:00.000Z',
    '2030-10-28T01:30:00.000Z',
  ]);
});

test('an interval fires throughout a repeated hour', () => {
  expect(several('0 */30 * * * *', '2030-10-26T23:45:00Z', 6, 'Europe/Berlin')).toEqual([
    '2030-10-27T00:00:00.000Z',
    '2030-10-27T00:30:00.000Z',
    '2030-10-27T01:00:00.000Z',
    '2030-10-27T01:30:00.000Z',
    '2030-10-27T02:00:00.000Z',
    '2030-10-27T02:30:00.000Z',
  ]);
});

import { expect, test } from 'vitest';
import { rehearse } from '../../src/rehearse/rehearsal';
import { inShort, planned, rehearsed, workload } from './given';

const AT_TWO = '0 0 2 * * *';

test('a daily schedule is due once in each of the nights in which the clocks of Berlin change', async () => {
  const nightly = workload('nightly', { cron: '0 30 2 * * *', timeZone: 'Europe/Berlin' });
  const spring = await rehearsed([nightly], { options: { from: '2026-03-28', days: 3 } });
  const autumn = await rehearsed([nightly], { options: { from: '2026-10-24', days: 3 } });

  expect(inShort(spring)).toEqual({
    days: ['03-28 1 0 0 0 0', '03-29 1 0 0 0 0', '03-30 1 0 0 0 0'],
    workloads: ['nightly 3 3 0 0 0 0'],
    delayed: [],
    errors: [],
  });
  expect(inShort(autumn)).toEqual({
    days: ['10-24 1 0 0 0 0', '10-25 1 0 0 0 0', '10-26 1 0 0 0 0'],
    workloads: ['nightly 3 3 0 0 0 0'],
    delayed: [],
    errors: [],
  });
  expect([spring, autumn].map(({ days }) => days.map((day) => day.changesClock))).toEqual([
    [false, true, false],
    [false, true, false],
  ]);
});

/** Due each hour from 0 to 5, and at work for longer than an hour. */
const often = (overlap: NonNullable<Parameters<typeof workload>[2]>['overlap']) =>
  rehearsed([workload('often', '0 0 0-5 * * *', overlap === undefined ? {} : { overlap })], {
    options: { minutes: { often: 80 } },
  });

test('runs that would overlap are skipped where the policy forbids it', async () => {
  expect(inShort(await often('forbid'))).toEqual({
    days: ['12-01 3 0 3 0 0'],
    workloads: ['often 6 3 0 3 0 0'],
    delayed: [
      '12-01T01:00 often skipped 0',
      '12-01T03:00 often skipped 0',
      '12-01T05:00 often skipped 0',
    ],
    errors: [],
  });
});

test('runs that would overlap wait where the policy queues them, until their start window ends', async () => {
  const { workloads, delayed, ...rest } = await often('queue');

  expect(inShort({ workloads, delayed, ...rest })).toEqual({
    days: ['12-01 5 4 0 1 0'],
    workloads: ['often 6 5 4 0 1 0'],
    delayed: [
      '12-01T01:00 often queued 27',
      '12-01T02:00 often queued 55',
      '12-01T03:00 often queued 82',
      '12-01T04:00 often queued 110',
      '12-01T05:00 often missed 0',
    ],
    errors: [],
  });
  expect(Math.round(workloads[0]?.longestWaitMinutes ?? 0)).toBe(110);
  expect(delayed.at(-1)?.cause).toMatch(
    /^the run could not start before 2026-12-01T07:00:00.000Z: run often-20261201t030000-\w{10} of often is active$/,
  );
});

test('a run is cancelled by the next one where the policy replaces it', async () => {
  expect(inShort(await often('replace'))).toEqual({
    days: ['12-01 6 5 0 0 5'],
    workloads: ['often 6 6 5 0 0 5'],
    delayed: [
      '12-01T00:00 often replaced 0',
      '12-01T01:00 often replaced 1',
      '12-01T02:00 often replaced 1',
      '12-01T03:00 often replaced 1',
      '12-01T04:00 often replaced 1',
      '12-01T05:00 often queued 1',
    ],
    errors: [],
  });
});

test('as many runs overlap as the policy allows, and the others wait', async () => {
  const all = await often('allow');
  const three = await rehearsed(
    [workload('often', '0 */20 0-1 * * *', { overlap: { allow: 3 } })],
    { options: { minutes: { often: 80 } } },
  );

  expect({ ...inShort(all), overlapping: all.days[0]?.overlapping }).toEqual({
    days: ['12-01 6 0 0 0 0'],
    workloads: ['often 6 6 0 0 0 0'],
    delayed: [],
    errors: [],
    overlapping: 5,
  });
  expect(inShort(three)).toEqual({
    days: ['12-01 6 3 0 0 0'],
    workloads: ['often 6 6 3 0 0 0'],
    delayed: [
      '12-01T01:00 often queued 27',
      '12-01T01:20 often queued 27',
      '12-01T01:40 often queued 27',
    ],
    errors: [],
  });
  expect(three.peakRuns).toEqual({ runs: 3, at: '2026-12-01T00:40:00.000Z' });
});

test.each([
  [
    'none' as const,
    ['12-01 1 0 0 0 0', '12-02 0 0 0 1 0', '12-03 0 0 0 1 0', '12-04 1 0 0 0 0', '12-05 1 0 0 0 0'],
    ['12-02T02:00 nightly missed 0', '12-03T02:00 nightly missed 0'],
  ],
  [
    'last' as const,
    ['12-01 1 0 0 0 0', '12-02 0 0 0 1 0', '12-03 0 0 0 0 0', '12-04 2 0 0 0 0', '12-05 1 0 0 0 0'],
    ['12-02T02:00 nightly missed 0', '12-03T02:00 nightly late 1320'],
  ],
  [
    'all' as const,
    ['12-01 1 0 0 0 0', '12-02 0 0 0 0 0', '12-03 0 1 0 0 0', '12-04 3 0 0 0 0', '12-05 1 0 0 0 0'],
    ['12-02T02:00 nightly late 2760', '12-03T02:00 nightly queued 1356'],
  ],
])(
  'a host that is down for two days catches up by the policy %s',
  async (catchUp, days, delayed) => {
    const nightly = workload('nightly', { cron: AT_TWO, catchUp }, { overlap: 'queue' });
    const found = await rehearsed([nightly], {
      options: { days: 5, down: ['2026-12-02/2026-12-04'] },
    });

    expect(inShort(found)).toMatchObject({ days, delayed, errors: [] });
  },
);

const FOUR_NODES = {
  pool: { maxNodes: 4, pricePerNodeHour: 0.6 },
  work: { kind: 'sweep', task: { command: 'work' }, over: { SEED: { from: 1, to: 4 } } },
} as const;

test('a Spot quota that holds one of two runs delays the other until the first has no nodes', async () => {
  const both = [workload('one', AT_TWO, FOUR_NODES), workload('two', AT_TWO, FOUR_NODES)];
  const free = await rehearsed(both);
  const bound = await rehearsed(both, { options: { spotNodes: 4 } });

  expect(inShort(free).delayed).toEqual([]);
  expect(free.peakNodes?.nodes).toBe(8);
  expect(bound.peakNodes?.nodes).toBe(4);
  expect(bound.delayed).toEqual([
    {
      workload: 'two',
      instant: '2026-12-01T02:00:00.000Z',
      kind: 'nodes',
      waitMinutes: 35,
      cause: 'other runs had the nodes of the Spot quota',
    },
  ]);
});

test('the quota of the settings counts cores', async () => {
  const found = await rehearsed([workload('one', AT_TWO, FOUR_NODES)], {
    environment: { SPOT_CORE_QUOTA: '5', POOL_VM_SIZE: 'standard_d2s_v5' },
  });

  expect(found.peakNodes?.nodes).toBe(2);
});

test('a budget that is reached in the middle of a month lets no more runs start', async () => {
  const { plan } = planned([workload('nightly', AT_TWO)], {
    options: { days: 33 },
    environment: { MONTHLY_BUDGET: '6' },
  });
  const { days, months, delayed } = await rehearse(plan);

  expect(days.map(({ started, missed }) => [started, missed])).toEqual([
    ...Array.from({ length: 15 }, () => [1, 0]),
    ...Array.from({ length: 16 }, () => [0, 1]),
    [1, 0],
    [1, 0],
  ]);
  expect(months.map(({ month, cost }) => [month, cost.toFixed(2)])).toEqual([
    ['2026-12', '4.93'],
    ['2027-01', '0.66'],
  ]);
  expect(delayed[0]?.cause).toBe(
    "the run could not start before 2026-12-16T04:00:00.000Z: the month's budget of 6 of the currency of prices does not hold it: 5 are spent or may be taken by active runs",
  );
});

test('two schedules of one workload that are due at once start one run', async () => {
  expect(inShort(await rehearsed([workload('twice', [AT_TWO, '0 0 2,14 * * *'])]))).toEqual({
    days: ['12-01 2 0 0 0 0'],
    workloads: ['twice 2 2 0 0 0 0'],
    delayed: [],
    errors: [],
  });
});

test('a follower is started by each run that it follows, and a workload without a trigger is not', async () => {
  const found = await rehearsed([
    workload('first', AT_TWO),
    workload('second', undefined, { triggers: { after: 'first' }, inputs: { from: 'previous' } }),
    workload('third', undefined, {
      triggers: { blob: { container: 'inbox' } },
      inputs: { container: 'inbox' },
    }),
  ]);

  expect(inShort(found)).toEqual({
    days: ['12-01 2 0 0 0 0'],
    workloads: ['first 1 1 0 0 0 0', 'second 1 1 0 0 0 0', 'third 0 0 0 0 0 0'],
    delayed: [],
    errors: [],
  });
});

test('a workload that waits for several runs of one due time starts when the last of them has ended', async () => {
  const found = await rehearsed(
    [
      workload('short', AT_TWO),
      workload('long', AT_TWO, { deadlineMinutes: 400, work: SWEEP }),
      workload('both', undefined, { triggers: { after: { all: ['short', 'long'] } } }),
    ],
    { options: { days: 2, minutes: { short: 10, long: 300 } } },
  );

  expect(inShort(found)).toEqual({
    days: ['12-01 3 0 0 0 0', '12-02 3 0 0 0 0'],
    workloads: ['short 2 2 0 0 0 0', 'long 2 2 0 0 0 0', 'both 2 2 0 0 0 0'],
    delayed: [],
    errors: [],
  });
  expect(found.days[0]?.runsByHour.slice(0, 9)).toEqual([0, 0, 2, 1, 1, 1, 1, 1, 0]);
});

test('excluded days and times are not due', async () => {
  const exclude = ['2026-12-02', '0 * * * * THU'];
  const found = await rehearsed([workload('nightly', { cron: AT_TWO, exclude })], {
    options: { days: 4 },
  });

  expect(inShort(found)).toMatchObject({
    days: ['12-01 1 0 0 0 0', '12-02 0 0 0 0 0', '12-03 0 0 0 0 0', '12-04 1 0 0 0 0'],
    errors: [],
  });
});

test('a run that works for longer than its deadline is timed out', async () => {
  const found = await rehearsed(
    [workload('nightly', AT_TWO, { deadlineMinutes: 90, work: SWEEP })],
    {
      options: { minutes: { nightly: 100 } },
    },
  );

  expect(inShort(found).delayed).toEqual(['12-01T02:00 nightly timedOut 0']);
});

const SWEEP = {
  kind: 'sweep',
  task: { command: 'work' },
  over: { SEED: { from: 1, to: 2 } },
} as const;

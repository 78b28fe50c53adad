import { expect, test } from 'vitest';
import { calendarText } from '../../src/rehearse/calendar-text';
import { rehearse } from '../../src/rehearse/rehearsal';
import { planned, workload } from './given';

test('a rehearsal is printed in 80 columns', async () => {
  const { plan, assumptions } = planned(
    [
      workload('nightly', { cron: '0 0 1 * * *', timeZone: 'Europe/Berlin' }),
      workload('often', { cron: '0 0 0,1 * * *', timeZone: 'Europe/Berlin' }, { pool: {} }),
      workload('meshes', undefined, {
        triggers: { blob: { container: 'inbox' } },
        inputs: { container: 'inbox' },
      }),
    ],
    {
      options: {
        from: '2026-10-24',
        days: 3,
        minutes: { often: 90 },
        past: { nightly: [30, 36, 48] },
        spotNodes: 10,
        down: ['2026-10-26/2026-10-26T03:00'],
      },
      environment: { MONTHLY_NODE_MINUTES: '5000' },
    },
  );
  const text = calendarText(await rehearse(plan), assumptions);

  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text.replaceAll(/-[0-9a-f]{10}\b/g, '-<hash>'))
    .toBe(`Rehearsal of 3 days, 2026-10-24 to 2026-10-26, times in Europe/Berlin
  nightly: 0 0 1 * * * in Europe/Berlin, catch-up last; overlap forbid
    31.5 min of work (the median of 3 past runs, less 4.5 min around it)
  often: 0 0 0,1 * * * in Europe/Berlin, catch-up last; overlap forbid
    90 min of work (given)
  meshes: only by event: blobs of inbox; overlap forbid
  Nodes: 180 s to allocate, 90 s to boot, 90 s of set-up, 60 s to leave; no
      eviction, no failure.
  Inputs, programs and images are there, and every task succeeds.
  No price, so no cost: often; set NODE_PRICES.
  Each month begins with nothing spent.
  No host is up from Mon 2026-10-26 00:00 to Mon 2026-10-26 03:00 (3 h).

                0     6     12    18     runs over queue skip miss fail nodes
Sat 2026-10-24  12......................    2    1     .    1    .    .     2
Sun 2026-10-25* 22......................    2    1     .    1    .    .     2
Mon 2026-10-26  ...21...................    2    .     .    .    1    .     2
Hours: most runs at once, + for more than 9. Days: runs started, runs that met
another one of their workload, queued, skipped, missed, failed, most nodes.
*: a clock changes on this day.

workload                  due   ran queue skip miss fail   wait node-min    cost
nightly                     3     3     .    .    .    .   120m      109    1.09
often                       6     3     .    2    1    .   120m      283       -

Most nodes at once: 2, Sat 2026-10-24 01:03 (the Spot quota is 10 nodes)
Most runs at once: 2, Sat 2026-10-24 01:00 (at most 50)
Month 2026-10: 392 node-minutes of 5000 (8 %), cost 1.09

Not in time or not well (5):
  often skipped: run of often was active
      Sat 2026-10-24 01:00, Sun 2026-10-25 01:00
  often missed: nothing started this due time when it came; catchUp: 'last'
      makes up others
      Mon 2026-10-26 00:00
  nightly late: no host was up at its due time
      Mon 2026-10-26 01:00 +120m
  often late: no host was up at its due time
      Mon 2026-10-26 01:00 +120m
`);
});

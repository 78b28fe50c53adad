import { expect, test } from 'vitest';
import { rehearse } from '../../src/rehearse/rehearsal';
import { planned, workload } from './given';

test(
  'a month is the same whether or not the passes of an idle app are made',
  { timeout: 240_000 },
  async () => {
    const apps = [
      workload('nightly', { cron: '0 30 2 * * *', timeZone: 'Europe/Berlin', catchUp: 'all' }),
      workload('report', { cron: '0 0 6 * * MON-FRI', jitterMinutes: 30, catchUp: 'none' }),
      workload('after-report', undefined, { triggers: { after: 'report' } }),
      workload('monthly', '0 0 12 L * *', { overlap: 'queue', pool: { keep: { days: 3 } } }),
      workload('burst', '0 0,20,40 10 * * SUN', { overlap: 'queue' }),
    ];
    const { plan } = planned(apps, {
      options: { from: '2026-10-01', days: 31, down: ['2026-10-06T01:00/2026-10-08T01:10'] },
      environment: { MAX_STARTS_PER_MINUTE: '1' },
    });
    const skipping = await rehearse(plan);
    const complete = await rehearse({ ...plan, skipsIdlePasses: false });

    expect(skipping).toEqual(complete);
    expect(skipping.workloads.map(({ workload: name, due }) => [name, due])).toEqual([
      ['nightly', 31],
      ['report', 22],
      ['after-report', 20],
      ['monthly', 1],
      ['burst', 12],
    ]);
  },
);

import { cpus } from 'node:os';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { withNodes } from '../../src/workload/node-defaults';
import { localDays } from '../../src/rehearse/days';
import { rehearse } from '../../src/rehearse/rehearsal';
import type { RehearsalPlan } from '../../src/rehearse/rehearsal-plan';
import { nightlyReport } from '../../src/workloads/nightly-report';
import { render } from '../../src/workloads/render';

/**
 * `npm run bench:rehearse`: a month of the workloads of this app, and a year of a schedule that is due
 * every half hour, 17,520 runs: processor time, runs a second, and the heap at a quarter, half and end.
 */
const FROM = '2026-01-01';

async function bench(): Promise<void> {
  say(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
  const own = withNodes(checkWorkloads([nightlyReport, render]), NODES);
  await measure('a month of the workloads of this app', {
    ...PLAN,
    workloads: own,
    schedules: { 'nightly-report': [scheduleOf('nightly-report', '0 0 2 * * *')] },
    minutes: { 'nightly-report': 30, render: 60 },
    days: localDays('2026-12-01', 31, 'UTC', []),
  });
  const often = withNodes(
    checkWorkloads([{ ...nightlyReport, name: 'often', deadlineMinutes: 60 }]),
    NODES,
  );
  await measure('a year of a run every half hour', {
    ...PLAN,
    workloads: often,
    schedules: { often: [scheduleOf('often', '0 */30 * * * *')] },
    minutes: { often: 5 },
    days: localDays(FROM, Number(process.argv[2] ?? 365), 'UTC', []),
  });
}

const NODES = { vmSize: 'standard_d2s_v5', subnetId: null, prices: {} };

const PLAN: Omit<RehearsalPlan, 'workloads' | 'schedules' | 'minutes' | 'days'> = {
  hostZone: 'UTC',
  reconcileSchedule: '30 */5 * * * *',
  limits: {
    maxActiveRuns: 50,
    maxStartsPerMinute: 30,
    monthlyNodeMinutes: null,
    monthlyCost: null,
  },
  spotQuota: null,
  down: [],
  skipsIdlePasses: true,
};

function scheduleOf(workload: string, cron: string) {
  return { workload, index: 0, cron, timeZone: 'UTC', catchUp: 'last' } as const;
}

async function measure(what: string, plan: RehearsalPlan): Promise<void> {
  const heaps: string[] = [];
  const before = process.cpuUsage();
  const { workloads, unaccounted, warnings, delayedCount } = await rehearse(plan, (share) => {
    globalThis.gc?.();
    heaps.push(
      `${Math.round(100 * share)} %: ${(process.memoryUsage().heapUsed / 1e6).toFixed(1)} MB`,
    );
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const runs = workloads.reduce((sum, { started }) => sum + started, 0);
  say(
    `${what}: ${runs} runs in ${seconds.toFixed(1)} s of processor time, ${(runs / seconds).toFixed()} a second`,
  );
  say(`  heap at ${heaps.join(', ')}`);
  if (unaccounted.length + warnings.length + delayedCount > 0) {
    say(`  ${unaccounted.length} unaccounted, ${delayedCount} delayed: ${warnings.join('; ')}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void bench();

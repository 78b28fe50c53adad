import type { CostsView } from '../../src/api/schemas/costs';
import type { OverviewView, WorkloadDetail } from '../../src/api/schemas/overview';
import type { TaskView } from '../../src/client/tasks';

/** Answers of an app that has run for months, for views whose data no short test can make. */

const AS_OF = '2026-11-30T12:00:00.000Z';
const spend = {
  runs: 30,
  nodeMinutes: 120,
  cost: 1.5,
  pricing: 'priced',
  unpricedMinutes: 0,
} as const;
const month = { month: '2026-11', ...spend, budget: null };

export const hostile = `<img src=x onerror="document.title='run'">.txt`;

const lastRuns: OverviewView['workloads'][number]['lastRuns'] = Array.from(
  { length: 30 },
  (_, index) => ({
    runId: `marathon-20261101t0000${String(index).padStart(2, '0')}-0123456789`,
    status: index % 7 === 3 ? 'failed' : 'succeeded',
    trigger: 'schedule',
    dueAt: AS_OF,
    startedAt: AS_OF,
    endedAt: AS_OF,
    minutes: 1 + (index % 5),
    nodeMinutes: 4,
    cost: 0.05,
    attempt: 0,
    cause: null,
  }),
);

export const overview: OverviewView = {
  asOf: AS_OF,
  app: { name: 'night', environment: null },
  currency: 'EUR',
  workloads: [
    {
      name: 'marathon',
      description: `Tasks that take their time ${hostile}`,
      triggers: { schedules: [], blobContainer: null, after: null },
      nextDue: { at: AS_OF, local: AS_OF, timeZone: 'Europe/Berlin' },
      pause: null,
      active: [],
      lastRuns,
      month,
    },
  ],
  month,
  billing: {
    state: 'nothing',
    sentence: 'no run is active, and Batch had no pool of this app',
    askedAt: AS_OF,
    askedBy: 'reconciler',
    runs: [],
    pools: [],
    nodes: 0,
    pricePerHour: null,
  },
  attention: [{ kind: 'failing', workload: 'marathon', runId: null, sentence: hostile, at: AS_OF }],
};

/** A workload as its list shows it, with what only its own view has. */
export function detailOf(listed: Pick<WorkloadDetail, 'name' | 'parameters'>): WorkloadDetail {
  const [first] = overview.workloads;
  return {
    name: listed.name,
    description: first?.description ?? '',
    overlap: 'allow',
    parameters: listed.parameters,
    schedules: [
      { cron: '0 2 * * *', timeZone: 'Europe/Berlin', nextDueAt: AS_OF, nextDueLocal: AS_OF },
    ],
    blobContainer: null,
    after: null,
    pause: null,
    asOf: AS_OF,
    currency: 'EUR',
    nextDue: [],
    active: [],
    lastRuns,
    month,
    declared: {
      work: 'split',
      vmSize: 'standard_d2s_v5',
      existingPool: null,
      maxNodes: 2,
      dedicatedNodes: 0,
      slotsPerNode: 2,
      deadlineMinutes: 240,
      startWithinMinutes: 240,
      keepOutputsDays: 30,
      inputContainer: null,
      results: [],
      price: null,
      capCost: null,
    },
  };
}

const detailed = {
  ...spend,
  spotMinutes: 120,
  dedicatedMinutes: 0,
  successful: spend,
  wasted: spend,
  retries: spend,
  preemptions: 0,
  undetailedMinutes: 0,
};

export const costs: CostsView = {
  asOf: AS_OF,
  month: '2026-11',
  by: 'workload',
  currency: 'EUR',
  groups: [
    {
      workload: 'marathon',
      day: null,
      ...detailed,
      days: ['2026-11-01', '2026-11-02'].map((day) => ({ day, ...spend })),
      previousMonth: spend,
      budget: null,
    },
  ],
  total: { ...detailed, previousMonth: spend, budget: null },
};

/** A page of the tasks of a run of this size. */
export function tasksPage(size: number, from: number, limit: number) {
  const count = Math.min(limit, size - from);
  const tasks = Array.from({ length: count }, (_, index): TaskView => {
    const number = from + index;
    return {
      id: `task-${number}`,
      state: number % 1000 === 7 ? 'failed' : 'succeeded',
      node: `node-${number % 20}`,
      exitCode: 0,
      startedAt: AS_OF,
      endedAt: AS_OF,
      retries: 0,
      requeues: 0,
      input: null,
      cause: null,
    };
  });
  const next = from + count < size ? `k${from + count}` : null;
  return { tasks, next, isComplete: true };
}

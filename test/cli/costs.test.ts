import { expect, test } from 'vitest';
import type { CostGroup, CostsView, Spend } from '../../src/client/costs';
import { call, serverOf, tooWide } from './call';

const spend = (runs: number, cost: number | null): Spend => ({
  runs,
  nodeMinutes: runs * 10,
  cost,
  pricing: cost === null ? 'unpriced' : 'priced',
  unpricedMinutes: cost === null ? runs * 10 : 0,
});

const detailed = (one: Spend) => ({
  ...one,
  spotMinutes: one.nodeMinutes,
  dedicatedMinutes: 0,
  successful: one,
  wasted: spend(0, 0.25),
  retries: spend(0, 0.5),
  preemptions: 2,
  undetailedMinutes: 0,
});

const group = (workload: string, one: Spend, more: Partial<CostGroup> = {}): CostGroup => ({
  workload,
  day: null,
  ...detailed(one),
  days: [],
  previousMonth: spend(2, 3),
  budget: null,
  ...more,
});

const budget = {
  perMonth: 20,
  whenExceeded: 'refuse' as const,
  spent: 12.5,
  reserved: 1,
  left: 6.5,
  isBinding: true,
};

const costs: CostsView = {
  asOf: '2026-11-30T12:00:00.000Z',
  month: '2026-11',
  by: 'workload',
  currency: 'EUR',
  groups: [
    group('nightly-report', spend(30, 12.5), { budget }),
    group('render', spend(2, null), { previousMonth: spend(0, null) }),
  ],
  total: {
    ...detailed({ ...spend(32, 12.5), pricing: 'partly', unpricedMinutes: 20 }),
    previousMonth: spend(2, 3),
    budget: null,
  },
};

test('the costs of a month are a table of 80 columns, with what is left of budgets', async () => {
  const { url, asked } = await serverOf({ body: costs });
  const { code, stdout } = await call(url, ['costs', '--month', '2026-11']);

  expect([code, asked[0]?.call]).toEqual([0, 'GET /api/costs?by=workload&month=2026-11']);
  expect(stdout).toBe(`WORKLOAD        RUNS  NODE-MIN    COST  WASTED  RETRIES  LAST MONTH  BUDGET
nightly-report    30     300.0   12.50    0.25     0.50        3.00   20.00
render             2      20.0       ?    0.25     0.50        0.00
all               32     320.0  12.50+    0.25     0.50        3.00
2026-11 in UTC, costs in EUR. Active runs are not in it.
20.0 node-minutes have no price, and are in no cost.
6.50 of 20.00 left in the budget of nightly-report, 1.00 reserved by active
runs.
`);
  expect(tooWide(stdout)).toEqual([]);
});

test('JSON is the answer of the API, and a month without runs is a sentence', async () => {
  const { url } = await serverOf({ body: costs }, { body: { ...costs, groups: [] } });

  expect(JSON.parse((await call(url, ['costs', '--by', 'day', '--json'])).stdout)).toEqual(costs);
  expect((await call(url, ['costs'])).stdout).toBe('No run has ended in 2026-11.\n');
});

test('a month that is none is a wrong call', async () => {
  expect(await call('http://127.0.0.1:9', ['costs', '--month', '2026-13'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--month must be a month such as 2026-11') as string,
  });
});

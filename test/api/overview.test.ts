import { expect, test } from 'vitest';
import { costsHandler } from '../../src/api/costs';
import { overviewHandler } from '../../src/api/overview';
import type { CostsView } from '../../src/api/schemas/costs';
import type { OverviewView, WorkloadDetail } from '../../src/api/schemas/overview';
import { workloadHandler } from '../../src/api/workload-detail';
import { noteBatchSeen } from '../../src/ledger/batch-seen';
import { STARTED, whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';

const priced = {
  ...whole,
  name: 'hello',
  pool: { ...whole.pool, pricePerNodeHour: { spot: 0.6, dedicated: 6 } },
  budget: { perMonth: 100 },
  overlap: 'allow',
} as const;
const unpriced = { ...whole, name: 'plain', overlap: 'allow' } as const;

async function overviewOf({ app, hub }: TestApp): Promise<OverviewView> {
  const { status, body } = await answerTo(overviewHandler(app), hub, { path: '/api/overview' });
  expect(status).toBe(200);
  return body as OverviewView;
}

async function costsOf({ app, hub }: TestApp, query = ''): Promise<CostsView> {
  const { body } = await answerTo(costsHandler(app), hub, { path: `/api/costs${query}` });
  return body as CostsView;
}

/** Two runs with a price, one of which failed, and one without. */
async function spending(): Promise<TestApp> {
  const world = testApp([priced, unpriced]);
  const first = await world.start('hello', 'a');
  await world.end(first, { nodeMinutes: 60, cost: 0.6, dedicatedMinutes: 0, preemptions: 2 });
  world.at(5);
  const second = await world.start('hello', 'b');
  await world.end(second, {
    state: 'failed',
    code: 'taskFailed',
    cause: 'task 1 failed',
    nodeMinutes: 10,
    cost: 1,
    dedicatedMinutes: 10,
  });
  await world.end(await world.start('plain', 'c'), { nodeMinutes: 5 });
  return world;
}

test('costs tell what succeeded from what was wasted, Spot from dedicated, and what has no price', async () => {
  const { groups, total, currency } = await costsOf(await spending());
  const [hello, plain] = groups;

  expect(currency).toBe('USD');
  expect(hello).toMatchObject({
    workload: 'hello',
    runs: 2,
    nodeMinutes: 70,
    spotMinutes: 60,
    dedicatedMinutes: 10,
    cost: 1.6,
    pricing: 'priced',
    preemptions: 2,
    successful: { runs: 1, nodeMinutes: 60, cost: 0.6 },
    wasted: { runs: 1, nodeMinutes: 10, cost: 1 },
    undetailedMinutes: 0,
    previousMonth: { runs: 0, nodeMinutes: 0, cost: 0 },
    budget: { perMonth: 100, spent: 1.6, reserved: 0, left: 98.4, isBinding: true },
  });
  expect(plain).toMatchObject({ nodeMinutes: 5, cost: null, pricing: 'unpriced', budget: null });
  expect(total).toMatchObject({ cost: 1.6, pricing: 'partly', unpricedMinutes: 5, budget: null });
});

test('costs by day have a group for each day with runs', async () => {
  const { groups, by } = await costsOf(await spending(), '?by=day');

  expect(by).toBe('day');
  expect(groups.map(({ day, runs, cost }) => [day, runs, cost])).toEqual([
    [STARTED.slice(0, 10), 3, 1.6],
  ]);
});

test('a sum that an earlier version wrote is a total without details', async () => {
  const world = testApp([priced]);
  const sum = { runs: 4, nodeMinutes: 40, cost: 2 };
  const key = `!sum-${STARTED.slice(0, 7)}`;
  await world.table.write('run-hello', [{ kind: 'insert', key, value: sum }]);

  expect((await costsOf(world)).groups[0]).toMatchObject({
    runs: 4,
    nodeMinutes: 40,
    cost: 2,
    undetailedMinutes: 40,
    days: [],
  });
});

test('a month that is not one is refused', async () => {
  const { app, hub } = testApp([priced]);
  const { status } = await answerTo(costsHandler(app), hub, { path: '/api/costs?month=2026-13' });

  expect(status).toBe(400);
});

test('the overview has each workload with its last runs, and the failure since the last success', async () => {
  const { workloads, attention } = await overviewOf(await spending());

  expect(workloads.map(({ name, lastRuns }) => [name, lastRuns.length])).toEqual([
    ['hello', 2],
    ['plain', 1],
  ]);
  expect(workloads[0]?.month).toMatchObject({ cost: 1.6, budget: { left: 98.4 } });
  expect(attention.map(({ kind, workload }) => [kind, workload])).toEqual([['failing', 'hello']]);
});

test('nothing is billed where no run is active and Batch had no pool when it was asked', async () => {
  const world = testApp([priced]);
  expect((await overviewOf(world)).billing.state).toBe('unknown');
  await noteBatchSeen(world.table, { askedAt: STARTED, pools: [], jobs: 0 });

  const { billing } = await overviewOf(world);
  expect(billing).toEqual({
    state: 'nothing',
    sentence: `no run is active, and at ${STARTED} Batch had no pool with nodes of this app`,
    askedAt: STARTED,
    askedBy: 'reconciler',
    runs: [],
    pools: [],
    nodes: 0,
    pricePerHour: 0,
  });
});

test('a pool without a run is billed, and its nodes may be unknown', async () => {
  const world = testApp([priced]);
  const pools = [{ id: 'old', runId: 'hello-20261101t000000-0000000000', nodes: null }];
  await noteBatchSeen(world.table, { askedAt: STARTED, pools, jobs: 0 });

  const { billing } = await overviewOf(world);
  expect(billing.state).toBe('billed');
  expect(billing.pools).toEqual([{ ...pools[0], reason: 'leftover' }]);
  expect(billing.pricePerHour).toBeNull();
});

test('one workload shows its declaration, and an unknown one is answered with 404', async () => {
  const { app, hub } = await spending();
  const ask = (workload: string) => answerTo(workloadHandler(app), hub, { params: { workload } });
  const detail = (await ask('hello')).body as WorkloadDetail;

  expect(detail.declared).toMatchObject({
    work: 'whole',
    price: { spot: 0.6, dedicated: 6 },
    existingPool: null,
  });
  expect(detail.lastRuns.map(({ status }) => status).toSorted()).toEqual(['failed', 'succeeded']);
  expect((await ask('nobody')).status).toBe(404);
});

test('a start that the budget of its workload does not hold is answered with 409 and the figures', async () => {
  const world = testApp([{ ...priced, budget: { perMonth: 0.01 } }]);
  const { status, body } = await world.post('hello', 'a');

  expect(status).toBe(409);
  expect(body).toMatchObject({ title: 'budgetExceeded' });
});

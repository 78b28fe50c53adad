import { expect, test } from 'vitest';
import { planHandler } from '../../src/api/plans';
import { whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';

/** Each run may take 1 node for an hour. */
const priced = {
  ...whole,
  pool: { maxNodes: 1, pricePerNodeHour: 2 },
  deadlineMinutes: 60,
  overlap: 'allow',
} as const;
const NO_QUOTAS = { spotCoreQuota: null, dedicatedCoreQuota: null };

async function planOf({ app, hub }: TestApp) {
  const { status, body } = await answerTo(planHandler(app, NO_QUOTAS), hub, {
    method: 'POST',
    path: '/api/plans/hello',
    params: { workload: 'hello' },
  });
  const { budget, errors, warnings } = body as {
    readonly budget: unknown;
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
  };
  return { status, budget, errors, isWarned: warnings.some((one) => one.includes('budget')) };
}

/** One run has cost 3, and one is active that may take 2. */
async function spending(perMonth: number, whenExceeded: 'refuse' | 'queue'): Promise<TestApp> {
  const world = testApp([{ ...priced, budget: { perMonth, whenExceeded } }]);
  await world.end(await world.start('hello', 'a'), { nodeMinutes: 90, cost: 3 });
  await world.claim(await world.start('hello', 'b'));
  return world;
}

test('a plan has the budget of the month, with what the run may take', async () => {
  const { status, budget, errors } = await planOf(await spending(7, 'refuse'));

  expect([status, errors]).toEqual([200, []]);
  expect(budget).toEqual({
    perMonth: 7,
    whenExceeded: 'refuse',
    spent: 3,
    reserved: 2,
    afterwards: 7,
    exceeded: null,
  });
});

test('a plan of a run that the budget would refuse is answered with 422 and the figures', async () => {
  const world = await spending(6, 'refuse');
  const { status, budget, errors } = await planOf(world);
  const exceeded =
    'the budget of hello, 6 a month, does not hold the run: 3.00 are spent, active runs may take 2.00, and this run 2.00';

  expect([status, errors]).toEqual([422, [exceeded]]);
  expect(budget).toMatchObject({ afterwards: 7, exceeded });
  expect((await world.post('hello', 'c')).status).toBe(409);
});

test('a plan of a run that would wait for the budget of the next month warns of it', async () => {
  const { status, errors, isWarned } = await planOf(await spending(6, 'queue'));

  expect([status, errors, isWarned]).toEqual([200, [], true]);
});

test('a plan of a workload without a budget has none, and one without a price takes nothing of it', async () => {
  expect(await planOf(testApp([priced]))).toMatchObject({ status: 200, budget: null });

  const unpriced = testApp([{ ...whole, budget: { perMonth: 1 } }]);
  expect(await planOf(unpriced)).toMatchObject({
    status: 200,
    budget: { perMonth: 1, spent: 0, reserved: 0, afterwards: null, exceeded: null },
  });
});

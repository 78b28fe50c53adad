import { expect, test } from 'vitest';
import type { App } from '../../src/app';
import { closeAdmission } from '../../src/ledger/admit';
import { asValue } from '../../src/ledger/ledger';
import type { ActiveRow } from '../../src/ledger/rows';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { minute, whole } from '../run/given';
import { testApp } from './given';

const allowing = { ...whole, overlap: 'allow' } as const;
/** Nodes for at most 180 node-minutes, at 2 an hour. */
const priced = { ...allowing, pool: { maxNodes: 1, pricePerNodeHour: 2 }, deadlineMinutes: 180 };

const bounds: readonly [
  what: string,
  declaration: WorkloadDeclaration,
  limits: Partial<App['limits']>,
  answer: { readonly code: string; readonly seconds: string; readonly cause: string },
][] = [
  [
    'active runs of a workload',
    { ...whole, overlap: { allow: 1 } },
    {},
    { code: 'tooManyRuns', seconds: '60', cause: '1 runs of hello are active' },
  ],
  [
    'active runs of the app',
    allowing,
    { maxActiveRuns: 1 },
    { code: 'tooManyRuns', seconds: '60', cause: '1 runs of this app are active' },
  ],
  [
    'starts within a minute',
    allowing,
    { maxStartsPerMinute: 1 },
    { code: 'tooManyRuns', seconds: '60', cause: '1 runs were started in the last minute' },
  ],
  [
    'node-minutes of the month',
    priced,
    { monthlyNodeMinutes: 300 },
    {
      code: 'budgetReached',
      seconds: '3600',
      cause:
        "the month's budget of 300 node-minutes does not hold it: 180 are spent or may be taken by active runs",
    },
  ],
  [
    'money of the month',
    priced,
    { monthlyCost: 10 },
    {
      code: 'budgetReached',
      seconds: '3600',
      cause:
        "the month's budget of 10 of the currency of prices does not hold it: 6 are spent or may be taken by active runs",
    },
  ],
];

test.each(bounds)(
  'beyond the bound on %s a start over HTTP is answered with 429, and nothing is written',
  async (_what, declaration, limits, { code, seconds, cause }) => {
    const world = testApp([declaration], limits);
    expect((await world.post('hello', 'first')).status).toBe(202);
    const before = world.table.values('active');

    const answer = await world.post('hello', 'second');

    expect(answer).toEqual({
      status: 429,
      headers: { 'Content-Type': 'application/problem+json', 'Retry-After': seconds },
      body: {
        type: `urn:nightshift:${code}`,
        title: code,
        status: 429,
        detail: `hello is not started now: ${cause}`,
      },
    });
    expect(world.table.values('active')).toEqual(before);
    expect(Object.keys(world.table.values('key'))).toHaveLength(1);
  },
);

test.each(bounds)(
  'a start that was accepted is answered as before at the bound on %s',
  async (_what, declaration, limits) => {
    const world = testApp([declaration], limits);
    const first = await world.post('hello', 'first');

    const again = await world.post('hello', 'first');

    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual({ ...(first.body as object), isNew: false });
  },
);

test('a start over HTTP while admission is closed is answered with 429, and accepted after that', async () => {
  const world = testApp([allowing]);
  const until = minute(5).toISOString();
  await closeAdmission(world.table, { until, by: 'a request', why: 'DELETE /api/runs' });

  expect(await world.post('hello', 'a')).toMatchObject({
    status: 429,
    headers: { 'Retry-After': '300' },
    body: { title: 'admissionClosed' },
  });
  world.at(5);
  expect((await world.post('hello', 'a')).status).toBe(202);
});

test('a minute after the last start, and after the end of a run, there is room again', async () => {
  const world = testApp([allowing], { maxActiveRuns: 1, maxStartsPerMinute: 1 });
  const runId = await world.start('hello', 'first');
  world.at(1);

  expect((await world.post('hello', 'second')).status).toBe(429);
  await world.end(runId);
  expect((await world.post('hello', 'second')).status).toBe(202);
});

test('what a month has spent counts against its budget, and the next month begins with nothing', async () => {
  const world = testApp([priced], { monthlyNodeMinutes: 300 });
  await world.end(await world.start('hello', 'first'), { nodeMinutes: 150 });

  expect((await world.post('hello', 'second')).status).toBe(429);
  world.at(15 * 24 * 60);
  expect((await world.post('hello', 'second')).status).toBe(202);
});

test('a run that only waits for another one of its workload is accepted, up to 500 that wait', async () => {
  const world = testApp([{ ...whole, overlap: 'queue' }]);
  const first = await world.start('hello', 'first');
  expect((await world.post('hello', 'second')).status).toBe(202);
  const row = world.table.values('active')[first] as unknown as ActiveRow;
  const changes = Array.from({ length: 499 }, (_, index) => {
    const key = first.replace(/.{10}$/, String(index).padStart(10, '0'));
    const value = asValue({ ...row, runId: key, state: 'queued' });
    return { kind: 'put', key, value } as const;
  });
  await world.table.write('active', changes);

  expect(await world.post('hello', 'third')).toMatchObject({
    status: 429,
    headers: { 'Retry-After': '60' },
    body: { title: 'tooManyRuns', detail: 'hello is not started now: 500 runs wait already' },
  });
});

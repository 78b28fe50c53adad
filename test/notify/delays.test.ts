import { expect, test } from 'vitest';
import { pause } from '../../src/ledger/pauses';
import { minute } from '../run/given';
import { eventIn, notified, receiver, typesAt } from './given';

const HOURLY = '0 0 * * * *';
const hourly = { triggers: { schedule: HOURLY } } as const;

/** An app whose only place is taken, so that a due time waits. */
async function waiting(minutes: { readonly lateMinutes?: number } = {}) {
  const ops = await receiver();
  const world = notified({
    workload: { ...hourly, startWithinMinutes: 600, overlap: 'queue' },
    targets: { ops: { on: ['late'], ...minutes } },
    receivers: { ops },
  });
  await world.pass({ cron: HOURLY });
  const first = await world.start('first');
  await world.base.claim(first);
  world.base.hub.become({ id: first, status: 'Running' });
  return { ops, world };
}

test('a due time that has not started after lateMinutes is late, once', async () => {
  const { ops, world } = await waiting({ lateMinutes: 20 });
  for (const at of [61, 79, 81, 86, 91]) {
    world.at(at);
    await world.pass({ cron: HOURLY });
    expect(typesAt(ops)).toEqual(at < 80 ? [] : ['late']);
  }

  const [got] = ops.received;
  const data = got && eventIn(got).data;
  expect(data).toMatchObject({ outcome: null, due: minute(60).toISOString(), startedAt: null });
  expect(data?.cause).toMatch(/^it has not started: run hello-\S+ of hello is active$/);
});

test('lateMinutes is 30 by default', async () => {
  const { ops, world } = await waiting();
  world.at(89);
  await world.pass({ cron: HOURLY });
  expect(typesAt(ops)).toEqual([]);
  world.at(91);
  await world.pass({ cron: HOURLY });
  expect(typesAt(ops)).toEqual(['late']);
});

test('a due time that a pause holds is not late', async () => {
  const { ops, world } = await waiting({ lateMinutes: 20 });
  world.at(61);
  await world.pass({ cron: HOURLY });
  await pause(world.app.table, 'hello', {
    since: minute(61).toISOString(),
    until: null,
    by: 'me',
    reason: 'repairs',
  });
  await world.pass({ cron: HOURLY });
  world.at(90);
  await world.pass({ cron: HOURLY });

  expect(typesAt(ops)).toEqual([]);
});

test('a request has no due time, and is not late', async () => {
  const { ops, world } = await waiting({ lateMinutes: 1 });
  await world.start('second');
  world.at(50);
  await world.pass({ cron: HOURLY });

  expect(typesAt(ops)).toEqual([]);
});

test('a run without a node is reported after capacityMinutes, once; one with a node is not', async () => {
  const ops = await receiver();
  const world = notified({
    targets: { ops: { on: ['waitingForCapacity'], capacityMinutes: 40 } },
    receivers: { ops },
  });
  const [starved, working] = [await world.start('a'), await world.start('b')];
  const nodes = { starting: 0, waitingForStartTask: 0, startTaskFailed: 0, unusable: 0 };
  const rest = { running: 0, preempted: 2, leaving: 0 };
  for (const [id, idle] of [
    [starved, 0],
    [working, 1],
  ] as const) {
    await world.base.claim(id);
    const customStatus = { phase: 'watching', nodeMinutes: 0, nodes: { ...nodes, ...rest, idle } };
    world.base.hub.become({ id, status: 'Running', customStatus });
  }
  for (const at of [5, 35, 41, 60]) {
    world.at(at);
    await world.pass();
    expect(typesAt(ops)).toEqual(at < 40 ? [] : ['waitingForCapacity']);
  }

  const [got] = ops.received;
  expect(got && eventIn(got).data).toMatchObject({
    runId: starved,
    cause: `no node since ${minute(0).toISOString()}`,
  });
});

test('an occurrence that waits for the budget is notified once in a month', async () => {
  const ops = await receiver();
  const world = notified({
    workload: hourly,
    targets: { ops: { on: ['budgetReached'] } },
    receivers: { ops },
    limits: { monthlyNodeMinutes: 1 },
  });
  await world.pass({ cron: HOURLY });
  for (const at of [61, 66, 121, 126]) {
    world.at(at);
    await world.pass({ cron: HOURLY });
  }

  expect(typesAt(ops)).toEqual(['budgetReached']);
  const [got] = ops.received;
  expect(got && eventIn(got)).toMatchObject({
    id: 'budgetReached-hello-2026-11',
    data: { code: 'budgetReached', outcome: null },
  });
});

test('a due time that the budget of its workload refuses is notified once in a month', async () => {
  const ops = await receiver();
  const world = notified({
    workload: { ...hourly, pool: { pricePerNodeHour: 1 }, budget: { perMonth: 0.01 } },
    targets: { ops: { on: ['budgetReached'] } },
    receivers: { ops },
  });
  await world.pass({ cron: HOURLY });
  for (const at of [61, 66, 121, 126]) {
    world.at(at);
    await world.pass({ cron: HOURLY });
  }

  expect(typesAt(ops)).toEqual(['budgetReached']);
  const [got] = ops.received;
  expect(got && eventIn(got)).toMatchObject({
    id: 'budgetReached-hello-2026-11',
    data: { code: 'budgetExceeded', outcome: 'skipped', due: minute(60).toISOString() },
  });
});

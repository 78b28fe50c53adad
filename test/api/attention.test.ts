import { expect, test } from 'vitest';
import { overviewHandler } from '../../src/api/overview';
import type { AttentionView, OverviewView } from '../../src/api/schemas/overview';
import type { ActiveRow } from '../../src/ledger/rows';
import { asValue } from '../../src/ledger/ledger';
import { activeRow, newOccurrence, scheduled } from '../ledger/given';
import { minute, NO_NODES, STARTED, whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';

const allowing = { ...whole, overlap: 'allow' } as const;
const BUDGET = 'the budget of hello, 1 a month, does not hold the run';

async function attentionIn({ app, hub }: TestApp): Promise<readonly AttentionView[]> {
  const { body } = await answerTo(overviewHandler(app), hub, { path: '/api/overview' });
  return (body as OverviewView).attention;
}

/** A run due at the start that waits for a reason. @returns its id */
async function waiting(world: TestApp, code: 'overlapped' | 'budgetReached', cause: string) {
  const reason: ActiveRow['reason'] = { kind: 'waiting', code, cause };
  const due = newOccurrence({ instant: STARTED }, scheduled(STARTED), 'hello');
  const row = activeRow({ state: 'queued', since: STARTED, reason }, due);
  await world.table.write('active', [{ kind: 'insert', key: row.runId, value: asValue(row) }]);
  return row.runId;
}

test('a due time that has not started after half an hour is late, and says what it waits for', async () => {
  const world = testApp([allowing]);
  const runId = await waiting(world, 'overlapped', 'run a of hello is active');

  world.at(30);
  expect(await attentionIn(world)).toEqual([]);
  world.at(31);
  expect(await attentionIn(world)).toEqual([
    {
      kind: 'late',
      workload: 'hello',
      runId,
      sentence: `the run due at ${STARTED} has not started after 31 minutes: run a of hello is active`,
      at: STARTED,
    },
  ]);
});

test('a run without a node for a quarter of an hour waits for capacity', async () => {
  const world = testApp([allowing]);
  const runId = await world.start('hello', 'a');
  await world.claim(runId);
  const show = (nodes: typeof NO_NODES) =>
    world.hub.become({
      id: runId,
      status: 'Running',
      customStatus: {
        phase: 'provisioning',
        waitingFor: 'Spot nodes',
        tasks: { active: 1, running: 0, succeeded: 0, failed: 0 },
        nodes,
        plannedTasks: 1,
        timeline: [{ phase: 'provisioning', at: STARTED }],
        nodeMinutes: 0,
      },
    });

  show(NO_NODES);
  world.at(15);
  expect(await attentionIn(world)).toEqual([]);
  world.at(16);
  expect(await attentionIn(world)).toEqual([
    {
      kind: 'waitingForCapacity',
      workload: 'hello',
      runId,
      sentence: 'the run has no node and waits for Spot nodes',
      at: STARTED,
    },
  ]);
  show({ ...NO_NODES, idle: 1 });
  expect(await attentionIn(world)).toEqual([]);
});

test('an occurrence that waits for the budget needs attention, and is not late', async () => {
  const world = testApp([allowing]);
  const runId = await waiting(world, 'budgetReached', BUDGET);
  world.at(60);

  expect(await attentionIn(world)).toEqual([
    { kind: 'budgetReached', workload: 'hello', runId, sentence: BUDGET, at: STARTED },
  ]);
});

test('an occurrence that the budget refused needs attention until the month ends', async () => {
  const world = testApp([allowing]);
  const runId = await world.start('hello', 'a');
  await world.end(runId, { state: 'skipped', code: 'budgetExceeded', cause: BUDGET });

  expect(await attentionIn(world)).toEqual([
    { kind: 'budgetReached', workload: 'hello', runId, sentence: BUDGET, at: STARTED },
  ]);
  world.at(10 * 24 * 60);
  expect(
    minute(10 * 24 * 60)
      .toISOString()
      .slice(0, 7),
  ).toBe('2026-12');
  expect(await attentionIn(world)).toEqual([]);
});

import { expect, test } from 'vitest';
import type { Decision } from '../../src/ledger/admission';
import { decide, outline, row, running } from './deciding';

const NOW = '2026-11-30T02:00:05.000Z';
const refusing = { budget: { perMonth: 10, whenExceeded: 'refuse' } } as const;
const queueing = { budget: { perMonth: 10, whenExceeded: 'queue' } } as const;
const spent = (cost: number) => ({
  spent: { nodeMinutes: 0, cost, byWorkload: new Map([['report', cost]]) },
});
const CAUSE =
  'the budget of report, 10 a month, does not hold the run: 8.00 are spent, active runs may take 0.00, and this run 3.00';

function reasonIn(decision: Decision | undefined) {
  return decision?.kind === 'wait' || decision?.kind === 'end' ? decision.reason : null;
}

test('a start that the budget of its workload holds to the last cent starts', () => {
  expect(outline(decide([row(1)], { policy: refusing, ...spent(7) }))).toEqual([
    'start report-20261130t010000',
  ]);
});

test('a start beyond the budget of its workload is skipped, with the figures', () => {
  const decisions = decide([row(1)], { policy: refusing, ...spent(8) });

  expect(decisions.map(reasonIn)).toEqual([
    { kind: 'skipped', code: 'budgetExceeded', cause: CAUSE },
  ]);
});

test('a budget counts the most that active runs may take, and those that start with it', () => {
  const rows = [row(0, running), row(1), row(2), row(3)];

  expect(outline(decide(rows, { policy: refusing, ...spent(0) }))).toEqual([
    'start report-20261130t010000',
    'start report-20261130t020000',
    'end report-20261130t030000 budgetExceeded',
  ]);
});

test('a start beyond a budget that queues waits until its window in the next month ends', () => {
  const [decision] = decide([row(1)], { policy: queueing, ...spent(8) });

  expect(decision).toEqual({
    kind: 'wait',
    runId: row(1).runId,
    reason: { kind: 'waiting', code: 'budgetReached', cause: CAUSE },
    heldUntil: '2026-12-01T01:00:00.000Z',
  });
});

test('a row that waited for the budget starts in the next month, though its own window has ended', () => {
  const held = row(1, {
    state: 'queued',
    startBy: NOW,
    heldUntil: '2026-12-01T01:00:00.000Z',
    reason: { kind: 'waiting', code: 'budgetReached', cause: CAUSE },
  });
  const at = (now: string) => outline(decide([held], { policy: queueing, ...spent(0), now }));

  expect(at('2026-12-01T00:00:30.000Z')).toEqual(['start report-20261130t010000']);
  expect(at('2026-12-01T01:00:00.001Z')).toEqual(['end report-20261130t010000 startWindowEnded']);
});

test('a run without a price counts nothing against a budget', () => {
  const unpriced = row(1, { mayTake: { nodeMinutes: 60, cost: null } });

  expect(outline(decide([unpriced], { policy: refusing, ...spent(100) }))).toEqual([
    'start report-20261130t010000',
  ]);
});

test('a budget of one workload does not bound another', () => {
  const other = row(1, {}, 'render');

  expect(outline(decide([other], { policy: refusing, ...spent(100) }))).toEqual([
    'start render-20261130t010000',
  ]);
});

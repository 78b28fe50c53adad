import { expect, test } from 'vitest';
import { claim, close, requestCancel } from '../../src/ledger/claim';
import { finish } from '../../src/ledger/finish';
import { readOccurrence, register } from '../../src/ledger/ledger';
import type { ActiveRow } from '../../src/ledger/rows';
import { MemoryTable } from '../memory-table';
import {
  activeRow,
  idOf,
  LATER,
  newOccurrence,
  NOW,
  occurrenceRow,
  rowKeyOf,
  TroubledTable,
} from './given';

const DEADLINE = '2026-11-30T05:00:00.000Z';
const { request, instant } = newOccurrence();
const runId = idOf(newOccurrence());
const run = { runId, term: 1, instant, request };
const ending = {
  state: 'succeeded',
  startedAt: NOW,
  endedAt: LATER,
  code: null,
  cause: null,
  nodeMinutes: 1,
  cost: null,
} as const;

async function tableWith(changed: Partial<ActiveRow>): Promise<MemoryTable> {
  const table = new MemoryTable();
  await register(table, newOccurrence(), NOW);
  await table.write('active', [{ kind: 'put', key: runId, value: { ...activeRow(changed) } }]);
  return table;
}

test('the orchestration of a run that is starting claims it, and confirms the claim later', async () => {
  const table = await tableWith({ state: 'starting' });
  const claimed = { kind: 'claimed', cancelledBy: null };

  expect(await claim(table, run, DEADLINE, LATER)).toEqual(claimed);
  const running = activeRow({ state: 'running', since: LATER, deadline: DEADLINE });
  expect(table.values('active')).toEqual({ [runId]: running });
  expect(await claim(table, run, '2099-01-01T00:00:00.000Z', DEADLINE)).toEqual(claimed);
  expect(table.values('active')).toEqual({ [runId]: running });
});

test('from its first step on clean-up closes a run, and every later claim says so', async () => {
  const table = await tableWith({ state: 'running' });
  const closing = { kind: 'claimed', cancelledBy: null, isClosing: true };

  const before = await claim(table, run, DEADLINE, LATER);
  const answers = [
    await close(table, run, DEADLINE, LATER),
    await close(table, run, DEADLINE, LATER),
    await claim(table, run, DEADLINE, LATER),
  ];

  expect(before).toEqual({ kind: 'claimed', cancelledBy: null });
  expect(answers).toEqual([closing, closing, closing]);
  expect(await close(table, { ...run, term: 2 }, DEADLINE, LATER)).toEqual({ kind: 'superseded' });
});

test.each([
  { state: 'starting', term: 2 },
  { state: 'running', term: 2 },
  { state: 'ending', term: 1 },
  { state: 'known', term: 1 },
  { state: 'queued', term: 1 },
] as const)('an orchestration that another has taken over touches nothing: %j', async (changed) => {
  const table = await tableWith(changed);
  const before = structuredClone(table.partitions);

  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'superseded' });
  expect(table.partitions).toEqual(before);
});

test('an orchestration of a run that is final touches nothing', async () => {
  const table = await tableWith({ state: 'starting' });
  await finish(table, occurrenceRow(), ending);
  const before = structuredClone(table.partitions);

  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'final' });
  expect(table.partitions).toEqual(before);
});

test('a claim that meets a change of the row decides on the changed row', async () => {
  const inner = await tableWith({ state: 'starting' });
  let writes = 0;
  const table = new TroubledTable(inner, {
    before: async (call) => {
      if (!call.startsWith('write') || writes++ > 0) return;
      const next = { ...activeRow({ state: 'starting', term: 2 }) };
      await inner.write('active', [{ kind: 'put', key: runId, value: next }]);
    },
  });

  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'superseded' });
  expect(inner.values('active')).toEqual({ [runId]: activeRow({ state: 'starting', term: 2 }) });
});

const restored = activeRow({
  state: 'running',
  term: 2,
  knownAt: LATER,
  since: LATER,
  startBy: DEADLINE,
  deadline: DEADLINE,
  mayTake: { nodeMinutes: 0, cost: null },
});

test('a run whose rows the table has lost has them again', async () => {
  const table = new MemoryTable();

  expect(await claim(table, { ...run, term: 2 }, DEADLINE, LATER)).toEqual({
    kind: 'claimed',
    cancelledBy: null,
  });
  expect(table.values('active')).toEqual({ [runId]: restored });
  expect(table.values('run-report')).toEqual({
    [rowKeyOf(runId)]: occurrenceRow({ knownAt: LATER }),
  });
});

test('a run that has lost its active row alone keeps its own row', async () => {
  const table = await tableWith({ state: 'running' });
  await table.remove('active', runId);

  expect(await claim(table, { ...run, term: 2 }, DEADLINE, LATER)).toEqual({
    kind: 'claimed',
    cancelledBy: null,
  });
  expect(table.values('active')).toEqual({ [runId]: { ...restored, knownAt: NOW } });
  expect(table.values('run-report')).toEqual({ [rowKeyOf(runId)]: occurrenceRow() });
});

test('a run that comes to its end while its row is restored stays final', async () => {
  const inner = await tableWith({ state: 'running' });
  await inner.remove('active', runId);
  let writes = 0;
  const table = new TroubledTable(inner, {
    before: async (call) => {
      if (call.startsWith('write') && writes++ === 0) await finish(inner, occurrenceRow(), ending);
    },
  });

  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'final' });
  expect(inner.values('active')).toEqual({});
});

test('a cancel mark reaches the orchestration, and the first one stays', async () => {
  const table = await tableWith({ state: 'starting' });

  expect(await requestCancel(table, runId, 'ada', NOW)).toBe(true);
  expect(await requestCancel(table, runId, 'bob', LATER)).toBe(true);
  expect(table.values('active')[runId]).toMatchObject({ cancel: { at: NOW, by: 'ada' } });
  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'claimed', cancelledBy: 'ada' });
  expect(await claim(table, run, DEADLINE, LATER)).toEqual({ kind: 'claimed', cancelledBy: 'ada' });
});

test('a run that has ended, or never was, is not cancelled', async () => {
  const table = await tableWith({ state: 'running' });
  await finish(table, occurrenceRow(), ending);

  expect(await requestCancel(table, runId, 'ada', NOW)).toBe(false);
  expect(await requestCancel(table, 'report-20260101t000000-0123456789', 'ada', NOW)).toBe(false);
});

test('the rows of a retry that storage has lost keep its place in the chain', async () => {
  const table = new MemoryTable();
  const retry = { ...run, attempt: 1, retryOf: 'other-20261130t020000-0123456789' };

  expect(await claim(table, retry, DEADLINE, LATER)).toMatchObject({ kind: 'claimed' });

  const link = { attempt: 1, retryOf: retry.retryOf };
  expect(table.values('active')).toMatchObject({ [runId]: link });
  expect((await readOccurrence(table, runId))?.value).toMatchObject(link);
});

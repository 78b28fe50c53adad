import { expect, test } from 'vitest';
import { finish, type Ending } from '../../src/ledger/finish';
import { register } from '../../src/ledger/ledger';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import {
  idOf,
  killedAfter,
  LATER,
  monthSum,
  newOccurrence,
  NOW,
  occurrenceRow,
  rowKeyOf,
  Turns,
} from './given';

const ending: Ending = {
  state: 'failed',
  startedAt: NOW,
  endedAt: LATER,
  code: 'taskFailed',
  cause: 'task 3 failed',
  nodeMinutes: 12,
  cost: 0.5,
};
const runId = idOf(newOccurrence());
const rowKey = rowKeyOf(runId);
const final = occurrenceRow(ending);
const FINAL = {
  [rowKey]: final,
  [`failed-${rowKey}`]: final,
  '!sum-2026-11': monthSum('30', { nodeMinutes: 12, cost: 0.5 }),
};

async function registered(): Promise<MemoryTable> {
  const table = new MemoryTable();
  await register(table, newOccurrence(), NOW);
  table.calls.length = 0;
  return table;
}

test('an end writes row, copy by state and sum in one transaction, then the active row goes', async () => {
  const table = await registered();

  expect(await finish(table, occurrenceRow(), ending)).toBe('finished');

  expect(table.values('run-report')).toEqual(FINAL);
  expect(table.values('active')).toEqual({});
  expect(table.calls).toEqual([
    `get run-report ${rowKey}`,
    'get run-report !sum-2026-11',
    'write run-report replace put insert',
    `remove active ${runId}`,
  ]);
});

test('final is final: another end changes nothing and is counted nowhere', async () => {
  const table = await registered();
  await finish(table, occurrenceRow(), ending);

  const again = finish(table, occurrenceRow(), { ...ending, state: 'succeeded', nodeMinutes: 99 });

  expect(await again).toBe('wasFinal');
  expect(table.values('run-report')).toEqual(FINAL);
});

test('a host that is killed after any write of an end leaves what the next one completes', async () => {
  for (const made of [0, 1]) {
    const table = await registered();
    const killed = finish(killedAfter(table, made), occurrenceRow(), ending);
    await expect(killed).rejects.toThrow('killed');
    await finish(table, occurrenceRow(), ending);

    expect([table.values('run-report'), table.values('active')]).toEqual([FINAL, {}]);
  }
});

test('an occurrence whose row the table has lost is written by its end', async () => {
  const table = new MemoryTable();

  expect(await finish(table, occurrenceRow(), ending)).toBe('finished');
  expect(table.values('run-report')).toEqual(FINAL);
});

test('an end keeps what the row says of the occurrence', async () => {
  const table = await registered();
  await finish(table, occurrenceRow({ knownAt: LATER, attempt: 5 }), ending);

  expect(table.values('run-report')[rowKey]).toEqual(final);
});

test('two hosts that end one run at once end it once', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const inner = await registered();
    const turns = new Turns(seeded(seed));
    const table = turns.table(inner);
    const results = await turns.run([1, 2, 3].map(() => finish(table, occurrenceRow(), ending)));

    expect([...results].sort()).toEqual(['finished', 'wasFinal', 'wasFinal']);
    expect(inner.values('run-report')).toEqual(FINAL);
  }
});

test('a hundred ends at once give the right sum', async () => {
  const inner = new MemoryTable();
  const turns = new Turns(seeded(7));
  const table = turns.table(inner);
  const rows = Array.from({ length: 100 }, (_, index) => {
    const instant = new Date(Date.parse(NOW) - index * 1000).toISOString();
    return occurrenceRow({}, newOccurrence({ instant }));
  });

  await turns.run(rows.map((row, index) => finish(table, row, { ...ending, nodeMinutes: index })));

  expect(inner.values('run-report')['!sum-2026-11']).toEqual(
    monthSum('30', { runs: 100, nodeMinutes: 4950, cost: 50 }),
  );
});

test('a run counts in the month of its instant, and without a price costs nothing', async () => {
  const table = new MemoryTable();
  const endOf = async (instant: string, cost: number | null) =>
    finish(table, occurrenceRow({}, newOccurrence({ instant })), { ...ending, cost });
  await endOf('2026-11-30T23:59:59.999Z', null);
  await endOf('2026-12-01T00:00:00.000Z', 2);

  const { '!sum-2026-11': november, '!sum-2026-12': december } = table.values('run-report');
  expect([november, december]).toEqual([
    monthSum('30', { nodeMinutes: 12, unpricedMinutes: 12 }),
    monthSum('01', { nodeMinutes: 12, cost: 2 }),
  ]);
});

import { expect, test } from 'vitest';
import { finish } from '../../src/ledger/finish';
import { occurrenceKey, partsOfRunId, runIdOf, stateKey, keyFrom } from '../../src/ledger/keys';
import { register } from '../../src/ledger/ledger';
import type { Occurrence } from '../../src/run/run';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import {
  activeRow,
  DUE,
  idOf,
  killedAfter,
  LATER,
  newOccurrence,
  NOW,
  occurrenceRow,
  OWNER,
  rowKeyOf,
  scheduled,
  TroubledTable,
  Turns,
} from './given';

const ENDED = {
  state: 'succeeded',
  startedAt: NOW,
  endedAt: LATER,
  code: null,
  cause: null,
  nodeMinutes: 5,
  cost: 1,
} as const;

const blob: Occurrence = { kind: 'blob', container: 'in', name: 'a.csv', etag: '"1"' };
const request: Occurrence = { kind: 'request', key: 'k1' };
const after: Occurrence = { kind: 'after', runId: 'other-20261130t020000-0123456789' };

test('an id holds workload and instant, and no id is longer than 51 characters', () => {
  const workload = 'a-workload-of-24-letters';
  const id = runIdOf({
    owner: OWNER,
    workload,
    occurrence: scheduled(),
    instant: '2026-11-30T02:00:00.999Z',
    attempt: 0,
  });

  expect(workload.length).toBe(24);
  expect(id).toMatch(/^a-workload-of-24-letters-20261130t020000-[0-9a-f]{10}$/);
  expect(id.length).toBe(51);
  expect(`run-${id}-out`.length).toBeLessThanOrEqual(63);
  expect(partsOfRunId(id)).toEqual({
    workload,
    instant: '2026-11-30T02:00:00.000Z',
    rowKey: `79738869979999-${id.slice(-10)}`,
  });
  expect(partsOfRunId('render-1')).toBeNull();
});

test('the same occurrence has the same id, and any other has another', () => {
  const one = newOccurrence();
  const others = [
    newOccurrence({ owner: 'owner-2' }),
    newOccurrence({ attempt: 1 }),
    newOccurrence({}, scheduled(LATER)),
    newOccurrence({}, blob),
    newOccurrence({}, { ...blob, etag: '"2"' }),
    newOccurrence({}, request),
    newOccurrence({}, after),
    newOccurrence({}, scheduled(), 'render'),
  ];

  expect(idOf(newOccurrence({ priority: 9 }))).toBe(idOf(one));
  expect(new Set([one, ...others].map(idOf)).size).toBe(others.length + 1);
});

test('keys of rows sort the newest instant first', () => {
  const instants = [
    '1999-12-31T23:59:59.000Z',
    '2026-11-30T01:59:59.000Z',
    '2026-11-30T02:00:00.000Z',
    '2026-12-01T00:00:00.000Z',
    '2030-01-01T00:00:00.000Z',
  ];
  const keys = instants.map((instant) => rowKeyOf(idOf(newOccurrence({ instant }))));

  expect([...keys].sort()).toEqual([...keys].reverse());
  expect(instants.map(keyFrom)).toEqual(keys.map((key) => key.slice(0, 14)));
  expect(stateKey('failed', keys[0] ?? '')).toBe(`failed-${keys[0]}`);
});

test('a due time that is registered has an active row and a row of its own', async () => {
  const table = new MemoryTable();
  const occurrence = newOccurrence();

  const registered = await register(table, occurrence, NOW);

  const runId = idOf(occurrence);
  expect(registered).toMatchObject({ runId, isNew: true, active: { value: activeRow() } });
  expect(table.values('active')).toEqual({ [runId]: activeRow() });
  expect(table.values('run-report')).toEqual({ [rowKeyOf(runId)]: occurrenceRow() });
  expect(table.values('key')).toEqual({});
});

test.each([blob, request])(
  'an occurrence without an instant has a key row, too: %j',
  async (one) => {
    const table = new MemoryTable();
    const occurrence = newOccurrence({}, one);
    await register(table, occurrence, NOW);

    expect(table.values('key')).toEqual({
      [occurrenceKey('report', one)]: {
        runId: idOf(occurrence),
        instant: DUE,
        request: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      },
    });
  },
);

test.each([scheduled(), blob, request, after])(
  'an occurrence that is registered again is there already: %j',
  async (one) => {
    const table = new MemoryTable();
    const first = await register(table, newOccurrence({}, one), NOW);
    const before = structuredClone(table.partitions);

    // A trigger that comes again may know another instant, another priority, another order of members.
    const turned = Object.fromEntries(Object.entries(one).reverse()) as unknown as Occurrence;
    const instant = one.kind === 'blob' || one.kind === 'request' ? LATER : DUE;
    const again = newOccurrence({ instant, priority: 7 }, turned);
    const second = await register(table, again, LATER);

    expect(second).toEqual({ ...first, isNew: false });
    expect(table.partitions).toEqual(before);
  },
);

test.each([scheduled(), blob, request, after])(
  'many hosts that register one occurrence at once make one, and one of them is first: %j',
  async (one) => {
    for (let seed = 1; seed <= 100; seed++) {
      const inner = new MemoryTable();
      const turns = new Turns(seeded(seed));
      const table = turns.table(inner);
      const occurrence = newOccurrence({}, one);
      const registered = await turns.run(
        Array.from({ length: 6 }, () => register(table, occurrence, NOW)),
      );

      const runId = idOf(occurrence);
      expect(registered.map((each) => each.runId)).toEqual(Array(6).fill(runId));
      expect(registered.filter(({ isNew }) => isNew).length).toBe(1);
      expect(inner.values('active')).toEqual({ [runId]: activeRow({}, occurrence) });
      expect(inner.values('run-report')).toEqual({
        [rowKeyOf(runId)]: occurrenceRow({}, occurrence),
      });
    }
  },
);

test.each([scheduled(), blob, request, after])(
  'a host that is killed after any write leaves what the next one completes: %j',
  async (one) => {
    const whole = new MemoryTable();
    await register(whole, newOccurrence({}, one), NOW);
    const writes = whole.calls.filter((call) => call.startsWith('write')).length;
    const values = (table: MemoryTable) =>
      ['key', 'active', 'run-report'].map((p) => table.values(p));

    for (let made = 0; made < writes; made++) {
      const table = new MemoryTable();
      const killed = register(killedAfter(table, made), newOccurrence({}, one), NOW);
      await expect(killed).rejects.toThrow('killed');
      // Until the key is written the instant of the next delivery stands, after that the first one.
      const isKept = made > 0 && (one.kind === 'blob' || one.kind === 'request');
      await register(table, newOccurrence({ instant: isKept ? LATER : DUE }, one), NOW);

      expect(values(table)).toEqual(values(whole));
    }
  },
);

test('an idempotency key that comes with another request is refused', async () => {
  const table = new MemoryTable();
  const with1 = (parameters: Record<string, string>, name?: string) =>
    newOccurrence({
      request: {
        workload: 'report',
        occurrence: request,
        parameters,
        ...(name === undefined ? {} : { blob: name }),
      },
    });
  const { runId } = await register(table, with1({ a: '1', b: '2' }), NOW);
  const refused = {
    code: 'keyReused',
    message: `the idempotency key was used for another request (run ${runId}); send a new key with a new request`,
  };

  await expect(register(table, with1({ a: '1', b: '3' }), NOW)).rejects.toMatchObject(refused);
  await expect(register(table, with1({ a: '1', b: '2' }, 'x'), NOW)).rejects.toMatchObject(refused);
  expect(await register(table, with1({ b: '2', a: '1' }), NOW)).toMatchObject({
    runId,
    isNew: false,
  });
});

test('a key is the workload’s: the same key of another workload is another request', async () => {
  const table = new MemoryTable();
  const one = await register(table, newOccurrence({}, request), NOW);
  const other = await register(table, newOccurrence({}, request, 'render'), NOW);

  expect([one.isNew, other.isNew]).toEqual([true, true]);
  expect(one.runId).not.toBe(other.runId);
});

test('an occurrence that is final is not started again, and its late active row goes', async () => {
  const table = new MemoryTable();
  const { runId } = await register(table, newOccurrence(), NOW);
  await finish(table, occurrenceRow(), ENDED);
  await table.write('active', [{ kind: 'insert', key: runId, value: { ...activeRow() } }]);

  const again = await register(table, newOccurrence(), LATER);

  expect(again).toEqual({ runId, isNew: false, active: null });
  expect(table.values('active')).toEqual({});
});

test('a host that slept while the occurrence came to its end leaves no active row', async () => {
  const runId = idOf(newOccurrence());
  // The moments at which the host sleeps: before it reads the active row, and before each step on.
  for (const step of ['get active', 'get run-report', 'write active', 'write run-report']) {
    const inner = new MemoryTable();
    let sleeps = true;
    const table = new TroubledTable(inner, {
      before: async (call) => {
        if (!sleeps || !call.startsWith(step)) return;
        sleeps = false;
        await register(inner, newOccurrence(), NOW);
        await finish(inner, occurrenceRow(), ENDED);
      },
    });

    const late = await register(table, newOccurrence(), LATER);

    expect({ step, late, active: inner.values('active') }).toEqual({
      step,
      late: { runId, isNew: false, active: null },
      active: {},
    });
  }
});

test('two occurrences that come to one id are a bug that starts nothing', async () => {
  const table = new MemoryTable();
  const occurrence = newOccurrence();
  const key = rowKeyOf(idOf(occurrence));
  const stranger = occurrenceRow({ occurrence: scheduled(LATER) });
  await table.write('run-report', [{ kind: 'insert', key, value: { ...stranger } }]);

  await expect(register(table, occurrence, NOW)).rejects.toMatchObject({
    code: 'internal',
    message: `two occurrences of report have the run id ${idOf(occurrence)}; the second is not started`,
  });
});

import { expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { WorkloadPolicy } from '../../src/ledger/admission';
import { admit, closeAdmission, type AdmissionContext } from '../../src/ledger/admit';
import { claim } from '../../src/ledger/claim';
import { finish } from '../../src/ledger/finish';
import { register } from '../../src/ledger/ledger';
import type { ActiveRow } from '../../src/ledger/rows';
import type { Table } from '../../src/ledger/table';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import {
  activeRow,
  DUE,
  idOf,
  LATER,
  newOccurrence,
  NO_BACKFILLS,
  NOW,
  occurrenceRow,
  rowKeyOf,
  TroubledTable,
  Turns,
} from './given';

const DEADLINE = '2026-11-30T03:00:05.000Z';

interface Host {
  readonly context: AdmissionContext;
  readonly started: string[];
  readonly ended: string[];
  readonly woken: string[];
}

let decisions = 0;

function host(table: Table, changed: Partial<AdmissionContext> = {}, overlap = 'allow'): Host {
  const policy = { overlap, maxActiveRuns: 500, deadlineMinutes: 60 } as WorkloadPolicy;
  const [started, ended, woken]: [string[], string[], string[]] = [[], [], []];
  const context: AdmissionContext = {
    table,
    starter: {
      start: async ({ runId }) => void started.push(runId),
      wake: async ({ runId }) => void woken.push(runId),
    },
    policyOf: () => policy,
    workloads: ['report'],
    limits: {
      maxActiveRuns: 500,
      maxStartsPerMinute: 500,
      monthlyNodeMinutes: null,
      monthlyCost: null,
    },
    now: () => new Date(NOW),
    newDecisionId: () => `decision-${++decisions}`,
    backfills: NO_BACKFILLS,
    endWithoutRun: async (row) => {
      ended.push(row.runId);
      await finish(table, occurrenceRow({ runId: row.runId, workload: row.workload }), {
        state: 'skipped',
        startedAt: null,
        endedAt: NOW,
        code: row.reason?.code ?? null,
        cause: row.reason?.cause ?? null,
        nodeMinutes: 0,
        cost: null,
      });
    },
    ...changed,
  };
  return { context, started, ended, woken };
}

/** Registers due times a second apart and returns their ids, oldest first. */
async function registered(table: Table, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const instant = new Date(Date.parse(DUE) + index * 1000).toISOString();
    ids.push((await register(table, newOccurrence({ instant }), NOW)).runId);
  }
  return ids;
}

test('what is admitted is written with its decision and then started', async () => {
  const table = new MemoryTable();
  const [runId = ''] = await registered(table, 1);
  const { context, started } = host(table, { newDecisionId: () => 'd1' });

  expect(await admit(context)).toEqual([runId]);
  expect(started).toEqual([runId]);
  expect(table.values('active')).toEqual({
    '!admission': { closed: null, closedWorkloads: {}, recentStarts: [NOW] },
    [runId]: activeRow({ state: 'starting', deadline: DEADLINE, decision: 'd1' }),
  });
  expect(await admit(context)).toEqual([]);
});

test('where nothing waits one query is all that admission costs', async () => {
  const table = new MemoryTable();

  expect(await admit(host(table).context)).toEqual([]);
  expect(table.calls).toEqual(['list active']);
});

test('an occurrence that waits as before is not written again', async () => {
  const table = new MemoryTable();
  await registered(table, 2);
  const { context } = host(table, {}, 'queue');
  await admit(context);
  const before = structuredClone(table.partitions);

  expect(await admit(context)).toEqual([]);
  expect(table.partitions).toEqual(before);
});

test('more decisions than one transaction takes are written one after another', async () => {
  const table = new MemoryTable();
  const ids = await registered(table, 130);
  table.calls.length = 0;

  expect(await admit(host(table).context)).toEqual(ids);
  const sizes = table.calls
    .filter((call) => call.startsWith('write active'))
    .map((call) => call.split(' ').length - 3);
  expect(sizes).toEqual([25, 25, 25, 25, 25, 5]);
});

test('after an occurrence was skipped the rest is decided again', async () => {
  const table = new MemoryTable();
  const [first = '', second = ''] = await registered(table, 2);
  const { context, started, ended } = host(table, {}, 'forbid');

  await admit(context);

  expect([started, ended]).toEqual([[first], [second]]);
  expect(Object.keys(table.values('active'))).toEqual([first, '!admission']);
});

test('a run that is replaced is woken after its cancel mark is written', async () => {
  const table = new MemoryTable();
  const [first = ''] = await registered(table, 1);
  const { context, woken } = host(table, {}, 'replace');
  await admit(context);
  const [, second] = await registered(table, 2);

  await admit(context);

  expect(woken).toEqual([first]);
  expect(table.values('active')[first]).toMatchObject({ cancel: { at: NOW, by: second } });
});

test('the budget reads the sums of the month of all workloads', async () => {
  const table = new MemoryTable();
  await registered(table, 1);
  const ending = {
    state: 'succeeded',
    startedAt: NOW,
    endedAt: NOW,
    code: null,
    cause: null,
  } as const;
  const spend = (workload: string, instant: string, nodeMinutes: number) =>
    finish(table, occurrenceRow({}, newOccurrence({ instant }, undefined, workload)), {
      ...ending,
      nodeMinutes,
      cost: null,
    });
  await spend('render', '2026-11-02T00:00:00.000Z', 40);
  await spend('report', '2026-11-03T00:00:00.000Z', 1);
  await spend('report', '2026-10-31T00:00:00.000Z', 900);
  const limited = (monthlyNodeMinutes: number) => {
    const limits = { ...host(table).context.limits, monthlyNodeMinutes };
    return host(table, { workloads: ['report', 'render'], limits }).context;
  };

  expect(await admit(limited(100))).toEqual([]);
  expect(await admit(limited(101))).toEqual([idOf(newOccurrence())]);
});

test('closed admission starts nothing until it is opened', async () => {
  const table = new MemoryTable();
  const ids = await registered(table, 1);
  await closeAdmission(table, { until: LATER, by: 'ops', why: 'a bad image' });

  expect(await admit(host(table).context)).toEqual([]);
  await closeAdmission(table, { until: NOW, by: 'ops', why: 'it is mended' });
  expect(await admit(host(table).context)).toEqual(ids);
});

test('a host that was slower decides again on what it finds then', async () => {
  const inner = new MemoryTable();
  const ids = await registered(inner, 2);
  const faster = host(inner, {}, 'queue');
  let writes = 0;
  const table = new TroubledTable(inner, {
    before: async (call) => {
      if (call.startsWith('write') && writes++ === 0) await admit(faster.context);
    },
  });
  const slower = host(table, {}, 'queue');

  expect(await admit(slower.context)).toEqual([]);
  expect([faster.started, slower.started]).toEqual([ids.slice(0, 1), []]);
});

test.each(['conflict', 'no answer'] as const)(
  'a decision whose answer was lost is carried out once: %s',
  async (kind) => {
    const inner = new MemoryTable();
    const ids = await registered(inner, 2);
    let isLost = false;
    const table: Table = {
      get: (...given) => inner.get(...given),
      list: (...given) => inner.list(...given),
      remove: (...given) => inner.remove(...given),
      write: async (...given) => {
        const answer = await inner.write(...given);
        if (isLost) return answer;
        isLost = true;
        if (kind === 'conflict') return 'conflict';
        throw new Failure('serviceUnavailable', 'connection reset');
      },
    };
    const { context, started, ended } = host(table, {}, 'forbid');

    expect(await admit(context)).toEqual(ids.slice(0, 1));
    expect([started, ended]).toEqual([ids.slice(0, 1), ids.slice(1)]);
  },
);

test('a run that cannot be started keeps no other from its start', async () => {
  const table = new MemoryTable();
  const [first = '', second = ''] = await registered(table, 2);
  const started: string[] = [];
  const start = async ({ runId }: ActiveRow) => {
    if (runId === first) throw new Error('no engine');
    started.push(runId);
  };
  const { context } = host(table, { starter: { start, wake: async () => undefined } });

  await expect(admit(context)).rejects.toThrow('no engine');
  expect(started).toEqual([second]);
});

test('an active row of an occurrence that is final is dropped, not started', async () => {
  const table = new MemoryTable();
  const [runId = '', other] = await registered(table, 2);
  const ending = { state: 'succeeded', startedAt: NOW, endedAt: LATER, code: null } as const;
  await finish(table, occurrenceRow(), { ...ending, cause: null, nodeMinutes: 1, cost: null });
  await table.write('active', [{ kind: 'insert', key: runId, value: { ...activeRow() } }]);

  expect(await admit(host(table).context)).toEqual([other]);
  expect(table.values('active')[runId]).toBeUndefined();
});

test('an active row whose host died before it wrote the occurrence is completed', async () => {
  const table = new MemoryTable();
  const row = activeRow();
  await table.write('active', [{ kind: 'insert', key: row.runId, value: { ...row } }]);

  expect(await admit(host(table).context)).toEqual([row.runId]);
  expect(table.values('run-report')).toEqual({ [rowKeyOf(row.runId)]: occurrenceRow() });
});

/** Runs that two hosts had active at the same time; each start is claimed, each end is written. */
async function overlapsOf(seed: number, overlap: 'forbid' | 'queue'): Promise<readonly string[]> {
  const inner = new MemoryTable();
  const turns = new Turns(seeded(seed));
  const table = turns.table(inner);
  const [active, seen, overlaps]: [Set<string>, string[], string[]] = [new Set(), [], []];
  const start = async ({ runId, instant, request }: ActiveRow) => {
    if (active.size > 0) overlaps.push(`seed ${seed}: ${runId} beside ${[...active].join()}`);
    active.add(runId);
    seen.push(runId);
    await claim(table, { runId, term: 1, instant, request }, DEADLINE, NOW);
    if (turns.chance.next() < 0.5) return;
    const row = occurrenceRow({ runId, instant });
    const ending = { state: 'succeeded', startedAt: NOW, endedAt: NOW, code: null } as const;
    active.delete(runId);
    await finish(table, row, { ...ending, cause: null, nodeMinutes: 1, cost: null });
  };
  const one = async (index: number) => {
    const instant = new Date(Date.parse(DUE) + index * 1000).toISOString();
    await register(table, newOccurrence({ instant }), NOW);
    await admit(host(table, { starter: { start, wake: async () => undefined } }, overlap).context);
  };
  await turns.run([one(0), one(1), one(1), one(2)]);
  const twice = seen.filter((runId, index) => seen.indexOf(runId) !== index);
  if (seen.length === 0) overlaps.push(`seed ${seed}: nothing started`);
  return [...overlaps, ...twice.map((runId) => `seed ${seed}: ${runId} started twice`)];
}

test.each(['forbid', 'queue'] as const)(
  'hosts that decide at once never have two runs active under %s',
  { timeout: 120_000 },
  async (overlap) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 500; seed++) found.push(...(await overlapsOf(seed, overlap)));

    expect(found).toEqual([]);
  },
);

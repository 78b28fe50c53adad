import { expect, test } from 'vitest';
import { finish } from '../../src/ledger/finish';
import { register } from '../../src/ledger/ledger';
import { listActive, listOccurrences, type ListQuery } from '../../src/ledger/list';
import type { FinalState } from '../../src/ledger/rows';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import { activeRow, DUE, LATER, newOccurrence, NOW, occurrenceRow } from './given';

const WORKLOADS = ['report', 'render', 'sweep'];
const STATES: readonly FinalState[] = ['succeeded', 'failed', 'skipped'];

interface Listed {
  readonly runId: string;
  readonly instant: string;
  readonly state: FinalState | 'open';
}

/** Occurrences of three workloads, a few of each second, some of them open. */
async function filled(count: number): Promise<{ table: MemoryTable; all: readonly Listed[] }> {
  const table = new MemoryTable();
  const chance = seeded(5);
  const all: Listed[] = [];
  for (let index = 0; index < count; index++) {
    const second = Math.floor(index / 4);
    const instant = new Date(Date.parse(DUE) + second * 1000).toISOString();
    const workload = WORKLOADS[index % 3] ?? '';
    const attempt = Math.floor(index / 3);
    const occurrence = newOccurrence({ instant, attempt }, undefined, workload);
    const { runId } = await register(table, occurrence, NOW);
    const state = chance.pick<FinalState | 'open'>(['succeeded', 'failed', 'skipped', 'open']);
    all.push({ runId, instant, state });
    if (state === 'open') continue;
    const ending = { state, startedAt: null, endedAt: LATER, code: null, cause: null } as const;
    const row = occurrenceRow({}, occurrence);
    await finish(table, row, { ...ending, nodeMinutes: 0, cost: null });
  }
  return { table, all };
}

function query(changed: Partial<ListQuery> = {}): ListQuery {
  const open = { states: null, since: null, until: null, after: null };
  return { workloads: WORKLOADS, ...open, limit: 50, ...changed };
}

/** All pages of a query, one after another. */
async function paged(table: MemoryTable, given: Partial<ListQuery>): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const { rows, next } = await listOccurrences(table, query({ ...given, after }));
    ids.push(...rows.map(({ runId }) => runId));
    if (next !== null && rows.length !== query(given).limit) throw new Error('a short page');
    after = next;
  } while (after !== null);
  return ids;
}

/** Newest first; within a second by the hash, as the keys are. */
function expected(all: readonly Listed[], isAsked: (one: Listed) => boolean): readonly string[] {
  const hash = ({ runId }: Listed) => runId.slice(-10);
  return all
    .filter(isAsked)
    .sort((one, other) =>
      one.instant === other.instant
        ? hash(one).localeCompare(hash(other))
        : other.instant.localeCompare(one.instant),
    )
    .map(({ runId }) => runId);
}

test('a page has whole rows, the newest first', async () => {
  const table = new MemoryTable();
  const old = newOccurrence();
  const recent = newOccurrence({ instant: LATER }, undefined, 'render');
  for (const one of [old, recent]) await register(table, one, NOW);

  expect(await listOccurrences(table, query())).toEqual({
    rows: [occurrenceRow({}, recent), occurrenceRow({}, old)],
    next: null,
  });
});

test('where nothing is, the only page is empty', async () => {
  expect(await listOccurrences(new MemoryTable(), query())).toEqual({ rows: [], next: null });
});

test.each([1, 2, 3, 4, 7, 50, 119, 120, 121])(
  'pages of %d have each occurrence once, also within one second',
  async (limit) => {
    const { table, all } = await filled(120);

    expect(await paged(table, { limit })).toEqual(expected(all, () => true));
    expect(await paged(table, { limit, states: ['failed', 'skipped'] })).toEqual(
      expected(all, ({ state }) => state === 'failed' || state === 'skipped'),
    );
    expect(await paged(table, { limit, workloads: ['render'], states: ['succeeded'] })).toEqual(
      expected(all, ({ runId, state }) => runId.startsWith('render') && state === 'succeeded'),
    );
  },
);

test.each([
  ['2026-11-30T02:00:05.000Z', null],
  [null, '2026-11-30T02:00:20.000Z'],
  ['2026-11-30T02:00:05.000Z', '2026-11-30T02:00:20.000Z'],
  ['2026-11-30T02:00:05.000Z', '2026-11-30T02:00:05.000Z'],
  ['2026-11-30T02:00:05.000Z', '2026-11-30T02:00:06.000Z'],
  ['2026-12-30T00:00:00.000Z', null],
])('an interval has its first second and not its last: %s to %s', async (since, until) => {
  const { table, all } = await filled(120);
  const isIn = ({ instant }: Listed) =>
    (since === null || instant >= since) && (until === null || instant < until);

  for (const limit of [3, 50]) {
    expect(await paged(table, { limit, since, until })).toEqual(expected(all, isIn));
    expect(await paged(table, { limit, since, until, states: STATES })).toEqual(
      expected(all, (one) => isIn(one) && one.state !== 'open'),
    );
  }
});

test('what becomes known between two pages shifts none of them', async () => {
  const { table, all } = await filled(40);
  const first = await listOccurrences(table, query({ limit: 10 }));
  await register(table, newOccurrence({ instant: LATER }), NOW);
  const second = await listOccurrences(table, query({ limit: 10, after: first.next }));

  expect([...first.rows, ...second.rows].map(({ runId }) => runId)).toEqual(
    expected(all, () => true).slice(0, 20),
  );
});

test('a page costs one query for each workload and state, however many rows there are', async () => {
  const { table } = await filled(400);
  table.calls.length = 0;
  await listOccurrences(table, query({ limit: 5 }));
  await listOccurrences(table, query({ limit: 5, states: ['failed', 'succeeded'] }));

  const each = WORKLOADS.map((workload) => `list run-${workload}`);
  expect(table.calls).toEqual([...each, ...each.flatMap((one) => [one, one])]);
});

test('sums and copies by state are no occurrences', async () => {
  const { table, all } = await filled(120);

  expect(table.values('run-report')).toHaveProperty('!sum-2026-11');
  expect((await listOccurrences(table, query({ limit: 500 }))).rows.length).toBe(all.length);
});

test('active occurrences are listed without the rows beside them', async () => {
  const table = new MemoryTable();
  await register(table, newOccurrence(), NOW);
  for (const key of ['!admission', '!pause-report']) {
    await table.write('active', [{ kind: 'insert', key, value: {} }]);
  }

  expect(await listActive(table)).toEqual([activeRow()]);
});

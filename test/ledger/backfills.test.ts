import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableOn } from '../../src/azure/table';
import { admit } from '../../src/ledger/admit';
import {
  forgetBackfills,
  listBackfills,
  readBackfill,
  stopBackfill,
  stopBackfills,
} from '../../src/ledger/backfills';
import { requestCancel } from '../../src/ledger/claim';
import { readOccurrence } from '../../src/ledger/ledger';
import { listActive } from '../../src/ledger/list';
import { pause } from '../../src/ledger/pauses';
import type { FinalState } from '../../src/ledger/rows';
import type { Table } from '../../src/ledger/table';
import { startTables, type TestTables } from '../azure/table-account';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import {
  askFor,
  AT,
  come,
  created,
  DAILY,
  dueOn,
  end,
  endOnly,
  outlineOf,
  runAll,
  startedDays,
  worldOn,
  type World,
} from './backfilling';
import { killedAfter, monthSum, Turns } from './given';

const ALL_DAYS = ['23', '24', '25', '26', '27', '28', '29'];
const POLICIES = ['forbid', 'queue', 'replace', 'allow'] as const;

/** Due times that have come by themselves, and how they ended. */
async function history(world: World, days: Readonly<Record<number, FinalState>>): Promise<void> {
  for (const [day, state] of Object.entries(days)) {
    const runId = await come(world, dueOn(Number(day)));
    await admit(world.context);
    await endOnly(world, runId, state);
  }
  world.started.length = 0;
}

test.each(POLICIES)(
  'under %s a backfill runs each of seven days once, one after another, the oldest first',
  async (overlap) => {
    const world = worldOn(new MemoryTable(), { overlap });
    const { id } = await askFor(world);

    expect(await runAll(world)).toBe(1);
    expect(startedDays(world)).toEqual(ALL_DAYS);
    expect(await readBackfill(world.table, id)).toMatchObject({
      state: 'done',
      cause: null,
      endedAt: AT,
      settled: 7,
      registered: 7,
      pending: [],
    });
    expect(await listActive(world.table)).toEqual([]);
  },
);

test.each([
  ['forbid', 1],
  ['queue', 1],
  ['replace', 1],
  ['allow', 3],
] as const)(
  'under %s three at once run up to %i at one time, and all of them run',
  async (overlap, most) => {
    const world = worldOn(new MemoryTable(), { overlap });
    await askFor(world, { atOnce: 3 });

    expect(await runAll(world)).toBe(most);
    expect(startedDays(world).toSorted()).toEqual(ALL_DAYS);
  },
);

test('the newest day runs first where that is asked for', async () => {
  const world = worldOn(new MemoryTable());
  await askFor(world, { order: 'newestFirst' });
  await runAll(world);

  expect(startedDays(world)).toEqual(ALL_DAYS.toReversed());
});

test.each(POLICIES)(
  'under %s a due time that comes meanwhile is not skipped, goes before the backfill and ends none of its runs',
  async (overlap) => {
    const world = worldOn(new MemoryTable(), { overlap, maxActiveRuns: 1 });
    await askFor(world, { atOnce: 2 });
    const fresh = await come(world, dueOn(30));
    await admit(world.context);

    expect(outlineOf(await listActive(world.table))).toEqual([
      '23 starting backfill',
      '24 queued backfill',
      '30 queued',
    ]);
    await runAll(world);
    expect(startedDays(world)).toEqual(['23', '30', ...ALL_DAYS.slice(1)]);
    expect((await readOccurrence(world.table, fresh))?.value.state).toBe('succeeded');
  },
);

const ENDED = {
  23: 'succeeded',
  24: 'skipped',
  25: 'missed',
  26: 'failed',
  27: 'timedOut',
  28: 'cancelled',
} as const;

test.each([
  ['never', ['24', '25', '29']],
  ['failed', ['24', '25', '26', '27', '28', '29']],
  ['always', ALL_DAYS],
] as const)('again: %s runs what that says, and what never ran', async (again, days) => {
  const world = worldOn(new MemoryTable());
  await history(world, ENDED);
  const { id } = await askFor(world, { again });
  await runAll(world, 'failed');

  expect(startedDays(world)).toEqual(days);
  expect(await readBackfill(world.table, id)).toMatchObject({
    state: 'done',
    settled: 7,
    registered: days.length,
  });
});

test('the occurrence of a due time that never ran is that of its timer, with the mark of the backfill', async () => {
  const world = worldOn(new MemoryTable());
  const { id, createdAt } = await askFor(world);
  const [runId = ''] = world.started;
  await runAll(world);

  expect(await come(world, dueOn(23))).toBe(runId);
  expect((await readOccurrence(world.table, runId))?.value).toMatchObject({
    attempt: 0,
    backfill: { id, createdAt },
    state: 'succeeded',
  });
  expect(await listActive(world.table)).toEqual([]);
});

test('what is active already is left as it is', async () => {
  const world = worldOn(new MemoryTable(), { overlap: 'allow' });
  const active = await come(world, dueOn(24));
  await admit(world.context);
  await askFor(world, { to: '2026-11-25' });

  expect(startedDays(world)).toEqual(['24', '23']);
  await endOnly(world, active);
  await runAll(world);
  expect(startedDays(world)).toEqual(['24', '23', '25']);
});

test('the same request finds the backfill that is active, and after its end runs what is not done', async () => {
  const world = worldOn(new MemoryTable());
  const first = await askFor(world, { again: 'failed' });

  expect(await created(world, { again: 'failed' })).toMatchObject({
    isNew: false,
    row: { id: first.id, createdAt: first.createdAt },
  });
  await end(world, world.started[0] ?? '', 'failed');
  await runAll(world);
  expect(startedDays(world)).toEqual(ALL_DAYS);

  world.started.length = 0;
  world.now = '2026-11-30T18:00:00.000Z';
  expect(await askFor(world, { again: 'failed' })).toMatchObject({
    id: first.id,
    createdAt: world.now,
  });
  await runAll(world);
  expect(startedDays(world)).toEqual(['23']);
  expect(await listBackfills(world.table)).toMatchObject([
    { id: first.id, state: 'done', registered: 1 },
  ]);
});

test('a pause neither holds nor skips what a backfill asks for', async () => {
  const world = worldOn(new MemoryTable());
  await pause(world.table, 'report', { since: '2026-11-01', until: null, by: 'a', reason: 'b' });
  await askFor(world);
  await runAll(world);

  expect(startedDays(world)).toEqual(ALL_DAYS);
});

test('a stop registers nothing more, ends what waits and leaves what runs', async () => {
  const world = worldOn(new MemoryTable());
  const { id } = await askFor(world, { atOnce: 3 });
  await stopBackfill(world.table, id, 'stopped by a person', world.now);
  await admit(world.context);

  expect(outlineOf(await listActive(world.table))).toEqual(['23 starting backfill']);
  await runAll(world);
  expect(startedDays(world)).toEqual(['23']);
  expect(await readBackfill(world.table, id)).toMatchObject({
    state: 'stopped',
    cause: 'stopped by a person',
    registered: 3,
  });
  expect(await stopBackfill(world.table, id, 'again', world.now)).toBeNull();

  world.started.length = 0;
  world.now = '2026-11-30T18:00:00.000Z';
  await askFor(world, { atOnce: 3 });
  await runAll(world);
  expect(startedDays(world)).toEqual(ALL_DAYS.slice(1));
});

test('a stop of one workload stops its backfills, and a stop of all stops all', async () => {
  const world = worldOn(new MemoryTable());
  const { id } = await askFor(world);

  expect(await stopBackfills(world.table, 'render', 'a stop', world.now)).toEqual([]);
  expect(await stopBackfills(world.table, null, 'a stop', world.now)).toEqual([id]);
  expect(await stopBackfills(world.table, null, 'a stop', world.now)).toEqual([]);
});

test('a run of a backfill that is cancelled while it waits makes room for the next due time', async () => {
  const world = worldOn(new MemoryTable());
  const fresh = await come(world, dueOn(30));
  await admit(world.context);
  await askFor(world);
  const waiting = (await listActive(world.table)).find(({ backfill }) => backfill !== undefined);
  await requestCancel(world.table, waiting?.runId ?? '', 'a person', world.now);
  await admit(world.context);

  expect(outlineOf(await listActive(world.table))).toEqual(['24 queued backfill', '30 starting']);
  await end(world, fresh);
  await runAll(world);
  expect(startedDays(world)).toEqual(['30', ...ALL_DAYS.slice(1)]);
});

test.each([
  [null, 'workload report no longer exists'],
  [[], 'the schedules of report have changed; ask for the rest of the range again'],
  [
    [{ ...DAILY, cron: '0 3 * * *' }],
    'the schedules of report have changed; ask for the rest of the range again',
  ],
])('a backfill whose schedules are now %j ends with its cause', async (schedules, cause) => {
  const world = worldOn(new MemoryTable());
  const { id } = await askFor(world);
  world.schedules = schedules;
  await end(world, world.started[0] ?? '');

  expect(await readBackfill(world.table, id)).toMatchObject({ state: 'stopped', cause });
  expect(startedDays(world)).toEqual(['23']);
});

test('a run that a backfill asked for counts in the month in which it was registered', async () => {
  const table = new MemoryTable();
  const world = worldOn(table);
  await askFor(world, { from: '2026-10-30', to: '2026-10-31' });
  await runAll(world);

  const { '!sum-2026-10': october, '!sum-2026-11': november } = table.values('run-report');
  expect([october, november]).toEqual([
    undefined,
    monthSum('30', { runs: 2, nodeMinutes: 20, cost: 2 }, 'successful'),
  ]);
});

test('a backfill that ended 90 days ago is forgotten', async () => {
  const world = worldOn(new MemoryTable());
  const { id } = await askFor(world);
  await runAll(world);

  expect(await forgetBackfills(world.table, new Date('2027-02-28T12:00:00Z'))).toEqual([]);
  expect(await forgetBackfills(world.table, new Date('2027-02-28T12:00:01Z'))).toEqual([id]);
  expect(await listBackfills(world.table)).toEqual([]);
});

test('without a backfill admission makes no other call', async () => {
  const table = new MemoryTable();
  await admit(worldOn(table).context);

  expect(table.calls).toEqual(['list active']);
});

test('a host that is killed after any write of an admission leaves what the next one completes, and no day runs twice', async () => {
  let kills = 0;
  for (let changes = 0; ; changes++) {
    const table = new MemoryTable();
    const world = worldOn(table, { overlap: 'allow' });
    await history(world, { 24: 'skipped', 26: 'failed' });
    await created(world, { atOnce: 2, again: 'failed' });
    const killed = worldOn(killedAfter(table, changes), { overlap: 'allow' });
    const wasKilled = await admit(killed.context).then(
      () => false,
      () => true,
    );
    // The reconciler starts what was admitted and not started; here all of that counts as started.
    const before = (await listActive(table)).filter(({ state }) => state === 'starting');
    await admit(world.context);

    expect(await runAll(world)).toBeLessThanOrEqual(2);
    const days = [...new Set([...before.map(({ runId }) => runId), ...world.started])];
    expect(startedDays({ ...world, started: days }).toSorted()).toEqual(ALL_DAYS);
    if (!wasKilled) break;
    kills += 1;
  }
  expect(kills).toBe(6);
});

test('hosts that advance at once in any order register each day once, and no more at once than asked for', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const inner = new MemoryTable();
    const world = worldOn(inner, { overlap: 'allow' });
    await history(world, { 25: 'missed', 27: 'failed' });
    await created(world, { atOnce: 2, again: 'failed' });
    const turns = new Turns(seeded(seed));
    const hosts = [0, 1, 2].map(() => worldOn(turns.table(inner), { overlap: 'allow' }));
    const started = new Set<string>();
    for (let round = 0; round < 8; round++) {
      await turns.run(hosts.map(({ context }) => admit(context)));
      const active = await listActive(inner);
      expect(active.length).toBeLessThanOrEqual(2);
      for (const { runId, state } of active) {
        if (state !== 'starting') continue;
        expect(started.has(runId)).toBe(false);
        started.add(runId);
        await endOnly(world, runId);
      }
    }
    const days = startedDays({ ...world, started: [...started] });
    expect(days.toSorted()).toEqual(ALL_DAYS);
    expect(await listBackfills(inner)).toMatchObject([{ state: 'done', registered: 7 }]);
  }
});

test('a stop at the same time as an advance leaves nothing that waits', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const inner = new MemoryTable();
    const world = worldOn(inner);
    const { row } = await created(world, { atOnce: 3 });
    const turns = new Turns(seeded(seed));
    const host = worldOn(turns.table(inner));
    await turns.run<unknown>([
      admit(host.context),
      stopBackfill(turns.table(inner), row.id, 'a stop', AT),
    ]);
    await admit(world.context);

    const waiting = (await listActive(inner)).filter(({ state }) => state !== 'starting');
    expect(waiting).toEqual([]);
    expect(await readBackfill(inner, row.id)).toMatchObject({ state: 'stopped' });
  }
});

let tables: TestTables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

test('on the table service of Azurite a backfill runs each day once', async () => {
  const table: Table = tableOn(tables.client('backfills'));
  const world = worldOn(table, { overlap: 'allow' });
  await history(world, { 24: 'missed', 25: 'succeeded' });
  const { id } = await askFor(world, { atOnce: 2 });

  expect(await runAll(world)).toBe(2);
  expect(startedDays(world).toSorted()).toEqual(ALL_DAYS.filter((day) => day !== '25'));
  expect(await readBackfill(table, id)).toMatchObject({ state: 'done', registered: 6, settled: 7 });
});

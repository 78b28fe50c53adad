import { monthSum } from '../ledger/given';
import { expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import { readActive, readOccurrence } from '../../src/ledger/ledger';
import type { OccurrenceRow } from '../../src/ledger/rows';
import { present, testApp, type TestApp } from '../api/given';
import { addResources } from '../api/resources';
import { minute } from '../run/given';
import { allowing, listening, NOTHING, handlerOf, passOf, running } from './passes';

const HOURLY = '0 0 * * * *';
const watching = {
  ...allowing,
  inputs: { container: 'inbox' },
  triggers: { blob: { container: 'inbox', endsWith: ['.csv'] } },
};

/** States of the occurrences of `hello` by the hour of their instant, oldest first. */
function statesByHour({ table }: TestApp): readonly string[] {
  const rows = Object.entries(table.values('run-hello'))
    .filter(([key]) => /^\d/.test(key))
    .map(([, row]) => row as unknown as OccurrenceRow)
    .toSorted((one, other) => one.instant.localeCompare(other.instant));
  return rows.map(({ instant, state }) => `${instant.slice(11, 13)} ${state}`);
}

test.each([
  [
    'all',
    ['03 open', '04 open', '05 open'],
    ['3 due times of hello registered', 'run', 'run', 'run'],
  ],
  [
    'last',
    ['03 missed', '04 missed', '05 open'],
    ['1 due times of hello registered', '2 due times of hello recorded as missed', 'run'],
  ],
  ['none', ['03 missed', '04 missed', '05 missed'], ['3 due times of hello recorded as missed']],
] as const)(
  'due times that passed while the app was down are made up for by catchUp: %s',
  async (catchUp, states, lines) => {
    const world = testApp([{ ...allowing, triggers: { schedule: { cron: HOURLY, catchUp } } }]);
    expect(await passOf(world, { cron: HOURLY })).toEqual(NOTHING);
    world.at(210);

    const { log, errors } = await passOf(world, { cron: HOURLY });

    expect(log.map((line) => line.replace(/^run \S+ started$/, 'run'))).toEqual(lines);
    expect(errors).toEqual([]);
    expect(statesByHour(world)).toEqual(states);
    expect(world.hub.started).toHaveLength(states.filter((state) => state.endsWith('open')).length);
    expect(await passOf(world, { cron: HOURLY })).toEqual(NOTHING);
  },
);

test('a due time that was missed is listed with its cause, and counts no node-minutes', async () => {
  const schedule = { cron: HOURLY, catchUp: 'none' } as const;
  const world = testApp([{ ...allowing, triggers: { schedule } }]);
  await passOf(world, { cron: HOURLY });
  world.at(90);

  await passOf(world, { cron: HOURLY });

  const [row] = Object.entries(world.table.values('run-hello'))
    .filter(([key]) => /^\d/.test(key))
    .map(([, value]) => value);
  expect(row).toMatchObject({
    occurrence: { kind: 'schedule', due: minute(60).toISOString() },
    state: 'missed',
    startedAt: null,
    code: 'startWindowEnded',
    cause: "nothing started this due time when it came; catchUp: 'none' makes up others",
    nodeMinutes: 0,
  });
  expect(await readActive(world.table, (row as unknown as OccurrenceRow).runId)).toBeNull();
});

test('a blob whose event never came starts a run, once; what was there before the first pass does not', async () => {
  const world = testApp([watching]);
  world.files.put('inbox', 'old.csv', '1');
  expect(await passOf(world)).toEqual(NOTHING);
  world.files.now = minute(1).toISOString();
  world.files.put('inbox', 'new.csv', '1');
  world.files.put('inbox', 'notes.txt', '1');
  world.at(2);
  expect(await passOf(world)).toEqual(NOTHING);
  world.at(4);

  const { log, errors } = await passOf(world);

  const [runId] = world.hub.started;
  expect([log, errors]).toEqual([['1 blobs of inbox had no event', `run ${runId} started`], []]);
  expect((await readOccurrence(world.table, runId ?? ''))?.value).toMatchObject({
    occurrence: { kind: 'blob', container: 'inbox', name: 'new.csv' },
    instant: minute(1).toISOString(),
    blob: 'new.csv',
  });
  world.at(9);
  expect(await passOf(world)).toEqual(NOTHING);
});

test('while the table cannot be read nothing is deleted and no run ended [GD40]', async () => {
  const { world, runId } = await running();
  world.hub.instances.delete(runId);
  const list = world.table.list.bind(world.table);
  world.table.list = async () => {
    throw new Failure('serviceUnavailable', 'the table is away');
  };

  const { log, errors } = await passOf(world);

  expect([log, errors]).toEqual([
    [],
    ['schedules', 'active runs', 'leftovers', 'upkeep', 'admission'].map(
      (step) => `not reconciled, the next pass retries: ${step}: the table is away`,
    ),
  ]);
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(false);
  world.table.list = list;
  expect(await readActive(world.table, runId)).toMatchObject({ value: { state: 'running' } });
});

test('while the engine cannot be asked nothing is deleted and no run ended [GD40]', async () => {
  const { world, runId } = await running();
  const orphan = 'hello-20261121t010000-0123456789';
  await addResources(world, orphan, 'hello');
  const client = Object.assign(world.hub.client, {
    getStatus: () => Promise.reject(new Error('status code: 500')),
  });

  for (const at of [0, 5, 10, 600]) {
    world.at(at);
    const { log, errors } = await passOf(world, { client });
    expect(log).toEqual([]);
    const away = [`run ${runId}`, `pool ${orphan}`, `job ${orphan}`];
    expect(errors).toEqual(
      away.map((what) => `not reconciled, the next pass retries: ${what}: status code: 500`),
    );
  }

  expect([runId, orphan].map((id) => world.batch.pools.get(id)?.isDeleting)).toEqual([
    false,
    false,
  ]);
  expect(await readActive(world.table, runId)).toMatchObject({ value: { state: 'running' } });
});

test('a step that fails keeps no other from its work', async () => {
  const world = testApp([watching]);
  const orphan = 'hello-20261121t010000-0123456789';
  await addResources(world, orphan, 'hello');
  await passOf(world);
  world.files.page = async () => {
    throw new Failure('serviceUnavailable', 'the container is away');
  };
  world.batch.finishDeletions();
  await addResources(world, orphan, 'hello');

  const { log, errors } = await passOf(world);

  expect(errors).toEqual([
    'not reconciled, the next pass retries: inventory of inbox: the container is away',
  ]);
  expect(log).toHaveLength(2);
});

test('two passes at once start each due time and each blob once', async () => {
  const schedule = { cron: HOURLY, catchUp: 'all' } as const;
  const world = testApp([{ ...watching, triggers: { ...watching.triggers, schedule } }]);
  await passOf(world, { cron: HOURLY });
  world.files.now = minute(1).toISOString();
  world.files.put('inbox', 'new.csv', '1');
  world.at(210);

  const passes = await Promise.all([1, 2, 3].map(() => passOf(world, { cron: HOURLY })));

  expect(passes.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(world.hub.started).size).toBe(4);
  expect(statesByHour(world)).toEqual(['02 open', '03 open', '04 open', '05 open']);
  expect([...world.hub.instances.keys()]).toHaveLength(4);
});

test('two passes at once end a lost run once', async () => {
  const { world, runId } = await running();
  world.hub.become({ id: runId, status: 'Failed' });

  await Promise.all([passOf(world), passOf(world)]);
  world.batch.finishDeletions();
  const passes = await Promise.all([passOf(world), passOf(world)]);

  expect(passes.flatMap(({ errors }) => errors)).toEqual([]);
  expect(await readActive(world.table, runId)).toBeNull();
  expect(world.table.values('run-hello')['!sum-2026-11']).toEqual(monthSum('21', {}));
});

test('a pass with nothing to do makes eleven calls and a list of the watched container, and logs nothing', async () => {
  const schedule = { cron: HOURLY, catchUp: 'last' } as const;
  const world = testApp([{ ...watching, triggers: { ...watching.triggers, schedule } }]);
  await passOf(world, { cron: HOURLY });
  await passOf(world, { cron: HOURLY });
  const calls: string[] = [];
  const { app } = world;
  const counted = {
    ...app,
    batch: listening(app.batch, 'batch', calls),
    files: listening(app.files, 'files', calls),
    table: listening(app.table, 'table', calls),
  };
  const client = listening(world.hub.client, 'client', calls);
  const handler = handlerOf(counted, HOURLY);
  await passOf(world, { client, handler });
  calls.length = 0;
  world.at(5);

  expect(await passOf(world, { client, handler })).toEqual(NOTHING);

  expect(calls.filter((call) => call !== 'files.page').length).toBeLessThanOrEqual(11);
  expect(calls).toEqual([
    // The time of the last daily work.
    'table.get',
    // The schedule's row, and how far it is settled.
    'table.get',
    'table.write',
    // The inventory's row, one page, and how far the inventory is.
    'table.get',
    'files.page',
    'table.write',
    // Active rows.
    'table.list',
    // Leftovers: what there is, then what is active.
    'batch.listOwned',
    'files.listContainers',
    'table.list',
    // The proof that nothing is billed, with its time.
    'table.write',
    // Admission.
    'table.list',
  ]);
});

test('the first pass of a process forgets the schedules that are gone, and only that one looks for them', async () => {
  const world = testApp([allowing]);
  await passOf(world, { cron: HOURLY });
  const handler = handlerOf(world.app);

  expect((await passOf(world, { handler })).log).toEqual(['1 schedules are declared no more']);
  expect(Object.keys(world.table.values('workload'))).toEqual([]);
  await world.table.write('workload', [{ kind: 'insert', key: 'hello', value: { cron: HOURLY } }]);
  await passOf(world, { handler });
  expect(Object.keys(world.table.values('workload'))).toEqual(['hello']);
});

test('an active run costs a pass one call, and starts nothing', async () => {
  const { world, runId } = await running();
  const calls: string[] = [];

  expect(await passOf(world, { client: listening(world.hub.client, 'client', calls) })).toEqual(
    NOTHING,
  );
  expect(calls).toEqual(['client.getStatus']);
  expect(present(world.batch.pools.get(runId)).isDeleting).toBe(false);
});

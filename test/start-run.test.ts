import { readUpkeep } from '../src/ledger/upkeep';
import { expect, test } from 'vitest';
import { readActive, readOccurrence } from '../src/ledger/ledger';
import type { ActiveRow } from '../src/ledger/rows';
import type { RunRequest } from '../src/run/run';
import { registerRun, startRun } from '../src/start-run';
import type { WorkloadDeclaration } from '../src/workload/workload';
import { present, requestOf, testApp, type TestApp } from './api/given';
import { minute, STARTED, whole } from './run/given';

const replacing = { ...whole, overlap: 'replace' } as const;

/** A run of a workload of that name that is active, whatever policy it has. */
async function activeIn(world: TestApp, name: string): Promise<string> {
  const runId = await world.start(name, 'before');
  await world.claim(runId);
  return runId;
}

function cancelsIn({ table }: TestApp): Readonly<Record<string, ActiveRow['cancel']>> {
  const rows = Object.values(table.values('active')) as unknown as readonly ActiveRow[];
  return Object.fromEntries(
    rows.filter(({ runId }) => runId !== undefined).map(({ runId, cancel }) => [runId, cancel]),
  );
}

test('a run that replaces others cancels the active one, skips those that wait, and starts after them', async () => {
  const world = testApp([replacing]);
  const active = await activeIn(world, 'hello');
  world.at(1);
  const waiting = await world.start('hello', 'waiting');
  world.at(2);

  const newest = await world.start('hello', 'newest');

  expect(cancelsIn(world)).toEqual({
    [active]: { at: minute(1).toISOString(), by: waiting },
    [newest]: null,
  });
  expect(world.hub.polled).toEqual([active]);
  expect((await readOccurrence(world.table, waiting))?.value).toMatchObject({
    state: 'skipped',
    code: 'overlapped',
    cause: `run ${newest} is newer and replaces it`,
  });
  expect(world.hub.started).toEqual([active]);
});

test('a run that replaces others cancels no run of a workload with a similar name', async () => {
  const names = ['hello-world', 'hello2', 'say-hello', 'hell'];
  const others: readonly WorkloadDeclaration[] = names.map((name) => ({ ...replacing, name }));
  const world = testApp([replacing, ...others]);
  const standing: string[] = [];
  for (const name of names) standing.push(await activeIn(world, name));
  const own = await activeIn(world, 'hello');

  const next = await world.start('hello', 'next');

  const at = STARTED;
  expect(cancelsIn(world)).toEqual({
    ...Object.fromEntries(standing.map((runId) => [runId, null])),
    [own]: { at, by: next },
    [next]: null,
  });
  expect(world.hub.polled).toEqual([own]);
});

test.each(['forbid', 'queue', 'allow'] as const)(
  'a run of a workload with overlap: %s cancels none',
  async (overlap) => {
    const world = testApp([{ ...whole, overlap }]);
    await activeIn(world, 'hello');

    await world.start('hello', 'next');

    expect(Object.values(cancelsIn(world)).filter((cancel) => cancel !== null)).toEqual([]);
    expect(world.hub.polled).toEqual([]);
  },
);

test('the run of a skipped occurrence has its row and its record, and no orchestration', async () => {
  const world = testApp([whole]);
  const active = await activeIn(world, 'hello');

  const skipped = await world.start('hello', 'next');

  expect((await readOccurrence(world.table, skipped))?.value).toMatchObject({
    state: 'skipped',
    code: 'overlapped',
    cause: `run ${active} of hello was active`,
  });
  expect(await readActive(world.table, skipped)).toBeNull();
  expect(world.hub.started).toEqual([active]);
});

test('a skipped occurrence that is asked for again runs once the active run has ended', async () => {
  const world = testApp([whole]);
  const workload = present(world.app.workloads.get('hello'));
  const ask = () => startRun(world.app, world.hub.client, workload, requestOf('hello', 'the-key'));
  const active = await activeIn(world, 'hello');
  const skipped = await ask();

  const again = await ask();
  const repeated = await ask();

  expect(again.isNew).toBe(true);
  expect(again.runId).not.toBe(skipped.runId);
  // The same key still is one run.
  expect(repeated).toEqual({ runId: again.runId, isNew: false });
  expect((await readActive(world.table, again.runId))?.value).toMatchObject({
    state: 'queued',
    attempt: 1,
    reason: { code: 'overlapped', cause: `run ${active} of hello is active` },
  });
  expect(world.hub.started).toEqual([active]);
});

test('a key that was used for one blob is rejected for another blob or none, and accepted for the same', async () => {
  const { app, hub } = testApp([{ ...whole, inputs: { container: 'inbox' } }]);
  const workload = present(app.workloads.get('hello'));
  const startWith = (blob: Pick<RunRequest, 'blob'>) =>
    startRun(app, hub.client, workload, { ...requestOf('hello', 'the-key'), ...blob });

  const { runId, isNew } = await startWith({ blob: 'a.csv' });

  expect(isNew).toBe(true);
  await expect(startWith({ blob: 'b.csv' })).rejects.toMatchObject({ code: 'keyReused' });
  await expect(startWith({})).rejects.toMatchObject({ code: 'keyReused' });
  expect(await startWith({ blob: 'a.csv' })).toEqual({ runId, isNew: false });
  expect(hub.started).toEqual([runId]);
});

test('what was registered by a host that died is started by the next admission', async () => {
  const world = testApp([{ ...whole, overlap: 'allow' }]);
  const workload = present(world.app.workloads.get('hello'));
  const { runId } = await registerRun(
    world.app,
    await readUpkeep(world.table),
    workload,
    requestOf('hello', 'a'),
  );
  expect(world.hub.started).toEqual([]);

  const next = await world.start('hello', 'b');

  expect(world.hub.started.toSorted()).toEqual([runId, next].toSorted());
});

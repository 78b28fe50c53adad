import { expect, test } from 'vitest';
import { stopAllHandler } from '../../src/api/stop-all';
import { admissionOf, type App } from '../../src/app';
import { Failure } from '../../src/failure';
import { admit } from '../../src/ledger/admit';
import { claim } from '../../src/ledger/claim';
import { readOccurrence, register } from '../../src/ledger/ledger';
import type { ActiveRow } from '../../src/ledger/rows';
import type { Batch } from '../../src/run/ports';
import { minute, OWNER, split, whole } from '../run/given';
import { answerTo, requestOf, testApp, type TestApp } from './given';
import { addResources } from './resources';

const allowing = { ...whole, overlap: 'allow' } as const;

/** The calls that change something, across all ports, in the order in which they are sent. */
function spied({ app, table }: TestApp): { readonly app: App; readonly sent: string[] } {
  const sent: string[] = [];
  const batch = new Proxy<Batch>(app.batch, {
    get: (target, name) => {
      const call = Reflect.get(target, name, target) as (...values: unknown[]) => unknown;
      return (...values: unknown[]): unknown => {
        if (name !== 'listOwned') sent.push(`${String(name)} ${String(values[0])}`);
        return Reflect.apply(call, target, values);
      };
    },
  });
  const write: App['table']['write'] = (partition, changes) => {
    sent.push(...changes.map(({ kind, key }) => `${kind} ${partition} ${key}`));
    return table.write(partition, changes);
  };
  const spy = new Proxy(table, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { app: { ...app, batch, table: spy }, sent };
}

function stop(app: App, { hub }: TestApp, query = '') {
  return answerTo(stopAllHandler(app), hub, { method: 'DELETE', path: `/api/runs${query}` });
}

/** Two runs of `hello` that are active, and one of `tiles`, each with a pool and a job. */
async function threeRuns() {
  const world = testApp([allowing, split]);
  const running = await world.start('hello', 'running');
  await world.claim(running);
  const starting = await world.start('hello', 'starting');
  const other = await world.start('tiles', 'running');
  await world.claim(other);
  for (const runId of [running, starting]) await addResources(world, runId, 'hello');
  await addResources(world, other, 'tiles');
  return { world, running, starting, other };
}

test('a stop closes admission first, takes pools away before jobs, and then cancels every active run', async () => {
  const { world, running, starting, other } = await threeRuns();
  const { app, sent } = spied(world);
  const all = [running, starting, other];

  const answer = await stop(app, world);

  expect(answer).toEqual({
    status: 202,
    headers: {},
    body: {
      cancelled: all.toSorted(),
      backfills: [],
      removing: [
        ...all.map((id) => ({ kind: 'pool', id })),
        ...all.map((id) => ({ kind: 'job', id })),
      ],
      scaledToZero: [],
      refused: [],
    },
  });
  const cancels = sent.slice(7).toSorted();
  expect(sent.slice(0, 7)).toEqual([
    'replace active !admission',
    ...all.map((id) => `deletePool ${id}`),
    ...all.map((id) => `deleteJob ${id}`),
  ]);
  expect(cancels).toEqual(all.toSorted().map((id) => `replace active ${id}`));
  expect(world.hub.polled.toSorted()).toEqual([running, other].toSorted());
});

test('a stop of one workload closes its admission alone and touches nothing of another', async () => {
  const { world, running, starting, other } = await threeRuns();
  world.batch.retained.push(
    { id: 'hello-kept-0123456789-1', until: minute(600).toISOString() },
    { id: 'tiles-kept-0123456789-1', until: minute(600).toISOString() },
  );

  const answer = await stop(world.app, world, '?workload=hello');

  expect(answer.body).toEqual({
    cancelled: [running, starting].toSorted(),
    backfills: [],
    removing: [
      { kind: 'pool', id: running },
      { kind: 'pool', id: starting },
      { kind: 'job', id: running },
      { kind: 'job', id: starting },
    ],
    scaledToZero: ['hello-kept-0123456789-1'],
    refused: [],
  });
  const active = world.table.values('active');
  expect(active['!admission']).toMatchObject({
    closed: null,
    closedWorkloads: { hello: { why: 'DELETE /api/runs?workload=hello' } },
  });
  expect(active[other]).toMatchObject({ state: 'running', cancel: null });
  expect(world.hub.polled).toEqual([running]);
  expect((await world.post('hello', 'next')).status).toBe(429);
  expect((await world.post('tiles', 'next')).status).toBe(202);
});

test('a stop scales every retained pool of this app to zero nodes', async () => {
  const world = testApp([allowing]);
  world.batch.retained.push({ id: 'hello-kept-0123456789-1', until: minute(600).toISOString() });
  const { app, sent } = spied(world);

  expect((await stop(app, world)).body).toEqual({
    cancelled: [],
    backfills: [],
    removing: [],
    scaledToZero: ['hello-kept-0123456789-1'],
    refused: [],
  });
  expect(sent).toContain('scalePoolToZero hello-kept-0123456789-1');
  expect(world.batch.retained).toHaveLength(1);
});

test('for five minutes after a stop no run starts, whatever its trigger; then what waited does', async () => {
  const world = testApp([allowing]);
  await stop(world.app, world);

  expect((await world.post('hello', 'http')).status).toBe(429);
  const occurrence = { kind: 'schedule', due: minute(0).toISOString() } as const;
  const { active } = await register(
    world.table,
    {
      owner: OWNER,
      request: { workload: 'hello', occurrence, parameters: {} },
      instant: occurrence.due,
      attempt: 0,
      startBy: minute(60).toISOString(),
      priority: 0,
      mayTake: { nodeMinutes: 0, cost: null },
    },
    occurrence.due,
  );
  await admit(admissionOf(world.app, world.hub.client));
  expect(world.hub.started).toEqual([]);
  world.at(5);
  await admit(admissionOf(world.app, world.hub.client));
  expect(world.hub.started).toEqual([active?.value.runId]);
});

test('a run that waits is ended by a stop, and starts no more', async () => {
  const world = testApp([{ ...whole, overlap: 'queue' }]);
  const first = await world.start('hello', 'first');
  await world.claim(first);
  const second = await world.start('hello', 'second');

  await stop(world.app, world);
  world.at(5);
  await world.end(first);
  await admit(admissionOf(world.app, world.hub.client));

  expect(world.hub.started).toEqual([first]);
  expect((await readOccurrence(world.table, second))?.value).toMatchObject({
    state: 'skipped',
    code: 'cancelled',
  });
});

test('a stop touches nothing of another app, and a pool that cannot be deleted keeps no other', async () => {
  const { world, running, starting, other } = await threeRuns();
  const foreign = 'hello-20261121t020000-ffffffffff';
  await addResources(world, foreign, 'hello', 'another-app');
  const deletePool = world.batch.deletePool.bind(world.batch);
  world.batch.deletePool = async (id, owner) => {
    if (id === running) throw new Failure('serviceUnavailable', 'the account is busy');
    return deletePool(id, owner);
  };

  const { body } = await stop(world.app, world);

  expect(body).toMatchObject({ refused: [`pool ${running}: the account is busy`] });
  const isDeleting = (id: string) => world.batch.pools.get(id)?.isDeleting;
  expect([running, starting, other, foreign].map(isDeleting)).toEqual([false, true, true, false]);
  expect(world.table.values('active')[running]).toMatchObject({
    cancel: { by: 'a stop of all runs' },
  });
});

test('two stops at once come to the same', async () => {
  const { world, running, starting, other } = await threeRuns();

  await Promise.all([stop(world.app, world), stop(world.app, world)]);

  const active = world.table.values('active');
  for (const runId of [running, starting, other]) {
    expect(active[runId]).toMatchObject({ cancel: { by: 'a stop of all runs' } });
  }
});

test.each(['?workload=hallo', '?all=true'])(
  'a stop with %s is refused and stops nothing',
  async (query) => {
    const { world } = await threeRuns();
    const before = world.table.values('active');

    const { status } = await stop(world.app, world, query);

    expect(status).toBe(query === '?all=true' ? 400 : 404);
    expect(world.table.values('active')).toEqual(before);
  },
);

test('a stop asks a run that was started a moment ago to end before it makes anything', async () => {
  const { world, starting } = await threeRuns();

  await stop(world.app, world);
  const { term, instant } = world.table.values('active')[starting] as unknown as ActiveRow;
  const run = { runId: starting, term, instant, request: requestOf('hello', 'starting') };

  expect(await claim(world.table, run, minute(60).toISOString(), minute(0).toISOString())).toEqual({
    kind: 'claimed',
    cancelledBy: 'a stop of all runs',
  });
});

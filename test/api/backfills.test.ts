import { expect, test } from 'vitest';
import {
  backfillHandler,
  backfillShowHandler,
  backfillsHandler,
  backfillStopHandler,
} from '../../src/api/backfills';
import { stopAllHandler } from '../../src/api/stop-all';
import { admissionOf, type App } from '../../src/app';
import { admit } from '../../src/ledger/admit';
import { listActive } from '../../src/ledger/list';
import type { FinalState } from '../../src/ledger/rows';
import { occurrenceOfDue, type DeclaredSchedule } from '../../src/ledger/schedules';
import { noteUpkeep } from '../../src/ledger/upkeep';
import { startRun } from '../../src/start-run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { split, whole } from '../run/given';
import { answerTo, testApp, type Answer, type TestApp } from './given';

/** The clock stands at 02:00 of 21 November 2026. */
const nightly: DeclaredSchedule = {
  workload: 'hello',
  index: 0,
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  catchUp: 'last',
};
const monthly = { ...nightly, index: 1, cron: '0 12 1 * *' };

interface World extends TestApp {
  readonly app: App;
}

const hello = { ...whole, pool: { pricePerNodeHour: { spot: 0.06, dedicated: 0.3 } } } as const;

async function worldOf(
  schedules: readonly DeclaredSchedule[] = [nightly],
  declarations: readonly WorkloadDeclaration[] = [whole, split],
): Promise<World> {
  const world = testApp(declarations);
  await noteUpkeep(world.table, { formerRunsTaken: true, recordsThrough: null });
  return { ...world, app: { ...world.app, schedules: { hello: schedules } } };
}

function ask({ app, hub }: World, body: object, workload = 'hello'): Promise<Answer> {
  return answerTo(backfillHandler(app), hub, {
    method: 'POST',
    path: `/api/workloads/${workload}/backfill`,
    params: { workload },
    text: JSON.stringify(body),
  });
}

function show({ app, hub }: World, id: string): Promise<Answer> {
  return answerTo(backfillShowHandler(app), hub, { params: { id } });
}

/** A due time that has come by itself, and how its run ended. */
async function past(
  { app, hub, end }: World,
  due: string,
  state: FinalState,
  minutes = 10,
): Promise<void> {
  const workload = app.workloads.get('hello');
  if (workload === undefined) throw new Error('no workload is called hello');
  const request = {
    workload: 'hello',
    occurrence: occurrenceOfDue(nightly, due),
    parameters: {},
  };
  const { runId } = await startRun(app, hub.client, workload, request);
  const startedAt = '2026-11-21T00:00:00.000Z';
  const endedAt = new Date(Date.parse(startedAt) + minutes * 60_000).toISOString();
  await end(runId, { state, startedAt, endedAt, nodeMinutes: 2 * minutes, cost: minutes / 100 });
}

/** Runs of a backfill end one after another until none is active. */
async function runAll({ app, hub, table, end }: World): Promise<number> {
  for (let count = 0; ; count++) {
    const [first] = (await listActive(table)).filter(({ state }) => state === 'starting');
    if (first === undefined) return count;
    await end(first.runId);
    await admit(admissionOf(app, hub.client));
  }
}

const asked = { from: '2026-11-16', to: '2026-11-20' } as const;

test('a dry run says which due times would run, in both times, with an estimate, and writes nothing', async () => {
  const world = await worldOf();
  await past(world, '2026-11-17T01:30:00.000Z', 'succeeded', 10);
  await past(world, '2026-11-18T01:30:00.000Z', 'succeeded', 20);
  await past(world, '2026-11-19T01:30:00.000Z', 'missed');
  world.table.calls.length = 0;

  const answer = await ask(world, { ...asked, dryRun: true });

  expect(answer).toEqual({
    status: 200,
    headers: {},
    body: {
      id: expect.stringMatching(/^hello-[0-9a-f]{10}$/) as string,
      workload: 'hello',
      ...asked,
      order: 'oldestFirst',
      atOnce: 1,
      again: 'never',
      schedule: null,
      dueTimes: 5,
      first: '2026-11-16T01:30:00.000Z',
      last: '2026-11-20T01:30:00.000Z',
      counts: { none: 2, succeeded: 2, missed: 1 },
      runs: 3,
      estimate: {
        basis: 'succeededRuns',
        basedOnRuns: 2,
        nodeMinutes: 90,
        cost: 0.45,
        minutes: 45,
      },
      list: [
        ['16', null, true],
        ['17', 'succeeded', false],
        ['18', 'succeeded', false],
        ['19', 'missed', true],
        ['20', null, true],
      ].map(([day, status, runs]) => ({
        due: `2026-11-${String(day)}T01:30:00.000Z`,
        dueLocal: `2026-11-${String(day)}T02:30:00+01:00`,
        status,
        runs,
      })),
    },
  });
  expect(world.table.calls.filter((call) => !/^(get|list) /.test(call))).toEqual([]);
});

test('without a past run the estimate is the most that the runs may take, and a bound on runs lengthens it', async () => {
  const allowing = { ...hello, overlap: { allow: 2 }, deadlineMinutes: 60 } as const;
  const world = await worldOf([nightly], [allowing]);

  const { body } = await ask(world, { ...asked, atOnce: 5, dryRun: true });

  const maxNodes = world.app.workloads.get('hello')?.pool.maxNodes ?? 0;
  expect(body).toMatchObject({
    runs: 5,
    estimate: {
      basis: 'declaration',
      basedOnRuns: 0,
      nodeMinutes: 5 * 60 * maxNodes,
      minutes: 3 * 60,
    },
  });
});

test('a backfill is answered with its address, runs its due times one after another, and is done', async () => {
  const world = await worldOf();
  await past(world, '2026-11-17T01:30:00.000Z', 'succeeded');

  const { status, headers, body } = await ask(world, { ...asked, by: 'ada' });
  const { id, running } = body as { id: string; running: readonly string[] };

  const location = `http://app/api/backfills/${id}`;
  expect({ status, headers }).toEqual({
    status: 202,
    headers: { Location: location, 'Retry-After': '30' },
  });
  const view = {
    id,
    workload: 'hello',
    ...asked,
    order: 'oldestFirst',
    atOnce: 1,
    again: 'never',
    schedule: null,
    state: 'active',
    cause: null,
    by: 'ada',
    createdAt: '2026-11-21T02:00:00.000Z',
    endedAt: null,
    dueTimes: 5,
    first: '2026-11-16T01:30:00.000Z',
    last: '2026-11-20T01:30:00.000Z',
    registered: 1,
    remaining: 4,
    running,
    waiting: [],
    counts: { succeeded: 1, queued: 1, none: 3 },
  };
  expect(body).toEqual({ ...view, isNew: true, statusUrl: location });
  expect(running).toHaveLength(1);
  expect((await ask(world, asked)).body).toEqual({ ...view, isNew: false, statusUrl: location });

  expect(await runAll(world)).toBe(4);
  const done = {
    ...view,
    state: 'done',
    endedAt: '2026-11-21T02:00:00.000Z',
    registered: 4,
    remaining: 0,
    running: [],
  };
  expect(await show(world, id)).toEqual({
    status: 200,
    headers: {},
    body: { ...done, counts: { succeeded: 5 } },
  });
  const { counts: _, ...summary } = done;
  expect((await answerTo(backfillsHandler(world.app), world.hub)).body).toEqual({
    backfills: [summary],
  });
});

test('a range may be instants, and one of several schedules', async () => {
  const world = await worldOf([nightly, monthly]);
  const instants = { from: '2026-10-31T12:00:00+01:00', to: '2026-11-02T01:30:00Z' };

  const all = await ask(world, { ...instants, dryRun: true });
  const one = await ask(world, { ...instants, schedule: 1, dryRun: true });

  const dueIn = ({ body }: Answer) =>
    (body as { list: readonly { dueLocal: string }[] }).list.map(({ dueLocal }) => dueLocal);
  expect(dueIn(all)).toEqual([
    '2026-11-01T02:30:00+01:00',
    '2026-11-01T12:00:00+01:00',
    '2026-11-02T02:30:00+01:00',
  ]);
  expect(dueIn(one)).toEqual(['2026-11-01T12:00:00+01:00']);
});

test('due times of the future and of the last ten minutes are left to their timers', async () => {
  const world = await worldOf([{ ...nightly, cron: '*/5 * * * *' }]);

  const { body } = await ask(world, {
    from: '2026-11-21T01:40:00Z',
    to: '2026-12-01',
    dryRun: true,
  });

  expect(body).toMatchObject({ dueTimes: 3, last: '2026-11-21T01:50:00.000Z' });
});

test.each([
  [{ from: '2026-11-16' }, 'to', ''],
  [{ ...asked, from: '2026-02-30' }, 'from', 'must be a day, such as 2026-11-23, or an instant'],
  [{ ...asked, from: '2026-11-21' }, 'to', 'must not be before from, which is 2026-11-21'],
  [{ ...asked, atOnce: 101 }, 'atOnce', ''],
  [{ ...asked, schedule: 1 }, 'schedule', 'must be 0 to 0, the index of a schedule of hello'],
  [{ ...asked, days: 3 }, 'body', 'days'],
  [
    { from: '2026-11-22', to: '2026-11-23' },
    'from',
    'no due time of hello lies between 2026-11-22 and 2026-11-23',
  ],
])('the request %j is refused for its field %s', async (body, field, message) => {
  const world = await worldOf();
  const { status, body: problem } = await ask(world, body);
  const { errors } = problem as { errors: readonly { field: string; message: string }[] };

  expect([status, errors.map((one) => one.field)]).toEqual([400, [field]]);
  expect(errors[0]?.message).toContain(message);
});

test('more than 5000 due times are refused with the part that can be asked for', async () => {
  const world = await worldOf([{ ...nightly, cron: '*/5 * * * *' }]);
  const { status, body } = await ask(world, { from: '2026-11-01', to: '2026-11-20' });

  expect({ status, detail: (body as { detail: string }).detail }).toEqual({
    status: 400,
    detail:
      'the request has validation errors: to: the range has more than 5000 due times; ask for a part of it, such as the one up to 2026-11-18T07:35:00.000Z',
  });
});

test('a workload without a schedule, and a ledger that is not complete, are refused with what to do', async () => {
  const world = await worldOf();
  expect((await ask(world, asked, 'tiles')).body).toMatchObject({
    status: 400,
    detail: 'tiles has no schedule, so no due time has passed; POST /api/runs/tiles starts a run',
  });

  await noteUpkeep(world.table, { recordsThrough: '' });
  expect((await ask(world, asked)).body).toMatchObject({ status: 503 });
});

test('a stop ends what waits and leaves what runs; one that has ended, or never was, cannot be stopped', async () => {
  const world = await worldOf();
  const { id } = (await ask(world, { ...asked, atOnce: 2 })).body as { id: string };
  const stop = (one: string) =>
    answerTo(backfillStopHandler(world.app), world.hub, { method: 'DELETE', params: { id: one } });

  expect((await stop(id)).body).toMatchObject({
    state: 'stopped',
    cause: 'stopped by a request',
    registered: 2,
    remaining: 3,
    waiting: [],
    counts: { queued: 1, skipped: 1, none: 3 },
  });
  expect((await stop(id)).body).toMatchObject({ status: 409, title: 'backfillEnded' });
  expect((await stop('hello-0123456789')).body).toMatchObject({
    status: 404,
    title: 'unknownBackfill',
  });
  expect(await runAll(world)).toBe(1);
});

test('a stop of all runs stops backfills, so that nothing of them starts afterwards', async () => {
  const world = await worldOf();
  const { id } = (await ask(world, asked)).body as { id: string };

  const { body } = await answerTo(stopAllHandler(world.app), world.hub, { method: 'DELETE' });

  expect(body).toMatchObject({ backfills: [id] });
  expect((await show(world, id)).body).toMatchObject({
    state: 'stopped',
    cause: 'a stop of all runs',
  });
  world.at(60);
  expect(await runAll(world)).toBe(1);
});

test('what follows a run of a backfill is asked for, too, and waits for the one that runs', async () => {
  const follower = { ...split, name: 'after-hello', triggers: { after: 'hello' } } as const;
  const world = await worldOf([nightly], [whole, follower]);
  const workload = world.app.workloads.get('after-hello');
  await ask(world, { ...asked, atOnce: 2 });
  const runIds = (await listActive(world.table)).map(({ runId }) => runId);
  for (const runId of runIds) {
    if (workload === undefined) throw new Error('no workload is called after-hello');
    await startRun(world.app, world.hub.client, workload, {
      workload: 'after-hello',
      occurrence: { kind: 'after', runId },
      parameters: {},
    });
  }

  const followers = (await listActive(world.table)).filter((row) => row.workload === 'after-hello');
  expect(followers.map(({ state, reason }) => [state, reason?.code])).toEqual([
    ['starting', undefined],
    ['queued', 'overlapped'],
  ]);
});

test('what waits for a due time and others of that time is registered with it, by its backfill', async () => {
  const triggers = { schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin' } } as const;
  const first = { ...whole, triggers } as const;
  const other = { ...whole, name: 'other', triggers } as const;
  const both = {
    ...split,
    name: 'both',
    triggers: { after: { all: ['hello', 'other'] } },
  } satisfies WorkloadDeclaration;
  const world = await worldOf([nightly], [first, other, both]);
  const schedules = { hello: [nightly], other: [{ ...nightly, workload: 'other' }] };
  const app = { ...world.app, schedules };
  const { body } = await ask({ ...world, app }, asked);
  await admit(admissionOf(app, world.hub.client));

  const [row, ...rest] = (await listActive(world.table)).filter(
    ({ workload }) => workload === 'both',
  );
  expect(rest).toEqual([]);
  expect(row).toMatchObject({
    instant: '2026-11-16T01:30:00.000Z',
    attempt: 0,
    state: 'queued',
    backfill: { id: (body as { id: string }).id },
    reason: { code: 'notAllSucceeded' },
  });
});

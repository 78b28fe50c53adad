import { expect, test } from 'vitest';
import { pauseHandler, resumeHandler } from '../../src/api/pauses';
import { startHandler } from '../../src/api/runs';
import { workloadsHandler } from '../../src/api/workloads';
import type { OperationHandler } from '../../src/api/handler';
import type { DeclaredSchedule } from '../../src/ledger/schedules';
import { minute, whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';

const allowing = { ...whole, overlap: 'allow' } as const;
const nightly: DeclaredSchedule = {
  workload: 'hello',
  index: 0,
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  catchUp: 'last',
};

interface Call {
  readonly workload?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

function call(handler: OperationHandler, { hub }: TestApp, { workload, body, headers }: Call = {}) {
  return answerTo(handler, hub, {
    method: 'POST',
    path: '/api/pause',
    params: workload === undefined ? {} : { workload },
    ...(body !== undefined && { text: JSON.stringify(body) }),
    ...(headers !== undefined && { headers }),
  });
}

async function pauseOf(world: TestApp): Promise<unknown> {
  const { body } = await answerTo(workloadsHandler(world.app), world.hub, {
    path: '/api/workloads',
  });
  return (body as { workloads: readonly { pause: unknown }[] }).workloads[0]?.pause;
}

test('a workload is paused with its reason, its end and the caller, and listed with it', async () => {
  const world = testApp([allowing]);
  const until = minute(60).toISOString();
  const body = { reason: 'the source moves', until, by: 'ada' };

  const { status, body: answer } = await call(pauseHandler(world.app), world, {
    workload: 'hello',
    body,
  });

  const pause = { since: minute(0).toISOString(), until, by: 'ada', reason: 'the source moves' };
  expect([status, answer]).toEqual([200, { workload: 'hello', pause }]);
  expect(await pauseOf(world)).toEqual(pause);
});

test('the name of a signed-in caller takes precedence over the given one', async () => {
  const world = testApp([allowing]);
  const headers = { 'x-ms-client-principal-name': 'ada@example.com' };

  await call(pauseHandler(world.app), world, { body: { reason: 'r', by: 'bob' }, headers });

  expect(await pauseOf(world)).toMatchObject({ by: 'ada@example.com', until: null });
});

test('a start by hand runs during a pause, and its answer says so', async () => {
  const world = testApp([allowing]);
  await call(pauseHandler(world.app), world, { workload: 'hello', body: { reason: 'r' } });

  const { status, body } = await call(startHandler(world.app), world, { workload: 'hello' });

  expect(status).toBe(202);
  expect(body).toMatchObject({
    isNew: true,
    note: `hello was paused by a request at ${minute(0).toISOString()}: r. This run was asked for, and starts all the same`,
  });
  expect(world.hub.started.length).toBe(1);
});

test('what is not paused cannot be resumed, and a pause of all ends for all', async () => {
  const world = testApp([allowing]);

  expect(await call(resumeHandler(world.app), world)).toMatchObject({
    status: 409,
    body: { title: 'notPaused' },
  });
  await call(pauseHandler(world.app), world, { body: { reason: 'r' } });
  expect((await call(resumeHandler(world.app), world, { workload: 'hello' })).status).toBe(409);
  expect(await call(resumeHandler(world.app), world)).toMatchObject({
    status: 200,
    body: { workload: null, pause: null },
  });
  expect(await pauseOf(world)).toBeNull();
});

test.each([
  [{}, 'reason'],
  [{ reason: '' }, 'reason'],
  [{ reason: 'r', until: 'tomorrow' }, 'until'],
  [{ reason: 'r', until: '2020-01-01T00:00:00Z' }, 'until'],
  [{ reason: 'r', why: 'x' }, ''],
])('a pause with the body %o is refused by its field', async (body, field) => {
  const world = testApp([allowing]);

  const answer = await call(pauseHandler(world.app), world, { workload: 'hello', body });

  expect(answer).toMatchObject({ status: 400 });
  expect(JSON.stringify(answer.body)).toContain(field);
  expect(await pauseOf(world)).toBeNull();
});

test('an unknown workload cannot be paused', async () => {
  const world = testApp([allowing]);
  const body = { reason: 'r' };

  expect((await call(pauseHandler(world.app), world, { workload: 'other', body })).status).toBe(
    404,
  );
});

test('workloads are listed with their next due times in UTC and in their zone [RS1]', async () => {
  const world = testApp([allowing]);
  const { body } = await answerTo(
    workloadsHandler({ ...world.app, schedules: { hello: [nightly] } }),
    world.hub,
    {
      path: '/api/workloads',
    },
  );

  expect(body).toEqual({
    workloads: [
      {
        name: 'hello',
        description: 'Says hello',
        overlap: 'allow',
        parameters: { type: 'object', properties: {}, additionalProperties: false },
        schedules: [
          {
            cron: '30 2 * * *',
            timeZone: 'Europe/Berlin',
            nextDueAt: '2026-11-22T01:30:00.000Z',
            nextDueLocal: '2026-11-22T02:30:00+01:00',
          },
        ],
        blobContainer: null,
        after: null,
        pause: null,
      },
    ],
  });
});

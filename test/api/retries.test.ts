import { expect, test } from 'vitest';
import { retryHandler } from '../../src/api/retries';
import { listRuns } from '../../src/api/run-list';
import { runViewOf } from '../../src/api/run-view';
import { pause } from '../../src/ledger/pauses';
import { asValue, readActive, readOccurrence, requireParts } from '../../src/ledger/ledger';
import type { FinalState } from '../../src/ledger/rows';
import { recordBlob, RUNS_CONTAINER, TASK_LIST } from '../../src/run/names';
import { runIdOf } from '../../src/ledger/keys';
import { perBlob, split, whole, OWNER } from '../run/given';
import { answerTo, present, testApp, type Answer, type TestApp } from './given';

/** POST /api/runs/{id}/retry */

function post({ app, hub }: TestApp, id: string, text?: string): Promise<Answer> {
  return answerTo(retryHandler(app), hub, {
    method: 'POST',
    path: `/api/runs/${id}/retry`,
    params: { id },
    ...(text !== undefined && { text }),
  });
}

/** A run that has ended, with the list of its tasks among its outputs. */
async function ended(
  { start, end, files }: TestApp,
  state: FinalState = 'failed',
): Promise<string> {
  const runId = await start('hello', 'a');
  files.put(`run-${runId}-out`, TASK_LIST, '');
  await end(runId, { state, code: 'taskFailed', cause: '1 task failed' });
  return runId;
}

/** The id of an attempt of `hello` after the first. */
function attemptId(attempt = 1): string {
  return runIdOf({
    owner: OWNER,
    workload: 'hello',
    occurrence: { kind: 'request', key: 'a' },
    instant: '2026-11-21T02:00:00.000Z',
    attempt,
  });
}

test('a run that failed is retried as its next attempt, which is answered with its address', async () => {
  const world = testApp([whole]);
  const first = await ended(world);
  world.at(90);

  const answer = await post(world, first, '{"by":"ada"}');

  const runId = attemptId();
  const location = `http://app/api/runs/${runId}`;
  expect(answer).toEqual({
    status: 202,
    headers: { Location: location, 'Retry-After': '10' },
    body: {
      runId,
      workload: 'hello',
      attempt: 1,
      retryOf: first,
      isNew: true,
      statusUrl: location,
    },
  });
  const active = present(await readActive(world.table, runId)).value;
  expect([active.state, active.instant, active.attempt, active.retryOf]).toEqual([
    'starting',
    '2026-11-21T02:00:00.000Z',
    1,
    first,
  ]);
  expect(active.request).toEqual({
    workload: 'hello',
    occurrence: { kind: 'request', key: 'a' },
    parameters: {},
    retry: { from: first, by: 'ada' },
  });
});

test('the same request finds the attempt while it is active, and names it once it has ended', async () => {
  const world = testApp([whole]);
  const first = await ended(world);

  const answers = [await post(world, first), await post(world, first), await post(world, first)];
  const runId = attemptId();
  await world.end(runId, { state: 'failed' });

  expect(answers.map(({ status, body }) => [status, (body as { runId: string }).runId])).toEqual([
    [202, runId],
    [200, runId],
    [200, runId],
  ]);
  expect((await post(world, first)).body).toMatchObject({
    status: 409,
    title: 'alreadyRetried',
    detail: expect.stringContaining(runId) as string,
  });
});

test('two requests at once make one attempt', async () => {
  const world = testApp([whole]);
  const first = await ended(world);

  const answers = await Promise.all([1, 2, 3].map(() => post(world, first)));

  const statuses = answers.map(({ status }) => status);
  expect([202, 200].map((one) => statuses.filter((status) => status === one).length)).toEqual([
    1, 2,
  ]);
  expect(new Set(answers.map(({ body }) => (body as { runId: string }).runId)).size).toBe(1);
});

test('an attempt that failed is retried by the next one, and lists show the chain', async () => {
  const world = testApp([whole]);
  const first = await ended(world);
  await post(world, first);
  const second = attemptId();
  world.files.put(`run-${second}-out`, TASK_LIST, '');
  await world.end(second, { state: 'timedOut' });

  const { body } = await post(world, second);

  const third = attemptId(2);
  expect(body).toMatchObject({ runId: third, attempt: 2, retryOf: second });
  const query = { workloads: ['hello'], statuses: null, since: null, until: null };
  const { runs } = await listRuns(world.table, { ...query, after: null, limit: 10 });
  const chain = runs.map(({ runId, attempt, retryOf, status }) => [
    attempt,
    runId,
    retryOf,
    status,
  ]);
  expect(chain).toHaveLength(3);
  expect(chain).toEqual(
    expect.arrayContaining([
      [0, first, null, 'failed'],
      [1, second, first, 'timedOut'],
      [2, third, second, 'queued'],
    ]),
  );
  const view = await runViewOf(world.app, world.hub.client, third);
  expect([view.attempt, view.retryOf]).toEqual([2, second]);
});

test.each([
  ['succeeded', 'runSucceeded'],
  ['open', 'runActive'],
] as const)('a run that is %s is not retried: %s', async (state, code) => {
  const world = testApp([whole]);
  const runId = state === 'open' ? await world.start('hello', 'a') : await ended(world, state);

  const { status, body } = await post(world, runId);

  expect([status, (body as { title: string }).title]).toEqual([409, code]);
});

test.each(['failed', 'timedOut', 'cancelled', 'skipped', 'missed'] as const)(
  'a run that is %s is retried',
  async (state) => {
    const world = testApp([whole]);
    const runId = await ended(world, state);

    expect((await post(world, runId)).status).toBe(202);
    const active = present(await readActive(world.table, attemptId())).value;
    const hasRun = state !== 'skipped' && state !== 'missed';
    expect(active.request.retry?.from).toBe(hasRun ? runId : null);
  },
);

test('a run whose outputs are deleted is retried only as a whole', async () => {
  const world = testApp([whole]);
  const runId = await ended(world);
  await world.files.remove(`run-${runId}-out`, TASK_LIST);

  expect((await post(world, runId)).body).toMatchObject({
    status: 409,
    title: 'outputsGone',
    detail: `the outputs of run ${runId}, or the list of its tasks, do not exist, so no task can be taken over; retry it with {"tasks":"all"}, which runs everything again`,
  });
  expect((await post(world, runId, '{"tasks":"all"}')).status).toBe(202);
});

test('a run that ended before it had tasks needs no outputs', async () => {
  const world = testApp([whole]);
  const runId = await ended(world);
  await world.files.remove(`run-${runId}-out`, TASK_LIST);
  const timeline = [
    { phase: 'admitting', at: '' },
    { phase: 'staging', at: '' },
  ];
  world.files.put(RUNS_CONTAINER, recordBlob(runId), JSON.stringify({ runId, timeline }));

  expect((await post(world, runId)).status).toBe(202);
  const active = present(await readActive(world.table, attemptId())).value;
  expect(active.request.retry?.from).toBeNull();
});

test('the parameters and the blob of a run are those of its retry', async () => {
  const world = testApp([perBlob]);
  const occurrence = { kind: 'blob', container: 'inbox', name: 'a.ply', etag: 'e' } as const;
  const runId = await world.start('meshes', 'a');
  const row = present(await readOccurrence(world.table, runId)).value;
  const known = { ...row, occurrence, blob: 'a.ply', parameters: { width: '3' } };
  const key = requireParts(runId).rowKey;
  await world.table.write('run-meshes', [{ kind: 'put', key, value: asValue(known) }]);
  world.files.put(`run-${runId}-out`, TASK_LIST, '');
  await world.end(runId, { state: 'failed' });

  const { body } = await post(world, runId);

  const active = present(await readActive(world.table, (body as { runId: string }).runId)).value;
  expect(active.request).toMatchObject({ blob: 'a.ply', parameters: { width: '3' }, occurrence });
});

test('a retry waits for an active run of its workload, and a pause does not hold it', async () => {
  const world = testApp([whole]);
  const first = await ended(world);
  await world.start('hello', 'b');
  const by = { by: 'ada', reason: 'a move', since: '2026-11-21T02:00:00.000Z', until: null };
  await pause(world.table, 'hello', by);

  expect((await post(world, first)).status).toBe(202);

  const active = present(await readActive(world.table, attemptId())).value;
  expect([active.state, active.reason?.code]).toEqual(['queued', 'overlapped']);
});

test('at a bound on runs nothing is written, and the caller may come again', async () => {
  const world = testApp([whole, split], { maxActiveRuns: 1 });
  const first = await ended(world);
  await world.start('tiles', 'b');

  expect((await post(world, first)).body).toMatchObject({ status: 429, title: 'tooManyRuns' });
  expect(await readOccurrence(world.table, attemptId())).toBeNull();
});

test('an unknown run, a workload that was removed and a wrong body are refused', async () => {
  const world = testApp([whole]);
  const runId = await ended(world);
  const others = testApp([split]);
  const without = { ...world, app: { ...world.app, workloads: others.app.workloads } };

  const answers = [
    await post(world, attemptId(7)),
    await post(without, runId),
    await post(world, runId, '{"tasks":"some"}'),
    await post(world, runId, '{"days":3}'),
  ];

  expect(answers.map(({ status, body }) => [status, (body as { title: string }).title])).toEqual([
    [404, 'unknownRun'],
    [404, 'unknownWorkload'],
    [400, 'badRequest'],
    [400, 'badRequest'],
  ]);
});

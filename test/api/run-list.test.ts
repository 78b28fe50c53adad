import { expect, test } from 'vitest';
import { listHandler, startHandler } from '../../src/api/runs';
import type { RunView } from '../../src/api/schemas/run';
import { register } from '../../src/ledger/ledger';
import { newOccurrence } from '../ledger/given';
import { minute, split, STARTED, whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';

const queueing = { ...whole, overlap: 'queue' } as const;
const allowing = { ...split, overlap: 'allow' } as const;

interface Page {
  readonly runs: readonly RunView[];
  readonly next: string | null;
}

async function list({ app, hub }: TestApp, query: Record<string, string> = {}): Promise<Page> {
  const path = `/api/runs?${new URLSearchParams(query).toString()}`;
  const { status, body } = await answerTo(listHandler(app), hub, { path });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as Page;
}

const idsOf = ({ runs }: Page) => runs.map(({ runId }) => runId);

/** Runs that ended, one a minute, oldest first; every third one failed. */
async function endedRuns(world: TestApp, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    world.at(index);
    const runId = await world.start(index % 2 === 0 ? 'hello' : 'tiles', `key-${index}`);
    await world.end(runId, index % 3 === 0 ? { state: 'failed', code: 'taskFailed' } : {});
    ids.push(runId);
  }
  return ids;
}

test('runs of all workloads are listed newest first, a page at a time, each once', async () => {
  const world = testApp([queueing, allowing]);
  const ids = await endedRuns(world, 7);

  const pages = [await list(world, { limit: '3' })];
  for (let next = pages[0]?.next ?? null; next !== null;) {
    const page = await list(world, { limit: '3', after: next });
    pages.push(page);
    next = page.next;
  }

  expect(pages.map(({ runs }) => runs.length)).toEqual([3, 3, 1]);
  expect(pages.flatMap(idsOf)).toEqual(ids.toReversed());
});

test('a run that starts between two pages moves none of the next page', async () => {
  const world = testApp([queueing, allowing]);
  const ids = await endedRuns(world, 4);

  const first = await list(world, { limit: '2' });
  world.at(60);
  await world.start('hello', 'late');
  const second = await list(world, { limit: '2', after: first.next ?? '' });

  expect([...idsOf(first), ...idsOf(second)]).toEqual(ids.toReversed());
});

test('lists are narrowed by workload, by status and by time, and by all of them', async () => {
  const world = testApp([queueing, allowing]);
  const ids = await endedRuns(world, 6);
  const [a, b, c, d, e, f] = ids;
  const at = (minutes: number) => minute(minutes).toISOString();

  expect(idsOf(await list(world, { workload: 'tiles' }))).toEqual([f, d, b]);
  expect(idsOf(await list(world, { status: 'failed' }))).toEqual([d, a]);
  expect(idsOf(await list(world, { status: 'failed,succeeded' }))).toEqual(ids.toReversed());
  expect(idsOf(await list(world, { since: at(2) }))).toEqual([f, e, d, c]);
  expect(idsOf(await list(world, { until: at(2) }))).toEqual([b, a]);
  expect(
    idsOf(await list(world, { since: at(1), until: at(4), status: 'failed', workload: 'tiles' })),
  ).toEqual([d]);
  expect(idsOf(await list(world, { status: 'cancelled' }))).toEqual([]);
});

test('what an active row says is laid over its occurrence, and an ended one is as its row says', async () => {
  const world = testApp([queueing, allowing]);
  const ended = await world.start('tiles', 'ended');
  await world.end(ended, {
    state: 'failed',
    code: 'taskFailed',
    cause: '1 task failed',
    nodeMinutes: 12,
    cost: 0.5,
  });
  world.at(1);
  const running = await world.start('hello', 'running');
  await world.claim(running);
  world.at(2);
  const queued = await world.start('hello', 'queued');

  const { runs } = await list(world);

  expect(
    runs.map(({ runId, status, waitingFor, cause, nodeMinutes, cost, createdAt }) => ({
      runId,
      status,
      waitingFor,
      cause,
      nodeMinutes,
      cost,
      createdAt,
    })),
  ).toEqual([
    {
      runId: queued,
      status: 'queued',
      waitingFor: `run ${running} of hello is active`,
      cause: null,
      nodeMinutes: 0,
      cost: null,
      createdAt: minute(2).toISOString(),
    },
    {
      runId: running,
      status: 'running',
      waitingFor: 'a worker of the Functions host',
      cause: null,
      nodeMinutes: 0,
      cost: null,
      createdAt: minute(1).toISOString(),
    },
    {
      runId: ended,
      status: 'failed',
      waitingFor: null,
      cause: { code: 'taskFailed', message: '1 task failed' },
      nodeMinutes: 12,
      cost: 0.5,
      createdAt: minute(0).toISOString(),
    },
  ]);
  expect(idsOf(await list(world, { status: 'queued' }))).toEqual([queued]);
  expect(idsOf(await list(world, { status: 'running' }))).toEqual([running]);
  expect(idsOf(await list(world, { status: 'running,failed' }))).toEqual([running, ended]);
});

test('a list of active runs has pages too', async () => {
  const world = testApp([queueing, allowing]);
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) {
    world.at(index);
    const runId = await world.start('tiles', `key-${index}`);
    await world.claim(runId);
    ids.push(runId);
  }

  const first = await list(world, { status: 'running', limit: '3' });
  const second = await list(world, { status: 'running', limit: '3', after: first.next ?? '' });

  expect([idsOf(first), idsOf(second), second.next]).toEqual([
    ids.slice(2).toReversed(),
    ids.slice(0, 2).toReversed(),
    null,
  ]);
});

test('pages of final and active runs together are full, and have each run once', async () => {
  const world = testApp([queueing, allowing]);
  const ended = await endedRuns(world, 9);
  const failed = ended.filter((_, index) => index % 3 === 0);
  const active: string[] = [];
  for (const minutes of [20, 21]) {
    world.at(minutes);
    const runId = await world.start('tiles', `active-${minutes}`);
    await world.claim(runId);
    active.push(runId);
  }

  const query = { status: 'running,failed', limit: '2' };
  const first = await list(world, query);
  const second = await list(world, { ...query, after: first.next ?? '' });
  const third = await list(world, { ...query, after: second.next ?? '' });

  expect([first, second, third].map(idsOf)).toEqual([
    active.toReversed(),
    failed.slice(1).toReversed(),
    failed.slice(0, 1),
  ]);
  expect(third.next).toBeNull();
});

test('a run that ends between the reads of a page is listed once, by its end', async () => {
  const world = testApp([allowing]);
  const runId = await world.start('tiles', 'a');
  await world.claim(runId);
  const { table } = world.app;
  const app: TestApp['app'] = {
    ...world.app,
    table: {
      get: (...call) => table.get(...call),
      write: (...call) => table.write(...call),
      remove: (...call) => table.remove(...call),
      list: async (...call) => {
        const rows = await table.list(...call);
        if (call[0] === 'active') await world.end(runId, { state: 'failed', code: 'taskFailed' });
        return rows;
      },
    },
  };

  const { runs } = await list({ ...world, app }, { status: 'running,failed' });

  expect(runs.map((run) => [run.runId, run.status])).toEqual([[runId, 'failed']]);
});

test('a run shows who or what started it', async () => {
  const world = testApp([queueing, allowing]);
  const post = (key: string, text: string, headers = {}) =>
    answerTo(startHandler(world.app), world.hub, {
      method: 'POST',
      params: { workload: 'tiles' },
      headers: { 'idempotency-key': key, ...headers },
      text,
    });
  await post('a', '{}', { 'x-ms-client-principal-name': 'ada@example.com' });
  await post('b', '{"by": "deploy"}');
  await post('c', '{}');
  const others = [
    { kind: 'schedule', due: STARTED },
    { kind: 'blob', container: 'inbox', name: 'a.ply', etag: '1' },
    { kind: 'after', runId: 'hello-20261121t010000-0123456789' },
  ] as const;
  const backfill = { id: 'tiles-0123456789', createdAt: STARTED };
  for (const [index, occurrence] of others.entries()) {
    const known = newOccurrence({ instant: minute(-index - 1).toISOString() }, occurrence, 'tiles');
    await register(world.table, known, STARTED);
  }
  await register(
    world.table,
    newOccurrence(
      { instant: minute(-9).toISOString(), backfill },
      { kind: 'schedule', due: minute(-9).toISOString() },
      'tiles',
    ),
    STARTED,
  );

  const { runs } = await list(world);

  expect(runs.map(({ startedBy }) => startedBy).toSorted()).toEqual([
    'a request',
    'ada@example.com',
    'backfill tiles-0123456789',
    'blob inbox/a.ply',
    'deploy',
    'run hello-20261121t010000-0123456789',
    'schedule',
  ]);
});

test('a page of ended runs costs one query for each workload and one of the active rows, whatever there is', async () => {
  const world = testApp([queueing, allowing]);
  await endedRuns(world, 30);
  world.table.calls.length = 0;

  await list(world, { limit: '5' });

  expect(world.table.calls).toEqual(['list active', 'list run-hello', 'list run-tiles']);
});

test.each([
  ['state=failed', 'state'],
  ['status=broken', 'status'],
  ['status=failed,', 'status'],
  ['since=yesterday', 'since'],
  ['until=2030-01-01', 'until'],
  ['after=x', 'after'],
  ['limit=0', 'limit'],
  ['limit=201', 'limit'],
  ['limit=few', 'limit'],
])('a list with ?%s is refused, and the answer names %s', async (query, name) => {
  const { app, hub } = testApp([queueing]);

  const answer = await answerTo(listHandler(app), hub, { path: `/api/runs?${query}` });

  expect([answer.status, JSON.stringify(answer.body)]).toEqual([
    400,
    expect.stringContaining(name),
  ]);
});

test('a list of the runs of an unknown workload is refused, with the names of the known ones', async () => {
  const { app, hub } = testApp([queueing]);

  const answer = await answerTo(listHandler(app), hub, { path: '/api/runs?workload=hallo' });

  expect(answer).toMatchObject({ status: 404, body: { title: 'unknownWorkload' } });
});

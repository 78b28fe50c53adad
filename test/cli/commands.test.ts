import { expect, test } from 'vitest';
import type {
  BackfillPlan as PlanOfApp,
  BackfillSummary as SummaryOfApp,
  BackfillView,
} from '../../src/api/schemas/backfill';
import type { Backfill, BackfillPlan, BackfillSummary } from '../../src/client/backfills';
import type { Pause } from '../../src/client/pauses';
import type { Pause as PauseOfApp } from '../../src/ledger/rows';
import { call, serverOf } from './call';

const plan: BackfillPlan = {
  id: 'render-0123456789',
  workload: 'render',
  dueTimes: 3,
  first: '2026-11-23T01:00:00.000Z',
  last: '2026-11-25T01:00:00.000Z',
  counts: { none: 1, succeeded: 1, missed: 1 },
  runs: 2,
  estimate: {
    basis: 'succeededRuns',
    basedOnRuns: 20,
    nodeMinutes: 30,
    cost: 0.5,
    minutes: 42,
  },
  list: [
    ['23', null, true],
    ['24', 'succeeded', false],
    ['25', 'missed', true],
  ].map(([day, status, runs]) => ({
    due: `2026-11-${String(day)}T01:00:00.000Z`,
    dueLocal: `2026-11-${String(day)}T02:00:00+01:00`,
    status: status as string | null,
    runs: runs === true,
  })),
};

const PLAN = `3 due times of render: 1 not run yet, 1 succeeded, 1 missed.
  2026-11-23T02:00:00+01:00
  2026-11-25T02:00:00+01:00  missed
2 runs: 30 node-minutes, cost 0.5, 42 minutes, by the last 20 runs that succeeded.
`;

const active: Backfill = {
  id: plan.id,
  workload: 'render',
  from: '2026-11-23',
  to: '2026-11-25',
  state: 'active',
  cause: null,
  by: 'ada',
  createdAt: '2026-11-30T12:00:00.000Z',
  endedAt: null,
  dueTimes: 3,
  registered: 1,
  remaining: 2,
  running: ['render-20261123t010000-0123456789'],
  waiting: [],
  counts: { running: 1, succeeded: 1, missed: 1 },
};
const done: Backfill = {
  ...active,
  state: 'done',
  remaining: 0,
  running: [],
  counts: { succeeded: 3 },
};

const range = ['--from', '2026-11-23', '--to', '2026-11-25'] as const;
const asked = { from: '2026-11-23', to: '2026-11-25' };

test('a dry run prints the plan, and sends nothing but its question, with the key', async () => {
  const { url, asked: sent } = await serverOf({ body: plan });
  const args = ['backfill', 'render', ...range, '--dry-run', '--at-once', '2', '--again', 'failed'];

  expect(await call(url, [...args, '--order', 'newest-first'], { key: 'secret' })).toEqual({
    code: 0,
    stdout: PLAN,
    stderr: '',
    waits: [],
  });
  expect(sent).toMatchObject([
    {
      call: 'POST /api/workloads/render/backfill',
      body: { ...asked, atOnce: 2, again: 'failed', order: 'newestFirst', dryRun: true },
      key: 'secret',
    },
  ]);
});

test('a backfill starts after its plan, and is watched until it is done', async () => {
  const { url, asked: sent } = await serverOf(
    { body: plan },
    { status: 202, body: { ...active, isNew: true } },
    { body: active },
    { body: done },
  );

  expect(await call(url, ['backfill', 'render', ...range, '--yes', '--watch'])).toEqual({
    code: 0,
    stdout: `${PLAN}Backfill render-0123456789 has started.
active: 1 of 3 due times; 1 running, 1 succeeded, 1 missed; running: render-20261123t010000-0123456789
done: 3 of 3 due times; 3 succeeded
`,
    stderr: '',
    waits: [10_000, 10_000],
  });
  expect(sent.map((one) => one.call)).toEqual([
    'POST /api/workloads/render/backfill',
    'POST /api/workloads/render/backfill',
    'GET /api/backfills/render-0123456789',
    'GET /api/backfills/render-0123456789',
  ]);
});

test.each([
  [
    undefined,
    2,
    'nightshift backfill: nobody can be asked here; add --yes to start it; nightshift backfill --help lists the options\n',
  ],
  [false, 0, ''],
] as const)('where the answer is %s nothing starts', async (answer, code, stderr) => {
  const { url, asked: sent } = await serverOf({ body: plan });
  const ended = await call(
    url,
    ['backfill', 'render', ...range],
    answer === undefined ? {} : { answer },
  );

  expect(ended).toEqual({ code, stdout: PLAN, stderr, waits: [] });
  expect(sent).toHaveLength(1);
});

test('a backfill that is stopped while it is watched is a failure with its cause', async () => {
  const stopped = { ...active, state: 'stopped', cause: 'stopped by a request', running: [] };
  const { url } = await serverOf(
    { body: plan },
    { status: 202, body: { ...active, isNew: false } },
    { body: stopped },
  );
  const { code, stderr } = await call(url, ['backfill', 'render', ...range, '--yes', '--watch']);

  expect([code, stderr]).toEqual([
    1,
    'backfill render-0123456789 was stopped: stopped by a request\n',
  ]);
});

test('backfills are listed, shown and stopped', async () => {
  const { url, asked: sent } = await serverOf(
    { body: { backfills: [active] } },
    { body: { backfills: [] } },
    { body: active },
    { status: 202, body: { ...active, state: 'stopped' } },
  );
  const id = active.id;
  const outputs = [];
  for (const args of [[], ['list'], ['show', id], ['stop', id]]) {
    outputs.push((await call(url, ['backfills', ...args])).stdout);
  }

  const line = `${id}  active  render from 2026-11-23 to 2026-11-25, by ada\n`;
  const progress =
    '1 of 3 due times; 1 running, 1 succeeded, 1 missed; running: render-20261123t010000-0123456789\n';
  expect(outputs).toEqual([
    line,
    'There are no backfills.\n',
    `${line}active: ${progress}`,
    `stopped: ${progress}`,
  ]);
  expect(sent.at(-1)?.call).toBe(`DELETE /api/backfills/${id}`);
});

test('a workload, or all, is paused and resumed', async () => {
  const pause = { since: '2026-11-30T12:00:00.000Z', until: null, by: 'ada', reason: 'a move' };
  const { url, asked: sent } = await serverOf(
    { body: { workload: 'render', pause } },
    { body: { workload: null, pause: null } },
  );
  const until = ['--until', '2026-12-01T06:00+01:00', '--by', 'ada'];

  const paused = await call(url, ['pause', 'render', '--reason', 'a move', ...until]);
  const resumed = await call(url, ['resume']);

  expect([paused.stdout, resumed.stdout]).toEqual([
    'render is paused by ada until it is resumed: a move\n',
    'All workloads are not paused any more.\n',
  ]);
  expect(sent.map(({ call: one, body }) => [one, body])).toEqual([
    [
      'POST /api/workloads/render/pause',
      { reason: 'a move', until: '2026-12-01T05:00:00.000Z', by: 'ada' },
    ],
    ['POST /api/resume', {}],
  ]);
});

const problem = (status: number, title: string, detail: string, errors?: object) => ({
  status,
  body: { type: `urn:nightshift:${title}`, title, status, detail, ...errors },
});

test.each([
  [
    problem(404, 'unknownWorkload', 'no workload is called "x"; known workloads: render'),
    'no workload is called "x"; known workloads: render',
  ],
  [
    problem(400, 'badRequest', 'wrong', { errors: [{ field: 'from', message: 'must be a day' }] }),
    'from: must be a day',
  ],
  [
    { status: 401, body: '' },
    'POST /api/resume was answered with status 401; set NIGHTSHIFT_KEY to a function key of the app, or use --key-file',
  ],
  [
    { status: 404, body: '<html>' },
    'POST /api/resume was answered with status 404; NIGHTSHIFT_URL must be the address of a Nightshift app of this version',
  ],
  [
    { status: 200, body: '<html>' },
    'POST /api/resume was answered with something other than JSON; NIGHTSHIFT_URL must be the address of a Nightshift app',
  ],
  [problem(409, 'notPaused', 'a\u001b[2Jb'), 'a\\u001b[2Jb'],
])('the answer %j is a failure in one line', async (reply, message) => {
  const { url } = await serverOf(reply);

  expect(await call(url, ['resume'], { key: 'secret' })).toEqual({
    code: reply.status === 401 ? 4 : 1,
    stdout: '',
    stderr: `${message}\n`,
    waits: [],
  });
});

test('the client reads what the app answers', () => {
  const ofApp = (
    one: PlanOfApp,
    summary: SummaryOfApp,
    view: BackfillView,
    pause: PauseOfApp,
  ): readonly [BackfillPlan, BackfillSummary, Backfill, Pause] => [one, summary, view, pause];

  expect(ofApp).toBeTypeOf('function');
});

const retried = {
  runId: 'render-20261130t020000-bbbbbbbbbb',
  workload: 'render',
  attempt: 1,
  retryOf: 'render-20261130t020000-aaaaaaaaaa',
  isNew: true,
  statusUrl: '',
};

test('a run is retried with what failed, or as a whole, and the output names the attempt', async () => {
  const { url, asked } = await serverOf(
    { status: 202, body: retried },
    {
      body: { ...retried, isNew: false },
    },
  );

  const first = await call(url, ['retry', retried.retryOf]);
  const second = await call(url, ['retry', retried.retryOf, '--all', '--by', 'ada']);

  const path = `POST /api/runs/${retried.retryOf}/retry`;
  expect(asked.map((one) => [one.call, one.body])).toEqual([
    [path, {}],
    [path, { tasks: 'all', by: 'ada' }],
  ]);
  expect([first.stdout, second.stdout]).toEqual([
    `Run ${retried.runId} has started; it retries run ${retried.retryOf}.\n`,
    `Run ${retried.runId} is active already; it retries run ${retried.retryOf}.\n`,
  ]);
});

test('a run that cannot be retried is a failure with the reason of the app', async () => {
  const detail = 'run render-1 succeeded; POST /api/runs/render starts another run';
  const { url } = await serverOf({ status: 409, body: { title: 'runSucceeded', detail } });

  expect(await call(url, ['retry', 'render-1'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(detail) as string,
  });
});

import { expect, test } from 'vitest';
import type { RunSummary, RunView } from '../../src/client/runs';
import type { TaskView } from '../../src/client/tasks';
import { apiWith, call, serverOf, tooWide } from './call';
import { ended, ESCAPED, HOSTILE, RUN_ID, running, summary } from './sample-runs';

const failed: RunSummary = {
  ...summary,
  runId: 'nightly-report-20261129t020000-9876543210',
  workload: 'nightly-report',
  status: 'timedOut',
  createdAt: '2026-11-29T02:00:00.000Z',
  startedAt: '2026-11-29T02:00:00.000Z',
  endedAt: '2026-11-29T02:03:04.000Z',
  cost: 0.125,
  cause: { code: 'deadline', message: `the run did not end in time ${HOSTILE}` },
};

const LIST = `RUN                                        STATUS     CREATED (UTC)        TOOK
render-20261130t020000-0123456789          succeeded  2026-11-30 02:00  1:04:04
nightly-report-20261129t020000-9876543210  timed out  2026-11-29 02:00     3:04
`;

test('runs are a table of 80 columns, without the columns that do not fit', async () => {
  const { url } = await serverOf({ body: { runs: [summary, failed], next: null } });
  const { stdout, code } = await call(url, ['runs']);

  expect([code, stdout]).toEqual([0, LIST]);
  expect(tooWide(stdout)).toEqual([]);
});

test('a wide terminal has the cost, and the reason as far as it fits, which cannot control it', async () => {
  const { url } = await serverOf({ body: { runs: [summary, failed], next: 'older' } });
  const terminal = { columns: 124 } as NodeJS.WriteStream;
  const { stdout } = await call(url, ['runs', '--limit', '2'], { terminal });

  expect(stdout)
    .toBe(`RUN                                        STATUS     CREATED (UTC)        TOOK  COST  WHY
render-20261130t020000-0123456789          succeeded  2026-11-30 02:00  1:04:04
nightly-report-20261129t020000-9876543210  timed out  2026-11-29 02:00     3:04  0.13  the run did not end in time \\u001b]0…
Older runs: --after older
`);
});

test('the options of runs are the query of the API, and an age counts back from now', async () => {
  const { url, asked } = await serverOf({ body: { runs: [], next: null } });
  const options = ['--workload', 'render', '--status', 'failed', 'missed', '--since', '12h'];
  const { stdout } = await call(url, ['runs', ...options, '--until', '2026-12-01T01:00+01:00']);

  expect(stdout).toBe('There are no such runs.\n');
  const [path, query] = (asked[0]?.call ?? '').split('?');
  expect([path, Object.fromEntries(new URLSearchParams(query))]).toEqual([
    'GET /api/runs',
    {
      workload: 'render',
      status: 'failed,missed',
      since: '2026-11-30T00:00:00.000Z',
      until: '2026-12-01T00:00:00.000Z',
      limit: '20',
    },
  ]);
});

test.each([
  [['runs', '--limit', '0'], '--limit must be 1 to 200, not "0"'],
  [
    ['runs', '--since', 'yesterday'],
    '--since must be a time with its offset, such as 2026-12-01T06:00+01:00, not "yesterday"',
  ],
  [
    ['runs', '--status', 'broken'],
    "option '--status <status...>' argument 'broken' is invalid. Allowed choices are queued, running, succeeded, failed, cancelled, timedOut, skipped, missed",
  ],
])('%j is a wrong call', async (args, message) => {
  expect(await call('http://127.0.0.1:9', args)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: `nightshift runs: ${message}; nightshift runs --help lists the options\n`,
  });
});

test('JSON is the answer of the API in one line, in which nothing controls a terminal', async () => {
  const page = { runs: [{ ...summary, blob: `${HOSTILE}\u009b2J` }], next: null };
  const { url } = await serverOf({ body: page });
  const { stdout } = await call(url, ['runs', '--json']);

  expect(JSON.parse(stdout)).toEqual(page);
  // oxlint-disable-next-line eslint/no-control-regex -- the test is about them
  expect(stdout.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
});

const task: TaskView = {
  id: 'tile-004',
  state: 'failed',
  node: null,
  exitCode: 3,
  startedAt: null,
  endedAt: null,
  retries: 0,
  requeues: 0,
  input: null,
  cause: 'FailureExitCode',
};

const broken: RunView = {
  ...ended,
  status: 'failed',
  trigger: 'blob',
  blob: `mesh${HOSTILE}.ply`,
  attempt: 1,
  retryOf: 'render-20261130t020000-aaaaaaaaaa',
  parameters: { width: '960' },
  cost: 1.5,
  cause: {
    code: 'taskFailed',
    message: 'one of four tasks failed with exit code 3, which is not among those that are allowed',
  },
  tasks: { active: 0, running: 0, succeeded: 3, failed: 1 },
};

test('a run is shown in 80 columns with its cause, its failed tasks and what to do next', async () => {
  const { url } = await apiWith({
    'GET /api/runs?workload=render&limit=1': { runs: [summary], next: null },
    [`GET /api/runs/${RUN_ID}`]: broken,
    [`GET /api/runs/${RUN_ID}/tasks?status=failed&limit=5`]: { tasks: [task], next: null },
  });
  const { stdout } = await call(url, ['show', 'render']);

  expect(stdout).toBe(`run         render-20261130t020000-0123456789
status      failed after 1:04:04
cause       one of four tasks failed with exit code 3, which is not among those
            that are allowed [taskFailed]
created     2026-11-30 02:00 UTC, by a blob
blob        mesh${ESCAPED}.ply
attempt     2, a retry of render-20261130t020000-aaaaaaaaaa
parameters  width = 960
tasks       4 tasks: 3 succeeded, 1 failed
failed      tile-004, exit code 3: FailureExitCode
timeline       0:59  stages inputs
            1:03:05  runs tasks
cost        12.5 node-minutes, 1.50 in your currency, 1 preemption
logs        nightshift logs render-20261130t020000-0123456789 tile-004 --stderr
outputs     1 result, kept until 2026-12-30 03:04 UTC
            nightshift fetch render-20261130t020000-0123456789
again       nightshift retry render-20261130t020000-0123456789
`);
  expect(tooWide(stdout)).toEqual([]);
});

test('an active run is shown with what it waits for', async () => {
  const run = {
    ...running,
    waitingFor: 'the start of 2 nodes',
    timeline: running.timeline.slice(0, 2),
  };
  const { url } = await apiWith({ [`GET /api/runs/${RUN_ID}`]: run });
  const { stdout } = await call(url, ['show', RUN_ID]);

  expect(stdout).toBe(`run         render-20261130t020000-0123456789
status      running
waits for   the start of 2 nodes
created     2026-11-30 02:00 UTC, by a request
tasks       4 tasks: 1 succeeded, 1 running, 2 waiting
timeline       0:59  stages inputs
                     runs tasks
cost        12.5 node-minutes
`);
});

test('a run is cancelled, and a cancelled end that was asked for is success', async () => {
  const cancelled = { ...ended, status: 'cancelled', cause: { code: 'cancelled', message: 'x' } };
  const { url, asked } = await apiWith({
    [`DELETE /api/runs/${RUN_ID}`]: { runId: RUN_ID, message: 'the run is being cancelled' },
    [`GET /api/runs/${RUN_ID}`]: cancelled,
  });
  const { code, stdout } = await call(url, ['cancel', RUN_ID, '--watch']);

  expect([code, stdout]).toEqual([
    0,
    `Run ${RUN_ID}: the run is being cancelled.\n${RUN_ID}: cancelled after 1:04:04: x\n`,
  ]);
  expect(asked.map((one) => one.call)).toEqual([
    `DELETE /api/runs/${RUN_ID}`,
    `GET /api/runs/${RUN_ID}`,
  ]);
});

test('a name that is neither a run nor a workload, and a workload without runs, are sentences', async () => {
  const unknown = 'no workload is called "reports"; known workloads: render';
  const noRun = { status: 404, body: { title: 'unknownRun', detail: 'no run has the id reports' } };
  const wrong = await serverOf(
    { status: 404, body: { title: 'unknownWorkload', detail: unknown } },
    noRun,
  );
  const empty = await serverOf({ body: { runs: [], next: null } });

  expect([
    (await call(wrong.url, ['show', 'reports'])).stderr,
    (await call(empty.url, ['show', 'render'])).stderr,
  ]).toEqual([
    `"reports" is not a run id, and ${unknown}\n`,
    'workload render has not run yet; nightshift start-run render starts it\n',
  ]);
});

test.each([
  [undefined, false, `No browser can be opened here: URL/api/console\n`],
  ['render', true, `Opened URL/api/console/runs/${RUN_ID}\n`],
] as const)('the console opens at %s, or its address is printed', async (name, isOpen, text) => {
  const { url } = await apiWith({
    'GET /api/runs?workload=render&limit=1': { runs: [summary], next: null },
  });
  const opened: string[] = [];
  const openUrl = async (address: string) => {
    opened.push(address);
    return isOpen;
  };
  const { stdout } = await call(url, ['open', ...(name === undefined ? [] : [name])], { openUrl });

  expect(stdout).toBe(text.replace('URL', url));
  expect(opened).toHaveLength(1);
});

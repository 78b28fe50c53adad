import { expect, test } from 'vitest';
import type { LogPart } from '../../src/client/logs';
import type { TaskView } from '../../src/client/tasks';
import { apiWith, call, serverOf, tooWide } from './call';
import { ended, ESCAPED, HOSTILE, RUN_ID, running } from './sample-runs';

const part = (text: string, offset: number, isEnded: boolean, length?: number): LogPart => {
  const next = offset + text.length;
  return { text, offset, next, length: length ?? next, isEnded };
};

const task = (id: string, more: Partial<TaskView> = {}): TaskView => ({
  id,
  state: 'running',
  node: 'n1',
  exitCode: null,
  startedAt: null,
  endedAt: null,
  retries: 0,
  requeues: 0,
  input: null,
  cause: null,
  ...more,
});

const noLog = {
  status: 404,
  body: { title: 'unknownLog', detail: 'there is no stdout.txt: the task has not started' },
};

const LOGS = `/api/runs/${RUN_ID}/tasks/tile-1/logs`;

test('a log is printed to its end, part by part, also when it is longer than one part', async () => {
  const { url, asked } = await serverOf(
    { body: part('one\ntw', 0, false, 8) },
    { body: part('o\n', 6, false, 8) },
  );

  expect(await call(url, ['logs', RUN_ID, 'tile-1'])).toEqual({
    code: 0,
    stdout: 'one\ntwo\n',
    stderr: '',
    waits: [],
  });
  expect(asked.map((one) => one.call)).toEqual([
    `GET ${LOGS}/stdout?offset=0`,
    `GET ${LOGS}/stdout?offset=6`,
  ]);
});

test('a log that is followed is printed as it grows, until the task has ended', async () => {
  const { url, asked } = await serverOf(
    noLog,
    { body: running },
    { body: part('a', 0, false) },
    { body: part('', 1, false) },
    { body: part('b', 1, true) },
  );

  expect(await call(url, ['logs', RUN_ID, 'tile-1', '-f', '--stderr'])).toEqual({
    code: 0,
    stdout: 'ab',
    stderr: '',
    waits: [2000, 2000, 2000],
  });
  expect(asked.map((one) => one.call)).toEqual([
    `GET ${LOGS}/stderr?offset=0`,
    `GET /api/runs/${RUN_ID}`,
    `GET ${LOGS}/stderr?offset=0`,
    `GET ${LOGS}/stderr?offset=1`,
    `GET ${LOGS}/stderr?offset=1`,
  ]);
});

test('following the log of a node ends with its run, and one that never was is an error', async () => {
  const { url, asked } = await serverOf({ body: part('set up\n', 0, false) }, noLog, {
    body: ended,
  });
  const node = await call(url, ['logs', RUN_ID, '--node', 'tvmps_1', '-f']);
  const never = await serverOf(noLog, { body: ended });
  const missing = await call(never.url, ['logs', RUN_ID, 'tile-1', '-f']);

  expect(asked[0]?.call).toBe(`GET /api/runs/${RUN_ID}/nodes/tvmps_1/logs/stdout?offset=0`);
  expect([node.code, node.stdout]).toEqual([0, 'set up\n']);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    'there is no stdout.txt: the task has not started\n',
  ]);
});

test('a log cannot control the terminal, and keeps its lines and tabs', async () => {
  const { url } = await serverOf({ body: part(`a\tb\n${HOSTILE}\r\n`, 0, true) });

  expect((await call(url, ['logs', RUN_ID, 'tile-1'])).stdout).toBe(
    `a\tb\n${ESCAPED}${String.raw`\u000d`}\n`,
  );
});

test('without a task, the only one is shown, and several are listed in 80 columns', async () => {
  const tasks = [
    task('job-manager', {
      state: 'succeeded',
      exitCode: 0,
      startedAt: '2026-11-30T02:00:00Z',
      endedAt: '2026-11-30T02:00:07Z',
    }),
    task('tile-1', { state: 'failed', exitCode: 3, input: `${HOSTILE}${'x'.repeat(90)}` }),
  ];
  const one = await apiWith({
    [`GET /api/runs/${RUN_ID}/tasks?limit=2`]: { tasks: [task('tile-1')], next: null },
    [`GET ${LOGS}/stdout?offset=0`]: part('the only one\n', 0, true),
  });
  const several = await apiWith({
    [`GET /api/runs/${RUN_ID}/tasks?limit=2`]: { tasks, next: null },
    [`GET /api/runs/${RUN_ID}/tasks?limit=200`]: { tasks, next: null },
  });
  const only = await call(one.url, ['logs', RUN_ID]);
  const list = await call(several.url, ['logs', RUN_ID]);

  expect(only.stdout).toBe('the only one\n');
  expect(list.stdout).toBe(`TASK         STATE      EXIT  TOOK  INPUT OR CAUSE
job-manager  succeeded     0  0:07
tile-1       failed        3        ${ESCAPED}xxxxxxxx…
Name one: nightshift logs ${RUN_ID} job-manager
`);
  expect(tooWide(list.stdout)).toEqual([]);
});

import { expect, test } from 'vitest';
import { daysOf } from '../../src/console/data/days';
import { fieldsOf, parametersOf } from '../../src/console/data/parameter-fields';
import { appTimeAt, nextPace } from '../../src/console/data/pace';
import { pollDelayMs } from '../../src/console/data/poll-delay';
import { indented, previewKindOf } from '../../src/console/data/previews';
import { segmentsOf } from '../../src/console/data/segments';
import { gridOf, tasksFor } from '../../src/console/data/task-order';
import { durationText, monthOf, relativeText } from '../../src/console/format/times';
import type { RunSummary } from '../../src/api/schemas/run';
import type { TaskView } from '../../src/client/tasks';

const seen = { isActive: true, isVisible: true, failures: 0, unseen: 0 };

test.each([
  ['ten seconds while something is active', seen, 10],
  ['a minute while nothing is', { ...seen, isActive: false }, 60],
  ['a minute for a page that is hidden', { ...seen, isVisible: false }, 60],
  ['longer, the longer it is hidden', { ...seen, isVisible: false, unseen: 2 }, 240],
  ['at most a quarter of an hour', { ...seen, isVisible: false, unseen: 9 }, 900],
  ['five seconds after a failure', { ...seen, failures: 1 }, 5],
  ['longer after several', { ...seen, failures: 3 }, 20],
] as const)('the console polls after %s', (_, state, seconds) => {
  expect(pollDelayMs(state)).toBe(seconds * 1000);
});

test('the time of the app continues at the speed of its clock', () => {
  const first = nextPace(null, { app: 1_000_000, real: 0 });
  const fast = nextPace(first, { app: 1_600_000, real: 10_000 });
  const real = nextPace(first, { app: 1_010_050, real: 10_000 });

  expect(appTimeAt(fast, 11_000)).toBe(1_660_000);
  expect(appTimeAt(real, 11_000)).toBe(1_011_050);
  expect(appTimeAt(null, 11_000)).toBe(11_000);
});

const task = (id: string, state: TaskView['state'], more: Partial<TaskView> = {}): TaskView => ({
  id,
  state,
  node: null,
  exitCode: null,
  startedAt: null,
  endedAt: null,
  retries: 0,
  requeues: 0,
  input: null,
  cause: null,
  ...more,
});

test('tasks are shown failed first, each state by name, numbers as numbers', () => {
  const tasks = [
    task('t10', 'succeeded'),
    task('t2', 'succeeded'),
    task('t3', 'waiting'),
    task('t11', 'failed'),
    task('t4', 'running'),
  ];

  expect(tasksFor(tasks, {}).map(({ id }) => id)).toEqual(['t11', 't4', 't3', 't2', 't10']);
});

test('tasks are filtered by state, node and name of the task or its input', () => {
  const tasks = [
    task('a', 'failed', { node: 'n1', input: 'Météo.csv' }),
    task('b', 'failed', { node: 'n2' }),
    task('c', 'succeeded', { node: 'n1', input: 'météo-2.csv' }),
  ];

  expect(tasksFor(tasks, { name: 'MÉTÉO' }).map(({ id }) => id)).toEqual(['a', 'c']);
  expect(tasksFor(tasks, { node: 'n1', state: 'failed' }).map(({ id }) => id)).toEqual(['a']);
});

test('ten thousand tasks fit on a screen, and a few are large', () => {
  expect(gridOf(10_000, 1000)).toEqual({ cell: 5, columns: 200, rows: 50 });
  expect(gridOf(12, 320)).toEqual({ cell: 18, columns: 17, rows: 1 });
  expect(gridOf(20_000, 320).columns).toBe(80);
});

test('a timeline has the wait before a run, nodes that come before the first task, and grows to now', () => {
  const at = (second: number) => new Date(second * 1000).toISOString();
  const run = {
    createdAt: at(0),
    startedAt: at(10),
    endedAt: null,
    timeline: [
      { phase: 'admitting', at: at(10) },
      { phase: 'staging', at: at(20) },
      { phase: 'watching', at: at(30) },
    ],
  } as const;

  const segments = segmentsOf(run, 100_000, 160_000);

  expect(segments.map(({ label, from, to }) => [label, from / 1000, to / 1000])).toEqual([
    ['waiting', 0, 20],
    ['staging', 20, 30],
    ['nodes coming', 30, 100],
    ['working', 100, 160],
  ]);
  expect(segmentsOf(run, null, 160_000).at(-1)?.label).toBe('nodes coming');
});

test('a form is made from the schema of parameters, and leaves out what is empty', () => {
  const fields = fieldsOf({
    type: 'object',
    properties: {
      width: { type: 'integer', minimum: 64, maximum: 9007199254740991, default: 960 },
      title: { type: 'string', description: 'Heading.' },
      style: { enum: ['flat', 'smooth'] },
      deep: { type: 'boolean' },
      columns: { type: 'array' },
    },
    required: ['title', 'width'],
  });

  expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
    ['width', 'number', false],
    ['title', 'text', true],
    ['style', 'choice', false],
    ['deep', 'switch', false],
    ['columns', 'json', false],
  ]);
  expect(fields[0]).toMatchObject({ fallback: '960', minimum: 64, maximum: null, isInteger: true });
  expect(
    parametersOf(fields, { title: '12', width: '80', style: 'flat', deep: 'true', columns: '[1]' }),
  ).toEqual({
    values: { title: '12', width: 80, style: 'flat', deep: true, columns: [1] },
    errors: {},
  });
  expect(parametersOf(fields, { width: 'wide', columns: '[' }).errors).toEqual({
    title: 'is required',
    width: 'must be a number',
    columns: 'must be JSON',
  });
});

test('occurrences are in the days of the zone of the schedule, the latest attempt of each', () => {
  const run = (runId: string, dueAt: string, retryOf: string | null = null) =>
    ({ runId, dueAt, createdAt: dueAt, retryOf }) as RunSummary;
  const runs = [
    run('late', '2026-11-29T23:30:00.000Z'),
    run('first', '2026-11-30T01:00:00.000Z'),
    run('second', '2026-11-30T01:00:00.000Z', 'first'),
  ];

  const days = daysOf(runs, Date.parse('2026-11-30T12:00:00Z'), 2, 'Europe/Berlin');

  expect(days.map(({ day, runs: all }) => [day, all.map(({ runId }) => runId)])).toEqual([
    ['2026-11-29', []],
    ['2026-11-30', ['late', 'second']],
  ]);
});

test.each([
  ['results/picture.PNG', 1000, 'picture'],
  ['results/chart.svg', 1000, 'picture'],
  ['results/huge.png', 5_000_000, 'none'],
  ['results/table.csv', 5_000_000, 'table'],
  ['results/summary.json', 10, 'json'],
  ['results/page.html', 10, 'text'],
  ['results/model.bin', 10, 'none'],
  ['results/none', 10, 'none'],
] as const)('%s of %i bytes is shown as %s', (name, bytes, kind) => {
  expect(previewKindOf(name, bytes)).toBe(kind);
});

test('JSON is indented, and what is not JSON stays as it is', () => {
  expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(indented('{"a":')).toBe('{"a":');
});

test('times are short, relative up to a day, and months are those of UTC', () => {
  const now = Date.parse('2026-01-01T00:30:00Z');

  expect([400, 61_000, 3_600_000, 93_784_000].map(durationText)).toEqual([
    '0 s',
    '1 min 1 s',
    '1 h',
    '1 d 2 h',
  ]);
  expect(relativeText(now - 180_000, now)).toBe('3 min ago');
  expect(relativeText(now + 7_200_000, now)).toBe('in 2 h');
  expect(relativeText(now - 90_000_000, now)).toBe(null);
  expect([monthOf(now), monthOf(now, 1)]).toEqual(['2026-01', '2025-12']);
});

import { afterEach, expect, test } from 'vitest';
import { requestCancel } from '../../src/ledger/claim';
import type { RunStatus } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { POLL_NOW } from '../../src/run/workflow';
import { minutesIn, stageForEach, type Stage } from './stage';
import { idFromText, RUNS_CONTAINER } from '../../src/run/names';

/** Every shape of work, from its occurrence to its record, on the real engine. */

const stage = stageForEach(afterEach);

const task = { command: 'node work.mjs' };
const base = { description: 'a shape', pool: { maxNodes: 10, slotsPerNode: 2 } };

const sweep = {
  ...base,
  name: 'sweep',
  work: {
    kind: 'sweep',
    task,
    over: { MODEL: ['small', 'large'], SEED: { from: 1, to: 3 } },
  },
} satisfies WorkloadDeclaration;

const steps = {
  ...base,
  name: 'steps',
  work: {
    kind: 'tasks',
    task,
    tasks: [
      { id: 'publish', after: ['train', 'check'], environment: { STEP: 'publish' } },
      { id: 'train', after: ['fetch'], environment: { STEP: 'train' } },
      { id: 'check', after: ['fetch'] },
      { id: 'fetch' },
    ],
  },
} satisfies WorkloadDeclaration;

const blobs = {
  ...base,
  name: 'blobs',
  inputs: { container: 'inbox' },
  work: { kind: 'perBlob', task },
} satisfies WorkloadDeclaration;

function specsOf({ batch }: Stage) {
  return [...batch.tasks.values()].map(({ spec }) => spec);
}

function putMany(files: Stage['files'], count: number): void {
  for (let index = 0; index < count; index++) files.put('inbox', `part-${index}.txt`, 'x');
}

test('each combination of a sweep is a task that finds its values in the environment [GD1, GD2, GD3]', async () => {
  const stand = await stage([sweep]);

  const record = await stand.run('sweep');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(record.tasks).toEqual({ active: 0, running: 0, succeeded: 6, failed: 0 });
  expect(specsOf(stand).map(({ id, environment }) => [id, environment])).toEqual([
    [idFromText('MODEL=small SEED=1'), { MODEL: 'small', SEED: '1' }],
    [idFromText('MODEL=small SEED=2'), { MODEL: 'small', SEED: '2' }],
    [idFromText('MODEL=small SEED=3'), { MODEL: 'small', SEED: '3' }],
    [idFromText('MODEL=large SEED=1'), { MODEL: 'large', SEED: '1' }],
    [idFromText('MODEL=large SEED=2'), { MODEL: 'large', SEED: '2' }],
    [idFromText('MODEL=large SEED=3'), { MODEL: 'large', SEED: '3' }],
  ]);
  expect(specsOf(stand)[0]?.id).toMatch(/^MODEL-small-SEED-1-[0-9a-f]{16}$/);
});

test('a run with known tasks requests all their nodes at once, and its job has no job manager', async () => {
  const { run, batch } = await stage([sweep]);

  await run('sweep');

  expect(batch.formulas).toHaveLength(1);
  expect(batch.formulas[0]).toContain('wanted = startup ? max(3, needed) : needed;');
  expect(batch.job?.spec.jobManager).toBeNull();
});

test('an empty sweep and an empty list succeed without a pool', async () => {
  const none = { ...sweep, work: { ...sweep.work, over: { MODEL: [] } } };
  const { run, batch, files } = await stage([
    none,
    { ...steps, work: { ...steps.work, tasks: [] } },
  ]);

  const records = [await run('sweep'), await run('steps')];

  expect(records.map(({ outcome }) => outcome)).toEqual([
    { kind: 'succeeded' },
    { kind: 'succeeded' },
  ]);
  expect(records[0]?.timeline.map(({ phase }) => phase)).not.toContain('staging');
  expect(batch.asked.filter((asked) => asked.startsWith('make'))).toEqual([]);
  expect([...files.containers.keys()]).toEqual([RUNS_CONTAINER]);
});

test('listed tasks run after those they name, and what they share is in the environment of each [NB11]', async () => {
  const stand = await stage([steps]);

  const record = await stand.run('steps');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(
    specsOf(stand).map(({ id, dependsOn, environment }) => [id, dependsOn, environment]),
  ).toEqual([
    ['publish', ['train', 'check'], { STEP: 'publish' }],
    ['train', ['fetch'], { STEP: 'train' }],
    ['check', ['fetch'], {}],
    ['fetch', [], {}],
  ]);
  // Three ranks of five minutes each, one after the other, on a node that comes after three.
  const minutes = minutesIn(record);
  expect(minutes).toBeGreaterThan(18);
  // One of them can begin at once, and one node is enough for it.
  expect(stand.batch.formulas[0]).toContain('max(1, needed)');
});

test('what one task writes, another one reads as files [NB10]', async () => {
  const chain: WorkloadDeclaration = {
    ...base,
    name: 'chain',
    work: {
      kind: 'tasks',
      tasks: [
        { id: 'make', task: { ...task, outputs: [{ files: 'outputs/*', to: 'made' }] } },
        { id: 'use', after: ['make'], task: { ...task, reads: ['made'] } },
      ],
    },
  };
  const stand = await stage([chain]);

  const record = await stand.run('chain');

  const [make, use] = specsOf(stand);
  expect(make?.outputFiles[0]).toMatchObject({ pattern: 'outputs/*', path: 'made' });
  expect(use?.resourceFiles).toEqual([
    { containerUrl: expect.stringContaining(record.outputContainer) as string, prefix: 'made/' },
  ]);
  expect(use?.dependsOn).toEqual(['make']);
});

test('units in chunks are lines of a file, in order, and the task receives their number [GD4]', async () => {
  const chunked = { ...sweep, work: { ...sweep.work, chunk: 4 } } as const;
  const stand = await stage([chunked]);
  const runId = await stand.begin('sweep');
  await stand.hub.settled();

  const staged = `run-${runId}-in`;
  const unitsOf = (id: string) =>
    (stand.files.text(staged, `units/${id}.jsonl`) ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  const unit = (MODEL: string, SEED: string) => ({
    id: idFromText(`MODEL=${MODEL} SEED=${SEED}`),
    environment: { MODEL, SEED },
  });
  expect(unitsOf('chunk-000001')).toEqual([
    unit('small', '1'),
    unit('small', '2'),
    unit('small', '3'),
    unit('large', '1'),
  ]);
  expect(unitsOf('chunk-000002')).toEqual([unit('large', '2'), unit('large', '3')]);
  expect(
    specsOf(stand).map(({ id, environment, resourceFiles }) => [id, environment, resourceFiles]),
  ).toEqual(
    [1, 2].map((number) => [
      `chunk-00000${number}`,
      { UNITS: number === 1 ? '4' : '2' },
      [
        {
          url: `memory://${staged}/units/chunk-00000${number}.jsonl?read-for=210`,
          path: 'units.jsonl',
          mode: null,
        },
      ],
    ]),
  );
  expect((await stand.end(runId)).outcome).toEqual({ kind: 'succeeded' });
});

test('a chunk of blobs has all its inputs, and no other [GD4, NB10]', async () => {
  const stand = await stage([{ ...blobs, work: { ...blobs.work, chunk: 2 } }]);
  putMany(stand.files, 5);

  await stand.run('blobs');

  expect(
    specsOf(stand).map(({ environment, resourceFiles }) => [
      environment,
      resourceFiles.map((file) => ('path' in file ? file.path : '')),
    ]),
  ).toEqual([
    [{ UNITS: '2' }, ['units.jsonl', 'inputs/0001.txt', 'inputs/0002.txt']],
    [{ UNITS: '2' }, ['units.jsonl', 'inputs/0003.txt', 'inputs/0004.txt']],
    [{ UNITS: '1' }, ['units.jsonl', 'inputs/0005.txt']],
  ]);
});

test('lines of a manifest go into chunks too, and bound the tasks, not the lines [GD3, GD4]', async () => {
  const split = {
    ...base,
    name: 'split',
    work: { kind: 'split', jobManager: task, task, chunk: 3, maxTasks: 2 },
  } satisfies WorkloadDeclaration;
  const stand = await stage([split]);
  const runId = await stand.begin('split');
  await stand.hub.settled();
  const lines = [1, 2, 3, 4, 5].map((number) =>
    JSON.stringify({ id: `p${number}`, environment: { N: `${number}` } }),
  );
  stand.files.put(`run-${runId}-out`, 'manifest/tasks.jsonl', lines.join('\n'));

  const record = await stand.end(runId);

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(specsOf(stand).map(({ id, environment }) => [id, environment])).toEqual([
    ['chunk-000001', { UNITS: '3' }],
    ['chunk-000002', { UNITS: '2' }],
  ]);
});

test('a sweep with inputs hands all of them to every task [GD9]', async () => {
  const stand = await stage([{ ...sweep, inputs: { container: 'inbox' } }]);
  putMany(stand.files, 2);

  const record = await stand.run('sweep');

  const staging = `run-${record.runId}-in`;
  expect(specsOf(stand)[5]?.resourceFiles).toEqual([
    { containerUrl: `memory://${staging}/?read-for=210`, prefix: 'inputs/' },
    { url: `memory://${staging}/inputs.json?read-for=210`, path: 'inputs.json', mode: null },
  ]);
});

test('tens of thousands of tasks are added in steps, proved, and leave a short history', async () => {
  const many = {
    ...sweep,
    work: {
      ...sweep.work,
      over: { A: { from: 1, to: 500 }, B: { from: 1, to: 90 } },
      merge: { command: 'node merge.mjs' },
      maxTasks: 50_000,
    },
  } as const;
  const stand = await stage([many], { taskMinutes: 20 });

  const record = await stand.run('sweep');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(record.tasks.succeeded).toBe(45_001);
  expect(stand.batch.asked.filter((asked) => asked.startsWith('addTasks'))).toEqual([
    'addTasks (20000)',
    'addTasks (20000)',
    'addTasks (5000)',
    // Their ids would be too long for the list that it would wait with in the job.
    'addTasks merge',
  ]);
  expect(stand.hub.history(record.runId).length).toBeLessThan(200);
}, 60_000);

test('between two steps of submitting a run can be cancelled', async () => {
  const many = {
    ...sweep,
    work: { ...sweep.work, over: { A: { from: 1, to: 45_000 } }, maxTasks: 50_000 },
  } as const;
  const stand = await stage([many]);
  const runId = await stand.begin('sweep');
  const add = stand.batch.addTasks.bind(stand.batch);
  stand.batch.addTasks = async (jobId, tasks) => {
    await add(jobId, tasks);
    await requestCancel(stand.table, runId, 'a test', stand.clock.now().toISOString());
  };

  const record = await stand.end(runId);

  expect(record.outcome).toMatchObject({ kind: 'cancelled' });
  expect(stand.batch.tasks.size).toBe(20_000);
}, 30_000);

test('the status shows what a run waits for during submission', async () => {
  const stand = await stage([sweep], { nodeMinutes: 30 });
  const runId = await stand.begin('sweep');
  await stand.hub.settled();
  await stand.hub.raiseEvent(runId, POLL_NOW, {});
  await stand.hub.settled();

  const status = stand.hub.status(runId).customStatus as RunStatus;
  expect([status.phase, status.plannedTasks]).toEqual(['watching', 6]);
});

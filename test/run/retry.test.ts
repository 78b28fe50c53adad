import { afterEach, expect, test } from 'vitest';
import { requestCancel } from '../../src/ledger/claim';
import { idFromText } from '../../src/run/names';
import type { RunRecord } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { stageForEach, type Stage } from './stage';

/** Retries of every shape of work, on the real engine: what succeeded is taken over. */

const stage = stageForEach(afterEach);

const task = { command: 'node work.mjs' };
const base = { description: 'a shape', pool: { maxNodes: 10, slotsPerNode: 2 } };
const seed = (number: number) => idFromText(`SEED=${number}`);

const sweep = {
  ...base,
  name: 'sweep',
  work: {
    kind: 'sweep',
    task,
    over: { SEED: { from: 1, to: 4 } },
    merge: { command: 'node merge.mjs' },
  },
} satisfies WorkloadDeclaration;

const graph = {
  ...base,
  name: 'graph',
  work: {
    kind: 'tasks',
    task,
    tasks: [
      { id: 'fetch' },
      { id: 'train', after: ['fetch'] },
      { id: 'check', after: ['fetch'] },
      { id: 'publish', after: ['train', 'check'] },
    ],
  },
} satisfies WorkloadDeclaration;

const split = {
  ...base,
  name: 'split',
  work: { kind: 'split', jobManager: task, task },
} satisfies WorkloadDeclaration;

const blobs = {
  ...base,
  name: 'blobs',
  inputs: { container: 'inbox' },
  work: { kind: 'perBlob', task },
} satisfies WorkloadDeclaration;

const whole = {
  ...base,
  name: 'single',
  work: { kind: 'whole', jobManager: task },
} satisfies WorkloadDeclaration;

/** The tasks that a run gave to Batch, each with what it depends on. */
function tasksOf({ batchOf }: Stage, runId: string): readonly (readonly [string, ...string[]])[] {
  return [...batchOf(runId).tasks.values()].map(({ spec }) => [spec.id, ...spec.dependsOn]);
}

function namesIn({ files }: Stage, { outputContainer }: RunRecord): readonly string[] {
  const names = [...(files.containers.get(outputContainer)?.blobs.keys() ?? [])];
  return names.filter((name) => !/^(attempt|logs)\//.test(name)).toSorted();
}

function listIn({ files }: Stage, { outputContainer }: RunRecord): readonly unknown[] {
  const text = files.text(outputContainer, 'attempt/tasks.jsonl') ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

/** Outputs of the nodes of a run. */
function write({ files }: Stage, { outputContainer }: RunRecord, ...names: readonly string[]) {
  for (const name of names) files.put(outputContainer, name, `of ${outputContainer}`);
}

test('a retry runs the task that failed and the merge, on the outputs of the others', async () => {
  const stand = await stage([sweep], [{ failing: [seed(3)] }, {}]);
  const first = await stand.run('sweep');
  write(stand, first, 'results/1.txt', 'parts/2.txt', `logs/${seed(1)}/stdout.txt`);

  const record = await stand.end(await stand.retry(first.runId));

  expect(first.outcome).toMatchObject({ kind: 'failed', code: 'taskFailed' });
  expect(listIn(stand, first)).toEqual([
    { id: seed(1), end: 'succeeded' },
    { id: seed(2), end: 'succeeded' },
    { id: seed(3), end: 'failed' },
    { id: seed(4), end: 'succeeded' },
    { id: 'merge', end: 'unfinished' },
  ]);
  expect(record).toMatchObject({
    outcome: { kind: 'succeeded' },
    attempt: 1,
    retryOf: first.runId,
    retry: { from: first.runId, by: 'ada' },
    takenOverTasks: 3,
    occurrence: first.occurrence,
  });
  expect(record.runId.slice(0, -10)).toBe(first.runId.slice(0, -10));
  expect(tasksOf(stand, record.runId)).toEqual([[seed(3)], ['merge', seed(3)]]);
  expect(namesIn(stand, record)).toEqual(['parts/2.txt', 'results/1.txt']);
  expect(stand.files.text(record.outputContainer, 'results/1.txt')).toBe(
    `of ${first.outputContainer}`,
  );
  expect(record.logs).toContain(`logs/${seed(1)}/stdout.txt`);
  expect(record.logs).not.toContain(`logs/${seed(3)}/stderr.txt`);
  expect(stand.batchOf(record.runId).formulas[0]).toContain('max(1, needed)');
});

test('a retry of all runs everything again and takes nothing over', async () => {
  const stand = await stage([sweep], [{ failing: [seed(3)] }, {}]);
  const first = await stand.run('sweep');
  write(stand, first, 'results/1.txt');

  const record = await stand.end(await stand.retry(first.runId, 'all'));

  expect([record.outcome, record.retry, record.takenOverTasks]).toEqual([
    { kind: 'succeeded' },
    { from: null, by: 'ada' },
    0,
  ]);
  expect(tasksOf(stand, record.runId).map(([id]) => id)).toEqual(
    [1, 2, 3, 4].map(seed).concat('merge'),
  );
  expect(namesIn(stand, record)).toEqual([]);
});

test('a retry of a retry takes over what both had done', async () => {
  const stand = await stage([sweep], [{ failing: [seed(2), seed(3)] }, { failing: [seed(2)] }, {}]);
  const first = await stand.run('sweep');
  write(stand, first, 'results/1.txt');
  const second = await stand.end(await stand.retry(first.runId));
  write(stand, second, 'results/3.txt');

  const third = await stand.end(await stand.retry(second.runId));

  expect([second.outcome.kind, third.outcome.kind]).toEqual(['failed', 'succeeded']);
  expect([third.attempt, third.retryOf, third.takenOverTasks]).toEqual([2, second.runId, 3]);
  expect(tasksOf(stand, third.runId)).toEqual([[seed(2)], ['merge', seed(2)]]);
  expect(namesIn(stand, third)).toEqual(['results/1.txt', 'results/3.txt']);
});

test('a retry of listed tasks waits only for those that run again', async () => {
  const stand = await stage([graph], [{ failing: ['check'] }, {}]);
  const first = await stand.run('graph');

  const record = await stand.end(await stand.retry(first.runId));

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(tasksOf(stand, record.runId)).toEqual([['check'], ['publish', 'check']]);
});

test('a retry of split work has the same tasks and no job manager', async () => {
  const stand = await stage([split], [{ failing: ['p2'] }, {}]);
  const runId = await stand.begin('split');
  await stand.hub.settled();
  const lines = ['p1', 'p2', 'p3'].map((id) => JSON.stringify({ id }));
  stand.files.put(`run-${runId}-out`, 'manifest/tasks.jsonl', lines.join('\n'));
  const first = await stand.end(runId);

  const record = await stand.end(await stand.retry(first.runId));

  expect([record.outcome, record.takenOverTasks]).toEqual([{ kind: 'succeeded' }, 2]);
  expect(stand.batchOf(record.runId).job?.spec.jobManager).toBeNull();
  expect(tasksOf(stand, record.runId)).toEqual([['p2']]);
  expect(namesIn(stand, record)).toEqual(['manifest/tasks.jsonl']);
});

test('split work whose job manager failed runs again from its job manager on', async () => {
  const stand = await stage([split], [{ jobManagerExit: 1 }, {}]);
  const first = await stand.run('split');
  const runId = await stand.retry(first.runId);
  await stand.hub.settled();
  stand.files.put(`run-${runId}-out`, 'manifest/tasks.jsonl', JSON.stringify({ id: 'p1' }));

  const record = await stand.end(runId);

  expect(first.outcome).toMatchObject({ code: 'jobManagerFailed' });
  expect([record.outcome, record.takenOverTasks]).toEqual([{ kind: 'succeeded' }, 0]);
  expect(stand.batchOf(runId).job?.spec.jobManager?.id).toBe('job-manager');
  expect(tasksOf(stand, runId)).toEqual([['p1']]);
});

test('a job manager that is the whole job runs again', async () => {
  const stand = await stage([whole], [{ jobManagerExit: 1 }, {}]);
  const first = await stand.run('single');
  write(stand, first, 'results/half.txt');

  const record = await stand.end(await stand.retry(first.runId));

  expect([first.outcome.kind, record.outcome.kind]).toEqual(['failed', 'succeeded']);
  expect(namesIn(stand, record)).toEqual([]);
});

test('a retry works on the inputs of the first attempt, and a blob that came since is none', async () => {
  const failing = [idFromText('b.txt')];
  const stand = await stage([blobs], [{ failing }, {}]);
  for (const name of ['a.txt', 'b.txt', 'c.txt']) stand.files.put('inbox', name, 'x');
  const first = await stand.run('blobs');
  stand.files.put('inbox', 'aa.txt', 'x');

  const record = await stand.end(await stand.retry(first.runId));

  expect([record.outcome, record.takenOverTasks]).toEqual([{ kind: 'succeeded' }, 2]);
  const [only, ...others] = [...stand.batchOf(record.runId).tasks.values()];
  expect(others).toEqual([]);
  expect(only?.spec.environment).toEqual({ INPUT_FILE: 'inputs/0002.txt', INPUT_NAME: 'b.txt' });
});

test.each(['overwritten', 'deleted'] as const)(
  'a retry ends where an input was %s since, unless everything runs again',
  async (how) => {
    const stand = await stage([blobs], [{ failing: [idFromText('b.txt')] }, {}]);
    for (const name of ['a.txt', 'b.txt']) stand.files.put('inbox', name, 'x');
    const first = await stand.run('blobs');
    if (how === 'deleted') await stand.files.remove('inbox', 'a.txt');
    else stand.files.put('inbox', 'a.txt', 'y');

    const second = await stand.end(await stand.retry(first.runId));
    const third = await stand.end(await stand.retry(second.runId, 'all'));

    expect(second.outcome).toEqual({
      kind: 'failed',
      code: 'inputGone',
      cause: `blob "a.txt" in container inbox was deleted or overwritten since run ${first.runId} worked on it; retry it with {"tasks":"all"}, which runs everything again`,
    });
    expect(third.outcome).toEqual({ kind: 'succeeded' });
    expect(stand.batchOf(third.runId).tasks.size).toBe(how === 'deleted' ? 1 : 2);
  },
);

test('a run that was timed out is retried with the tasks that had not ended', async () => {
  const chain = {
    ...graph,
    deadlineMinutes: 60,
    work: { ...graph.work, task: { ...task, maxMinutes: 60 } },
  };
  const stand = await stage([chain], [{ taskMinutes: 25 }, {}]);
  const first = await stand.run('graph');

  const record = await stand.end(await stand.retry(first.runId));

  expect([first.outcome.kind, record.outcome.kind]).toEqual(['timedOut', 'succeeded']);
  expect(tasksOf(stand, record.runId)).toEqual([['publish']]);
});

test('a run that was cancelled is retried with the tasks that had not ended', async () => {
  const stand = await stage([graph], [{}, {}]);
  const runId = await stand.begin('graph');
  await stand.hub.settled();
  const count = stand.batch.countTasks.bind(stand.batch);
  stand.batch.countTasks = async () => {
    const counts = await count();
    if (counts.succeeded === 1) {
      await requestCancel(stand.table, runId, 'a test', stand.clock.now().toISOString());
    }
    return counts;
  };
  const first = await stand.end(runId);

  const record = await stand.end(await stand.retry(runId));

  expect([first.outcome.kind, record.outcome.kind]).toEqual(['cancelled', 'succeeded']);
  expect(tasksOf(stand, record.runId)).toEqual([
    ['train'],
    ['check'],
    ['publish', 'train', 'check'],
  ]);
});

test('a run that ended before it had tasks is retried as a whole, on its inputs', async () => {
  const waiting = { ...blobs, pool: { ...blobs.pool, maxWaitMinutes: 10 } };
  const stand = await stage([waiting], [{ nodeMinutes: null }, {}]);
  stand.files.put('inbox', 'a.txt', 'x');
  const first = await stand.run('blobs');
  stand.files.put('inbox', 'b.txt', 'x');

  const record = await stand.end(await stand.retry(first.runId));

  expect(first.outcome).toMatchObject({ code: 'noCapacity' });
  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(tasksOf(stand, record.runId)).toEqual([[idFromText('a.txt')]]);
});

test('results that were missing make a retry run everything again', async () => {
  const merge = {
    command: 'node merge.mjs',
    outputs: [{ files: 'outputs/sum.txt', to: 'results' }],
  };
  const work = { ...sweep.work, merge };
  const stand = await stage([{ ...sweep, work, results: ['sum.txt'] }]);
  const first = await stand.run('sweep');
  const runId = await stand.retry(first.runId);
  await stand.hub.settled();
  stand.files.put(`run-${runId}-out`, 'results/sum.txt', 'x');

  const record = await stand.end(runId);

  expect([first.outcome, record.outcome]).toMatchObject([
    { kind: 'failed', code: 'outputMissing' },
    { kind: 'succeeded' },
  ]);
  expect(tasksOf(stand, runId)).toHaveLength(5);
});

test('a retry whose tasks had all succeeded runs the merge alone, on one node', async () => {
  const stand = await stage([sweep], [{ failing: ['merge'] }, {}]);
  const first = await stand.run('sweep');

  const record = await stand.end(await stand.retry(first.runId));

  expect([record.outcome, record.takenOverTasks]).toEqual([{ kind: 'succeeded' }, 4]);
  expect(tasksOf(stand, record.runId)).toEqual([['merge']]);
});

test('a quorum counts the tasks that were taken over', async () => {
  const most = {
    ...sweep,
    work: { ...sweep.work, merge: { command: 'node merge.mjs', quorum: 0.75 } },
  };
  const stand = await stage([most], [{ failing: [seed(1), seed(2)] }, { failing: [seed(1)] }]);
  const first = await stand.run('sweep');

  const record = await stand.end(await stand.retry(first.runId));

  expect([first.outcome.kind, record.outcome, record.missingTasks]).toEqual([
    'failed',
    { kind: 'succeeded' },
    1,
  ]);
  expect(tasksOf(stand, record.runId)).toEqual([[seed(1)], [seed(2)], ['merge']]);
});

test('a chunk that succeeded is taken over', async () => {
  const chunked = { ...sweep, work: { ...sweep.work, chunk: 2 } };
  const stand = await stage([chunked], [{ failing: ['chunk-000002'] }, {}]);
  const first = await stand.run('sweep');

  const record = await stand.end(await stand.retry(first.runId));

  expect([record.outcome, record.takenOverTasks]).toEqual([{ kind: 'succeeded' }, 1]);
  expect(tasksOf(stand, record.runId)).toEqual([['chunk-000002'], ['merge', 'chunk-000002']]);
  expect(stand.batchOf(record.runId).tasks.get('chunk-000002')?.spec.environment).toEqual({
    UNITS: '2',
  });
});

test('outputs of any number are taken over in steps, and leave a short history', async () => {
  const stand = await stage([sweep], [{ failing: [seed(3)] }, {}]);
  const first = await stand.run('sweep');
  for (let at = 0; at < 120; at++) write(stand, first, `results/${at}.txt`);
  stand.files.pageBlobs = 3;

  const record = await stand.end(await stand.retry(first.runId));

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(namesIn(stand, record)).toHaveLength(120);
  expect(stand.hub.history(record.runId).length).toBeLessThan(200);
});

test('a retry that is cancelled while it takes over is retried from the run before it', async () => {
  const stand = await stage([sweep], [{ failing: [seed(3)] }, {}, {}]);
  const first = await stand.run('sweep');
  for (let at = 0; at < 20; at++) write(stand, first, `results/${at}.txt`);
  stand.files.pageBlobs = 3;
  const runId = await stand.retry(first.runId);
  const page = stand.files.page.bind(stand.files);
  stand.files.page = async (container, cursor) => {
    if (cursor !== null) {
      await requestCancel(stand.table, runId, 'a test', stand.clock.now().toISOString());
    }
    return page(container, cursor);
  };
  const second = await stand.end(runId);
  stand.files.page = page;

  const third = await stand.end(await stand.retry(second.runId));

  expect([second.outcome.kind, third.outcome.kind]).toEqual(['cancelled', 'succeeded']);
  expect([third.retryOf, third.retry?.from]).toEqual([second.runId, first.runId]);
  expect(namesIn(stand, third)).toHaveLength(20);
  expect(tasksOf(stand, third.runId)).toEqual([[seed(3)], ['merge', seed(3)]]);
});

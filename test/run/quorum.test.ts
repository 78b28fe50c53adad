import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { RunRecord } from '../../src/run/run';
import { failuresAllowed } from '../../src/workload/work-schema';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { checked } from './given';
import { stageForEach, type Stage } from './stage';
import { idFromText } from '../../src/run/names';

/** Runs that go on although tasks of theirs failed: as many as their workload says, and no more. */

const stage = stageForEach(afterEach);

const task = { command: 'node work.mjs' };
const seed = (number: number) => idFromText(`SEED=${number}`);
/** `line`: the end of its error output, which the harvest has saved before it lists the missing tasks. */
const failed = (id: string, line = '') => ({
  id,
  input: null,
  exitCode: 1,
  cause: `failed with exit code 1${line}`,
});
const blocked = (id: string) => ({
  id,
  exitCode: null,
  input: null,
  cause: 'was blocked by a task that is missing',
});

/** Ten tasks, whose merge needs eight. */
const most = {
  name: 'most',
  description: 'a merge of most',
  pool: { maxNodes: 5 },
  work: {
    kind: 'sweep',
    task,
    over: { SEED: { from: 1, to: 10 } },
    merge: { command: 'node merge.mjs', quorum: 0.8 },
  },
} satisfies WorkloadDeclaration;

const { merge: _merge, ...withoutMerge } = most.work;
const tolerant = {
  ...most,
  name: 'tolerant',
  work: { ...withoutMerge, tolerateFailed: 0.2 },
} satisfies WorkloadDeclaration;

function asked({ batch }: Stage): readonly string[] {
  return batch.asked.filter((line) => !line.startsWith('delete'));
}

function missingIn({ files }: Stage, { outputContainer }: RunRecord, name: string): unknown {
  const text = files.text(outputContainer, name);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

test('a merge with a quorum is added when all others have ended, with the list of missing tasks [GD5]', async () => {
  const stand = await stage([most], { failing: [seed(3), seed(7)] });

  const record = await stand.run('most');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect([record.missingTasks, record.tasks]).toEqual([
    2,
    { active: 0, running: 0, succeeded: 9, failed: 2 },
  ]);
  expect(asked(stand)).toEqual([
    'makePool',
    'makeJob',
    expect.stringMatching(/^addTasks SEED-1-/) as string,
    'addTasks merge',
    'endWhenTasksEnd',
    'setFormula',
  ]);
  expect(missingIn(stand, record, 'merge/missing.json')).toEqual([
    failed(seed(3)),
    failed(seed(7)),
  ]);
  const merge = stand.batch.tasks.get('merge')?.spec;
  expect(merge?.dependsOn).toEqual([]);
  expect(merge?.resourceFiles).toEqual([
    {
      url: expect.stringContaining(
        `${record.outputContainer}/merge/missing.json?read-for=`,
      ) as string,
      path: 'missing.json',
      mode: null,
    },
  ]);
});

test('a merge with a quorum gets an empty list when nothing is missing', async () => {
  const stand = await stage([most]);

  const record = await stand.run('most');

  expect([record.outcome, record.missingTasks]).toEqual([{ kind: 'succeeded' }, 0]);
  expect(missingIn(stand, record, 'merge/missing.json')).toEqual([]);
});

test('below its quorum a run fails, and no merge is added [GD5]', async () => {
  const stand = await stage([most], { failing: [seed(1), seed(2), seed(3)] });

  const record = await stand.run('most');

  expect(record.outcome).toMatchObject({
    kind: 'failed',
    code: 'taskFailed',
    cause: expect.stringMatching(
      /^3 tasks failed after all retries; 2 of 10 may be missing: task SEED-1-/,
    ) as string,
  });
  expect(record.missingTasks).toBe(0);
  expect(asked(stand)).not.toContain('addTasks merge');
  expect(missingIn(stand, record, 'merge/missing.json')).toBeUndefined();
});

test('a merge that fails fails its run, however many tasks may be missing', async () => {
  const stand = await stage([most], { failing: [seed(5), 'merge'] });

  const record = await stand.run('most');

  expect(record.outcome).toMatchObject({
    kind: 'failed',
    code: 'taskFailed',
    cause: expect.stringMatching(/^the merge failed after all retries: /) as string,
  });
});

test('a merge is not added while a list still shows a task that the counts have ended', async () => {
  const stand = await stage([most]);
  const list = stand.batch.unfinishedTasks.bind(stand.batch);
  let behind = 3;
  stand.batch.unfinishedTasks = async (jobId, limit) => {
    behind -= 1;
    return behind >= 0 ? [seed(10)] : list(jobId, limit);
  };

  const record = await stand.run('most');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect([behind, asked(stand).filter((line) => line === 'addTasks merge')]).toEqual([
    -1,
    ['addTasks merge'],
  ]);
});

test('without a merge a run succeeds although a share failed, and names what is missing', async () => {
  const stand = await stage([tolerant], { failing: [seed(4), seed(9)] });

  const record = await stand.run('tolerant');

  expect([record.outcome, record.missingTasks]).toEqual([{ kind: 'succeeded' }, 2]);
  expect(missingIn(stand, record, 'missing.json')).toEqual([
    failed(seed(4), `: stderr.txt of ${seed(4)}`),
    failed(seed(9), `: stderr.txt of ${seed(9)}`),
  ]);
  expect(record.logs).toEqual(
    expect.arrayContaining([`logs/${seed(4)}/stderr.txt`, `logs/${seed(9)}/stderr.txt`]),
  );
});

test('one more than the share fails the run', async () => {
  const stand = await stage([tolerant], { failing: [seed(1), seed(4), seed(9)] });

  expect((await stand.run('tolerant')).outcome).toMatchObject({
    kind: 'failed',
    code: 'taskFailed',
  });
});

test('a run that tolerates nothing fails by one failure', async () => {
  const strict = { ...tolerant, work: { ...tolerant.work, tolerateFailed: 0 } };
  const stand = await stage([strict], { failing: [seed(4)] });

  expect((await stand.run('tolerant')).outcome).toMatchObject({
    kind: 'failed',
    code: 'taskFailed',
    cause: expect.stringMatching(/^1 task failed after all retries: task SEED-4-/) as string,
  });
});

/** `fetch`, then three that need it, one of which others need. */
const ranks = {
  name: 'ranks',
  description: 'tasks that wait for others',
  pool: {},
  work: {
    kind: 'tasks',
    task,
    tasks: [
      { id: 'fetch' },
      { id: 'a', after: ['fetch'] },
      { id: 'b', after: ['fetch'] },
      { id: 'c', after: ['fetch'] },
      { id: 'a2', after: ['a'] },
      { id: 'a3', after: ['a2'] },
    ],
    tolerateFailed: 0.5,
  },
} satisfies WorkloadDeclaration;

test('tasks blocked by a failed one count as missing, and the run does not wait for them [NB11]', async () => {
  const stand = await stage([ranks], { failing: ['a'] });

  const record = await stand.run('ranks');

  expect([record.outcome, record.missingTasks]).toEqual([{ kind: 'succeeded' }, 3]);
  expect(missingIn(stand, record, 'missing.json')).toEqual([
    failed('a', ': stderr.txt of a'),
    blocked('a2'),
    blocked('a3'),
  ]);
  expect(record.tasks).toEqual({ active: 2, running: 0, succeeded: 3, failed: 1 });
});

test('a failure that blocks too many tasks fails the run with their number [NB11]', async () => {
  const { run } = await stage([ranks], { failing: ['fetch'] });

  expect((await run('ranks')).outcome).toMatchObject({
    kind: 'failed',
    cause: expect.stringMatching(
      /^1 task failed after all retries and 5 were blocked by them; 3 of 6 may be missing: task fetch failed with exit code 1: /,
    ) as string,
  });
});

test('a failed task lets what is independent of it finish, for as long as that takes', async () => {
  const tasks = [{ id: 'bad' }, { id: 'one' }, { id: 'two', after: ['one'] }];
  const work = { kind: 'tasks', task, tasks, merge: { command: 'node merge.mjs' } } as const;
  const stand = await stage([{ ...ranks, work }], { failing: ['bad'] });

  const record = await stand.run('ranks');

  expect(record.outcome).toMatchObject({ kind: 'failed', code: 'taskFailed' });
  expect(record.tasks).toEqual({ active: 1, running: 0, succeeded: 2, failed: 1 });
});

test('with whenTaskFails stop, what is independent of a failed task does not finish', async () => {
  const tasks = [{ id: 'bad' }, { id: 'one' }, { id: 'two', after: ['one'] }];
  const work = { kind: 'tasks', task, tasks, whenTaskFails: 'stop' } as const;
  const stand = await stage([{ ...ranks, work }], { failing: ['bad'] });

  const record = await stand.run('ranks');

  expect(record.outcome).toMatchObject({ kind: 'failed', code: 'taskFailed' });
  expect(record.tasks).toEqual({ active: 0, running: 1, succeeded: 1, failed: 1 });
});

test('a run whose remaining tasks outlive the deadline is timed out, whatever has failed', async () => {
  const tasks = [{ id: 'bad' }, { id: 'one' }, { id: 'two', after: ['one'] }];
  const work = { kind: 'tasks', task: { ...task, maxMinutes: 9 }, tasks } as const;
  const stand = await stage([{ ...ranks, deadlineMinutes: 10, work }], { failing: ['bad'] });

  expect((await stand.run('ranks')).outcome).toMatchObject({ kind: 'timedOut' });
});

test('a merge with a quorum also runs without blocked tasks [GD5, NB11]', async () => {
  const { tolerateFailed: _share, ...work } = ranks.work;
  const merging = {
    ...ranks,
    work: { ...work, merge: { command: 'node merge.mjs', quorum: 0.5 } },
  };
  const stand = await stage([merging], { failing: ['a'] });

  const record = await stand.run('ranks');

  expect([record.outcome, record.missingTasks]).toEqual([{ kind: 'succeeded' }, 3]);
  expect(missingIn(stand, record, 'merge/missing.json')).toEqual([
    failed('a'),
    blocked('a2'),
    blocked('a3'),
  ]);
  expect(record.tasks).toEqual({ active: 2, running: 0, succeeded: 4, failed: 1 });
});

test('a merge that was added before a crash is found there, though the job takes no more', async () => {
  const stand = await stage([most], { failing: [seed(2)] });
  const { batch } = stand;
  const add = batch.addTasks.bind(batch);
  const end = batch.endWhenTasksEnd.bind(batch);
  let crashed = false;
  batch.endWhenTasksEnd = async () => {
    await end();
    if (crashed) return;
    crashed = true;
    // It was done, and the news of it is lost.
    throw new Failure('serviceUnavailable', 'cut off');
  };
  batch.addTasks = async (jobId, tasks) => {
    if (crashed) throw new Failure('jobEndedEarly', 'the job is over');
    await add(jobId, tasks);
  };

  const record = await stand.run('most');

  expect([record.outcome, record.missingTasks]).toEqual([{ kind: 'succeeded' }, 1]);
  expect(asked(stand).filter((line) => line === 'addTasks merge')).toEqual(['addTasks merge']);
});

test.each([
  [0.5, 3, 1],
  [0.5, 4, 2],
  [0.75, 10, 2],
  [0.93, 100, 7],
  [1, 3, 0],
])(
  'a quorum of %d tolerates, of %d tasks, %d that fail and no part of one',
  (quorum, tasks, allowed) => {
    const merge = { command: 'node merge.mjs', quorum };
    const { work } = checked({ ...most, work: { ...most.work, merge } });

    expect(failuresAllowed(work, tasks)).toBe(allowed);
  },
);

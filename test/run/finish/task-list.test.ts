import { expect, test } from 'vitest';
import { findKeptTask, keepTasks, readKeptTasks } from '../../../src/run/finish/task-list';
import type { TaskView } from '../../../src/run/finish/reads';
import { whole } from '../given';
import { now, worldOf, type World } from '../world';

function taskAt(index: number): TaskView {
  return {
    id: `t${index}`,
    state: index % 4 === 0 ? 'failed' : 'succeeded',
    node: 'tvm-1',
    exitCode: index % 4 === 0 ? 1 : 0,
    startedAt: now,
    endedAt: now,
    retries: 0,
    requeues: 0,
    input: null,
    cause: index % 4 === 0 ? 'failed with exit code 1' : null,
  };
}

/** The same as Batch lists it: the reason is that of the service. */
function listedAt(index: number): TaskView {
  const task = taskAt(index);
  return { ...task, cause: task.cause === null ? null : 'FailureExitCode' };
}

async function withTasks(count: number): Promise<World> {
  const world = worldOf(whole);
  const { activities, plan, batch } = world;
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  batch.tasks = Array.from({ length: count }, (_, index) => listedAt(index));
  batch.countTasks = async () => ({ active: 0, running: 0, succeeded: count, failed: 0 });
  return world;
}

const all = { state: null, cursor: null, limit: 1000 } as const;

test('a run keeps all its tasks, and they are read a page at a time', async () => {
  const { batch, files, plan } = await withTasks(2500);
  await keepTasks({ batch, files, workloads: new Map() }, plan);
  const first = await readKeptTasks(files, plan.runId, all);
  const second = await readKeptTasks(files, plan.runId, { ...all, cursor: first?.next ?? '' });
  const third = await readKeptTasks(files, plan.runId, { ...all, cursor: second?.next ?? '' });

  expect([first?.tasks.length, second?.tasks.length, third?.tasks.length]).toEqual([
    1000, 1000, 500,
  ]);
  expect([first, second, third].flatMap((page) => page?.tasks ?? [])).toEqual(
    batch.tasks.map((_, index) => taskAt(index)),
  );
  expect([third?.next, third?.isComplete]).toEqual([null, true]);
});

test('kept tasks of one state are read across pages', async () => {
  const { batch, files, plan } = await withTasks(10);
  await keepTasks({ batch, files, workloads: new Map() }, plan);
  const query = { state: 'failed', limit: 2 } as const;
  const first = await readKeptTasks(files, plan.runId, { ...query, cursor: null });
  const second = await readKeptTasks(files, plan.runId, { ...query, cursor: first?.next ?? '' });

  expect(first?.tasks.map(({ id }) => id)).toEqual(['t0', 't4']);
  expect(second).toEqual({ tasks: [taskAt(8)], next: null, isComplete: true });
});

test('of more than 10,000 tasks the failed ones are kept', async () => {
  const { batch, files, plan } = await withTasks(10_001);
  await keepTasks({ batch, files, workloads: new Map() }, plan);
  const first = await readKeptTasks(files, plan.runId, { ...all, limit: 10_000 });

  expect(first).toEqual({
    tasks: batch.tasks.map((_, index) => taskAt(index)).filter(({ state }) => state === 'failed'),
    next: null,
    isComplete: false,
  });
});

test('of more than 10,000 failed tasks that many are kept', async () => {
  const { batch, files, plan } = await withTasks(0);
  batch.tasks = Array.from({ length: 12_000 }, (_, index) => listedAt(index * 4));
  batch.countTasks = async () => ({ active: 0, running: 0, succeeded: 0, failed: 12_000 });
  await keepTasks({ batch, files, workloads: new Map() }, plan);
  const kept = await readKeptTasks(files, plan.runId, { ...all, limit: 20_000 });

  expect([kept?.tasks.length, kept?.isComplete]).toEqual([10_000, false]);
});

test('a list is written by the harvest, and again by its repetition', async () => {
  const { activities, files, plan } = await withTasks(3);
  const outcome = { kind: 'succeeded' } as const;
  await activities.harvest({ plan, outcome, worked: true });
  const text = files.text('runs', `tasks/${plan.runId}.jsonl`);
  await activities.harvest({ plan, outcome, worked: true });

  expect(text?.split('\n')).toHaveLength(5);
  expect(files.text('runs', `tasks/${plan.runId}.jsonl`)).toBe(text);
  expect(await findKeptTask(files, plan.runId, 't1')).toEqual(taskAt(1));
  expect(await findKeptTask(files, plan.runId, 't9')).toBeNull();
});

test('nothing is written without a job', async () => {
  const { batch, files, plan } = worldOf(whole);
  await keepTasks({ batch, files, workloads: new Map() }, plan);

  expect(await readKeptTasks(files, plan.runId, all)).toBeNull();
});

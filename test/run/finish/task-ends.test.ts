import { expect, test } from 'vitest';
import { TAKEN_OVER_LIST, TASK_LIST } from '../../../src/run/names';
import type { TaskEnd } from '../../../src/run/ports';
import { writeTaskList } from '../../../src/run/finish/task-ends';
import { readTaskList, readTakenOver } from '../../../src/run/submit/taken-over';
import type { Outcome } from '../../../src/run/run';
import { split } from '../given';
import { worldOf, type World } from '../world';

/** The list of a run's tasks, by which a retry knows what it takes over. */

const retry = { from: 'tiles-20261121t020000-0123456789', by: 'ada' };

function worldWith(tasks: readonly TaskEnd[], asRetry = false): World {
  const world = worldOf(split, asRetry ? { retry } : {});
  world.batch.taskEnds = async function* ends() {
    yield* tasks;
  };
  return world;
}

async function listedBy(world: World): Promise<readonly string[]> {
  await world.files.makeContainer(world.plan.outputContainer, {});
  await writeTaskList(world.tools, world.plan);
  await writeTaskList(world.tools, world.plan);
  const text = world.files.text(world.plan.outputContainer, TASK_LIST) ?? '';
  return text.trimEnd().split('\n');
}

test('the list has the end of each task, also when it is written twice', async () => {
  const world = worldWith([
    { id: 'job-manager', end: 'succeeded' },
    { id: 'p1', end: 'failed' },
    { id: 'p2', end: 'unfinished' },
  ]);

  expect(await listedBy(world)).toEqual([
    '{"id":"job-manager","end":"succeeded"}',
    '{"id":"p1","end":"failed"}',
    '{"id":"p2","end":"unfinished"}',
  ]);
});

test('the list of a retry has what it took over, too', async () => {
  const world = worldWith([{ id: 'p2', end: 'succeeded' }], true);
  const before = [
    { id: 'job-manager', end: 'succeeded' },
    { id: 'P1', end: 'succeeded' },
    { id: 'p2', end: 'failed' },
    { id: 'merge', end: 'succeeded' },
  ];
  const lines = [...before.map((task) => JSON.stringify(task)), 'not a line', '{}'];
  world.files.put(world.plan.outputContainer, TAKEN_OVER_LIST, lines.join('\n'));

  expect(await readTakenOver(world.files, world.plan)).toEqual({
    succeeded: new Map([
      ['job-manager', 'job-manager'],
      ['p1', 'P1'],
    ]),
    hasManifest: true,
  });
  expect(await listedBy(world)).toEqual([
    '{"id":"job-manager","end":"succeeded"}',
    '{"id":"P1","end":"succeeded"}',
    '{"id":"p2","end":"succeeded"}',
  ]);
});

test('the list of a hundred thousand tasks is complete, and has no more than a few others', async () => {
  const id = (at: number) => `SEED-${at}-`.padEnd(64, '0');
  const tasks = Array.from({ length: 100_500 }, (_, at) => ({
    id: id(at),
    end: 'succeeded' as const,
  }));
  const world = worldWith(tasks);

  await listedBy(world);

  const container = world.plan.outputContainer;
  const found = await readTaskList(world.files, container, TASK_LIST);
  expect(found?.succeeded.size).toBe(100_002);
});

test('a job manager that made no task has no manifest to be taken over', async () => {
  const world = worldWith([{ id: 'job-manager', end: 'succeeded' }]);
  await listedBy(world);

  expect(await readTaskList(world.files, world.plan.outputContainer, TASK_LIST)).toMatchObject({
    hasManifest: false,
  });
  expect(await readTaskList(world.files, world.plan.outputContainer, 'none')).toBeNull();
});

test.each([
  [{ kind: 'failed', code: 'manifestRefused', cause: 'a task was refused' }, ''],
  [{ kind: 'failed', code: 'taskFailed', cause: '1 failed' }, '{"id":"p1","end":"succeeded"}\n'],
  [{ kind: 'cancelled', code: 'cancelled', cause: 'by ada' }, '{"id":"p1","end":"succeeded"}\n'],
  [{ kind: 'succeeded' }, undefined],
] as const)('the harvest of a run that ended as %j lists %j', async (outcome: Outcome, list) => {
  const world = worldWith([{ id: 'p1', end: 'succeeded' }]);
  const { activities, batch, files, plan } = world;
  await activities.claim({ plan, now: plan.startedAt }).catch(() => undefined);
  await files.makeContainer(plan.outputContainer, {});
  batch.getJob = async () => ({ state: 'active', terminateReason: null, jobManager: null });
  batch.failedTasks = async () => [];

  await activities.harvest({ plan, outcome, worked: true });

  expect(files.text(plan.outputContainer, TASK_LIST)).toBe(list);
});

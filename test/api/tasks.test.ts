import { expect, test } from 'vitest';
import { tasksHandler } from '../../src/api/tasks';
import { Failure } from '../../src/failure';
import { keepTasks } from '../../src/run/finish/task-list';
import type { TaskView } from '../../src/run/finish/reads';
import { planOf, STARTED, whole } from '../run/given';
import { answerTo, present, testApp, type Answer, type TestApp } from './given';
import { addResources } from './resources';

function taskAt(index: number): TaskView {
  return {
    id: `t${index}`,
    state: index === 1 ? 'failed' : 'running',
    node: 'tvm-1',
    exitCode: index === 1 ? 3 : null,
    startedAt: STARTED,
    endedAt: null,
    retries: 1,
    requeues: 0,
    input: 'a\u001b[31m.csv',
    cause: index === 1 ? 'failed with exit code 3' : null,
  };
}

/** The same as Batch lists it: the reason is that of the service. */
function listedAt(index: number): TaskView {
  const task = taskAt(index);
  return { ...task, cause: task.cause === null ? null : 'FailureExitCode' };
}

interface Running extends TestApp {
  readonly runId: string;
}

async function running(count = 5): Promise<Running> {
  const world = testApp([whole]);
  const runId = await world.start('hello', 'one');
  await world.claim(runId);
  await addResources(world, runId, 'hello');
  world.batch.tasks = Array.from({ length: count }, (_, index) => listedAt(index));
  return { ...world, runId };
}

function list({ app, hub, runId }: Running, query = '', id = runId): Promise<Answer> {
  return answerTo(tasksHandler(app), hub, {
    path: `/api/runs/${id}/tasks${query}`,
    params: { id },
  });
}

async function end(world: Running): Promise<void> {
  const { app, batch, files, runId } = world;
  const { workloads } = app;
  const plan = { ...planOf(present(app.workloads.get('hello'))), runId, jobId: runId };
  await keepTasks({ batch, files, workloads }, plan);
  batch.jobs.delete(runId);
  await world.end(runId);
}

const bodyOf = ({ body }: Answer) =>
  body as { tasks: readonly TaskView[]; next: string | null; isComplete: boolean };

test('the tasks of an active run come from Batch, a page at a time', async () => {
  const world = await running();
  const first = bodyOf(await list(world, '?limit=3'));
  const second = bodyOf(await list(world, `?limit=3&after=${first.next ?? ''}`));

  expect(first.tasks).toEqual([taskAt(0), taskAt(1), taskAt(2)]);
  expect(second).toEqual({ tasks: [taskAt(3), taskAt(4)], next: null, isComplete: true });
});

test('the tasks of an ended run come from the list that it has kept', async () => {
  const world = await running();
  await end(world);
  const first = bodyOf(await list(world, '?limit=4'));
  const second = bodyOf(await list(world, `?limit=4&after=${first.next ?? ''}`));

  expect([...first.tasks, ...second.tasks]).toEqual(
    world.batch.tasks.map((_, index) => taskAt(index)),
  );
  expect(bodyOf(await list(world, '?status=failed')).tasks).toEqual([taskAt(1)]);
});

test('a run without a job has no tasks yet', async () => {
  const world = testApp([whole]);
  const runId = await world.start('hello', 'one');

  expect(bodyOf(await list({ ...world, runId }))).toEqual({
    tasks: [],
    next: null,
    isComplete: true,
  });
});

test('a page of Batch does not continue after the end of the run, and says so', async () => {
  const world = await running();
  const { next } = bodyOf(await list(world, '?limit=3'));
  await end(world);
  const { status, body } = await list(world, `?limit=3&after=${next ?? ''}`);

  expect([status, body]).toEqual([
    400,
    expect.objectContaining({
      errors: [{ field: 'after', message: 'the run has ended meanwhile; start at the first page' }],
    }),
  ]);
});

test('a cursor that Batch refuses is an error of the request', async () => {
  const world = await running();
  world.batch.listTasks = async () => {
    throw new Failure('badSpecification', 'cannot list the tasks');
  };

  expect((await list(world, '?after=bYQ')).status).toBe(400);
});

test.each(['?status=done', '?limit=0', '?limit=1001', '?after=x', '?after=kb', '?page=2'])(
  'a list asked for with %s is refused by its field',
  async (query) => {
    expect((await list(await running(), query)).status).toBe(400);
  },
);

test.each(['nobody-20261130t000000-0123456789', '..%2f..', 'A'.repeat(100)])(
  'the run %s has no tasks, since it does not exist',
  async (id) => {
    const { status, body } = await list(await running(), '', id);

    expect([status, (body as { title: string }).title]).toEqual([404, 'unknownRun']);
  },
);

import { afterEach, expect, test } from 'vitest';
import {
  refusal,
  scripted,
  type Answer,
  type Asked,
  type Script,
  type ScriptedBatch,
} from './scripted-batch';
import { task, tasks } from './specs';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function opened(script: Script | readonly Answer[]): Promise<ScriptedBatch> {
  open = await scripted(script);
  return open;
}

function bodyOf(asked: Asked | undefined): readonly { id: string; dependsOn?: unknown }[] {
  const { value = [] } = (asked?.body ?? {}) as { value?: { id: string }[] };
  return value;
}

function idsOf(asked: Asked): string[] {
  return bodyOf(asked).map(({ id }) => id);
}

/** The answer of a service that has added everything. */
function allAdded(asked: Asked): Answer {
  return {
    status: 200,
    body: { value: idsOf(asked).map((taskId) => ({ status: 'Success', taskId })) },
  };
}

function refusedEntry(taskId: string, status: string, code: string) {
  return {
    taskId,
    status,
    error: { code, message: { lang: 'en-US', value: `${code}!\nRequestId:1` } },
  };
}

test('tasks are added in collections of a hundred, in their order [GD33, PI17]', async () => {
  const line = await opened(allAdded);

  await line.batch.addTasks('hello-1', tasks(250));

  expect(line.asked.map((asked) => [asked.path, idsOf(asked).length])).toEqual([
    ['/jobs/hello-1/addtaskcollection', 100],
    ['/jobs/hello-1/addtaskcollection', 100],
    ['/jobs/hello-1/addtaskcollection', 50],
  ]);
  expect(line.asked.flatMap(idsOf)).toEqual(tasks(250).map(({ id }) => id));
});

test('a collection that is too large is halved until it fits [PI17]', async () => {
  const line = await opened((asked) =>
    idsOf(asked).length > 3 ? refusal(413, 'RequestBodyTooLarge') : allAdded(asked),
  );

  await line.batch.addTasks('hello-1', tasks(10));

  expect(line.asked.map((asked) => idsOf(asked).length)).toEqual([10, 5, 3, 2, 5, 3, 2]);
  const fitting = line.asked.filter((asked) => idsOf(asked).length <= 3);
  expect(fitting.flatMap(idsOf)).toEqual(tasks(10).map(({ id }) => id));
});

test('a single task that is too large is refused by its id [PI18]', async () => {
  const line = await opened((asked) =>
    idsOf(asked).includes('t2') ? refusal(413, 'RequestBodyTooLarge') : allAdded(asked),
  );

  await expect(line.batch.addTasks('hello-1', tasks(4))).rejects.toMatchObject({
    code: 'manifestRefused',
    message: 'Batch rejected task t2: it is larger than the service accepts',
  });
  expect(line.asked.map(idsOf)).toEqual([['t1', 't2', 't3', 't4'], ['t1', 't2'], ['t1'], ['t2']]);
});

test("only what failed on the service's side is sent again", async () => {
  const line = await opened((asked, number) =>
    number > 1
      ? allAdded(asked)
      : {
          status: 200,
          body: {
            value: [
              { status: 'success', taskId: 't3' },
              refusedEntry('t2', 'ServerError', 'ServerBusy'),
              { status: 'Success', taskId: 't1' },
            ],
          },
        },
  );

  await line.batch.addTasks('hello-1', tasks(3));

  expect(line.asked.map(idsOf)).toEqual([['t1', 't2', 't3'], ['t2']]);
});

test('a task that the service cannot add is left for a retry after five rounds', async () => {
  const line = await opened([
    { status: 200, body: { value: [refusedEntry('t1', 'ServerError', 'ServerBusy')] } },
  ]);

  await expect(line.batch.addTasks('hello-1', tasks(1))).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: 'Batch could not add task t1 to job hello-1 at the moment',
  });
  expect(line.asked).toHaveLength(5);
});

test('an existing task counts as added by an earlier attempt [GD26]', async () => {
  const line = await opened([
    { status: 200, cut: 'before' },
    {
      status: 200,
      body: {
        value: [
          refusedEntry('t1', 'ClientError', 'TaskExists'),
          { status: 'Success', taskId: 't2' },
        ],
      },
    },
  ]);

  await line.batch.addTasks('hello-1', tasks(2));

  expect(line.asked.map(idsOf)).toEqual([
    ['t1', 't2'],
    ['t1', 't2'],
  ]);
});

test('a task that the service rejects is named with the reason', async () => {
  const line = await opened([
    {
      status: 200,
      body: {
        value: [
          { status: 'Success', taskId: 't1' },
          refusedEntry('t2', 'clienterror', 'TaskDependencyListTooLong'),
        ],
      },
    },
  ]);

  await expect(line.batch.addTasks('hello-1', tasks(2))).rejects.toMatchObject({
    code: 'manifestRefused',
    message: 'Batch rejected task t2: TaskDependencyListTooLong! [TaskDependencyListTooLong]',
  });
});

test.each(['JobCompleted', 'JobBeingTerminated', 'JobBeingDeleted', 'JobNotFound'])(
  'a job that answers %s accepts no more tasks, and the call fails at once',
  async (code) => {
    const line = await opened([refusal(code === 'JobNotFound' ? 404 : 409, code, 'It is over.')]);

    await expect(line.batch.addTasks('hello-1', tasks(1))).rejects.toMatchObject({
      code: 'jobEndedEarly',
      message: 'job hello-1 accepts no more tasks: It is over.',
    });
    expect(line.asked).toHaveLength(1);
  },
);

test('a task carries what it depends on, and only then', async () => {
  const line = await opened(allAdded);

  await line.batch.addTasks('hello-1', [task, { ...task, id: 'merge', dependsOn: ['t1'] }]);

  const [first, merge] = bodyOf(line.asked[0]);
  expect([first?.dependsOn, merge?.dependsOn]).toEqual([undefined, { taskIds: ['t1'] }]);
});

test.each([
  ['is repeated, and nothing is listed twice', 1, ['t1', 't2', 't3']],
  ['makes the list fail, which is never taken for a shorter one', 100, 'serviceUnavailable'],
] as const)('a page in the middle of a list that the service refuses %s', async (...given) => {
  const [, refusals, expected] = given;
  let refused = 0;
  const line = await opened(({ path }) => {
    if (!path.includes('skip'))
      return {
        status: 200,
        body: {
          value: [{ id: 't1' }, { id: 't2' }],
          'odata.nextLink': `${open?.url ?? ''}/jobs/hello-1/tasks?skip=2`,
        },
      };
    refused += 1;
    return refused <= refusals
      ? refusal(500, 'InternalError')
      : { status: 200, body: { value: [{ id: 't3' }] } };
  });

  const list = async () => {
    const ids: string[] = [];
    for await (const id of line.batch.taskIds('hello-1')) ids.push(id);
    return ids;
  };
  const result = await list().catch(({ code }: { readonly code: string }) => code);
  expect(result).toEqual(expected);
});

test('the ids of all tasks are listed page by page, by nothing but their ids', async () => {
  const line = await opened(({ path }) =>
    path.includes('skip')
      ? { status: 200, body: { value: [{ id: 't3' }] } }
      : {
          status: 200,
          body: {
            value: [{ id: 't1' }, { id: 't2' }],
            'odata.nextLink': `${open?.url ?? ''}/jobs/hello-1/tasks?skip=2`,
          },
        },
  );

  const ids: string[] = [];
  for await (const id of line.batch.taskIds('hello-1')) ids.push(id);

  expect(ids).toEqual(['t1', 't2', 't3']);
  expect(line.asked.map(({ path }) => decodeURIComponent(path))).toEqual([
    '/jobs/hello-1/tasks?$select=id',
    '/jobs/hello-1/tasks?skip=2',
  ]);
});

test('the ends of all tasks are listed, by what tells a success from a failure', async () => {
  const line = await opened(() => ({
    status: 200,
    body: {
      value: [
        {
          id: 't1',
          state: 'completed',
          executionInfo: { result: 'success', retryCount: 0, requeueCount: 0 },
        },
        {
          id: 't2',
          state: 'completed',
          executionInfo: { result: 'failure', retryCount: 3, requeueCount: 0 },
        },
        { id: 't3', state: 'running', executionInfo: { retryCount: 0, requeueCount: 0 } },
        { id: 't4', state: 'active' },
      ],
    },
  }));

  const ends: unknown[] = [];
  for await (const task of line.batch.taskEnds('hello-1')) ends.push(task);

  expect(ends).toEqual([
    { id: 't1', end: 'succeeded' },
    { id: 't2', end: 'failed' },
    { id: 't3', end: 'unfinished' },
    { id: 't4', end: 'unfinished' },
  ]);
  expect(line.asked.map(({ path }) => decodeURIComponent(path))).toEqual([
    '/jobs/hello-1/tasks?$select=id,state,executionInfo',
  ]);
});

import { afterEach, expect, test } from 'vitest';
import { refusal, scripted, type Answer, type ScriptedBatch } from './scripted-batch';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function opened(answers: readonly Answer[]): Promise<ScriptedBatch> {
  open = await scripted(answers);
  return open;
}

test('a pool is shown with its nodes by state and with what the last resize lacked [NB5, NB16]', async () => {
  const states = [
    'creating',
    'starting',
    'rebooting',
    'reimaging',
    'upgradingos',
    'waitingForStartTask',
    'starttaskfailed',
    'idle',
    'Running',
    'unusable',
    'unknown',
    'offline',
    'deallocated',
    'preempted',
    'leavingpool',
  ];
  const broken = {
    code: 'ContainerInvalidImage',
    message: 'It could not be used',
    errorDetails: [{ name: 'ImageName', value: 'a?sig=c2VjcmV0' }],
  };
  const nodes = states.map((state, index) => ({
    id: `n${index}`,
    state,
    isDedicated: state === 'idle',
    stateTransitionTime: '2026-11-21T02:01:00Z',
    ...(state === 'idle' && { allocationTime: '2026-11-21T02:00:00Z' }),
    ...(state === 'Running' && { allocationTime: '2026-11-21T02:02:00Z' }),
    ...(state === 'preempted' && { allocationTime: '2026-11-21T01:00:00Z' }),
    ...(state === 'unusable' && { errors: [broken, broken] }),
  }));
  const line = await opened([
    {
      status: 200,
      body: {
        state: 'active',
        allocationState: 'steady',
        targetLowPriorityNodes: 3,
        targetDedicatedNodes: 0,
        resizeErrors: [{ code: 'AllocationFailed', message: 'none left' }],
        autoScaleRun: {
          timestamp: '2026-11-21T02:00:00Z',
          error: { code: 'InsufficientSampleData', message: 'none' },
        },
      },
    },
    { status: 200, body: { value: nodes } },
  ]);

  expect(await line.batch.getPool('hello-1')).toEqual({
    state: 'active',
    resizing: false,
    targetNodes: 3,
    nodes: {
      starting: 5,
      waitingForStartTask: 1,
      startTaskFailed: 1,
      idle: 1,
      running: 1,
      unusable: 4,
      preempted: 1,
      leaving: 1,
    },
    dedicatedNodes: 1,
    resizeErrors: ['AllocationFailed: none left'],
    failedNodes: ['n6', 'n9'],
    nodesInSetup: [{ id: 'n5', since: '2026-11-21T02:01:00.000Z' }],
    allocatedAt: '2026-11-21T02:01:00.000Z',
    nodeErrors: ['ContainerInvalidImage: It could not be used (ImageName: a?sig=***)'],
    formulaError: 'InsufficientSampleData: none',
  });
});

test('a pool view has at most three node errors, each truncated', async () => {
  const nodes = Array.from({ length: 5 }, (_, index) => ({
    id: `n${index}`,
    state: 'unusable',
    errors: [{ code: `Error${index}`, message: 'x'.repeat(20_000) }],
  }));
  const line = await opened([
    { status: 200, body: { state: 'active', allocationState: 'steady' } },
    { status: 200, body: { value: nodes } },
  ]);

  expect((await line.batch.getPool('pool'))?.nodeErrors).toEqual(
    [0, 1, 2].map((index) => `Error${index}: ${'x'.repeat(491)}…`),
  );
});

test('errors of an earlier resize are not those of the one under way', async () => {
  const resizeErrors = [{ code: 'AllocationFailed', message: 'none left' }];
  const line = await opened([
    { status: 200, body: { state: 'deleting', allocationState: 'Resizing', resizeErrors } },
    { status: 200, body: { value: [] } },
  ]);

  expect(await line.batch.getPool('hello-1')).toMatchObject({
    state: 'deleting',
    resizing: true,
    resizeErrors: [],
    formulaError: null,
  });
});

test('a job is shown with the end of its job manager, whatever the case of the words', async () => {
  const failureInfo = {
    category: 'UserError',
    code: 'FailureExitCode',
    message: 'The task process exited with an unexpected exit code',
    details: [{ name: 'Message', value: 'exit 3' }],
  };
  const executionInfo = {
    result: 'Failure',
    exitCode: 3,
    retryCount: 1,
    requeueCount: 2,
    failureInfo,
  };
  const line = await opened([
    {
      status: 200,
      body: {
        state: 'Terminating',
        jobManagerTask: { id: 'job-manager', commandLine: 'x' },
        executionInfo: { startTime: '2026-11-21T02:00:00Z', terminateReason: 'JMComplete' },
      },
    },
    { status: 200, body: { id: 'job-manager', state: 'Completed', executionInfo } },
  ]);

  expect(await line.batch.getJob('hello-1')).toEqual({
    state: 'ending',
    terminateReason: 'JMComplete',
    jobManager: {
      state: 'failed',
      exitCode: 3,
      cause: 'FailureExitCode: The task process exited with an unexpected exit code: exit 3',
      retries: 1,
      requeues: 2,
    },
  });
});

test('what is not there is null, and a job manager that is not listed yet waits', async () => {
  const line = await opened([
    refusal(404, 'PoolNotFound'),
    refusal(404, 'JobNotFound'),
    {
      status: 200,
      body: { state: 'active', jobManagerTask: { id: 'job-manager', commandLine: 'x' } },
    },
    refusal(404, 'TaskNotFound'),
  ]);

  expect(await line.batch.getPool('hello-1')).toBeNull();
  expect(await line.batch.getJob('hello-1')).toBeNull();
  expect(await line.batch.getJob('hello-1')).toMatchObject({
    state: 'active',
    jobManager: { state: 'waiting', exitCode: null, cause: null },
  });
});

test('failed tasks are listed by a filter, with code and message', async () => {
  const failureInfo = { category: 'UserError', code: 'DiskFull', message: 'no space' };
  const line = await opened([
    {
      status: 200,
      body: {
        value: [
          {
            id: 't1',
            executionInfo: { exitCode: 3, failureInfo, retryCount: 0, requeueCount: 0 },
            environmentSettings: [{ name: 'INPUT_NAME', value: 'a.txt' }],
          },
          { id: 't2' },
          { id: 't3' },
        ],
      },
    },
  ]);

  expect(await line.batch.failedTasks('hello-1', 2)).toEqual([
    { id: 't1', input: 'a.txt', exitCode: 3, cause: 'DiskFull: no space' },
    { id: 't2', input: null, exitCode: null, cause: 'Batch gives no reason' },
  ]);
  expect(decodeURIComponent(line.asked[0]?.path ?? '')).toBe(
    "/jobs/hello-1/tasks?$filter=state eq 'completed' and executionInfo/result eq 'failure'&$select=id,executionInfo,environmentSettings,commandLine&maxresults=2",
  );
});

test.each([
  [
    'the name of a program that the node does not have',
    { code: 'CommandProgramNotFound', message: 'The specified command program is not found' },
    'CommandProgramNotFound: The specified command program is not found: python4',
  ],
  [
    'a detail that repeats the message once',
    {
      code: 'CommandLaunchFailed',
      message: 'Failed to launch: spawn E2BIG',
      details: [{ name: 'Message', value: 'spawn E2BIG' }],
    },
    'CommandLaunchFailed: Failed to launch: spawn E2BIG',
  ],
  [
    'many lines on one, without credentials and within its bound',
    { code: 'ContainerInvalidImage', message: `pull a?sig=secret\n${'x'.repeat(600)}` },
    `ContainerInvalidImage: pull a?sig=*** ${'x'.repeat(461)}…`,
  ],
])('a cause has %s', async (_, failureInfo, cause) => {
  const task = { id: 't', commandLine: 'python4 fit.py', executionInfo: { failureInfo } };
  const line = await opened([{ status: 200, body: { value: [task] } }]);

  expect(await line.batch.failedTasks('hello-1', 2)).toMatchObject([{ cause }]);
});

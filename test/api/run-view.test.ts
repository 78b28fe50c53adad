import { OrchestrationRuntimeStatus, type DurableOrchestrationStatus } from 'durable-functions';
import { expect, test } from 'vitest';
import { isActiveRun, toRunView } from '../../src/api/run-view';

const queued = {
  name: 'run',
  instanceId: 'render-0123456789abcdef',
  runtimeStatus: OrchestrationRuntimeStatus.Pending,
  input: {},
  output: null,
  customStatus: null,
  lastUpdatedTime: new Date('2030-01-01T02:00:00Z'),
  createdTime: new Date('2030-01-01T02:00:00Z'),
};

test('a run that has not begun shows since when it waits, in a list too, where the library has moments as text', () => {
  const single = queued as unknown as DurableOrchestrationStatus;
  const listed = {
    ...queued,
    createdTime: '2030-01-01T02:00:00Z',
  } as unknown as DurableOrchestrationStatus;

  expect(toRunView(single)).toEqual({
    runId: 'render-0123456789abcdef',
    workload: 'render',
    status: 'queued',
    phase: null,
    waitingFor: 'the Functions host to begin it',
    tasks: null,
    nodes: null,
    nodeMinutes: 0,
    createdAt: '2030-01-01T02:00:00.000Z',
    timeline: [],
    cause: null,
    record: null,
  });
  expect(toRunView(listed)).toEqual(toRunView(single));
});

test.each([
  ['Pending', 'queued', true],
  ['Running', 'queued', true],
  ['Suspended', 'running', true],
  ['Failed', 'failed', false],
  ['Completed', 'failed', false],
  ['Terminated', 'cancelled', false],
  ['Canceled', 'cancelled', false],
] as const)('an orchestration without a record that is %s shows as %s', (state, status, going) => {
  const runtimeStatus = OrchestrationRuntimeStatus[state];
  const picture = toRunView({ ...queued, runtimeStatus });

  expect(picture?.status).toBe(status);
  expect(picture !== null && isActiveRun(picture)).toBe(going);
});

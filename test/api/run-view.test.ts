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

test('a queued run shows when it was created, in lists too, where the library leaves timestamps as text', () => {
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
    waitingFor: 'a worker of the Functions host',
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
] as const)(
  'an orchestration that is %s without a record is shown as %s',
  (state, status, isActive) => {
    const runtimeStatus = OrchestrationRuntimeStatus[state];
    const view = toRunView({ ...queued, runtimeStatus });

    expect(view?.status).toBe(status);
    expect(view !== null && isActiveRun(view)).toBe(isActive);
  },
);

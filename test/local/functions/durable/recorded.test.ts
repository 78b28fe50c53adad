import * as df from 'durable-functions';
import type { Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EventType, type HistoryEvent } from '../../../../local/functions/durable/history';
import { replayTurn, type TurnOutcome } from '../../../../local/functions/durable/turn';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

/**
 * A history that the real extension wrote in December 2019 for a JavaScript orchestrator, as the
 * first samples of azure-functions-durable-python keep it: three activities, one after the other.
 */
const RECORDED: readonly Row[] = [
  [EventType.OrchestratorStarted, -1, '2019-12-08T23:18:41.3240927Z'],
  [EventType.ExecutionStarted, -1, '2019-12-08T23:18:39.756132Z', 'DurableFunctionsOrchestratorJS'],
  [EventType.TaskScheduled, 0, '2019-12-08T23:29:51.5313393Z', 'Hello'],
  [EventType.OrchestratorCompleted, -1, '2019-12-08T23:29:51.5320985Z'],
  [EventType.OrchestratorStarted, -1, '2019-12-08T23:29:52.4899106Z'],
  [EventType.TaskCompleted, 0, '2019-12-08T23:29:51.7873033Z', 'Hello Tokyo!'],
  [EventType.TaskScheduled, 1, '2019-12-08T23:34:12.2632487Z', 'Hello'],
  [EventType.OrchestratorCompleted, -1, '2019-12-08T23:34:12.263286Z'],
  [EventType.OrchestratorStarted, -1, '2019-12-08T23:34:12.8710525Z'],
  [EventType.TaskCompleted, 1, '2019-12-08T23:34:12.561288Z', 'Hello Seattle!'],
  [EventType.TaskScheduled, 2, '2019-12-08T23:35:01.5011494Z', 'Hello'],
  [EventType.OrchestratorCompleted, -1, '2019-12-08T23:35:01.5011554Z'],
  [EventType.OrchestratorStarted, -1, '2019-12-08T23:36:20.866617Z'],
  [EventType.TaskCompleted, 2, '2019-12-08T23:36:20.5364383Z', 'Hello London!'],
];
/** How much of it the orchestrator was given at each call. */
const CALLS = [2, 6, 10, 14] as const;
const CITIES = ['Tokyo', 'Seattle', 'London'] as const;

type Row = readonly [type: number, id: number, time: string, text?: string];

/** Activities are numbered by the event that began them. */
function eventOf([type, id, Timestamp, text = '']: Row): HistoryEvent {
  const base = { EventType: type, EventId: -1, Timestamp };
  switch (type) {
    case EventType.ExecutionStarted:
      return {
        ...base,
        Name: text,
        Version: '',
        Input: 'null',
        ParentInstance: null,
        Tags: null,
        OrchestrationInstance: {
          InstanceId: '48d0f95957504c2fa579e810a390b938',
          ExecutionId: 'fd183ee02e4b4fd18c95b773cfb5452b',
        },
      } as HistoryEvent;
    case EventType.TaskScheduled:
      return { ...base, EventId: id, Name: text, Version: '', Input: null } as HistoryEvent;
    case EventType.TaskCompleted:
      return { ...base, TaskScheduledId: id, Result: JSON.stringify(text) } as HistoryEvent;
    default:
      return base as HistoryEvent;
  }
}

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({
    register() {
      df.app.activity('Hello', { handler: (city: string) => `Hello ${city}!` });
      df.app.orchestration('DurableFunctionsOrchestratorJS', function* (context): Generator<
        Task,
        unknown[],
        never
      > {
        const outputs: unknown[] = [];
        for (const city of CITIES) outputs.push(yield context.df.callActivity('Hello', city));
        return outputs;
      });
    },
  });
});
afterAll(() => hub.close());

test('at each of its calls, the recorded history leads to the work that followed in the recording', () => {
  const history = RECORDED.map(eventOf);
  const outcomes = CALLS.map((length, n) => {
    const actions = CITIES.slice(0, n + 1).map((input) => ({
      actionType: 0 as const,
      functionName: 'Hello',
      input,
    }));
    return replayTurn(
      history.slice(0, length),
      { isDone: n === CITIES.length, actions: [actions] },
      {
        instanceId: '48d0f95957504c2fa579e810a390b938',
        executionId: 'fd183ee02e4b4fd18c95b773cfb5452b',
        parentId: undefined,
        maxActions: 100,
        httpPollMs: 1000,
      },
    ) as TurnOutcome;
  });

  expect(outcomes.map(({ decisions, mayEnd }) => ({ decisions, mayEnd }))).toEqual([
    ...CITIES.map((input, id) => ({
      decisions: [{ id, kind: 'activity', name: 'Hello', input }],
      mayEnd: false,
    })),
    { decisions: [], mayEnd: true },
  ]);
});

test('the same orchestration here writes the same history, except times and ids', async () => {
  const { output } = await hub.run('DurableFunctionsOrchestratorJS', 'r1');
  const shape = (event: HistoryEvent) => ({
    ...event,
    Timestamp: '',
    ...('OrchestrationInstance' in event ? { OrchestrationInstance: {} } : {}),
    ...('Input' in event ? { Input: '' } : {}),
    // The extension of this recording wrote no version as ''; a newer one writes null.
    ...('Version' in event ? { Version: event.Version ?? '' } : {}),
  });

  expect(output).toEqual(['Hello Tokyo!', 'Hello Seattle!', 'Hello London!']);
  expect(hub.history('r1').slice(0, RECORDED.length).map(shape)).toEqual(
    RECORDED.map(eventOf).map(shape),
  );
});

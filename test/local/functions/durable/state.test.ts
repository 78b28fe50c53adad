import { expect, test } from 'vitest';
import { MemoryArchive } from '../../../../local/functions/durable/archive';
import { EventType } from '../../../../local/functions/durable/history';
import type { Seed, TurnRecord } from '../../../../local/functions/durable/records';
import { HubState } from '../../../../local/functions/durable/state';

// What a record does to the state: above all, what it leaves alone.

const TIME = '2030-01-01T00:00:00.000Z';
const AT = { EventId: -1, Timestamp: TIME } as const;

function seed(id: string, executionId: string, parent: Seed['parent'] = null): Seed {
  return { id, executionId, name: 'n', version: '', input: null, parent, time: TIME };
}

function turn(id: string, rest: Partial<TurnRecord>): TurnRecord {
  return {
    kind: 'turn',
    id,
    time: TIME,
    taken: 1,
    status: 'Running',
    customStatus: null,
    events: [],
    activities: [],
    timers: [],
    children: [],
    operations: [],
    ...rest,
  };
}

function inboxOf(state: HubState, id: string): readonly number[] {
  return (state.instances.get(id)?.inbox ?? []).map(({ EventType: type }) => type);
}

function running(id = 'a', executionId = 'first'): HubState {
  const state = new HubState(new MemoryArchive());
  state.apply({ kind: 'start', seed: seed(id, executionId) });
  state.apply(turn(id, { activities: [[0, { name: 'x' }]], timers: [[1, 5]] }));
  return state;
}

const completed = {
  ...AT,
  EventType: EventType.TaskCompleted,
  TaskScheduledId: 0,
  Result: '1',
} as const;
const fired = { ...AT, EventType: EventType.TimerFired, TimerId: 1, FireAt: TIME } as const;

test('a result and a timer reach the execution that they are for, once', () => {
  const state = running();
  const touched = [
    state.apply({ kind: 'task', id: 'a', executionId: 'first', event: completed }),
    state.apply({ kind: 'task', id: 'a', executionId: 'first', event: completed }),
    state.apply({ kind: 'timer', id: 'a', executionId: 'first', event: fired }),
    state.apply({ kind: 'timer', id: 'a', executionId: 'first', event: fired }),
  ];

  expect(touched).toEqual([['a'], [], ['a'], []]);
  expect(inboxOf(state, 'a')).toEqual([EventType.TaskCompleted, EventType.TimerFired]);
});

test('a result and a timer of an execution that was replaced are discarded', () => {
  const state = running();
  state.apply({ kind: 'start', seed: seed('a', 'second') });
  state.apply(turn('a', { activities: [[0, { name: 'x' }]], timers: [[1, 5]] }));
  state.apply({ kind: 'task', id: 'a', executionId: 'first', event: completed });
  state.apply({ kind: 'timer', id: 'a', executionId: 'first', event: fired });

  expect(inboxOf(state, 'a')).toEqual([]);
});

test('a new generation gets the events that had arrived, except those of old tasks', () => {
  const state = running();
  const raised = { ...AT, EventType: EventType.EventRaised, Name: 'E', Input: null } as const;
  const carried = [{ ...raised, Name: 'C' }];
  state.apply({ kind: 'timer', id: 'a', executionId: 'first', event: fired });
  state.apply({ kind: 'event', id: 'a', event: raised });
  state.apply(
    turn('a', { taken: 0, next: { executionId: 'second', input: '1', carried, time: TIME } }),
  );

  expect(inboxOf(state, 'a')).toEqual([
    EventType.ExecutionStarted,
    EventType.EventRaised,
    EventType.EventRaised,
  ]);
  expect(state.instances.get('a')).toMatchObject({
    executionId: 'second',
    input: '1',
    history: [],
    activities: new Map(),
    timers: new Map(),
  });
});

const PARENT = {
  Name: 'n',
  TaskScheduleId: 0,
  OrchestrationInstance: { InstanceId: 'a', ExecutionId: 'first' },
};

function childEnds(state: HubState): readonly string[] {
  return state.apply(
    turn('c', {
      taken: 0,
      status: 'Completed',
      output: '1',
      answer: {
        to: 'a',
        executionId: 'first',
        event: {
          ...AT,
          EventType: EventType.SubOrchestrationInstanceCompleted,
          TaskScheduledId: 0,
          Result: '1',
        },
      },
    }),
  );
}

test('a child’s end reaches its parent', () => {
  const state = running();
  state.apply(turn('a', { taken: 0, children: [seed('c', 'x', PARENT)] }));

  expect(childEnds(state)).toEqual(['c', 'a']);
});

test('a child’s end does not reach another execution of its parent', () => {
  const state = running();
  state.apply(turn('a', { taken: 0, children: [seed('c', 'x', PARENT)] }));
  state.apply({ kind: 'start', seed: seed('a', 'second') });

  expect(childEnds(state)).toEqual(['c']);
  expect(inboxOf(state, 'a')).toEqual([EventType.ExecutionStarted]);
});

test('a child whose id is taken by a running instance fails at once', () => {
  const state = running();
  state.apply({ kind: 'start', seed: seed('c', 'other') });
  state.apply(turn('a', { taken: 0, children: [seed('c', 'x', PARENT)] }));

  expect(state.instances.get('c')?.executionId).toBe('other');
  expect(state.instances.get('a')?.inbox).toEqual([
    {
      ...AT,
      EventType: EventType.SubOrchestrationInstanceFailed,
      TaskScheduledId: 0,
      Reason: 'An Orchestration instance with the status Pending already exists.',
      Details: '',
      FailureDetails: null,
    },
  ]);
});

test('nothing reaches an instance that has ended', () => {
  const state = running();
  state.apply(turn('a', { taken: 0, status: 'Terminated', output: 'enough' }));
  state.apply({ kind: 'task', id: 'a', executionId: 'first', event: completed });

  expect(state.instances.get('a')).toMatchObject({
    output: 'enough',
    inbox: [],
    activities: new Map(),
    timers: new Map(),
  });
});

import { expect, test } from 'vitest';
import { EventType } from '../../../../local/functions/durable/history';
import {
  isSame,
  nonDeterminism,
  type Scheduled,
} from '../../../../local/functions/durable/non-determinism';
import type { Decision } from '../../../../local/functions/durable/turn-work';

// The words of DurableTask, as public reports of such failures show them.

const BASE = { EventId: 3, Timestamp: '2030-01-01T00:00:00Z' };
const ACTIVITY: Scheduled = {
  ...BASE,
  EventType: EventType.TaskScheduled,
  Name: 'A',
  Version: '',
  Input: null,
};
const TIMER: Scheduled = {
  ...BASE,
  EventType: EventType.TimerCreated,
  FireAt: '2030-01-02T00:00:00Z',
};
const CHILD: Scheduled = {
  ...BASE,
  EventType: EventType.SubOrchestrationInstanceCreated,
  Name: 'C',
  Version: '',
  Input: null,
  InstanceId: 'i',
};
const SENT: Scheduled = {
  ...BASE,
  EventType: EventType.EventSent,
  Name: 'op',
  InstanceId: '@e@k',
  Input: '{}',
};

const activity: Decision = { id: 3, kind: 'activity', name: 'B', input: null };
const timer: Decision = { id: 3, kind: 'timer', fireAt: 0 };
const child: Decision = {
  id: 3,
  kind: 'child',
  name: 'D',
  input: null,
  version: '',
  instanceId: undefined,
};
const sent: Decision = { id: 3, kind: 'event', instanceId: '@e@k', name: 'release', input: '{}' };

test.each<[string, Scheduled, Decision | undefined, string]>([
  [
    'a missing activity',
    ACTIVITY,
    undefined,
    "an activity task with sequence ID 3 and name 'A' (version ''), but the current replay execution hasn't (yet?) scheduled this task.",
  ],
  [
    'an activity of another name',
    ACTIVITY,
    activity,
    "an activity task with sequence number 3 named 'A', but the current orchestration replay instead scheduled an activity task named 'B' with this sequence number. ",
  ],
  [
    'a timer for an activity',
    ACTIVITY,
    timer,
    "an activity task with sequence number 3 named 'A', but the current orchestration replay instead produced a CreateTimerOrchestratorAction action with this sequence number.",
  ],
  [
    'a missing timer',
    TIMER,
    undefined,
    "a timer task with sequence number 3 but the current replay execution hasn't (yet?) scheduled this task.",
  ],
  [
    'an activity for a timer',
    TIMER,
    activity,
    'a timer task with sequence number 3 named but the current orchestration replay instead produced a ScheduleTaskOrchestratorAction action with this sequence number.',
  ],
  [
    'a missing child',
    CHILD,
    undefined,
    "a sub-orchestration task with sequence ID 3 and name 'C' (version '', instance ID 'i'), but the current replay execution hasn't (yet?) scheduled this task.",
  ],
  [
    'a child of another name',
    CHILD,
    child,
    "a sub-orchestration task with sequence ID 3 and name 'C' (version '', instance ID 'i'), but the current orchestration replay instead scheduled a sub-orchestration task with name D at this sequence number.",
  ],
  [
    'an event for a child',
    CHILD,
    sent,
    "a sub-orchestration task with sequence ID 3 and name 'C' (version '', instance ID 'i'), but the current orchestration replay instead produced a SendEventOrchestratorAction action at this sequence number.",
  ],
  [
    'a missing event',
    SENT,
    undefined,
    "a send event task with sequence ID 3, type 'EventSent' name 'op', instance ID '@e@k', but the current replay execution hasn't (yet?) scheduled this task.",
  ],
  [
    'a child for an event',
    SENT,
    child,
    "a send event task with sequence ID 3, type 'EventSent', name 'op', instance ID '@e@k', but the current orchestration replay instead scheduled a CreateSubOrchestrationAction task at this sequence number.",
  ],
])('%s is reported as the extension reports it', (_, event, decision, what) => {
  expect(nonDeterminism(event, decision)).toBe(
    `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled ${what} Was a change made to the orchestrator code after this instance had already started running?`,
  );
});

test('names are compared without regard to case, and timers have none', () => {
  expect(isSame(ACTIVITY, { ...activity, name: 'a' })).toBe(true);
  expect(isSame(ACTIVITY, activity)).toBe(false);
  expect(isSame(TIMER, timer)).toBe(true);
  expect(isSame(CHILD, { ...activity, name: 'C' })).toBe(false);
});

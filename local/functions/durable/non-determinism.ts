import { EventType, type HistoryEvent } from './history';
import type { Decision, Work } from './turn-work';

/** Events that record work decided in earlier turns. */
export type Scheduled = Extract<
  HistoryEvent,
  {
    readonly EventType:
      | typeof EventType.TaskScheduled
      | typeof EventType.TimerCreated
      | typeof EventType.SubOrchestrationInstanceCreated
      | typeof EventType.EventSent;
  }
>;

export const KINDS = {
  [EventType.TaskScheduled]: 'activity',
  [EventType.TimerCreated]: 'timer',
  [EventType.SubOrchestrationInstanceCreated]: 'child',
  [EventType.EventSent]: 'event',
} as const satisfies Readonly<Record<Scheduled['EventType'], Work['kind']>>;

/** Returns whether the decision is the one that the event records. */
export function isSame(event: Scheduled, decision: Decision): boolean {
  if (decision.kind !== KINDS[event.EventType]) return false;
  if (event.EventType === EventType.TimerCreated || decision.kind === 'timer') return true;
  return event.Name.toLowerCase() === decision.name.toLowerCase();
}

/**
 * The message for an event whose work the replay did not request, or requested differently. It is
 * the text of DurableTask (`TaskOrchestrationContext`), with its irregularities.
 */
export function nonDeterminism(event: Scheduled, decision: Decision | undefined): string {
  const texts = TEXTS[KINDS[event.EventType]];
  const what =
    decision === undefined
      ? texts.missing(event)
      : decision.kind === KINDS[event.EventType] && decision.kind !== 'timer'
        ? texts.otherName(event, decision.name)
        : texts.otherKind(event, ACTIONS[decision.kind]);
  return `Non-Deterministic workflow detected: A previous execution of this orchestration scheduled ${what} Was a change made to the orchestrator code after this instance had already started running?`;
}

const ACTIONS: Readonly<Record<Work['kind'], string>> = {
  activity: 'ScheduleTaskOrchestratorAction',
  timer: 'CreateTimerOrchestratorAction',
  child: 'CreateSubOrchestrationAction',
  event: 'SendEventOrchestratorAction',
};

interface Texts {
  readonly missing: (event: Scheduled) => string;
  readonly otherKind: (event: Scheduled, action: string) => string;
  readonly otherName: (event: Scheduled, name: string) => string;
}

const MISSING = "but the current replay execution hasn't (yet?) scheduled this task.";
const INSTEAD = 'but the current orchestration replay instead';

const nameOf = (event: Scheduled) => ('Name' in event ? event.Name : '');
const versionOf = (event: Scheduled) => ('Version' in event ? (event.Version ?? '') : '');
const instanceOf = (event: Scheduled) => ('InstanceId' in event ? event.InstanceId : '');

const activity = (event: Scheduled) =>
  `an activity task with sequence number ${event.EventId} named '${nameOf(event)}', ${INSTEAD}`;
const child = (event: Scheduled) =>
  `a sub-orchestration task with sequence ID ${event.EventId} and name '${nameOf(event)}' (version '${versionOf(event)}', instance ID '${instanceOf(event)}')`;
const sent = (event: Scheduled, comma: string) =>
  `a send event task with sequence ID ${event.EventId}, type 'EventSent'${comma} name '${nameOf(event)}', instance ID '${instanceOf(event)}'`;
const timer = (event: Scheduled) => `a timer task with sequence number ${event.EventId}`;

const TEXTS: Readonly<Record<Work['kind'], Texts>> = {
  activity: {
    missing: (event) =>
      `an activity task with sequence ID ${event.EventId} and name '${nameOf(event)}' (version '${versionOf(event)}'), ${MISSING}`,
    otherKind: (event, action) =>
      `${activity(event)} produced a ${action} action with this sequence number.`,
    otherName: (event, name) =>
      `${activity(event)} scheduled an activity task named '${name}' with this sequence number. `,
  },
  timer: {
    missing: (event) => `${timer(event)} ${MISSING}`,
    otherKind: (event, action) =>
      `${timer(event)} named ${INSTEAD} produced a ${action} action with this sequence number.`,
    otherName: (event) => `${timer(event)} ${MISSING}`,
  },
  child: {
    missing: (event) => `${child(event)}, ${MISSING}`,
    otherKind: (event, action) =>
      `${child(event)}, ${INSTEAD} produced a ${action} action at this sequence number.`,
    otherName: (event, name) =>
      `${child(event)}, ${INSTEAD} scheduled a sub-orchestration task with name ${name} at this sequence number.`,
  },
  event: {
    missing: (event) => `${sent(event, '')}, ${MISSING}`,
    otherKind: (event, action) =>
      `${sent(event, ',')}, ${INSTEAD} scheduled a ${action} task at this sequence number.`,
    otherName: (event, name) =>
      `${sent(event, ',')}), ${INSTEAD} scheduled a send event task with name ${name}at this sequence number.`,
  },
};

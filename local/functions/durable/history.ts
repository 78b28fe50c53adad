/** The history of an instance, event by event, as `durable-functions` 3.5 reads it. */

export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  ContinueAsNew: 16,
  GenericEvent: 17,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

type Numbers = typeof EventType;

interface Event<Name extends keyof Numbers> {
  readonly EventType: Numbers[Name];
  /** The task's number for an event that starts a task, else -1. */
  readonly EventId: number;
  readonly Timestamp: string;
}

/** JSON as text, or null for nothing. */
export type JsonText = string | null;

export interface OrchestrationInstance {
  readonly InstanceId: string;
  readonly ExecutionId: string;
}

export interface ParentInstance {
  readonly Name: string;
  readonly OrchestrationInstance: OrchestrationInstance;
  readonly TaskScheduleId: number;
}

export interface ExecutionStarted extends Event<'ExecutionStarted'> {
  readonly Name: string;
  /** Null without a version; that of an activity is '' instead. */
  readonly Version: string | null;
  readonly Input: JsonText;
  readonly Tags: null;
  readonly ParentInstance: ParentInstance | null;
  readonly OrchestrationInstance: OrchestrationInstance;
}

interface Ended {
  readonly TaskScheduledId: number;
}

interface Failed extends Ended {
  readonly Reason: string;
  /** Null for a failed activity with failure details. */
  readonly Details: string | null;
  readonly FailureDetails: FailureDetails | null;
}

/** A failure with the properties from the app's exception properties provider. */
export interface FailureDetails {
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly StackTrace?: string;
  readonly IsNonRetriable: boolean;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly Name: string;
  readonly Version: string | null;
  readonly Input: JsonText;
}

export type HistoryEvent =
  | ExecutionStarted
  | (Event<'ExecutionCompleted'> & {
      readonly OrchestrationStatus: string;
      readonly Result: string | null;
    })
  | (Event<'ExecutionTerminated'> & { readonly Input: string | null })
  | (Event<'TaskScheduled'> & Named)
  | TaskEnded
  | (Event<'SubOrchestrationInstanceCreated'> & Named & { readonly InstanceId: string })
  | ChildEnded
  | (Event<'TimerCreated'> & { readonly FireAt: string })
  | TimerFired
  | Event<'OrchestratorStarted'>
  | Event<'OrchestratorCompleted'>
  | (Event<'EventSent'> & {
      readonly InstanceId: string;
      readonly Name: string;
      readonly Input: JsonText;
    })
  | EventRaised
  | Event<'ContinueAsNew'>
  | GenericEvent
  | (Event<'ExecutionSuspended'> & { readonly Reason: string | null })
  | (Event<'ExecutionResumed'> & { readonly Reason: string | null });

/** Has no effect: the start of a rewound instance, and what it no longer has in its history. */
export type GenericEvent = Event<'GenericEvent'> & { readonly Data: string | null };

export type TaskEnded =
  | (Event<'TaskCompleted'> & Ended & { readonly Result: JsonText })
  | (Event<'TaskFailed'> & Failed);

export type ChildEnded =
  | (Event<'SubOrchestrationInstanceCompleted'> & Ended & { readonly Result: JsonText })
  | (Event<'SubOrchestrationInstanceFailed'> & Failed);

export type TimerFired = Event<'TimerFired'> & {
  readonly TimerId: number;
  readonly FireAt: string;
};

export type EventRaised = Event<'EventRaised'> & {
  readonly Name: string;
  readonly Input: JsonText;
};

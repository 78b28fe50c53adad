import { EventType, type GenericEvent, type HistoryEvent } from './history';
import type { Instance, SavedInstance } from './records';
import { save } from './state';

/**
 * Returns a failed instance as it was before it failed: generic events take the place of its failed
 * activities in the history, as if they had not been scheduled, and the next turn schedules them
 * again; every failed child is rewound in the same way and reports its end again.
 *
 * The timers of a call with retries stay in the history, so that such an instance fails as
 * non-deterministic.
 */
export function rewound(
  instance: Instance,
  find: (id: string) => Instance | undefined,
  rewind: { readonly time: string; readonly reason: string | null },
): readonly SavedInstance[] {
  const failedTasks = new Set<number>();
  const failedChildren = new Set<number>();
  for (const event of instance.history) {
    if (event.EventType === EventType.TaskFailed) failedTasks.add(event.TaskScheduledId);
    if (event.EventType === EventType.SubOrchestrationInstanceFailed)
      failedChildren.add(event.TaskScheduledId);
  }
  const history = instance.history.map((event) =>
    isStruck(event, failedTasks) ? generic(event, null) : event,
  );
  const children = instance.history.flatMap((event) =>
    event.EventType === EventType.SubOrchestrationInstanceCreated &&
    failedChildren.has(event.EventId)
      ? [find(event.InstanceId)].filter((child) => child?.status === 'Failed')
      : [],
  );
  // Without a new event there is no turn.
  const wake = generic({ EventId: -1, Timestamp: rewind.time }, rewind.reason);
  const { time: updated } = rewind;
  return [
    { ...save(instance), status: 'Running', output: null, updated, history, inbox: [wake] },
    ...children.flatMap((child) => (child === undefined ? [] : rewound(child, find, rewind))),
  ];
}

function generic(
  { EventId, Timestamp }: Pick<GenericEvent, 'EventId' | 'Timestamp'>,
  Data: string | null,
): GenericEvent {
  return { EventType: EventType.GenericEvent, EventId, Timestamp, Data };
}

function isStruck(event: HistoryEvent, failedTasks: ReadonlySet<number>): boolean {
  switch (event.EventType) {
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceFailed:
    case EventType.ExecutionCompleted:
      return true;
    case EventType.TaskScheduled:
      return failedTasks.has(event.EventId);
    default:
      return false;
  }
}

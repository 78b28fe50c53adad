import { EventType, type HistoryEvent } from './history';
import type { Instance, SavedInstance } from './records';
import { save } from './state';

/**
 * Returns a failed instance as it was before it failed: every failed activity is removed from its
 * history, as if it had not been scheduled, and is scheduled again by the next turn; every failed
 * child is rewound in the same way and reports its end again.
 *
 * Unconfirmed: calls with retry. Their timers stay in the history, as in Azure Storage, and such an
 * instance ends as non-deterministic.
 */
export function rewound(
  instance: Instance,
  find: (id: string) => Instance | undefined,
  time: string,
): readonly SavedInstance[] {
  const failedTasks = new Set<number>();
  const failedChildren = new Set<number>();
  for (const event of instance.history) {
    if (event.EventType === EventType.TaskFailed) failedTasks.add(event.TaskScheduledId);
    if (event.EventType === EventType.SubOrchestrationInstanceFailed)
      failedChildren.add(event.TaskScheduledId);
  }
  const history = instance.history.filter((event) => !isStruck(event, failedTasks));
  const children = instance.history.flatMap((event) =>
    event.EventType === EventType.SubOrchestrationInstanceCreated &&
    failedChildren.has(event.EventId)
      ? [find(event.InstanceId)].filter((child) => child?.status === 'Failed')
      : [],
  );
  // An empty resume event: without a new event there is no turn.
  const wake: HistoryEvent = {
    EventType: EventType.ExecutionResumed,
    EventId: -1,
    Timestamp: time,
    Reason: 'rewind',
  };
  return [
    { ...save(instance), status: 'Running', output: null, updated: time, history, inbox: [wake] },
    ...children.flatMap((child) => (child === undefined ? [] : rewound(child, find, time))),
  ];
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

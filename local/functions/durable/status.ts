import { EventType, type HistoryEvent } from './history';
import type { ArchiveRow } from './archive';
import type { Instance } from './records';

/** An instance as the management API shows it. */
export interface StatusPayload {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents?: readonly object[];
}

export interface StatusDetail {
  readonly showInput: boolean;
  readonly showHistory: boolean;
  readonly showHistoryOutput: boolean;
}

export function statusOf(instance: Instance, detail: StatusDetail): StatusPayload {
  return {
    name: instance.name,
    instanceId: instance.id,
    runtimeStatus: instance.status,
    // The library throws unless input and output are present, even if null.
    input: detail.showInput ? jsonOrText(instance.input) : null,
    customStatus: jsonOrText(instance.customStatus),
    output: jsonOrText(instance.output),
    createdTime: toTheSecond(instance.created),
    lastUpdatedTime: toTheSecond(instance.updated),
    ...(detail.showHistory ? { historyEvents: historyEvents(instance.history, detail) } : {}),
  };
}

/** A reason or a failure is text, not JSON, and is returned as a string. */
function jsonOrText(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toTheSecond(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

/** The filters of a list of instances. */
export interface InstanceQuery {
  readonly statuses: ReadonlySet<string>;
  readonly createdFrom: string | undefined;
  readonly createdTo: string | undefined;
  readonly idPrefix: string;
}

export function matches(row: ArchiveRow, query: InstanceQuery): boolean {
  return (
    (query.statuses.size === 0 || query.statuses.has(row.status)) &&
    (query.createdFrom === undefined || row.created >= query.createdFrom) &&
    (query.createdTo === undefined || row.created <= query.createdTo) &&
    row.id.startsWith(query.idPrefix)
  );
}

/** The event that ends the work of another one. */
const BEGUN_BY: ReadonlyMap<number, number> = new Map([
  [EventType.TaskCompleted, EventType.TaskScheduled],
  [EventType.TaskFailed, EventType.TaskScheduled],
  [EventType.SubOrchestrationInstanceCompleted, EventType.SubOrchestrationInstanceCreated],
  [EventType.SubOrchestrationInstanceFailed, EventType.SubOrchestrationInstanceCreated],
]);

const NAMES = new Map<number, string>(
  Object.entries(EventType).map(([name, number]) => [number, name]),
);

const LEFT_OUT: ReadonlySet<number> = new Set([
  EventType.OrchestratorStarted,
  EventType.OrchestratorCompleted,
]);

type Item = Record<string, unknown>;

/** Types as names; the start of a task that has ended is merged into its end. */
function historyEvents(history: readonly HistoryEvent[], detail: StatusDetail): object[] {
  const begun = new Map<string, Item>();
  const items: Item[] = [];
  for (const event of history) {
    if (LEFT_OUT.has(event.EventType)) continue;
    const item = itemOf(event, detail);
    const beginner = BEGUN_BY.get(event.EventType);
    if (beginner !== undefined && 'TaskScheduledId' in event) {
      const start = begun.get(`${beginner}:${event.TaskScheduledId}`);
      if (start !== undefined) {
        item['ScheduledTime'] = start['Timestamp'];
        item['FunctionName'] = start['Name'];
        if ('InstanceId' in start) item['InstanceId'] = start['InstanceId'];
        if (detail.showInput && 'Input' in start) item['Input'] = start['Input'];
        items.splice(items.indexOf(start), 1);
      }
    }
    begun.set(`${event.EventType}:${event.EventId}`, item);
    items.push(item);
  }
  return items;
}

const HIDDEN = [
  'EventId',
  'TaskScheduledId',
  'TimerId',
  'Version',
  'Tags',
  'OrchestrationInstance',
  'ParentInstance',
];

function itemOf(event: HistoryEvent, detail: StatusDetail): Item {
  const item: Item = { ...event, EventType: NAMES.get(event.EventType) };
  for (const member of HIDDEN) delete item[member];
  if (!detail.showInput) delete item['Input'];
  if (event.EventType === EventType.ExecutionStarted) {
    item['FunctionName'] = event.Name;
    delete item['Name'];
  }
  if ('Result' in event) {
    if (detail.showHistoryOutput) item['Result'] = jsonOrText(event.Result);
    else delete item['Result'];
  }
  return item;
}

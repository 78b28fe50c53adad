import { EventType, type HistoryEvent } from '../../local/functions/durable/history';
import type { Reply, Status } from './hub';

/** The part of an observation that is the same at every run: no times, no generated ids, no stacks. */

/** The first line of a text with a serialized exception, and a placeholder for generated ids. */
function plainText(text: string): string {
  return text
    .replace(/\{"\$type"[^]*/, '{exception}')
    .replace(/StackTrace: [^]*/, 'StackTrace: {stack}')
    .replace(/(Additional info: )[^]*/, '$1{names}')
    .replaceAll(/[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/g, '{id}')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g, (time) =>
      time.startsWith('2030-01-01T00:00:00') ? time : '{time}',
    );
}

export function plain(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** The end of an instance. */
export function endOf({ runtimeStatus, output, customStatus }: Status) {
  return { runtimeStatus, output: plain(output), customStatus };
}

const NAMES = new Map<number, string>(
  Object.entries(EventType).map(([name, number]) => [number, name]),
);

function typesOf(history: readonly HistoryEvent[]): readonly string[] {
  return history.map(({ EventType: type }) => NAMES.get(type) ?? String(type));
}

/** The types of the events that orchestrators cause or read, without the marks of turns. */
export function stepsOf(history: readonly HistoryEvent[]): readonly string[] {
  return typesOf(history).filter((type) => !type.startsWith('Orchestrator'));
}

/** Members for tracing, which is not enabled, and for other features that neither side uses. */
const TRACING: readonly string[] = [
  'ClientSpanId',
  'Correlation',
  'GenerateNewTrace',
  'Generation',
  'ParentTraceContext',
  'ScheduledStartTime',
];

/** Members whose values differ from run to run; that they are there is a fact. */
const VARYING: readonly string[] = ['Timestamp', 'FireAt', 'ExecutionId', 'ScheduledTime'];

/** A history, with the type of each event as a name. */
export function historyFacts(history: readonly HistoryEvent[]): readonly unknown[] {
  return history.map((event) => factsOf({ ...event, EventType: NAMES.get(event.EventType) }));
}

export function factsOf(event: Readonly<Record<string, unknown>>): unknown {
  const entries = Object.entries(event).flatMap(([name, value]): [string, unknown][] => {
    // A member that is null says as much as one that is absent.
    if (value === null || TRACING.includes(name)) return [];
    if (VARYING.includes(name)) return [[name, '{varies}']];
    if (name === 'StackTrace') return [[name, '{stack}']];
    if (name === 'Details') return [[name, '{details}']];
    return [[name, typeof value === 'object' ? nested(value) : plain(value)]];
  });
  return sorted(Object.fromEntries(entries));
}

function sorted(value: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

function nested(value: object): unknown {
  return Array.isArray(value) ? plain(value) : factsOf({ ...value });
}

/** True when the second event comes after the first one, and both are there. */
export function isInOrder(
  history: readonly HistoryEvent[],
  first: (event: HistoryEvent) => boolean,
  second: (event: HistoryEvent) => boolean,
): boolean {
  const at = history.findIndex(first);
  return at >= 0 && at < history.findIndex(second);
}

export function isOf(type: keyof typeof EventType, name?: string) {
  return (event: HistoryEvent): boolean =>
    event.EventType === EventType[type] &&
    (name === undefined || ('Name' in event && event.Name === name));
}

/** A reply of the API without the members that name addresses and lines of code. */
export function replyFacts({ status, body }: Reply) {
  if (typeof body !== 'object' || body === null) return { status, body: plain(body) };
  if ('statusQueryGetUri' in body) return { status, members: Object.keys(body).toSorted() };
  const { StackTrace: _, InnerException: __, ...rest } = body as Readonly<Record<string, unknown>>;
  return { status, body: plain(rest) };
}

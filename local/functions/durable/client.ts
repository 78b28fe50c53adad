import { entityId } from './entity';
import { EventType, type HistoryEvent } from './history';
import { hasEnded, type Status } from './records';
import { rewound } from './rewind';
import { matches, type InstanceQuery } from './status';
import type { ArchiveRow } from './archive';
import type { TaskHub } from './task-hub';
import { unknownFunction } from './unknown-function';

/** The operations of the app's clients on a hub. The effect of a resolved call survives a crash. */

/** A refusal with the extension's own message. */
export class DurableError extends Error {
  override readonly name = 'DurableRefusal';
  constructor(
    readonly status: number,
    message: string,
    /** The .NET type of an error that the extension reports as an exception. */
    readonly exceptionType?: string,
    /** The sentence that precedes the exception. Default: the one of the status. */
    readonly summary?: string,
  ) {
    super(message);
  }
}

function badArgument(message: string): DurableError {
  return new DurableError(400, message, 'System.ArgumentException');
}

function badState(message: string): DurableError {
  return new DurableError(500, message, 'System.InvalidOperationException');
}

export interface NewInstance {
  readonly name: string;
  readonly id?: string | undefined;
  /** JSON text, or null for nothing. */
  readonly input: string | null;
  readonly version?: string;
}

/**
 * Starts an instance and returns its id. An ended instance of the same id is purged. Of several
 * starts of one id at the same time all succeed, and the first one runs, as in Azure: its client
 * reads the status before any of them has written its row, and ignores that a row exists
 * (`AzureTableTrackingStore.SetNewExecutionAsync`).
 */
export async function startNew(hub: TaskHub, wanted: NewInstance): Promise<string> {
  const { functions, settings, newId, clock } = hub.options;
  if (!functions.has('orchestration', wanted.name))
    throw badArgument(unknownFunction('orchestration', wanted.name, hub.options));
  const id = wanted.id ?? newId();
  refuseId(id);
  const starting = hub.starting(id);
  if (starting !== undefined && !settings.replacesRunning) return starting.then(() => id);
  const present = hub.find(id);
  if (present !== undefined && !hasEnded(present.status) && !settings.replacesRunning)
    throw new DurableError(
      409,
      `An Orchestration instance with the status ${present.status} already exists.`,
    );

  hub.release([id]);
  const { name, input, version = settings.versioning.defaultVersion } = wanted;
  const time = clock.now().toISOString();
  const seed = { id, executionId: newId(), name, version, input, parent: null, time };
  await hub.create(seed);
  return id;
}

const MAX_ID_LENGTH = 256;

function refuseId(id: string): void {
  if (id.startsWith('@')) throw badArgument('Orchestration instance ids must not start with @.');
  if (/[/\\?#\p{Cc}]/u.test(id))
    throw badArgument(
      'Orchestration instance ids must not contain /, \\, #, ?, or control characters.',
    );
  if (id.length > MAX_ID_LENGTH)
    throw badArgument(`Instance ID lengths must not exceed ${MAX_ID_LENGTH} characters.`);
}

/** `input` is JSON text. An instance that has ended never receives it. */
export function raiseEvent(
  hub: TaskHub,
  id: string,
  name: string,
  input: string | null,
): Promise<void> {
  return send(hub, id, { EventType: EventType.EventRaised, Name: name, Input: input });
}

export function terminate(hub: TaskHub, id: string, reason: string | null): Promise<void> {
  return send(hub, id, { EventType: EventType.ExecutionTerminated, Input: reason });
}

/** @throws DurableRefusal for an instance that is suspended already, or has ended */
export async function suspend(hub: TaskHub, id: string, reason: string | null): Promise<void> {
  refuseUnless(hub, id, 'suspend', ['Pending', 'Running']);
  return send(hub, id, { EventType: EventType.ExecutionSuspended, Reason: reason });
}

/** @throws DurableRefusal for an instance that is not suspended */
export async function resume(hub: TaskHub, id: string, reason: string | null): Promise<void> {
  refuseUnless(hub, id, 'resume', ['Suspended']);
  return send(hub, id, { EventType: EventType.ExecutionResumed, Reason: reason });
}

function refuseUnless(hub: TaskHub, id: string, verb: string, allowed: readonly Status[]): void {
  const status = hub.find(id)?.status;
  if (status === undefined || allowed.includes(status)) return;
  throw badState(
    `Cannot ${verb} the orchestration instance ${id} because instance is in the ${status} state.`,
  );
}

type Undated<T> = T extends unknown ? Omit<T, 'EventId' | 'Timestamp'> : never;

function send(hub: TaskHub, id: string, news: Undated<HistoryEvent>): Promise<void> {
  const Timestamp = hub.options.clock.now().toISOString();
  const event = { ...news, EventId: -1, Timestamp } as HistoryEvent;
  return hub.commit({ kind: 'event', id, event });
}

/**
 * Purges an instance with all its data, unless it is running: the extension refuses that since
 * 2026, https://github.com/Azure/azure-functions-durable-extension/pull/3311.
 */
export async function purgeEnded(hub: TaskHub, id: string): Promise<void> {
  const status = hub.find(id)?.status;
  if (status !== undefined && !hasEnded(status))
    throw new DurableError(
      412,
      `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${status}`,
    );
  return purge(hub, [id]);
}

/** Purges instances with all their data. */
export async function purge(hub: TaskHub, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  hub.release(ids);
  await hub.commit({ kind: 'purge', ids });
}

/** Restarts an instance with its name and input. */
export function restart(hub: TaskHub, id: string, withNewId: boolean): Promise<string> {
  const instance = hub.find(id);
  if (instance === undefined)
    throw new DurableError(
      400,
      `No instance with ID '${id}' was found. (Parameter 'instanceId')`,
      'System.ArgumentException',
      'InstanceId does not match a valid orchestration instance.',
    );
  const { name, input, version } = instance;
  return startNew(hub, { name, input, version, ...(withNewId ? {} : { id }) });
}

/** Rewinds a failed instance, and the children that failed with it, to before the failures. */
export async function rewind(hub: TaskHub, id: string, reason: string | null): Promise<void> {
  const instance = hub.find(id);
  if (instance === undefined)
    // The dollar sign is the extension's.
    throw new DurableError(404, `No orchestration with instance ID "$${id}" found.`);
  if (instance.status !== 'Failed')
    throw new DurableError(
      412,
      `This orchestration has status ${instance.status}, but only orchestrations in the "Failed" state can be rewound.`,
    );
  const time = hub.options.clock.now().toISOString();
  const instances = rewound(instance, (child) => hub.find(child), { time, reason });
  await hub.commit({ kind: 'rewind', instances });
}

export async function signalEntity(
  hub: TaskHub,
  name: string,
  key: string,
  operation: { readonly name: string; readonly input: string | null },
): Promise<void> {
  const { functions, newId } = hub.options;
  if (!functions.has('entity', name))
    throw new DurableError(400, unknownFunction('entity', name, hub.options));
  await hub.commit({
    kind: 'operation',
    to: entityId(name, key),
    message: {
      kind: 'request',
      op: operation.name,
      id: newId(),
      signal: true,
      ...(operation.input === null ? {} : { input: operation.input }),
    },
  });
}

/** Returns rows of all matching instances, oldest first. */
export function listInstances(hub: TaskHub, query: InstanceQuery): readonly ArchiveRow[] {
  const { instances, archive } = hub.options.store.state;
  const rows = [...instances.values(), ...archive.rows.values()].filter((row) =>
    matches(row, query),
  );
  return rows.sort((a, b) => compare(a.created, b.created) || compare(a.id, b.id));
}

export function endedIds(rows: readonly ArchiveRow[]): readonly string[] {
  return rows.filter(({ status }) => hasEnded(status)).map(({ id }) => id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

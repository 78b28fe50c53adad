import { formatError } from '../../errors';
import { jsonTextOf } from '../wire';
import { type TurnContext } from './orchestration-turn';
import { EventType } from './history';
import type { BatchRecord, Entity, EntityMessage, EntityRequest, Operation } from './records';
import { unknownFunction } from './unknown-function';

/**
 * Runs an entity's pending operations, as far as its lock allows, in one call of its function, and
 * returns one record of the result.
 */
export async function runBatch(
  entity: Entity,
  context: TurnContext,
): Promise<BatchRecord | undefined> {
  const taken = entity.inbox.length;
  const sorted = sort(entity, entity.inbox.slice(0, taken));
  const isStuck = sorted.operations.length === 0 && sorted.waiting.length === taken;
  if (isStuck) return undefined;

  const result = await operate(entity, sorted.operations, context);
  const time = context.now().toISOString();
  return {
    kind: 'batch',
    id: entity.id,
    time,
    taken,
    waiting: sorted.waiting,
    exists: result.exists,
    state: result.exists ? result.state : null,
    lockedBy: sorted.lockedBy,
    answers: [
      ...result.answers.map(({ request, result }) => answer(request, result, time)),
      ...sorted.granted.filter(isLast).map((request) => answer(request, { result: null }, time)),
    ],
    operations: [
      ...result.signals,
      ...sorted.granted.filter((request) => !isLast(request)).map(passOn),
    ],
  };
}

interface Sorted {
  readonly operations: EntityRequest[];
  readonly waiting: EntityMessage[];
  readonly granted: EntityRequest[];
  lockedBy: string | null;
}

/**
 * Messages are processed in the order of their arrival: operations run, a lock request takes the
 * lock, and from then on only operations of the lock's holder run. A release unblocks the others.
 */
function sort(entity: Entity, messages: readonly EntityMessage[]): Sorted {
  const sorted: Sorted = { operations: [], waiting: [], granted: [], lockedBy: entity.lockedBy };
  for (const message of messages) {
    const isShut = sorted.lockedBy !== null && sorted.lockedBy !== message.parent;
    if (message.kind === 'release') {
      if (sorted.lockedBy !== message.parent) continue;
      sorted.lockedBy = null;
      // Messages that waited come first, in their order.
      const waited = sorted.waiting.splice(0);
      const again = sort({ ...entity, lockedBy: null }, waited);
      sorted.operations.push(...again.operations);
      sorted.waiting.push(...again.waiting);
      sorted.granted.push(...again.granted);
      sorted.lockedBy = again.lockedBy;
    } else if (isShut) sorted.waiting.push(message);
    else if (message.op === null) {
      sorted.granted.push(message);
      sorted.lockedBy = message.parent ?? null;
    } else sorted.operations.push(message);
  }
  return sorted;
}

interface Outcome {
  readonly exists: boolean;
  readonly state: string | null;
  readonly answers: readonly { readonly request: EntityRequest; readonly result: Result }[];
  readonly signals: readonly Operation[];
}

interface Result {
  readonly result: string | null;
  readonly exceptionType?: string;
}

/** The result of the library's entity function. */
interface EntityState {
  readonly entityExists: boolean;
  readonly entityState?: string;
  readonly results: readonly { readonly isError: boolean; readonly result?: string }[];
  readonly signals: readonly {
    readonly target: { readonly name: string; readonly key: string };
    readonly name: string;
    readonly input: string;
  }[];
}

async function operate(
  entity: Entity,
  operations: readonly EntityRequest[],
  context: TurnContext,
): Promise<Outcome> {
  const asBefore = { exists: entity.exists, state: entity.state, signals: [] };
  if (operations.length === 0) return { ...asBefore, answers: [] };
  const calls = operations.filter(({ signal }) => signal !== true);
  const refuse = (message: string): Outcome => ({
    ...asBefore,
    answers: calls.map((request) => ({
      request,
      result: { result: JSON.stringify(message), exceptionType: 'Error' },
    })),
  });

  const { name } = parseEntityId(entity.id);
  if (!context.functions.has('entity', name))
    return refuse(unknownFunction('entity', name, context));
  try {
    return outcomeOf(await callEntity(entity, operations, context), operations, context);
  } catch (error) {
    return refuse(formatError(error));
  }
}

async function callEntity(
  entity: Entity,
  operations: readonly EntityRequest[],
  { functions }: TurnContext,
): Promise<EntityState> {
  const self = parseEntityId(entity.id);
  const trigger = {
    self,
    exists: entity.exists,
    state: entity.state,
    batch: operations.map(({ op, id, input, signal }) => ({
      name: op,
      id,
      isSignal: signal === true,
      input: input ?? null,
    })),
  };
  const response = await functions.run('entity', self.name, entity.id, {
    string: JSON.stringify(trigger),
  });
  return JSON.parse(jsonTextOf(response.returnValue) ?? 'null') as EntityState;
}

function outcomeOf(
  state: EntityState,
  operations: readonly EntityRequest[],
  { newId }: TurnContext,
): Outcome {
  const answers = operations.flatMap((request, i) => {
    const result = state.results[i];
    if (request.signal === true || result === undefined) return [];
    const text = { result: result.result ?? null };
    return [{ request, result: result.isError ? { ...text, exceptionType: 'Error' } : text }];
  });
  const signals = state.signals.map(({ target, name, input }) => ({
    to: entityId(target.name, target.key),
    message: {
      kind: 'request' as const,
      op: name,
      id: newId(),
      signal: true,
      ...(input === '' ? {} : { input }),
    },
  }));
  return { exists: state.entityExists, state: state.entityState ?? null, answers, signals };
}

function answer(request: EntityRequest, result: Result, time: string): BatchRecord['answers'][0] {
  return {
    to: request.parent ?? '',
    event: {
      EventType: EventType.EventRaised,
      EventId: -1,
      Timestamp: time,
      Name: request.id,
      Input: JSON.stringify(result),
    },
  };
}

function isLast({ lockset = [], pos = 0 }: EntityRequest): boolean {
  return pos + 1 >= lockset.length;
}

/** A request for several locks is passed from entity to entity. */
function passOn(request: EntityRequest): Operation {
  const pos = (request.pos ?? 0) + 1;
  const next = request.lockset?.[pos];
  if (next === undefined) throw new Error('A lock request was passed on past its last entity.');
  return { to: entityId(next.name, next.key), message: { ...request, kind: 'request', pos } };
}

export function entityId(name: string, key: string): string {
  return `@${name.toLowerCase()}@${key}`;
}

export function parseEntityId(id: string): { readonly name: string; readonly key: string } {
  const at = id.indexOf('@', 1);
  return { name: id.slice(1, at), key: id.slice(at + 1) };
}

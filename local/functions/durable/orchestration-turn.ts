import { jsonTextOf, type InvocationResponse, type TypedData } from '../wire';
import { formatError, stackOf } from '../../errors';
import type { OrchestratorState } from './actions';
import { EventType, type ChildEnded, type FailureDetails, type HistoryEvent } from './history';
import { playedText, withPlayed } from './history-text';
import { hasEnded, type Generation, type Instance, type Status, type TurnRecord } from './records';
import { replayTurn, type TurnOutcome } from './turn';
import { acceptsVersion, VERSION_MISMATCH, waitsForVersion, type Versioning } from './versions';
import { effectsOf } from './turn-effects';
import { unknownFunction } from './unknown-function';

/** Everything outside the instance that a turn depends on. */
export interface TurnContext {
  readonly functions: DurableFunctions;
  readonly now: () => Date;
  /** 32 hex digits, always unique. */
  readonly newId: () => string;
  readonly maxActions: number;
  readonly httpPollMs: number;
  readonly storesInputs: boolean;
  readonly versioning: Versioning;
  readonly warn: (message: string) => void;
}

export type DurableKind = 'orchestration' | 'activity' | 'entity';

/** The app's durable functions, as the hub calls them. */
export interface DurableFunctions {
  has(kind: DurableKind, name: string): boolean;
  names(kind: DurableKind): readonly string[];
  /** Rejects with the error that the function threw. */
  run(
    kind: DurableKind,
    name: string,
    instanceId: string,
    input: TypedData,
  ): Promise<InvocationResponse>;
}

/**
 * Runs one turn of an instance: its inbox is appended to its history, its function is called with
 * the whole history, and the result becomes one record: new work, or the end. Returns undefined for
 * an instance that waits for an app of its version.
 */
export async function runOrchestrationTurn(
  instance: Instance,
  context: TurnContext,
): Promise<TurnRecord | undefined> {
  const time = context.now().toISOString();
  const taken = instance.inbox.length;
  const started = {
    EventType: EventType.OrchestratorStarted,
    EventId: -1,
    Timestamp: time,
  } as const;
  const turn: Turn = { instance, time, taken, fresh: [started, ...instance.inbox] };

  const killed = turn.fresh.find((event) => event.EventType === EventType.ExecutionTerminated);
  if (killed !== undefined)
    return record(turn, context, { status: 'Terminated', output: killed.Input });
  if (!acceptsVersion(context.versioning, instance)) {
    if (context.versioning.failure === 'fail')
      return record(turn, context, failed(VERSION_MISMATCH));
    context.warn(waitsForVersion(context.versioning, instance));
    return undefined;
  }
  if (!context.functions.has('orchestration', instance.name))
    return record(turn, context, failed(unknownFunction('orchestration', instance.name, context)));

  try {
    return recordResult(turn, context, await callOrchestrator(turn, context));
  } catch (error) {
    // The requested actions are invalid, for example a timer with an invalid date.
    return record(turn, context, failed(failureText(instance, error), stackOf(error)));
  }
}

function recordResult(turn: Turn, context: TurnContext, answer: OrchestratorResult): TurnRecord {
  const { instance } = turn;
  if (answer.kind === 'failed') return record(turn, context, failed(answer.message, answer.stack));
  const result = replayTurn(concat(instance.history, turn.fresh), answer.state, {
    instanceId: instance.id,
    executionId: instance.executionId,
    parentId: instance.parent?.OrchestrationInstance.InstanceId,
    maxActions: context.maxActions,
    httpPollMs: context.httpPollMs,
  });
  if (result.kind === 'fault') {
    const customStatus = customStatusOf(instance, answer.state);
    return record(turn, context, { ...failed(result.message), customStatus });
  }
  return record(turn, context, updateOf(instance, answer, result, context), result);
}

interface Turn {
  readonly instance: Instance;
  readonly time: string;
  readonly taken: number;
  readonly fresh: readonly HistoryEvent[];
}

type OrchestratorResult =
  | { readonly kind: 'returned'; readonly state: OrchestratorState; readonly stack: string }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string };

interface InstanceUpdate {
  readonly status: Status;
  readonly output?: string | null;
  readonly details?: string;
  /** Of a failure with the properties of an exception. */
  readonly failure?: FailureDetails;
  readonly customStatus?: string | null;
  readonly next?: Omit<Generation, 'carried' | 'time'>;
}

/** Precedes the state of a failed orchestrator in the message of its error. */
const STATE_MARK = '\n\n$OutOfProcData$:';

async function callOrchestrator(
  turn: Turn,
  { functions }: TurnContext,
): Promise<OrchestratorResult> {
  const { instance } = turn;
  const input = { string: triggerText(turn) };
  try {
    const response = await functions.run('orchestration', instance.name, instance.id, input);
    const text = jsonTextOf(response.returnValue) ?? 'null';
    return { kind: 'returned', state: stateIn(text), stack: '' };
  } catch (error) {
    const message = formatError(error);
    const stack = stackOf(error);
    const at = message.indexOf(STATE_MARK);
    if (at < 0) return { kind: 'failed', message: failureText(instance, error), stack };
    return { kind: 'returned', state: stateIn(message.slice(at + STATE_MARK.length)), stack };
  }
}

/** A hook may have replaced the value. No value at all is an end without an output. */
function stateIn(text: string): OrchestratorState {
  const state = JSON.parse(text) as OrchestratorState | null;
  return state ?? { isDone: true, actions: [], output: null };
}

function failureText({ name }: Instance, error: unknown): string {
  return `Orchestrator function '${name}' failed: ${formatError(error)}`;
}

/** The value that the library expects in `upperSchemaVersionNew`: V4, which has entity locks. */
const SCHEMA = { upperSchemaVersion: 1, upperSchemaVersionNew: 3 };

function triggerText({ instance, fresh }: Turn): string {
  const played = playedText(instance.history);
  const news = fresh.map((event) => withPlayed(event, false)).join(',');
  const history = played === '' ? news : `${played},${news}`;
  const rest = JSON.stringify({
    instanceId: instance.id,
    isReplaying: instance.history.length > 0,
    parentInstanceId: instance.parent?.OrchestrationInstance.InstanceId ?? null,
    ...SCHEMA,
    longRunningTimerIntervalDuration: '3.00:00:00',
    maximumShortTimerDuration: '6.00:00:00',
    // The misspelling is the extension's.
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  });
  return `{"history":[${history}],"input":${instance.input ?? 'null'},${rest.slice(1)}`;
}

/** The extension rounds a size down, so that a status may have almost 17 KB. */
const MAX_CUSTOM_STATUS_KB = 16;

function updateOf(
  instance: Instance,
  { state, stack }: OrchestratorResult & { readonly kind: 'returned' },
  result: TurnOutcome,
  context: TurnContext,
): InstanceUpdate {
  const customStatus = customStatusOf(instance, state);
  const sizeKb = Math.floor((2 * (customStatus?.length ?? 0)) / 1024);
  if (sizeKb > MAX_CUSTOM_STATUS_KB) {
    const message = `The UTF-16 size of the JSON-serialized payload must not exceed ${MAX_CUSTOM_STATUS_KB} KB. The current payload size is ${sizeKb} KB.`;
    return { ...failedWith(instance, message, stack), customStatus: null };
  }
  if (!result.mayEnd) return { status: result.suspended ? 'Suspended' : 'Running', customStatus };
  if (state.error !== undefined) {
    const { error, failureDetails: failure } = state;
    const update = { ...failedWith(instance, error, stack), customStatus };
    return failure === undefined ? update : { ...update, failure };
  }
  if (!state.isDone) {
    // For example, the library waits for another attempt after the retry timeout; the host makes
    // none.
    context.warn(
      `'${instance.id}' waits for an event that will never come, here and in Azure; terminate it.`,
    );
    return { status: 'Running', customStatus };
  }
  if (result.continuedWith !== undefined)
    return {
      status: 'Running',
      customStatus,
      next: { executionId: context.newId(), input: jsonOf(result.continuedWith.input) },
    };
  return { status: 'Completed', output: jsonOf(state.output), customStatus };
}

function failedWith(instance: Instance, message: string, stack: string): InstanceUpdate {
  return failed(
    `Orchestrator function '${instance.name}' failed: ${message}`,
    `Message: ${message}, StackTrace: ${stack}`,
  );
}

/** A replay that sets none clears it; the first one of a generation keeps the previous status. */
function customStatusOf(instance: Instance, { customStatus }: OrchestratorState): string | null {
  if (customStatus !== undefined) return JSON.stringify(customStatus);
  return instance.history.length === 0 ? instance.customStatus : null;
}

function failed(message: string, details = ''): InstanceUpdate {
  return { status: 'Failed', output: message, details };
}

function record(
  turn: Turn,
  context: TurnContext,
  update: InstanceUpdate,
  result?: TurnOutcome,
): TurnRecord {
  const { instance, time, taken } = turn;
  const work = effectsOf(result?.decisions ?? [], turn, context);
  const ended = hasEnded(update.status);
  const answer = ended ? parentEvent(instance, update, time) : undefined;
  return {
    kind: 'turn',
    id: instance.id,
    time,
    taken,
    status: update.status,
    customStatus: update.customStatus === undefined ? instance.customStatus : update.customStatus,
    ...(ended ? { output: outputOf(update) } : {}),
    ...work,
    events:
      update.next === undefined
        ? [...turn.fresh, ...work.events, ...closingEvents(turn, update, result)]
        : [],
    ...(update.next === undefined
      ? {}
      : { next: { ...update.next, carried: result?.carried ?? [], time } }),
    ...(answer === undefined ? {} : { answer }),
  };
}

/** A failure with properties is shown without the orchestrator's name. */
function outputOf({ output, failure }: InstanceUpdate): string | null {
  if (failure !== undefined) return `${failure.ErrorType}: ${failure.ErrorMessage}`;
  return output ?? null;
}

function closingEvents(
  turn: Turn,
  update: InstanceUpdate,
  result: TurnOutcome | undefined,
): HistoryEvent[] {
  const base = { EventId: -1, Timestamp: turn.time };
  const completed = { ...base, EventType: EventType.OrchestratorCompleted };
  if (!hasEnded(update.status)) return [completed];
  return [
    {
      ...base,
      EventType: EventType.ExecutionCompleted,
      EventId: result?.nextId ?? -1,
      OrchestrationStatus: update.status,
      Result: outputOf(update),
    },
    completed,
  ];
}

function parentEvent(
  instance: Instance,
  update: InstanceUpdate,
  time: string,
): TurnRecord['answer'] {
  const { parent } = instance;
  if (parent === null) return undefined;
  const base = { EventId: -1, Timestamp: time, TaskScheduledId: parent.TaskScheduleId };
  const event: ChildEnded =
    update.status === 'Completed'
      ? {
          ...base,
          EventType: EventType.SubOrchestrationInstanceCompleted,
          Result: update.output ?? null,
        }
      : {
          ...base,
          EventType: EventType.SubOrchestrationInstanceFailed,
          Reason: update.output ?? '',
          Details: update.details ?? '',
          FailureDetails: update.failure ?? null,
        };
  const { InstanceId, ExecutionId } = parent.OrchestrationInstance;
  return { to: InstanceId, executionId: ExecutionId, event };
}

function* concat(...parts: readonly (readonly HistoryEvent[])[]): Iterable<HistoryEvent> {
  for (const part of parts) yield* part;
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

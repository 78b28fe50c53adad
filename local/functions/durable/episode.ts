import { jsonTextOf, type InvocationResponse, type TypedData } from '../wire';
import { formatError, stackOf } from '../../errors';
import type { OrchestratorState } from './actions';
import { EventType, type ChildEnded, type HistoryEvent } from './history';
import { playedText, withPlayed } from './history-text';
import {
  hasEnded,
  type Activity,
  type Generation,
  type Instance,
  type Operation,
  type Seed,
  type Status,
  type TurnRecord,
} from './records';
import { replayTurn, type TurnOutcome } from './turn';
import { checkVersion, type Versioning } from './versions';
import type { Decision } from './turn-work';

/** What a turn needs from around it. */
export interface EpisodeContext {
  readonly functions: DurableFunctions;
  readonly now: () => Date;
  /** 32 hex digits, never the same. */
  readonly newId: () => string;
  readonly maxActions: number;
  readonly httpPollMs: number;
  readonly storesInputs: boolean;
  readonly versioning: Versioning;
  readonly warn: (message: string) => void;
}

export type DurableKind = 'orchestration' | 'activity' | 'entity';

/** The app's durable functions, as the hub sees them. */
export interface DurableFunctions {
  has(kind: DurableKind, name: string): boolean;
  names(kind: DurableKind): readonly string[];
  /** Rejects with what the function threw. */
  run(
    kind: DurableKind,
    name: string,
    instanceId: string,
    input: TypedData,
  ): Promise<InvocationResponse>;
}

/**
 * Gives an instance one turn: what has arrived joins its history, its function is called with
 * all of it, and the answer becomes one record: new work, or the end. An instance that is to wait
 * for an app of its version gets none.
 */
export async function runOrchestrationTurn(
  instance: Instance,
  context: EpisodeContext,
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
  const mistake = checkVersion(instance, context.versioning);
  if (mistake !== undefined && context.versioning.failure === 'reject') {
    context.warn(`${mistake} It waits for one of its version.`);
    return undefined;
  }
  if (mistake !== undefined) return record(turn, context, failed(mistake));
  if (!context.functions.has('orchestration', instance.name))
    return record(turn, context, failed(unknownFunction('orchestration', instance.name, context)));

  try {
    return settled(turn, context, await ask(turn, context));
  } catch (error) {
    // What the answer asks for makes no sense, such as a timer until a date that is none.
    return record(turn, context, failed(failureText(instance, error), stackOf(error)));
  }
}

function settled(turn: Turn, context: EpisodeContext, answer: Answer): TurnRecord {
  const { instance } = turn;
  if (answer.kind === 'failed') return record(turn, context, failed(answer.message, answer.stack));
  const result = replayTurn(all(instance.history, turn.fresh), answer.state, {
    instanceId: instance.id,
    executionId: instance.executionId,
    parentId: instance.parent?.OrchestrationInstance.InstanceId,
    maxActions: context.maxActions,
    httpPollMs: context.httpPollMs,
  });
  if (result.kind === 'fault') return record(turn, context, failed(result.message));
  return record(turn, context, verdictOf(instance, answer, result, context), result);
}

interface Turn {
  readonly instance: Instance;
  readonly time: string;
  readonly taken: number;
  readonly fresh: readonly HistoryEvent[];
}

type Answer =
  | { readonly kind: 'answered'; readonly state: OrchestratorState; readonly stack: string }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string };

interface Verdict {
  readonly status: Status;
  readonly output?: string | null;
  readonly details?: string;
  readonly customStatus?: string | null;
  readonly next?: Omit<Generation, 'carried' | 'time'>;
}

/** Before the state of a failed orchestrator, in the message of its error. */
const STATE_MARK = '\n\n$OutOfProcData$:';

async function ask(turn: Turn, { functions }: EpisodeContext): Promise<Answer> {
  const { instance } = turn;
  const input = { string: triggerText(turn) };
  try {
    const response = await functions.run('orchestration', instance.name, instance.id, input);
    const text = jsonTextOf(response.returnValue) ?? 'null';
    return { kind: 'answered', state: stateIn(text), stack: '' };
  } catch (error) {
    const message = formatError(error);
    const stack = stackOf(error);
    const at = message.indexOf(STATE_MARK);
    if (at < 0) return { kind: 'failed', message: failureText(instance, error), stack };
    return { kind: 'answered', state: stateIn(message.slice(at + STATE_MARK.length)), stack };
  }
}

/** A hook may have put anything in its place. Nothing at all is an end without an output. */
function stateIn(text: string): OrchestratorState {
  const state = JSON.parse(text) as OrchestratorState | null;
  return state ?? { isDone: true, actions: [], output: null };
}

function failureText({ name }: Instance, error: unknown): string {
  return `Orchestrator function '${name}' failed: ${formatError(error)}`;
}

/** What the library asks for in `upperSchemaVersionNew`: V4, which has entity locks. */
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
    // Spelt so.
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  });
  return `{"history":[${history}],"input":${instance.input ?? 'null'},${rest.slice(1)}`;
}

const MAX_CUSTOM_STATUS_KB = 16;

function verdictOf(
  instance: Instance,
  { state, stack }: Answer & { readonly kind: 'answered' },
  result: TurnOutcome,
  context: EpisodeContext,
): Verdict {
  // As set in this very replay: one that sets none clears it.
  const customStatus = state.customStatus === undefined ? null : JSON.stringify(state.customStatus);
  const sizeKb = Math.ceil((2 * (customStatus?.length ?? 0)) / 1024);
  const fail = (message: string) => ({
    ...failed(
      `Orchestrator function '${instance.name}' failed: ${message}`,
      `Message: ${message}, StackTrace: ${stack}`,
    ),
    customStatus,
  });
  if (sizeKb > MAX_CUSTOM_STATUS_KB)
    return {
      ...fail(
        `The UTF-16 size of the JSON-serialized payload must not exceed ${MAX_CUSTOM_STATUS_KB} KB. The current payload size is ${sizeKb} KB.`,
      ),
      customStatus: null,
    };
  if (!result.mayEnd) return { status: result.suspended ? 'Suspended' : 'Running', customStatus };
  if (state.error !== undefined) return fail(state.error);
  if (!state.isDone) {
    // The library waits for an attempt, say, after a retry's time is over; the host makes none.
    context.warn(
      `'${instance.id}' waits for something that nothing will bring, in Azure no more than here; terminate it.`,
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

function failed(message: string, details = ''): Verdict {
  return { status: 'Failed', output: message, details };
}

export function unknownFunction(
  kind: DurableKind,
  name: string,
  { functions }: Pick<EpisodeContext, 'functions'>,
): string {
  const noun = { orchestration: 'orchestrator', activity: 'activity', entity: 'entity' }[kind];
  const names = functions.names(kind);
  const known =
    names.length === 0
      ? `No ${noun} functions are currently registered!`
      : `The following are the known ${noun} functions: ${names.map((each) => `'${each}'`).join(', ')}.`;
  return `The function '${name}' doesn't exist, is disabled, or is not an ${noun} function. Additional info: ${known}`;
}

function record(
  turn: Turn,
  context: EpisodeContext,
  verdict: Verdict,
  result?: TurnOutcome,
): TurnRecord {
  const { instance, time, taken } = turn;
  const work = effects(result?.decisions ?? [], turn, context);
  const ended = hasEnded(verdict.status);
  const answer = ended ? answerTo(instance, verdict, time) : undefined;
  return {
    kind: 'turn',
    id: instance.id,
    time,
    taken,
    status: verdict.status,
    customStatus: verdict.customStatus === undefined ? instance.customStatus : verdict.customStatus,
    ...(ended ? { output: verdict.output ?? null } : {}),
    ...work,
    events:
      verdict.next === undefined
        ? [...turn.fresh, ...work.events, ...closing(turn, verdict, result)]
        : [],
    ...(verdict.next === undefined
      ? {}
      : { next: { ...verdict.next, carried: result?.carried ?? [], time } }),
    ...(answer === undefined ? {} : { answer }),
  };
}

interface Effects {
  readonly events: HistoryEvent[];
  readonly activities: [number, Activity][];
  readonly timers: [number, number][];
  readonly children: Seed[];
  readonly operations: Operation[];
}

/** Each decision as the event that history keeps of it, and as the work it is. */
function effects(decisions: readonly Decision[], turn: Turn, context: EpisodeContext): Effects {
  const done: Effects = { events: [], activities: [], timers: [], children: [], operations: [] };
  for (const decision of decisions) effect(decision, turn, context, done);
  return done;
}

function effect(decision: Decision, turn: Turn, context: EpisodeContext, done: Effects): void {
  const { instance, time } = turn;
  const base = { EventId: decision.id, Timestamp: time };
  const kept = (input: unknown) => (context.storesInputs ? jsonOf(input) : null);
  switch (decision.kind) {
    case 'activity': {
      const { name, input } = decision;
      const event = { ...base, EventType: EventType.TaskScheduled, Name: name, Version: '' };
      done.events.push({ ...event, Input: kept(input) });
      done.activities.push([decision.id, { name, input }]);
      return;
    }
    case 'timer':
      done.events.push({
        ...base,
        EventType: EventType.TimerCreated,
        FireAt: new Date(decision.fireAt).toISOString(),
      });
      done.timers.push([decision.id, decision.fireAt]);
      return;
    case 'child': {
      const seed = childSeed(decision, instance, time, context);
      const event = { ...base, EventType: EventType.SubOrchestrationInstanceCreated };
      const { name, version } = seed;
      const Input = kept(decision.input);
      done.events.push({ ...event, Name: name, Version: version, Input, InstanceId: seed.id });
      done.children.push(seed);
      return;
    }
    case 'event': {
      const { instanceId, name, input } = decision;
      const event = { ...base, EventType: EventType.EventSent, InstanceId: instanceId };
      done.events.push({ ...event, Name: name, Input: input });
      const kind = name === 'release' ? 'release' : 'request';
      const message = { kind, ...JSON.parse(input) } as Operation['message'];
      done.operations.push({ to: instanceId, message });
    }
  }
}

function childSeed(
  decision: Decision & { readonly kind: 'child' },
  parent: Instance,
  time: string,
  { newId, versioning }: EpisodeContext,
): Seed {
  const executionId = newId();
  return {
    id: decision.instanceId ?? executionId,
    executionId,
    name: decision.name,
    version: decision.version ?? versioning.defaultVersion,
    input: jsonOf(decision.input),
    time,
    parent: {
      Name: parent.name,
      TaskScheduleId: decision.id,
      OrchestrationInstance: { InstanceId: parent.id, ExecutionId: parent.executionId },
    },
  };
}

function closing(turn: Turn, verdict: Verdict, result: TurnOutcome | undefined): HistoryEvent[] {
  const base = { EventId: -1, Timestamp: turn.time };
  const completed = { ...base, EventType: EventType.OrchestratorCompleted };
  if (!hasEnded(verdict.status)) return [completed];
  return [
    {
      ...base,
      EventType: EventType.ExecutionCompleted,
      EventId: result?.nextId ?? -1,
      OrchestrationStatus: verdict.status,
      Result: verdict.output ?? null,
    },
    completed,
  ];
}

function answerTo(instance: Instance, verdict: Verdict, time: string): TurnRecord['answer'] {
  const { parent } = instance;
  if (parent === null) return undefined;
  const base = { EventId: -1, Timestamp: time, TaskScheduledId: parent.TaskScheduleId };
  const event: ChildEnded =
    verdict.status === 'Completed'
      ? {
          ...base,
          EventType: EventType.SubOrchestrationInstanceCompleted,
          Result: verdict.output ?? null,
        }
      : {
          ...base,
          EventType: EventType.SubOrchestrationInstanceFailed,
          Reason: verdict.output ?? '',
          Details: verdict.details ?? '',
          FailureDetails: null,
        };
  const { InstanceId, ExecutionId } = parent.OrchestrationInstance;
  return { to: InstanceId, executionId: ExecutionId, event };
}

function* all(...parts: readonly (readonly HistoryEvent[])[]): Iterable<HistoryEvent> {
  for (const part of parts) yield* part;
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

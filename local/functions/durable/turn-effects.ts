import { EventType, type HistoryEvent } from './history';
import type { Activity, Instance, Operation, Seed } from './records';
import type { Decision } from './turn-work';
import type { Versioning } from './versions';

/** The effects of a turn: events of its history, and new work. */
export interface Effects {
  readonly events: HistoryEvent[];
  readonly activities: [number, Activity][];
  readonly timers: [number, number][];
  readonly children: Seed[];
  readonly operations: Operation[];
}

export interface TurnOfInstance {
  readonly instance: Instance;
  readonly time: string;
}

export interface EffectContext {
  /** 32 hex digits, always unique. */
  readonly newId: () => string;
  readonly storesInputs: boolean;
  readonly versioning: Versioning;
}

/** Converts each decision into its history event and its work. */
export function effectsOf(
  decisions: readonly Decision[],
  turn: TurnOfInstance,
  context: EffectContext,
): Effects {
  const done: Effects = { events: [], activities: [], timers: [], children: [], operations: [] };
  for (const decision of decisions) addEffect(decision, turn, context, done);
  return done;
}

function addEffect(
  decision: Decision,
  { instance, time }: TurnOfInstance,
  context: EffectContext,
  done: Effects,
): void {
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
    case 'timer': {
      const FireAt = new Date(decision.fireAt).toISOString();
      done.events.push({ ...base, EventType: EventType.TimerCreated, FireAt });
      done.timers.push([decision.id, decision.fireAt]);
      return;
    }
    case 'child': {
      const seed = childSeed(decision, instance, time, context);
      const event = { ...base, EventType: EventType.SubOrchestrationInstanceCreated };
      const { name: Name, id: InstanceId } = seed;
      const [Version, Input] = [seed.version || null, kept(decision.input)];
      done.events.push({ ...event, Name, Version, Input, InstanceId });
      done.children.push(seed);
      return;
    }
    case 'event': {
      const { instanceId, name, input } = decision;
      const event = { ...base, EventType: EventType.EventSent, InstanceId: instanceId };
      done.events.push({ ...event, Name: name, Input: input });
      done.operations.push({ to: instanceId, message: messageOf(name, input) });
    }
  }
}

function messageOf(name: string, input: string): Operation['message'] {
  const kind = name === 'release' ? 'release' : 'request';
  return { kind, ...JSON.parse(input) } as Operation['message'];
}

function childSeed(
  decision: Decision & { readonly kind: 'child' },
  parent: Instance,
  time: string,
  { newId, versioning }: EffectContext,
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

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

import type { Archive } from './archive';
import { EventType, type ExecutionStarted, type HistoryEvent } from './history';
import {
  hasEnded,
  type Answer,
  type BatchRecord,
  type Entity,
  type EntityMessage,
  type Generation,
  type HubRecord,
  type Instance,
  type RewindRecord,
  type SavedInstance,
  type Seed,
  type Status,
  type TaskRecord,
  type TimerRecord,
  type TurnRecord,
} from './records';

/**
 * The complete state of a task hub, and the records that change it. A record is one transaction: it
 * is applied here, both live and when a journal is read, so the effect of a record depends on
 * nothing but the state and the record.
 */
export class HubState {
  /** Running instances, and those that ended since the last snapshot. */
  readonly instances = new Map<string, Instance>();
  readonly entities = new Map<string, Entity>();

  constructor(readonly archive: Archive) {}

  /** Applies a record and returns the instances and entities that have new work. */
  apply(record: HubRecord): readonly string[] {
    switch (record.kind) {
      case 'start':
        return this.#create(record.seed);
      case 'event':
        return this.#arrive(record.id, record.event, record.status);
      case 'task':
        return this.#taskEnded(record);
      case 'timer':
        return this.#timerFired(record);
      case 'turn':
        return this.#turn(record);
      case 'operation':
        return this.#toEntity(record.to, record.message);
      case 'batch':
        return this.#batch(record);
      case 'rewind':
        return this.#rewind(record);
      case 'purge':
        for (const id of record.ids) this.#forget(id);
        return [];
    }
  }

  #create(seed: Seed): readonly string[] {
    this.archive.remove(seed.id);
    this.instances.set(seed.id, newInstance(seed));
    return [seed.id];
  }

  #arrive(id: string, event: HistoryEvent, status?: Status): readonly string[] {
    const instance = this.#running(id);
    if (instance === undefined) return [];
    instance.inbox.push(event);
    if (status !== undefined) instance.status = status;
    return [id];
  }

  #taskEnded({ id, executionId, event }: TaskRecord): readonly string[] {
    const instance = this.#running(id);
    // A result of an execution that continue-as-new has replaced is discarded.
    if (instance?.executionId !== executionId) return [];
    if (!instance.activities.delete(event.TaskScheduledId)) return [];
    instance.inbox.push(event);
    return [id];
  }

  #timerFired({ id, executionId, event }: TimerRecord): readonly string[] {
    const instance = this.#running(id);
    if (instance?.executionId !== executionId) return [];
    if (!instance.timers.delete(event.TimerId)) return [];
    instance.inbox.push(event);
    return [id];
  }

  #turn(record: TurnRecord): readonly string[] {
    const instance = this.instances.get(record.id);
    if (instance === undefined) return [];
    instance.inbox.splice(0, record.taken);
    instance.updated = record.time;
    instance.status = record.status;
    instance.customStatus = record.customStatus;
    instance.history.push(...record.events);
    for (const [id, activity] of record.activities) instance.activities.set(id, activity);
    for (const [id, fireAt] of record.timers) instance.timers.set(id, fireAt);
    if (record.next !== undefined) renew(instance, record.next);
    if (hasEnded(record.status)) end(instance, record.output ?? null);

    const touched = [record.id];
    for (const seed of record.children) touched.push(...this.#child(seed, record.time));
    for (const { to, message } of record.operations) touched.push(...this.#toEntity(to, message));
    if (record.answer !== undefined) touched.push(...this.#answerParent(record.answer));
    return touched;
  }

  /**
   * Unlike Azure: a child whose id is taken fails at once; there the parent never gets an event.
   */
  #child(seed: Seed, time: string): readonly string[] {
    const taken = this.#running(seed.id);
    if (taken === undefined || seed.parent === null) return this.#create(seed);
    return this.#answerParent({
      to: seed.parent.OrchestrationInstance.InstanceId,
      executionId: seed.parent.OrchestrationInstance.ExecutionId,
      event: {
        EventType: EventType.SubOrchestrationInstanceFailed,
        EventId: -1,
        Timestamp: time,
        TaskScheduledId: seed.parent.TaskScheduleId,
        Reason: `An Orchestration instance with the status ${taken.status} already exists.`,
        Details: '',
        FailureDetails: null,
      },
    });
  }

  #answerParent({ to, executionId, event }: Answer): readonly string[] {
    const parent = this.#running(to);
    if (parent === undefined || parent.executionId !== executionId) return [];
    parent.inbox.push(event);
    return [to];
  }

  #toEntity(id: string, message: EntityMessage): readonly string[] {
    const entity = this.entities.get(id) ?? newEntity(id);
    this.entities.set(id, entity);
    entity.inbox.push(message);
    return [id];
  }

  #batch(record: BatchRecord): readonly string[] {
    const entity = this.entities.get(record.id);
    if (entity === undefined) return [];
    entity.inbox.splice(0, record.taken);
    entity.inbox.unshift(...record.waiting);
    entity.exists = record.exists;
    entity.state = record.state;
    entity.lockedBy = record.lockedBy;
    entity.updated = record.time;

    const touched = [record.id];
    for (const { to, event } of record.answers) touched.push(...this.#arrive(to, event));
    for (const { to, message } of record.operations) touched.push(...this.#toEntity(to, message));
    const isGone = !entity.exists && entity.lockedBy === null && entity.inbox.length === 0;
    if (isGone) this.entities.delete(record.id);
    return touched;
  }

  #rewind({ instances }: RewindRecord): readonly string[] {
    for (const instance of instances) {
      this.archive.remove(instance.id);
      this.instances.set(instance.id, revive(instance));
    }
    return instances.map(({ id }) => id);
  }

  #forget(id: string): void {
    this.instances.delete(id);
    this.entities.delete(id);
    this.archive.remove(id);
  }

  #running(id: string): Instance | undefined {
    const instance = this.instances.get(id);
    return instance === undefined || hasEnded(instance.status) ? undefined : instance;
  }
}

export function save(instance: Instance): SavedInstance {
  return {
    ...instance,
    activities: [...instance.activities],
    timers: [...instance.timers],
  };
}

export function revive(saved: SavedInstance): Instance {
  return {
    ...saved,
    history: [...saved.history],
    inbox: [...saved.inbox],
    activities: new Map(saved.activities),
    timers: new Map(saved.timers),
  };
}

function newInstance(seed: Seed): Instance {
  return {
    id: seed.id,
    name: seed.name,
    version: seed.version,
    parent: seed.parent,
    executionId: seed.executionId,
    input: seed.input,
    output: null,
    customStatus: null,
    status: 'Pending',
    created: seed.time,
    updated: seed.time,
    history: [],
    inbox: [started(seed)],
    activities: new Map(),
    timers: new Map(),
  };
}

function started(seed: Seed): ExecutionStarted {
  return {
    EventType: EventType.ExecutionStarted,
    EventId: -1,
    Timestamp: seed.time,
    Name: seed.name,
    Version: seed.version || null,
    Input: seed.input,
    Tags: null,
    ParentInstance: seed.parent,
    OrchestrationInstance: { InstanceId: seed.id, ExecutionId: seed.executionId },
  };
}

/** Continue as new: the created time and the input become those of the new generation. */
function renew(instance: Instance, next: Generation): void {
  const { executionId, input, carried, time } = next;
  instance.executionId = executionId;
  instance.input = input;
  instance.created = time;
  instance.history = [];
  instance.activities.clear();
  instance.timers.clear();
  const { id, name, version, parent } = instance;
  const seed = { id, executionId, name, version, input, parent, time };
  // Events that refer to numbers of the old generation have no meaning in the new one.
  const arrived = instance.inbox.splice(0).filter((event) => !isForTask(event));
  instance.inbox.push(started(seed), ...carried, ...arrived);
}

const FOR_TASKS: ReadonlySet<number> = new Set([
  EventType.TaskCompleted,
  EventType.TaskFailed,
  EventType.SubOrchestrationInstanceCompleted,
  EventType.SubOrchestrationInstanceFailed,
  EventType.TimerFired,
]);

function isForTask(event: HistoryEvent): boolean {
  return FOR_TASKS.has(event.EventType);
}

function end(instance: Instance, output: string | null): void {
  instance.output = output;
  instance.inbox.splice(0);
  instance.activities.clear();
  instance.timers.clear();
}

function newEntity(id: string): Entity {
  return { id, exists: false, state: null, lockedBy: null, updated: '', inbox: [] };
}

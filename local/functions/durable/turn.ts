import type { Action, EntityName, OrchestratorState } from './actions';
import { Future, run, type Routine } from './future';
import { EventType, type EventRaised, type HistoryEvent } from './history';
import { begin, type Issuer } from './issue';
import { isSame, nonDeterminism, type Scheduled } from './non-determinism';
import type { TurnIdentity, Decision, Work } from './turn-work';

/**
 * One turn of an orchestration, in the host: the whole list of the orchestrator's actions is
 * replayed against the whole history, as the Durable extension does. The result is the new work,
 * numbered, and whether the instance may end. Pure: the same arguments give the same result.
 */
export function replayTurn(
  history: Iterable<HistoryEvent>,
  state: OrchestratorState,
  identity: TurnIdentity,
): TurnResult {
  const replay = new Replay(state.actions[0] ?? [], identity);
  for (const event of history) {
    replay.process(event);
    if (replay.fault !== undefined) return { kind: 'fault', message: replay.fault };
  }
  return replay.result();
}

export type TurnResult = TurnOutcome | { readonly kind: 'fault'; readonly message: string };

export interface TurnOutcome {
  readonly kind: 'turn';
  /** New work, in the order of its numbers. */
  readonly decisions: readonly Decision[];
  /** All actions have ended and no task is open: an instance that is done may end now. */
  readonly mayEnd: boolean;
  readonly continuedWith: { readonly input: unknown } | undefined;
  /**
   * Events that arrived after the decision to continue as new; the next generation receives them.
   */
  readonly carried: readonly EventRaised[];
  readonly suspended: boolean;
  readonly openTasks: number;
  readonly nextId: number;
}

class Replay implements Issuer {
  now = 0;
  fault: string | undefined;
  heldLock: { readonly id: string; readonly entities: readonly EntityName[] } | undefined;
  nextId = 0;
  #suspended = false;
  #list: Future | undefined;
  #continuedWith: { readonly input: unknown } | undefined;
  #decisions = new Map<number, Decision>();
  readonly #open = new Map<number, Future>();
  /**
   * Work that was decided while the instance was suspended; it starts when the instance is resumed.
   */
  readonly #heldDecisions = new Map<number, Decision>();
  readonly #heldEvents: HistoryEvent[] = [];
  readonly #waiting = new Map<string, Future[]>();
  readonly #buffered = new Map<string, number>();
  readonly #carried: EventRaised[] = [];

  constructor(
    readonly actions: readonly Action[],
    readonly identity: TurnIdentity,
  ) {}

  process(event: HistoryEvent): void {
    const isHeld =
      this.#suspended &&
      event.EventType !== EventType.ExecutionResumed &&
      event.EventType !== EventType.OrchestratorStarted;
    if (!isHeld) this.#apply(event);
    else if (event.EventType !== EventType.ExecutionSuspended) this.#heldEvents.push(event);
  }

  result(): TurnOutcome {
    const mayEnd = this.#list?.outcome !== undefined && this.#open.size === 0;
    // Locks that the orchestrator still holds are released for it.
    if (mayEnd) this.releaseLock();
    return {
      kind: 'turn',
      decisions: [...this.#decisions.values()].sort((a, b) => a.id - b.id),
      mayEnd,
      continuedWith: this.#continuedWith,
      carried: this.#carried,
      suspended: this.#suspended,
      openTasks: this.#open.size,
      nextId: this.nextId,
    };
  }

  issue(work: Work): Future {
    const id = this.nextId++;
    if (id >= this.identity.maxActions)
      this.fault ??= `Maximum amount of orchestration actions (${this.identity.maxActions}) has been reached. This value can be configured in host.json file as MaxOrchestrationActions.`;
    this.#decisions.set(id, { id, ...withChildId(work, this.identity, id) });
    if (work.kind === 'event') return Future.done();

    const task = new Future();
    this.#open.set(id, task);
    return task;
  }

  /** A timer that is cancelled at once: it keeps its number and is not an open task. */
  issueCancelledTimer(fireAt: number): Future {
    const task = this.issue({ kind: 'timer', fireAt });
    this.#open.delete(this.nextId - 1);
    task.settle({ failed: true });
    return task;
  }

  /** The newest waiter gets the next event; the oldest event goes to the next waiter. */
  waitFor(event: string): Future {
    const key = event.toLowerCase();
    const waiter = new Future();
    const buffered = this.#buffered.get(key) ?? 0;
    if (buffered > 0) {
      this.#buffered.set(key, buffered - 1);
      waiter.settle({ failed: false });
      return waiter;
    }
    const waiters = this.#waiting.get(key);
    if (waiters === undefined) this.#waiting.set(key, [waiter]);
    else waiters.push(waiter);
    return waiter;
  }

  continueAsNew(input: unknown): void {
    this.#continuedWith = { input };
  }

  releaseLock(): void {
    const lock = this.heldLock;
    this.heldLock = undefined;
    for (const { name, key } of lock?.entities ?? [])
      this.issue({
        kind: 'event',
        instanceId: `@${name.toLowerCase()}@${key}`,
        name: 'release',
        input: JSON.stringify({ parent: this.identity.instanceId, id: lock?.id }),
      });
  }

  fail(message: string): void {
    this.fault ??= message;
  }

  #apply(event: HistoryEvent): void {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        this.now = Date.parse(event.Timestamp);
        return;
      case EventType.ExecutionStarted:
        this.#list = run(program(this.actions, this));
        return;
      case EventType.TaskScheduled:
      case EventType.TimerCreated:
      case EventType.SubOrchestrationInstanceCreated:
      case EventType.EventSent:
        return this.#strikeOff(event);
      case EventType.TaskCompleted:
        return this.#close(event.TaskScheduledId, false, event.Result);
      case EventType.SubOrchestrationInstanceCompleted:
        return this.#close(event.TaskScheduledId, false);
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        return this.#close(event.TaskScheduledId, true);
      case EventType.TimerFired:
        return this.#close(event.TimerId, false);
      case EventType.EventRaised:
        return this.#raise(event);
      case EventType.ExecutionSuspended:
        return this.#suspend();
      case EventType.ExecutionResumed:
        return this.#resume();
    }
  }

  /** The history records that this work was scheduled; the replay must have requested it by now. */
  #strikeOff(event: Scheduled): void {
    const decision = this.#decisions.get(event.EventId);
    if (decision !== undefined && isSame(event, decision)) this.#decisions.delete(event.EventId);
    else this.fault = nonDeterminism(event, decision);
  }

  #close(id: number, failed: boolean, value?: unknown): void {
    const task = this.#open.get(id);
    if (task === undefined) return;
    this.#open.delete(id);
    task.settle({ failed, value });
  }

  #raise(event: EventRaised): void {
    if (this.#continuedWith !== undefined) {
      this.#carried.push(event);
      return;
    }
    const key = event.Name.toLowerCase();
    const waiter = this.#waiting.get(key)?.pop();
    if (waiter === undefined) this.#buffered.set(key, (this.#buffered.get(key) ?? 0) + 1);
    else waiter.settle({ failed: false });
  }

  #suspend(): void {
    this.#suspended = true;
    for (const [id, decision] of this.#decisions) this.#heldDecisions.set(id, decision);
    this.#decisions.clear();
  }

  #resume(): void {
    this.#suspended = false;
    for (const [id, decision] of this.#heldDecisions) this.#decisions.set(id, decision);
    this.#heldDecisions.clear();
    for (const event of this.#heldEvents.splice(0)) this.process(event);
  }
}

/** Takes the actions one by one. A failed one stops nothing: error handling belongs to the app. */
function* program(actions: readonly Action[], replay: Replay): Routine {
  for (const action of actions) yield begin(action, replay);
  return { failed: false };
}

/** A child without an explicit id is named after its parent's execution and its number. */
function withChildId(work: Work, { executionId }: TurnIdentity, id: number): Work {
  if (work.kind !== 'child') return work;
  return { ...work, instanceId: work.instanceId ?? `${executionId}:${id}` };
}

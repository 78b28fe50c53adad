import type { Clock } from '../../clock';
import type { Log } from '../log';
import type { DurableSettings } from '../settings';
import { runActivity, taskFailed } from './activities';
import { runBatch } from './entity';
import {
  runOrchestrationTurn,
  type DurableFunctions,
  type TurnContext,
} from './orchestration-turn';
import { EventType } from './history';
import { forgetText } from './history-text';
import { Pump } from './pump';
import { hasEnded, type HubRecord, type Instance, type Seed } from './records';
import type { Store } from './store';
import { stackOf } from '../../errors';

/**
 * The engine of Durable Functions, which runs orchestrations. Every change is one record in the
 * store; after a crash, outstanding work is derived from the state. `client.ts` has the operations
 * of the app's clients.
 */
export class TaskHub {
  readonly #orchestrations: Pump;
  readonly #entities: Pump;
  readonly #activities: Pump;
  readonly #alarms = new Map<string, Map<number, () => void>>();
  readonly #awaited = new Map<string, ((instance: Instance) => void)[]>();
  /** Creations that are not durable yet, by instance id. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #context: TurnContext;
  #idleWaiters: (() => void)[] = [];
  #stopped = false;

  constructor(readonly options: HubOptions) {
    const { settings, functions, clock, newId } = options;
    this.#context = {
      functions,
      newId,
      now: () => clock.now(),
      maxActions: settings.maxActions,
      httpPollMs: settings.httpPollMs,
      storesInputs: settings.storesInputs,
      versioning: settings.versioning,
      warn: (message) => options.log('warning', message),
    };
    const report = (error: unknown) => options.log('error', stackOf(error));
    const pump = (width: number, work: (key: string) => Promise<void>, mayDelay = false) =>
      new Pump({ width, work, mayDelay, report, onIdle: () => this.#notifyIdle() });
    this.#orchestrations = pump(settings.maxOrchestrators, (id) => this.#turn(id), true);
    this.#entities = pump(settings.maxOrchestrators, (id) => this.#batch(id));
    this.#activities = pump(settings.maxActivities, (key) => this.#activity(key));
  }

  /** Starts all work that is outstanding in the state. */
  start(): void {
    for (const instance of this.options.store.state.instances.values()) this.#resume(instance);
    for (const id of this.options.store.state.entities.keys()) this.#wake(id);
  }

  /** Applies a record and schedules the affected instances; resolves when the record is durable. */
  commit(record: HubRecord): Promise<void> {
    const { touched, written } = this.options.store.commit(record);
    for (const id of touched) this.#wake(id);
    return written;
  }

  /** Creates an instance; resolves when it is durable. */
  create(seed: Seed): Promise<void> {
    const created = this.commit({ kind: 'start', seed }).finally(() =>
      this.#starting.delete(seed.id),
    );
    this.#starting.set(seed.id, created);
    return created;
  }

  /** The creation of this instance, while it is not durable yet. */
  starting(id: string): Promise<void> | undefined {
    return this.#starting.get(id);
  }

  find(id: string): Instance | undefined {
    const { state } = this.options.store;
    return state.instances.get(id) ?? state.archive.read(id);
  }

  /** Resolves when the instance has ended. */
  ended(id: string): Promise<Instance> {
    const instance = this.find(id);
    if (instance === undefined) throw new Error(`The instance '${id}' does not exist.`);
    if (hasEnded(instance.status)) return Promise.resolve(instance);
    return new Promise((resolve) => {
      this.#awaited.set(id, [...(this.#awaited.get(id) ?? []), resolve]);
    });
  }

  /** Cancels the alarms of instances, before they are removed. */
  release(ids: readonly string[]): void {
    for (const id of ids) this.#disarm(id);
  }

  /**
   * Resolves when nothing runs and nothing can run before the clock advances or an event arrives.
   */
  async settled(): Promise<void> {
    for (;;) {
      await this.options.store.settled();
      if (this.#isIdle()) return;
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
  }

  /**
   * Accepts no new work and waits for running work; later results are discarded, and the work runs
   * again after a restart.
   */
  async stop(graceMs: number): Promise<void> {
    for (const id of this.#alarms.keys()) this.#disarm(id);
    const pumps = [this.#orchestrations, this.#entities, this.#activities];
    await Promise.all(pumps.map((pump) => pump.stop(graceMs)));
    this.#stopped = true;
  }

  /**
   * The process is about to end through the app's fault: the running activities fail with this
   * message, as in Azure those of a worker that exits (`WorkerProcess`, `TryFailExecutions`). If
   * they were started again at the next start, one that crashes the process would do so forever.
   */
  async failActivities(message: string): Promise<void> {
    const running = this.#activities.running.map(parseActivityKey);
    await this.stop(0);
    const { store, clock } = this.options;
    for (const { id, executionId, task } of running) {
      const name = store.state.instances.get(id)?.activities.get(task)?.name;
      if (name === undefined) continue;
      const event = taskFailed(name, task, new Error(message), clock.now());
      await this.commit({ kind: 'task', id, executionId, event });
    }
  }

  get isBusy(): boolean {
    return !this.#isIdle();
  }

  #resume(instance: Instance): void {
    if (hasEnded(instance.status)) return;
    this.#arm(instance);
    for (const task of instance.activities.keys())
      this.#activities.add(activityKey(instance, task));
    this.#wake(instance.id);
  }

  #wake(id: string): void {
    const { state } = this.options.store;
    if (id.startsWith('@')) {
      if ((state.entities.get(id)?.inbox.length ?? 0) > 0) this.#entities.add(id);
      return;
    }
    const instance = state.instances.get(id);
    if (instance === undefined || hasEnded(instance.status)) return;
    // Replaying a long history is costly; while results still arrive, they are processed together.
    if (instance.inbox.length > 0) this.#orchestrations.add(id, instance.activities.size > 0);
  }

  async #turn(id: string): Promise<void> {
    const { store, log } = this.options;
    const instance = store.state.instances.get(id);
    if (instance === undefined || hasEnded(instance.status) || instance.inbox.length === 0) return;
    const record = await runOrchestrationTurn(instance, this.#context);
    if (record === undefined) return;
    // The instance was purged in the meantime, and perhaps started again.
    if (this.#stopped || store.state.instances.get(id) !== instance) return;

    const { executionId, history } = instance;
    const lengthBefore = history.length;
    const written = this.commit(record);
    if (hasEnded(record.status) || record.next !== undefined) this.#disarm(id);
    this.#arm(instance);
    warnOfLength(instance, lengthBefore, log);
    await written;
    for (const [task] of record.activities)
      this.#activities.add(activityKey({ id, executionId }, task));
    if (hasEnded(record.status)) this.#notifyEnded(instance);
  }

  async #batch(id: string): Promise<void> {
    const { store } = this.options;
    const entity = store.state.entities.get(id);
    if (entity === undefined || entity.inbox.length === 0) return;
    const record = await runBatch(entity, this.#context);
    if (this.#stopped || store.state.entities.get(id) !== entity || record === undefined) return;
    await this.commit(record);
  }

  async #activity(key: string): Promise<void> {
    const { store, functions, clock } = this.options;
    const { id, executionId, task } = parseActivityKey(key);
    const instance = store.state.instances.get(id);
    const activity = instance?.activities.get(task);
    if (activity === undefined || instance?.executionId !== executionId) return;

    const run = { instanceId: id, task, activity };
    const event = await runActivity(run, functions, () => clock.now());
    if (this.#stopped) return;
    await this.commit({ kind: 'task', id, executionId, event });
  }

  /** Sets an alarm for every timer that has none yet. */
  #arm(instance: Instance): void {
    if (instance.timers.size === 0) return;
    const alarms = this.#alarms.get(instance.id) ?? new Map<number, () => void>();
    this.#alarms.set(instance.id, alarms);
    for (const [task, fireAt] of instance.timers) {
      if (alarms.has(task)) continue;
      const fire = () => this.#fire(instance, task, fireAt);
      alarms.set(task, this.options.clock.at(new Date(fireAt), fire));
    }
  }

  #fire(instance: Instance, task: number, fireAt: number): void {
    const { id, executionId } = instance;
    this.#alarms.get(id)?.delete(task);
    void this.commit({
      kind: 'timer',
      id,
      executionId,
      event: {
        EventType: EventType.TimerFired,
        EventId: -1,
        Timestamp: this.options.clock.now().toISOString(),
        TimerId: task,
        FireAt: new Date(fireAt).toISOString(),
      },
    });
  }

  #disarm(id: string): void {
    for (const cancel of this.#alarms.get(id)?.values() ?? []) cancel();
    this.#alarms.delete(id);
  }

  #notifyEnded(instance: Instance): void {
    forgetText(instance.history);
    this.#orchestrations.forget(instance.id);
    const waiting = this.#awaited.get(instance.id) ?? [];
    this.#awaited.delete(instance.id);
    for (const resolve of waiting) resolve(instance);
    this.options.onEnded(instance);
  }

  #isIdle(): boolean {
    return [this.#orchestrations, this.#entities, this.#activities].every((pump) => pump.isIdle);
  }

  #notifyIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiters) waiter();
  }
}

export interface HubOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: DurableSettings;
  readonly functions: DurableFunctions;
  readonly log: Log;
  /** 32 hex digits, always unique. */
  readonly newId: () => string;
  readonly onEnded: (instance: Instance) => void;
}

interface ActivityKey {
  readonly id: string;
  readonly executionId: string;
  readonly task: number;
}

/** Only the id may contain colons, so it is the last part. */
function activityKey({ id, executionId }: Omit<ActivityKey, 'task'>, task: number): string {
  return `${task}:${executionId}:${id}`;
}

function parseActivityKey(key: string): ActivityKey {
  const first = key.indexOf(':');
  const second = key.indexOf(':', first + 1);
  return {
    task: Number(key.slice(0, first)),
    executionId: key.slice(first + 1, second),
    id: key.slice(second + 1),
  };
}

/** Every turn processes the whole history, in the library and here: n steps cost n squared. */
const LONG_HISTORY = 10_000;

/** Warns once per ten thousand events, at the turn that exceeds them. */
function warnOfLength({ id, history }: Instance, lengthBefore: number, log: Log): void {
  if (Math.floor(history.length / LONG_HISTORY) > Math.floor(lengthBefore / LONG_HISTORY))
    log(
      'warning',
      `The history of '${id}' has ${history.length} events, and each turn replays all of them; continue as new earlier.`,
    );
}

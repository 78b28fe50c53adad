import type { OrchestrationContext, Task } from 'durable-functions';
import type { Step } from '../run/steps';

/**
 * One generation of an orchestration: its generator, fed with what arrived and watched for what it
 * asks for. It follows the library: ids count up, a task that lost a race stays open, the newest of
 * several waiters gets an event, an event without a waiter is kept.
 */

/** A message for an instance. */
export type Message =
  | { readonly kind: 'start' }
  | { readonly kind: 'done'; readonly id: number; readonly result: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'fired'; readonly id: number }
  | { readonly kind: 'event'; readonly name: string }
  | { readonly kind: 'terminate'; readonly reason: string };

/** An action that an orchestrator schedules. */
export type Action =
  | {
      readonly kind: 'activity';
      readonly id: number;
      readonly name: string;
      readonly input: string;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly at: number };

export type Ending =
  | { readonly kind: 'returned'; readonly output: string }
  | { readonly kind: 'threw'; readonly message: string }
  | { readonly kind: 'continued'; readonly input: string };

interface OpenTask {
  readonly kind: 'activity' | 'timer' | 'event' | 'any';
  readonly children: readonly OpenTask[];
  readonly parents: OpenTask[];
  state: 'open' | 'done' | 'failed';
  value: unknown;
  isCanceled: boolean;
  cancel(): void;
}

type Workflow = (ctx: OrchestrationContext) => Step<unknown>;

export class Generation {
  /** Of the turn that is played. */
  now = 0;
  customStatus: unknown;
  /** The one that was stored last. */
  keptStatus: unknown;
  ending: Ending | null = null;
  readonly actions: Action[] = [];
  readonly #generator: Step<unknown>;
  readonly #open = new Map<number, OpenTask>();
  readonly #timers = new Set<OpenTask>();
  readonly #waiters = new Map<string, OpenTask[]>();
  readonly #kept = new Map<string, number>();
  #awaited: OpenTask | null = null;
  #nextId = 0;
  #isStarted = false;
  #continued: string | null = null;

  constructor(
    workflow: Workflow,
    readonly instanceId: string,
    readonly input: string,
  ) {
    this.#generator = workflow(this.#context());
  }

  /** Plays one turn: each message in order, and what the workflow does about it. */
  play(time: number, messages: readonly Message[]): void {
    this.now = time;
    for (const message of messages) {
      this.#receive(message);
      if (this.ending !== null) return;
    }
  }

  /** A live timer keeps an orchestration from ending, although its function has returned. */
  get hasLiveTimer(): boolean {
    for (const timer of this.#timers) if (timer.state === 'open' && !timer.isCanceled) return true;
    return false;
  }

  #receive(message: Message): void {
    switch (message.kind) {
      case 'start':
        return this.#start();
      case 'done':
        return this.#settle(this.#take(message.id), 'done', JSON.parse(message.result));
      case 'failed':
        return this.#settle(this.#take(message.id), 'failed', new Error(message.message));
      case 'fired':
        return this.#settle(this.#take(message.id), 'done', undefined);
      case 'event':
        return this.#raise(message.name);
      case 'terminate':
    }
  }

  /** The engine drops a second start of the same execution. */
  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#advance(() => this.#generator.next());
  }

  #take(id: number): OpenTask | undefined {
    const task = this.#open.get(id);
    this.#open.delete(id);
    return task;
  }

  #raise(name: string): void {
    const waiter = this.#waiters.get(name)?.pop();
    if (waiter === undefined) this.#kept.set(name, (this.#kept.get(name) ?? 0) + 1);
    else this.#settle(waiter, 'done', {});
  }

  /** A duplicate finds no task, or one that is settled. */
  #settle(task: OpenTask | undefined, state: 'done' | 'failed', value: unknown): void {
    if (task === undefined || task.state !== 'open') return;
    task.state = state;
    task.value = value;
    for (const parent of task.parents) this.#settle(parent, 'done', task);
    const awaited = this.#awaited;
    if (awaited === null || awaited !== task) return;
    this.#advance(() => this.#resumeWith(awaited));
  }

  #resumeWith({ state, value }: OpenTask) {
    return state === 'failed' ? this.#generator.throw(value) : this.#generator.next(value);
  }

  #advance(step: () => IteratorResult<Task, unknown>): void {
    this.#awaited = null;
    try {
      for (let next = step(); ;) {
        if (next.done === true) {
          this.ending =
            this.#continued === null
              ? { kind: 'returned', output: JSON.stringify(next.value) ?? 'null' }
              : { kind: 'continued', input: this.#continued };
          return;
        }
        const task = next.value as unknown as OpenTask;
        if (task.state === 'open') {
          this.#awaited = task;
          return;
        }
        next = this.#resumeWith(task);
      }
    } catch (error) {
      this.ending = {
        kind: 'threw',
        message: error instanceof Error ? error.message : String(error),
      };
    }
  }

  #openTask(kind: OpenTask['kind'], children: readonly OpenTask[] = []): OpenTask {
    const task: OpenTask = {
      kind,
      children,
      parents: [],
      state: 'open',
      value: undefined,
      isCanceled: false,
      cancel: () => {
        task.isCanceled = true;
      },
    };
    for (const child of children) child.parents.push(task);
    const settled = children.find(({ state }) => state !== 'open');
    if (settled !== undefined) {
      task.state = 'done';
      task.value = settled;
    }
    return task;
  }

  #callActivity(name: string, input: unknown): OpenTask {
    const task = this.#openTask('activity');
    const id = this.#nextId++;
    this.#open.set(id, task);
    this.actions.push({ kind: 'activity', id, name, input: JSON.stringify(input) ?? 'null' });
    return task;
  }

  #createTimer(at: Date): OpenTask {
    const task = this.#openTask('timer');
    const id = this.#nextId++;
    this.#open.set(id, task);
    this.#timers.add(task);
    this.actions.push({ kind: 'timer', id, at: at.getTime() });
    return task;
  }

  #waitFor(name: string): OpenTask {
    const task = this.#openTask('event');
    const kept = this.#kept.get(name) ?? 0;
    if (kept > 0) {
      this.#kept.set(name, kept - 1);
      task.state = 'done';
      task.value = {};
      return task;
    }
    const waiters = this.#waiters.get(name) ?? [];
    waiters.push(task);
    this.#waiters.set(name, waiters);
    return task;
  }

  /** The context that the library passes to an orchestrator, as far as the app uses it. */
  #context(): OrchestrationContext {
    const now = () => new Date(this.now);
    const status = () => this.customStatus;
    const df = {
      instanceId: this.instanceId,
      isReplaying: false,
      getInput: () => JSON.parse(this.input) as unknown,
      get currentUtcDateTime() {
        return now();
      },
      get customStatus() {
        return status();
      },
      setCustomStatus: (value: unknown) => {
        this.customStatus = value;
      },
      callActivity: (name: string, input: unknown) => this.#callActivity(name, input),
      createTimer: (at: Date) => this.#createTimer(at),
      waitForExternalEvent: (name: string) => this.#waitFor(name),
      continueAsNew: (input: unknown) => {
        this.#continued = JSON.stringify(input);
      },
      Task: { any: (children: readonly OpenTask[]) => this.#openTask('any', children) },
    };
    return { df, log: () => {}, warn: () => {} } as unknown as OrchestrationContext;
  }
}

import type { OrchestrationContext } from 'durable-functions';
import type { Step } from '../run/steps';
import type { Chance } from './chance';
import { MINUTE, SECOND, type Agenda } from './clock';
import type { History } from './history';
import { Generation, type Action, type Message } from './orchestration';

/**
 * A task hub: instances, their turns, timers and activities, delivered at least once. Unlike the
 * real one it keeps generators in memory from turn to turn, and replays one from its history now
 * and then, and after every crash: then both have to have made the same decisions.
 */

export type InstanceState =
  | 'Pending'
  | 'Running'
  | 'Completed'
  | 'Failed'
  | 'Terminated'
  | 'ContinuedAsNew';

interface Turn {
  readonly time: number;
  readonly messages: readonly Message[];
}

export interface Instance {
  readonly id: string;
  readonly name: string;
  state: InstanceState;
  input: string;
  output: string | null;
  customStatus: string | null;
  readonly createdAt: number;
  updatedAt: number;
  inbox: Message[];
  /** Counts generations, so that nothing of an older one is delivered to a newer one. */
  generation: number;
  turns: Turn[];
  rows: number;
  memory: Generation | null;
  /** Actions that this generation has scheduled up to now. */
  actions: Action[];
  turnIsDue: boolean;
}

/** One activity of one instance, until its result has been delivered. */
export interface Work {
  readonly instance: Instance;
  readonly generation: number;
  readonly action: Extract<Action, { kind: 'activity' }>;
  isDone: boolean;
}

/** Time after which an activity is delivered again; null for one that is delivered once. */
export type Delivery = number | null;

/** Functions and data that a hub needs from its app, and callbacks to the app. */
export interface HubParts {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly workflow: (ctx: OrchestrationContext) => Step<unknown>;
  /** Runs one activity on the host of the moment. It may never answer. */
  readonly runActivity: (name: string, input: string) => Promise<string>;
  /** Time at which the host is up again; the present time while it is up. */
  readonly upAt: () => number;
  /** The fate of a turn that is about to be stored: it may be lost with its host. */
  readonly checkpoint: () => 'stored' | 'lost' | 'repeated';
  /** The fate of an activity that is about to begin. */
  readonly delivery: (name: string) => Delivery;
  /** Share of the turns before which the generator is forgotten and replayed from its history. */
  readonly replayShare: number;
  readonly timerLateness: () => number;
  /** Time that the start of an orchestration stays in its queue. */
  readonly startLateness: () => number;
  readonly history: History;
  readonly broken: (rule: string, detail: string) => void;
  readonly stored: (what: string, text: string) => void;
}

/** Beginning of the result of an activity that was done. */
const DONE = '{"kind":"done"';

/** Rows of one generation; a long replay is slow and, in Azure, dear. */
export const MAX_ROWS = 200;
const MAX_CUSTOM_STATUS_KB = 16;
const MAX_PAYLOAD_BYTES = 16 * 1024;
/** A message whose host died is delivered again after this long. */
const REDELIVERY = 5 * MINUTE;

export class TaskHub {
  readonly instances = new Map<string, Instance>();
  readonly #underWay = new Set<Work>();
  /** Most rows that any generation had. */
  mostRows = 0;

  constructor(readonly parts: HubParts) {}

  start(name: string, id: string, input: string): void {
    const { now } = this.parts.agenda;
    this.parts.stored(`the input of ${id}`, input);
    const instance: Instance = {
      id,
      name,
      state: 'Pending',
      input,
      output: null,
      customStatus: null,
      createdAt: now,
      updatedAt: now,
      inbox: [],
      generation: 0,
      turns: [],
      rows: 0,
      memory: null,
      actions: [],
      turnIsDue: false,
    };
    this.instances.set(id, instance);
    const message: Message = { kind: 'start' };
    const lateness = this.parts.startLateness();
    if (lateness === 0) this.deliver(instance, message);
    else {
      this.parts.agenda.in(lateness, () => {
        if (this.instances.get(id) === instance) this.deliver(instance, message);
      });
    }
  }

  deliver(instance: Instance, message: Message): void {
    instance.inbox.push(message);
    this.#callTurn(instance, SECOND / 10);
  }

  /** All that was in the memory of the host is gone; what it had begun is delivered again. */
  crash(): void {
    for (const instance of this.instances.values()) instance.memory = null;
    for (const work of this.#underWay) this.#dispatch(work, REDELIVERY);
    this.#underWay.clear();
  }

  #callTurn(instance: Instance, delay: number): void {
    if (instance.turnIsDue) return;
    instance.turnIsDue = true;
    const at = Math.max(this.parts.agenda.now + delay, this.parts.upAt());
    this.parts.agenda.at(at, () => {
      instance.turnIsDue = false;
      if (this.instances.get(instance.id) !== instance || hasEnded(instance)) return;
      if (this.parts.upAt() > this.parts.agenda.now) this.#callTurn(instance, 0);
      else this.#turn(instance);
    });
  }

  #turn(instance: Instance): void {
    const { agenda, chance, replayShare } = this.parts;
    const turn: Turn = { time: agenda.now, messages: instance.inbox };
    const killed = turn.messages.find(({ kind }) => kind === 'terminate');
    if (killed?.kind === 'terminate') return this.#end(instance, 'Terminated', killed.reason);

    const forgets = chance.is(`replay ${instance.id} ${instance.turns.length}`, replayShare);
    const played = (forgets ? null : instance.memory) ?? this.#replay(instance);
    played.play(turn.time, turn.messages);
    switch (this.parts.checkpoint()) {
      case 'lost':
        instance.memory = null;
        this.#callTurn(instance, REDELIVERY);
        return;
      case 'repeated':
        instance.inbox = [...turn.messages];
        // The real engine knows a duplicate and keeps no row of it.
        instance.rows -= 2 + turn.messages.length;
        this.#callTurn(instance, MINUTE);
        break;
      case 'stored':
        instance.inbox = [];
    }
    instance.memory = played;
    instance.turns.push(turn);
    this.#store(instance, played, turn);
  }

  /** A turn as the real engine makes it: from the beginning of the generation. */
  #replay(instance: Instance): Generation {
    const generation = new Generation(this.parts.workflow, instance.id, instance.input);
    for (const { time, messages } of instance.turns) generation.play(time, messages);
    const differs = differenceIn(generation.actions, instance.actions);
    if (differs !== null) this.parts.broken('replay', `${instance.id}: ${differs}`);
    return generation;
  }

  #store(instance: Instance, played: Generation, turn: Turn): void {
    const { agenda, broken, stored } = this.parts;
    const fresh = played.actions.slice(instance.actions.length);
    instance.actions.push(...fresh);
    // OrchestratorStarted and OrchestratorCompleted, what arrived, what it asks for.
    instance.rows += 2 + turn.messages.length + fresh.length;
    this.mostRows = Math.max(this.mostRows, instance.rows);
    if (instance.rows > MAX_ROWS) {
      const phase = /"phase":"(\w+)"/.exec(instance.customStatus ?? '')?.[1] ?? 'no phase';
      broken('rows', `${instance.id} has ${instance.rows} rows in one generation (${phase})`);
    }
    instance.state = 'Running';
    instance.updatedAt = agenda.now;
    if (!this.#keepStatus(instance, played)) return;

    const { ending } = played;
    if (ending?.kind === 'threw') return this.#end(instance, 'Failed', ending.message);
    for (const action of fresh) this.#take(instance, action);
    if (ending === null) return;
    if (played.hasLiveTimer) {
      broken('timer', `${instance.id} cannot end while a timer of its is live`);
      return;
    }
    if (ending.kind === 'returned') {
      stored(`the output of ${instance.id}`, ending.output);
      return this.#end(instance, 'Completed', ending.output);
    }
    this.#renew(instance, ending.input);
  }

  #keepStatus(instance: Instance, played: Generation): boolean {
    const { customStatus } = played;
    if (customStatus !== undefined && customStatus === played.keptStatus) return true;
    played.keptStatus = customStatus;
    // The last that this generation has set; one that sets none clears it.
    const text = customStatus === undefined ? null : JSON.stringify(customStatus);
    instance.customStatus = text;
    if (text === null) return true;
    this.parts.stored(`the status of ${instance.id}`, text);
    if (Math.ceil((2 * text.length) / 1024) <= MAX_CUSTOM_STATUS_KB) return true;
    this.parts.broken('status', `the status of ${instance.id} has ${text.length} characters`);
    this.#end(
      instance,
      'Failed',
      'The UTF-16 size of the JSON-serialized payload must not exceed 16 KB',
    );
    return false;
  }

  #renew(instance: Instance, input: string): void {
    instance.input = input;
    instance.generation += 1;
    instance.turns = [];
    instance.rows = 1;
    instance.memory = null;
    instance.actions = [];
    // Events that were not waited for do not survive; a duplicate of an older message neither.
    instance.inbox = [];
    this.parts.stored(`the input of ${instance.id}`, input);
    this.deliver(instance, { kind: 'start' });
  }

  #end(instance: Instance, state: InstanceState, output: string): void {
    instance.state = state;
    instance.output = output;
    instance.updatedAt = this.parts.agenda.now;
    instance.memory = null;
    instance.inbox = [];
    if (state === 'Failed')
      this.parts.broken('failed', `${instance.id} failed: ${output.slice(0, 300)}`);
  }

  #take(instance: Instance, action: Action): void {
    const { agenda } = this.parts;
    const { generation } = instance;
    if (action.kind === 'timer') {
      agenda.at(action.at + this.parts.timerLateness(), () => {
        if (!isCurrent(instance, generation)) return;
        this.deliver(instance, { kind: 'fired', id: action.id });
      });
      return;
    }
    this.parts.stored(`the input of ${action.name} of ${instance.id}`, action.input);
    const size = action.input.length;
    if (size > MAX_PAYLOAD_BYTES)
      this.parts.broken('payload', `${action.name} gets ${size} characters`);
    const again = this.parts.delivery(action.name);
    const work = { instance, generation, action, isDone: false };
    this.#dispatch(work, SECOND / 5);
    if (again !== null) this.#dispatch({ ...work }, again + SECOND / 5);
  }

  #dispatch(work: Work, delay: number): void {
    const at = Math.max(this.parts.agenda.now + delay, this.parts.upAt());
    this.parts.agenda.at(at, () => {
      if (this.parts.upAt() > this.parts.agenda.now) this.#dispatch(work, 0);
      else this.#run(work);
    });
  }

  #run(work: Work): void {
    const { agenda, stored, runActivity } = this.parts;
    const { instance, generation, action } = work;
    this.#underWay.add(work);
    const begun = this.parts.history.begin(instance.id, action.name);
    const answered = (message: Message) => {
      if (!this.#underWay.delete(work)) return;
      if (isCurrent(instance, generation)) this.deliver(instance, message);
    };
    agenda.unsettle();
    runActivity(action.name, action.input).then(
      (result) => {
        stored(`the result of ${action.name} of ${instance.id}`, result);
        if (result.startsWith(DONE)) this.parts.history.noteStep(begun, result.endsWith(':null}'));
        answered({ kind: 'done', id: action.id, result });
      },
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        const message = `Activity function '${action.name}' failed:  ${text}`;
        stored(`the error of ${action.name} of ${instance.id}`, message);
        answered({ kind: 'failed', id: action.id, message });
      },
    );
  }
}

export function hasEnded({ state }: Instance): boolean {
  return state === 'Completed' || state === 'Failed' || state === 'Terminated';
}

function isCurrent(instance: Instance, generation: number): boolean {
  return instance.generation === generation && !hasEnded(instance);
}

/** The first decision of a replay that differs from the first time; null when none does. */
function differenceIn(made: readonly Action[], before: readonly Action[]): string | null {
  if (made.length !== before.length) return `${made.length} decisions instead of ${before.length}`;
  for (const [index, action] of made.entries()) {
    const [now, then] = [detailsOf(action), detailsOf(before[index])];
    if (now.some((detail, at) => detail !== then[at]))
      return `${now.join(' ')} instead of ${then.join(' ')}`;
  }
  return null;
}

function detailsOf(action: Action | undefined): readonly unknown[] {
  if (action === undefined) return [];
  return action.kind === 'timer' ? ['timer', action.at] : [action.name, action.input];
}

import { Failure } from '../failure';
import type { TaskSpec } from '../run/ports';
import type { Chance } from './chance';
import { MINUTE, SECOND, type Agenda } from './clock';
import type { CallEffect, Fault, PortName } from './faults';
import type { Trace } from './trace';

/**
 * The line between an app and its services: every call of a port passes here, is noted, may be
 * slow, refused, answered into the void, or the last thing that its host did.
 */

/** One life of an app's process. Calls of a dead one never return. */
export interface HostLife {
  readonly app: string;
  isAlive: boolean;
  /** Ends the process, and keeps the app down for some minutes. */
  crash(reason: string, minutes?: number): void;
}

export interface LineParts {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly faults: readonly Fault[];
  /** Calls count from here on: an app has had its first pass when the first of them fails. */
  readonly from: number;
  readonly slowCalls: number;
  readonly slowSeconds: number;
  readonly broken: (rule: string, detail: string) => void;
}

/** Calls of one instant. More of them are a loop without a wait, which would never end. */
const MOST_CALLS_AT_ONCE = 20_000;

type CallFault = Extract<Fault, { kind: 'call' }>;
type FaultFrom = Extract<Fault, { kind: 'outageFrom' | 'hostDownFrom' }>;
type Outage = Extract<Fault, { kind: 'outage' }>;

/** A service that answers nothing for a time. */
interface Away {
  readonly port: PortName | 'storage';
  readonly code: Outage['code'];
  readonly from: number;
  readonly until: number;
}

/** A call that is slow, fails, or is made during an outage. */
interface Disturbed {
  readonly host: HostLife;
  readonly port: PortName;
  readonly method: string;
  readonly effect: CallEffect | undefined;
  readonly seconds: number;
}

/** A promise of its own each time: one for all would keep everything that ever awaited it. */
function never(): Promise<never> {
  return new Promise(() => {});
}

export class Line {
  readonly #effects = new Map<string, CallEffect>();
  readonly #outages: Away[];
  readonly #from = new Map<string, FaultFrom>();
  readonly #counts = new Map<string, number>();
  #instant = 0;
  #callsAtOnce = 0;
  /** Faults of single calls that have happened. */
  readonly hits: string[] = [];

  constructor(readonly parts: LineParts) {
    const { faults } = parts;
    for (const fault of faults.filter((fault): fault is CallFault => fault.kind === 'call')) {
      this.#effects.set(`${fault.port}.${fault.method}#${fault.nth}`, fault.effect);
    }
    for (const fault of faults) {
      if (fault.kind !== 'outageFrom' && fault.kind !== 'hostDownFrom') continue;
      this.#from.set(`${fault.port}.${fault.method}#${fault.nth}`, fault);
    }
    this.#outages = faults.filter((fault): fault is Outage => fault.kind === 'outage');
  }

  call<Result>(
    host: HostLife,
    port: PortName,
    method: string,
    values: readonly unknown[],
    perform: (effect: CallEffect | undefined) => Promise<Result>,
  ): Promise<Result> {
    if (!host.isAlive || this.#isLoop(port, method)) return never();
    const effect = this.#begin(host, port, method, values);
    if (!host.isAlive) return never();
    const seconds = this.#secondsOf(effect);
    // Nearly all calls.
    if (effect === undefined && seconds === 0 && this.#outages.length === 0) {
      return perform(undefined);
    }
    return this.#disturbed({ host, port, method, effect, seconds }, perform);
  }

  #isLoop(port: PortName, method: string): boolean {
    const { agenda, broken } = this.parts;
    if (this.#instant !== agenda.now) {
      this.#instant = agenda.now;
      this.#callsAtOnce = 0;
    }
    this.#callsAtOnce += 1;
    if (this.#callsAtOnce < MOST_CALLS_AT_ONCE) return false;
    if (this.#callsAtOnce === MOST_CALLS_AT_ONCE) {
      broken('loop', `${port}.${method} is called again and again at one instant`);
    }
    return true;
  }

  #secondsOf(effect: CallEffect | undefined): number {
    const { chance, slowCalls, slowSeconds, trace } = this.parts;
    if (effect === 'slow') return chance.whole(`seconds ${trace.calls}`, 1, 90);
    if (slowCalls === 0 || !chance.is(`slow ${trace.calls}`, slowCalls)) return 0;
    return chance.whole(`seconds ${trace.calls}`, 1, slowSeconds);
  }

  async #disturbed<Result>(
    { host, port, method, effect, seconds }: Disturbed,
    perform: (effect: CallEffect | undefined) => Promise<Result>,
  ): Promise<Result> {
    if (seconds > 0) await this.parts.agenda.pause(seconds * SECOND);
    if (!host.isAlive) return never();
    if (effect === 'crashBefore') {
      host.crash(`before ${port}.${method}`);
      return never();
    }
    if (effect === 'throttled') throw throttled(port, method);
    if (effect === 'refused') throw unavailable(port, method, 'the service is busy');
    this.#refuseInOutage(port, method);
    const result = await perform(effect);
    if (effect === 'crashAfter') {
      host.crash(`after ${port}.${method}`);
      return never();
    }
    if (effect === 'answerLost') throw unavailable(port, method, 'the answer was lost');
    if (effect === 'repeated') return 'conflict' as Result;
    return result;
  }

  #begin(
    host: HostLife,
    port: PortName,
    method: string,
    [first]: readonly unknown[],
  ): CallEffect | undefined {
    const { agenda, trace } = this.parts;
    const key = typeof first === 'string' ? first : idOf(first);
    const name = `${port}.${method}`;
    trace.note(agenda.now, `${host.app} ${name} ${key}`);
    if (agenda.now < this.parts.from) return undefined;
    const nth = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, nth);
    const fault = this.#from.get(`${name}#${nth}`);
    if (fault?.kind === 'outageFrom') {
      const [from, until] = [agenda.now, agenda.now + fault.minutes * MINUTE];
      this.#outages.push({ port, code: fault.code, from, until });
    } else if (fault !== undefined) {
      host.crash(`before ${name}`, fault.minutes);
    }
    if (this.#effects.size === 0) return undefined;
    const effect = this.#effects.get(`${name}#${nth}`);
    if (effect !== undefined) {
      this.hits.push(`${name} ${effect}`);
      trace.note(agenda.now, `  ${effect}`);
    }
    return effect;
  }

  #refuseInOutage(port: PortName, method: string): void {
    const { now } = this.parts.agenda;
    for (const outage of this.#outages) {
      if (!isAway(outage.port, port) || now < outage.from || now >= outage.until) continue;
      const message = `cannot call ${port}.${method}: the service is away`;
      throw port === 'engine' ? new Error(message) : new Failure(outage.code, message);
    }
  }
}

/** Blobs and tables are of one storage account: both may be away at once. */
function isAway(away: Away['port'], port: PortName): boolean {
  return away === port || (away === 'storage' && (port === 'files' || port === 'table'));
}

function idOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'id' in value ? String(value.id) : '';
}

function unavailable(port: PortName, method: string, why: string): Error {
  const message = `cannot call ${port}.${method} just now: ${why}`;
  return port === 'engine' ? new Error(message) : new Failure('serviceUnavailable', message);
}

const THROTTLED_SECONDS = 15 * 60;

function throttled(port: PortName, method: string): Error {
  const message = `cannot call ${port}.${method} for some minutes: there are too many requests`;
  return port === 'engine'
    ? new Error(message)
    : new Failure('serviceUnavailable', message, { retryAfterSeconds: THROTTLED_SECONDS });
}

type Method = (...values: unknown[]) => unknown;

/** Methods that return items one by one. A list that breaks off has given its first item. */
const AsyncGeneratorFunction = async function* none() {}.constructor;

/** The same port at the end of the line: every method that the port has. */
export function onLine<Port extends object>(
  line: Line,
  host: HostLife,
  name: PortName,
  port: Port,
): Port {
  const guarded: Record<string, Method> = {};
  for (const [method, own] of methodsOf(port)) {
    const perform = (values: unknown[]) => Reflect.apply(own, port, values);
    guarded[method] =
      own instanceof AsyncGeneratorFunction
        ? (...values) =>
            listOn(
              line,
              host,
              name,
              method,
              values,
              () => perform(values) as AsyncIterable<unknown>,
            )
        : (...values) =>
            line.call(
              host,
              name,
              method,
              values,
              (effect) => perform(cutShort(method, values, effect)) as Promise<unknown>,
            );
  }
  return guarded as Port;
}

async function* listOn(
  line: Line,
  host: HostLife,
  port: PortName,
  method: string,
  values: readonly unknown[],
  items: () => AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  const effect = await line.call(host, port, method, values, async (effect) => effect);
  for await (const item of items()) {
    yield item;
    if (effect === 'halfDone') throw unavailable(port, method, 'the next page did not come');
  }
}

type Tasks = AsyncIterable<TaskSpec> | Iterable<TaskSpec>;

/** The tasks of one call of which the service carries out only a part. */
function cutShort(method: string, values: unknown[], effect: CallEffect | undefined): unknown[] {
  if (method !== 'addTasks') return values;
  const [jobId, tasks] = values;
  if (effect === 'halfDone') return [jobId, firstOf(tasks as Tasks)];
  return effect === 'lastForgotten' ? [jobId, withoutLast(tasks as Tasks)] : values;
}

async function* firstOf(tasks: Tasks): AsyncGenerator<TaskSpec> {
  for await (const task of tasks) {
    yield task;
    throw unavailable('batch', 'addTasks', 'the next tasks were not added');
  }
}

/** One that comes alone is not forgotten. */
async function* withoutLast(tasks: Tasks): AsyncGenerator<TaskSpec> {
  const all: TaskSpec[] = [];
  for await (const task of tasks) all.push(task);
  yield* all.length === 1 ? all : all.slice(0, -1);
}

/** The methods of a port that is a record of functions, or an object of a class. */
function methodsOf(port: object): readonly (readonly [string, Method])[] {
  const isRecord = Object.getPrototypeOf(port) === Object.prototype;
  const holder: object = isRecord ? port : (Object.getPrototypeOf(port) as object);
  return Object.entries(Object.getOwnPropertyDescriptors(holder)).flatMap(([name, { value }]) =>
    typeof value === 'function' && name !== 'constructor' ? [[name, value as Method] as const] : [],
  );
}

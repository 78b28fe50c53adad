import type { Clock } from '../clock';
import type { HostedFunction } from './catalog';
import type { Registry } from './core';
import { invoke, messageOf, stackOf, type Invocation } from './invoke';
import type { Log } from './log';
import type { Binding, InvocationResponse, NamedData, TypedData } from './wire';

/** Runs the app's functions for the host: adds their inputs, counts them, logs each in a line. */
export class Runner {
  #inFlight = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(readonly options: RunnerOptions) {}

  /** Rejects with what the function threw. */
  async run(fn: HostedFunction, call: Call): Promise<InvocationResponse> {
    const started = performance.now();
    this.#inFlight++;
    try {
      const response = await this.#withTimeout(fn, this.#invoke(fn, call));
      this.#tell(fn, call, 'succeeded', started);
      return response;
    } catch (error) {
      this.#tell(fn, call, `failed: ${messageOf(error)}`, started, error);
      throw error;
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#rest();
    }
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when no function runs. */
  async idle(): Promise<void> {
    while (this.#inFlight > 0)
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  async #invoke(fn: HostedFunction, call: Call): Promise<InvocationResponse> {
    const { registry, extraInput, sendOutputs } = this.options;
    const triggerMetadata = { ...membersOf(fn, call.input), ...call.triggerMetadata };
    const inputs: NamedData[] = [{ name: fn.triggerName, data: call.input }];
    for (const [name, binding] of Object.entries(fn.bindings))
      if (binding.direction === 'in')
        inputs.push({ name, data: await extraInput(binding, triggerMetadata) });

    const response = await invoke(registry, fn, { ...call, inputs, triggerMetadata });
    if (fn.hasOutputs) await sendOutputs(fn, response, triggerMetadata);
    return response;
  }

  /**
   * Unlike Azure: there a function that passes its time takes the whole worker with it; here the
   * invocation fails and the function is left to itself.
   */
  async #withTimeout(
    fn: HostedFunction,
    response: Promise<InvocationResponse>,
  ): Promise<InvocationResponse> {
    const { timeoutMs, realClock } = this.options;
    if (timeoutMs === undefined) return response;
    let callOff = () => {};
    const expired = new Promise<never>((_, reject) => {
      const at = new Date(realClock.now().getTime() + timeoutMs);
      const text = `Timeout value of ${spanText(timeoutMs)} exceeded by function: ${fn.name}`;
      callOff = realClock.at(at, () => reject(new Error(text)));
    });
    try {
      return await Promise.race([response, expired]);
    } finally {
      callOff();
    }
  }

  #tell(fn: HostedFunction, call: Call, outcome: string, started: number, error?: unknown): void {
    const { log } = this.options;
    const ms = Math.round(performance.now() - started);
    const subject = call.about === undefined ? fn.name : `${fn.name} ${call.about}`;
    // An orchestrator runs again at every turn; how it ends is told by the hub, once.
    if (fn.triggerType === 'orchestration') {
      log('debug', `${subject} took a turn (${ms} ms)`);
      return;
    }
    log(
      error === undefined ? 'information' : 'error',
      `${subject} ${firstLine(outcome)} (${ms} ms)`,
    );
    if (error !== undefined) log('debug', stackOf(error));
  }

  #rest(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiters) waiter();
  }
}

export interface RunnerOptions {
  readonly registry: Registry;
  readonly log: Log;
  /** The value of an input binding beside the trigger. */
  readonly extraInput: (
    binding: Binding,
    metadata: Readonly<Record<string, TypedData>>,
  ) => Promise<TypedData> | TypedData;
  /** Rejects when an output does not take what the function gave it: the invocation fails. */
  readonly sendOutputs: (
    fn: HostedFunction,
    response: InvocationResponse,
    metadata: Readonly<Record<string, TypedData>>,
  ) => Promise<void>;
  readonly timeoutMs: number | undefined;
  /** What a function does is done in real time, whatever time the triggers live in. */
  readonly realClock: Clock;
}

export interface Call extends Omit<Invocation, 'inputs'> {
  readonly input: TypedData;
  /** What the invocation is about, for the log: an instance, a blob. */
  readonly about?: string;
}

/** The top-level members of a trigger value that is a JSON object join its metadata. */
function membersOf(fn: HostedFunction, { string }: TypedData): Record<string, TypedData> {
  // Histories and batches are JSON objects too; nobody looks for their members here.
  const isReplay = fn.triggerType === 'orchestration' || fn.triggerType === 'entity';
  if (isReplay || string === undefined || !string.startsWith('{')) return {};
  try {
    const value = JSON.parse(string) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== null && !Array.isArray(member))
        .map(([name, member]) => [
          name,
          typeof member === 'string' ? { string: member } : { json: JSON.stringify(member) },
        ]),
    );
  } catch {
    return {};
  }
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

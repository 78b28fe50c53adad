import type { Clock } from '../clock';
import type { Registry } from './core';
import { formatError, stackOf } from '../errors';
import { invoke, type Invocation } from './invoke';
import type { Log } from './log';
import { membersOf, type Metadata } from './metadata';
import type { Binding, InvocationResponse, NamedData, TypedData } from './wire';
import type { HostedFunction } from './hosted-function';

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
      this.#tell(fn, call, `failed: ${formatError(error)}`, started, error);
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
    // Histories and batches are JSON objects too; nobody looks for their members here.
    const isReplay = fn.triggerType === 'orchestration' || fn.triggerType === 'entity';
    const members = isReplay ? {} : membersOf(call.input.string ?? '');
    const triggerMetadata = { ...members, ...call.triggerMetadata };
    const metadata = (): Metadata => ({
      ...call.bindingData?.(),
      ...triggerMetadata,
      sys: { json: JSON.stringify({ MethodName: fn.name }) },
    });
    const inputs: NamedData[] = [{ name: fn.triggerName, data: call.input }];
    for (const [name, binding] of Object.entries(fn.bindings))
      if (binding.direction === 'in')
        inputs.push({ name, data: await extraInput(binding, metadata) });

    const response = await invoke(registry, fn, { ...call, inputs, triggerMetadata });
    if (fn.hasOutputs) await sendOutputs(fn, response, metadata());
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
    const subject = [fn.name, call.about].filter(Boolean).join(' ');
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
    metadata: () => Metadata,
  ) => Promise<TypedData> | TypedData;
  /** Rejects when an output does not take what the function gave it: the invocation fails. */
  readonly sendOutputs: (
    fn: HostedFunction,
    response: InvocationResponse,
    metadata: Metadata,
  ) => Promise<void>;
  readonly timeoutMs: number | undefined;
  /** What a function does is done in real time, whatever time the triggers live in. */
  readonly realClock: Clock;
}

export interface Call extends Omit<Invocation, 'inputs'> {
  readonly input: TypedData;
  /** What other bindings may name in braces, beside the metadata that the function gets. */
  readonly bindingData?: () => Metadata;
  /** What the invocation is about, for the log: an instance, a blob. */
  readonly about?: string;
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

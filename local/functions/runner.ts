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

  /** Rejects with the error that the function threw. */
  async run(fn: HostedFunction, call: Call): Promise<InvocationResponse> {
    const started = performance.now();
    this.#inFlight++;
    try {
      const response = await this.#withTimeout(fn, this.#invoke(fn, call));
      this.#logEnd(fn, call, 'succeeded', started);
      return response;
    } catch (error) {
      this.#logEnd(fn, call, `failed: ${formatError(error)}`, started, error);
      throw error;
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#notifyIdle();
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
    // Histories and batches are JSON objects too; their members are not metadata.
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
   * Unlike Azure: there a function that exceeds its timeout stops the whole worker; here the
   * invocation fails and the function continues without effect.
   */
  async #withTimeout(
    fn: HostedFunction,
    response: Promise<InvocationResponse>,
  ): Promise<InvocationResponse> {
    const { timeoutMs, realClock } = this.options;
    if (timeoutMs === undefined) return response;
    let cancel = () => {};
    const expired = new Promise<never>((_, reject) => {
      const at = new Date(realClock.now().getTime() + timeoutMs);
      const text = `Timeout value of ${spanText(timeoutMs)} exceeded by function: ${fn.name}`;
      cancel = realClock.at(at, () => reject(new Error(text)));
    });
    try {
      return await Promise.race([response, expired]);
    } finally {
      cancel();
    }
  }

  #logEnd(fn: HostedFunction, call: Call, outcome: string, started: number, error?: unknown): void {
    const { log } = this.options;
    const ms = Math.round(performance.now() - started);
    const subject = [fn.name, call.subject].filter(Boolean).join(' ');
    // An orchestrator runs again at every turn; the hub logs its end once.
    if (fn.triggerType === 'orchestration') {
      log('debug', `${subject} ran a turn (${ms} ms)`);
      return;
    }
    log(
      error === undefined ? 'information' : 'error',
      `${subject} ${firstLine(outcome)} (${ms} ms)`,
    );
    if (error !== undefined) log('debug', stackOf(error));
  }

  #notifyIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiters) waiter();
  }
}

export interface RunnerOptions {
  readonly registry: Registry;
  readonly log: Log;
  /** The value of an input binding other than the trigger. */
  readonly extraInput: (
    binding: Binding,
    metadata: () => Metadata,
  ) => Promise<TypedData> | TypedData;
  /** Rejects when a service refuses an output: the invocation fails. */
  readonly sendOutputs: (
    fn: HostedFunction,
    response: InvocationResponse,
    metadata: Metadata,
  ) => Promise<void>;
  readonly timeoutMs: number | undefined;
  /** A function runs in real time, whatever the clock of the triggers shows. */
  readonly realClock: Clock;
}

export interface Call extends Omit<Invocation, 'inputs'> {
  readonly input: TypedData;
  /** Metadata for expressions in other bindings, in addition to the function's own. */
  readonly bindingData?: () => Metadata;
  /** The subject of the invocation for the log, for example an instance or a blob. */
  readonly subject?: string;
}

export function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}

function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

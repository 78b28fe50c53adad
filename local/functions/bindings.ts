import { randomUUID } from 'node:crypto';
import type { HostedFunction } from './catalog';
import type { Environment, QueueSettings } from './settings';
import type { Binding, InvocationResponse, Maybe, TypedData } from './wire';

/**
 * Bindings beside the trigger that reach into storage: a blob to read, a blob or messages to
 * write. Their paths may name what the trigger knows: `{name}`, `{a.b}`, `{rand-guid}`,
 * `{DateTime}`.
 */
export class StorageBindings {
  constructor(readonly options: StorageBindingsOptions) {}

  /** A blob, whole; nothing when it is not there. */
  async read(binding: Binding, metadata: Metadata): Promise<TypedData> {
    const { isNotFound } = await import('./storage.js');
    const blob = await this.#blob(binding, metadata);
    try {
      return { bytes: await blob.downloadToBuffer() };
    } catch (error) {
      if (isNotFound(error)) return {};
      throw error;
    }
  }

  /** Writes what the function gave to its outputs; rejects when one of them does not take it. */
  async write(fn: HostedFunction, response: InvocationResponse, metadata: Metadata): Promise<void> {
    const values = new Map((response.outputData ?? []).map(({ name, data }) => [name, data]));
    for (const [name, binding] of Object.entries(fn.bindings)) {
      if (binding.direction === 'in') continue;
      const value = name === '$return' ? response.returnValue : values.get(name);
      if (value === null || value === undefined) continue;
      const type = binding.type.toLowerCase();
      if (type === 'queue') await this.#sendMessages(binding, value, metadata);
      if (type === 'blob') await this.#writeBlob(binding, value, metadata);
    }
  }

  async #sendMessages(binding: Binding, value: TypedData, metadata: Metadata): Promise<void> {
    const account = await this.#account(binding);
    const queue = account.queues().getQueueClient(this.#path(binding, 'queueName', metadata));
    const { messageEncoding } = this.options.queues;
    for (const text of messagesIn(value)) {
      const message = messageEncoding === 'none' ? text : Buffer.from(text).toString('base64');
      await queue.sendMessage(message).catch(async () => {
        await queue.createIfNotExists();
        await queue.sendMessage(message);
      });
    }
  }

  async #writeBlob(binding: Binding, value: TypedData, metadata: Metadata): Promise<void> {
    const blob = await this.#blob(binding, metadata);
    const content = bytesOf(value);
    await blob.uploadData(content).catch(async () => {
      await this.#container(binding, metadata).then((container) => container.createIfNotExists());
      await blob.uploadData(content);
    });
  }

  async #blob(binding: Binding, metadata: Metadata) {
    const path = this.#path(binding, 'path', metadata);
    const container = await this.#container(binding, metadata);
    return container.getBlockBlobClient(path.slice(path.indexOf('/') + 1));
  }

  async #container(binding: Binding, metadata: Metadata) {
    const path = this.#path(binding, 'path', metadata);
    const account = await this.#account(binding);
    return account.blobs().getContainerClient(path.slice(0, path.indexOf('/')));
  }

  async #account({ connection }: Binding) {
    const { storageAccount } = await import('./storage.js');
    const name = typeof connection === 'string' ? connection : 'AzureWebJobsStorage';
    return storageAccount(name, this.options.environment);
  }

  #path(binding: Binding, option: string, metadata: Metadata): string {
    const template = binding[option];
    if (typeof template !== 'string')
      throw new Error(`The ${binding.type} binding has no ${option}.`);
    return resolveExpressions(template, metadata, this.options.now());
  }
}

export type Metadata = Readonly<Record<string, TypedData>>;

export interface StorageBindingsOptions {
  readonly environment: Environment;
  readonly queues: QueueSettings;
  readonly now: () => Date;
}

/** Replaces each `{expression}` by what the trigger's metadata hold under that name. */
export function resolveExpressions(template: string, metadata: Metadata, now: Date): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_, expression: string) => {
    if (/^rand-guid$/i.test(expression)) return randomUUID();
    if (/^datetime$/i.test(expression)) return now.toISOString();
    const [first = '', ...rest] = expression.split('.');
    const value = rest.reduce(memberOf, plainValue(entryOf(metadata, first)));
    if (value === undefined || value === null)
      throw new Error(`'{${expression}}' of '${template}' is not known to the trigger.`);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function entryOf(record: Readonly<Record<string, TypedData>>, name: string): TypedData | undefined {
  const key = Object.keys(record).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : record[key];
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1];
}

function plainValue(data: Maybe<TypedData>): unknown {
  if (data?.string !== undefined) {
    // A text that is JSON is looked into.
    return data.string.startsWith('{') ? JSON.parse(data.string) : data.string;
  }
  if (data?.json !== undefined) return JSON.parse(data.json);
  return data?.int ?? data?.double;
}

/** An array is several messages. */
function messagesIn(value: TypedData): readonly string[] {
  if (value.json === undefined) return [textOf(value)];
  const parsed: unknown = JSON.parse(value.json);
  const items: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}

function textOf(value: TypedData): string {
  if (value.bytes !== undefined) return Buffer.from(value.bytes).toString('utf8');
  return value.string ?? value.json ?? String(value.int ?? value.double ?? '');
}

function bytesOf(value: TypedData): Buffer {
  return value.bytes === undefined ? Buffer.from(textOf(value)) : Buffer.from(value.bytes);
}

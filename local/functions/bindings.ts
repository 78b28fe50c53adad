import fs from 'node:fs';
import path from 'node:path';
import { resolveExpressions, type Metadata } from './metadata';
import type { Environment, QueueSettings } from './settings';
import type { StorageAccount } from './storage';
import {
  blobReference,
  contentFor,
  isDeferred,
  type Binding,
  type InvocationResponse,
  type TypedData,
} from './wire';
import type { HostedFunction } from './hosted-function';

/**
 * Storage bindings other than the trigger: a blob or entities to read; a blob, messages or entities
 * to write. Their options may contain expressions on the trigger's metadata: `{name}`, `{a.b}`.
 */
export class StorageBindings {
  constructor(readonly options: StorageBindingsOptions) {}

  read(binding: Binding, metadata: Metadata): Promise<TypedData> {
    return binding.type.toLowerCase() === 'table'
      ? this.#readTable(binding, metadata)
      : this.#readBlob(binding, metadata);
  }

  /** Writes the function's outputs; rejects when a service refuses one of them. */
  async write(fn: HostedFunction, response: InvocationResponse, metadata: Metadata): Promise<void> {
    const values = new Map((response.outputData ?? []).map(({ name, data }) => [name, data]));
    for (const [name, binding] of Object.entries(fn.bindings)) {
      if (binding.direction === 'in') continue;
      const value = name === '$return' ? response.returnValue : values.get(name);
      if (value === null || value === undefined) continue;
      const output = { fn, name, binding, value, metadata };
      const type = binding.type.toLowerCase();
      if (type === 'queue') await this.#sendMessages(output);
      else if (type === 'blob') await this.#writeBlob(output);
      else if (type === 'table') await this.#writeTable(output);
      else if (type !== 'http') this.#keep(output);
    }
  }

  /**
   * Reads a blob, or a reference to it; an empty value when it does not exist. The content is text,
   * which damages binary content, unless the binding has `dataType: 'binary'`:
   * `WorkerFunctionInvoker` defaults to String. Unconfirmed: maintainers of the library say a
   * Buffer.
   */
  async #readBlob(binding: Binding, metadata: Metadata): Promise<TypedData> {
    const { connectionOf, isNotFound } = await import('./storage.js');
    const { container, name } = this.#place(binding, metadata);
    if (isDeferred(binding)) return blobReference(connectionOf(binding), container, name);
    const account = await this.#account(binding);
    try {
      const blob = account.blobs().getContainerClient(container).getBlobClient(name);
      return contentFor(binding, await blob.downloadToBuffer(), 'string');
    } catch (error) {
      if (isNotFound(error)) return {};
      throw error;
    }
  }

  async #writeBlob({ binding, value, metadata }: Output): Promise<void> {
    const account = await this.#account(binding);
    const { container: containerName, name } = this.#place(binding, metadata);
    const container = account.blobs().getContainerClient(containerName);
    const blob = container.getBlockBlobClient(name);
    const content = contentOf(value);
    await blob.uploadData(content).catch(async () => {
      await container.createIfNotExists();
      await blob.uploadData(content);
    });
  }

  async #sendMessages({ binding, value, metadata }: Output): Promise<void> {
    const account = await this.#account(binding);
    const queue = account.queues().getQueueClient(this.#option(binding, 'queueName', metadata));
    const { messageEncoding } = this.options.queues;
    for (const content of messagesIn(value)) {
      const message = content.toString(messageEncoding === 'none' ? 'utf8' : 'base64');
      await queue.sendMessage(message).catch(async () => {
        await queue.createIfNotExists();
        await queue.sendMessage(message);
      });
    }
  }

  async #readTable(binding: Binding, metadata: Metadata): Promise<TypedData> {
    const { readTable, tableQuery } = await import('./tables.js');
    const account = await this.#account(binding);
    const table = account.table(this.#option(binding, 'tableName', metadata));
    const found = await readTable(table, tableQuery(binding, metadata, this.options.now()));
    return found === undefined ? {} : { json: JSON.stringify(found) };
  }

  async #writeTable({ binding, value, metadata }: Output): Promise<void> {
    const { tableQuery, writeTable } = await import('./tables.js');
    const account = await this.#account(binding);
    const table = account.table(this.#option(binding, 'tableName', metadata));
    const query = tableQuery(binding, metadata, this.options.now());
    await writeTable(table, JSON.parse(textOf(value)), query);
  }

  /** An output of a type that is only pretended: its value becomes a line of a file. */
  #keep({ fn, name, binding, value }: Output): void {
    const { dataFolder, now } = this.options;
    if (dataFolder === undefined) return;
    const folder = path.join(dataFolder, 'outputs');
    const line = {
      time: now().toISOString(),
      function: fn.name,
      binding: name,
      value: textOf(value),
    };
    fs.mkdirSync(folder, { recursive: true });
    fs.appendFileSync(path.join(folder, `${binding.type}.jsonl`), `${JSON.stringify(line)}\n`);
  }

  async #account(binding: Binding): Promise<StorageAccount> {
    const { connectionOf, storageAccount } = await import('./storage.js');
    return storageAccount(connectionOf(binding), this.options.environment);
  }

  /** A path without a slash is a container as a whole. */
  #place(
    binding: Binding,
    metadata: Metadata,
  ): { readonly container: string; readonly name: string } {
    const [container = '', ...rest] = this.#option(binding, 'path', metadata).split('/');
    return { container, name: rest.join('/') };
  }

  #option(binding: Binding, option: string, metadata: Metadata): string {
    const template = binding[option];
    if (typeof template !== 'string')
      throw new Error(`The ${binding.type} binding has no ${option}.`);
    return resolveExpressions(template, metadata, this.options.now());
  }
}

export interface StorageBindingsOptions {
  readonly environment: Environment;
  readonly queues: QueueSettings;
  readonly now: () => Date;
  /** Folder of pretended outputs; without it their values are discarded. */
  readonly dataFolder: string | undefined;
}

interface Output {
  readonly fn: HostedFunction;
  readonly name: string;
  readonly binding: Binding;
  readonly value: TypedData;
  readonly metadata: Metadata;
}

/** An array is several messages. */
function messagesIn(value: TypedData): readonly Buffer[] {
  if (value.json === undefined) return [bytesOf(value)];
  const parsed: unknown = JSON.parse(value.json);
  const items: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return items.map((item) => Buffer.from(typeof item === 'string' ? item : JSON.stringify(item)));
}

function textOf(value: TypedData): string {
  return bytesOf(value).toString('utf8');
}

function bytesOf(value: TypedData): Buffer {
  if (value.bytes !== undefined) return Buffer.from(value.bytes);
  return Buffer.from(value.string ?? value.json ?? String(value.int ?? value.double ?? ''));
}

/**
 * The content of a written blob (`FunctionBinding.ConvertValueToStream`): a text that came as JSON
 * is written without its quotation marks; numbers and booleans are written as bytes, not as digits.
 */
function contentOf(value: TypedData): Buffer {
  const one: unknown =
    value.json === undefined ? (value.int ?? value.double) : JSON.parse(value.json);
  if (typeof one === 'string') return Buffer.from(one);
  if (typeof one === 'boolean') return Buffer.of(Number(one));
  if (typeof one !== 'number') return bytesOf(value);
  return Buffer.from((Number.isInteger(one) ? Int32Array.of(one) : Float64Array.of(one)).buffer);
}

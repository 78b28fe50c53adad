import type http from 'node:http';
import { readBody, reply } from '../../local/functions/body';
import { indexFunctions, type Catalog } from '../../local/functions/catalog';
import { StorageBindings } from '../../local/functions/bindings';
import { install, modelInUse, Registry, uninstall } from '../../local/functions/core';
import { loadApp } from '../../local/functions/load';
import { Runner } from '../../local/functions/runner';
import { readHostSettings, type Environment } from '../../local/functions/settings';
import {
  blobReference,
  isDeferred,
  type Binding,
  type TypedData,
} from '../../local/functions/wire';
import type { HostedFunction } from '../../local/functions/hosted-function';
import { realClock } from '../../local/clock';
import { formatError, stackOf } from '../../local/errors';
import { listen } from '../../local/http';

/**
 * The functions of an app, loaded by the loader of the local Functions host and called over HTTP by
 * the real extension: the role that the Node worker has in Azure. The engine of the local host is
 * not involved.
 */
export interface Worker {
  readonly address: string;
  readonly catalog: Catalog;
  readonly runner: Runner;
  /** The value of durable client bindings, which only the running extension knows. */
  setClient(value: string): void;
  close(): Promise<void>;
}

export interface WorkerOptions {
  readonly environment: Environment;
  readonly log: (level: string, line: string) => void;
  /** The compiled app; or `register`. */
  readonly appFolder?: string;
  readonly register?: () => unknown;
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { environment, log, appFolder } = options;
  const registry = new Registry(({ level, message }) => log(level, message));
  install(registry);
  if (appFolder !== undefined) await loadApp(appFolder);
  await options.register?.();
  await registry.runHooks('appStart', { hookData: {}, appHookData: registry.appHookData });
  await modelInUse()?.getCapabilities?.({});
  registry.lock();

  const catalog = indexFunctions(registry, environment);
  let client = '';
  const runner = newRunner(options, registry, () => client);
  const listening = await listen((request, response) => {
    void answer(request, response, { catalog, runner });
  });
  return {
    address: listening.url,
    catalog,
    runner,
    setClient: (value) => {
      client = value;
    },
    async close() {
      await listening.close();
      uninstall(registry);
    },
  };
}

function newRunner(
  { environment, log, appFolder }: WorkerOptions,
  registry: Registry,
  client: () => string,
): Runner {
  const storage = new StorageBindings({
    environment,
    queues: readHostSettings(appFolder, environment).queues,
    now: () => realClock.now(),
    dataFolder: undefined,
  });
  return new Runner({
    registry,
    log,
    realClock,
    timeoutMs: undefined,
    extraInput: (binding, metadata) =>
      binding.type === 'durableClient' ? { string: client() } : storage.read(binding, metadata()),
    sendOutputs: (fn, response, metadata) => storage.write(fn, response, metadata),
  });
}

/** One invocation, as `Worker.cs` sends it. */
interface Invocation {
  readonly function: string;
  readonly input: string | null;
  readonly metadata: Readonly<Record<string, string | number>>;
}

const MAX_BODY_BYTES = 2 ** 27;

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { catalog, runner }: Pick<Worker, 'catalog' | 'runner'>,
): Promise<void> {
  const body = await readBody(request, MAX_BODY_BYTES);
  const invocation = JSON.parse(body.toString('utf8')) as Invocation;
  try {
    const fn = catalog.find(invocation.function);
    if (fn === undefined) throw new Error(`${invocation.function} does not exist.`);
    const { returnValue } = await runner.run(fn, callOf(fn, invocation));
    reply(response, 200, valueOf(returnValue ?? {}));
  } catch (error) {
    const failure = { message: formatError(error), stack: stackOf(error) };
    reply(response, 200, { error: failure });
  }
}

function callOf(fn: HostedFunction, { input, metadata }: Invocation) {
  const entries = Object.entries(metadata).map(([name, value]) => [
    name,
    typeof value === 'string' ? { string: value } : { int: value },
  ]);
  const triggerMetadata = Object.fromEntries(entries) as Readonly<Record<string, TypedData>>;
  return { input: inputOf(fn.trigger, input, metadata), triggerMetadata };
}

function inputOf(
  trigger: Binding,
  input: string | null,
  { container, blob }: Invocation['metadata'],
): TypedData {
  if (input !== null) return { string: input };
  if (trigger.type.toLowerCase() !== 'blobtrigger') return {};
  if (!isDeferred(trigger)) throw new Error('This worker passes blobs by reference only.');
  return blobReference(String(trigger['connection']), String(container), String(blob));
}

/** A value in the form in which `Worker.cs` reads it. */
function valueOf({ json, string, int, double }: TypedData) {
  return json === undefined ? { value: string ?? int ?? double ?? null } : { json };
}

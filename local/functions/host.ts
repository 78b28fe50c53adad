import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { realClock, type Clock } from '../clock';
import { listen, type Listening } from '../http';
import { indexFunctions, type Catalog } from './catalog';
import { install, modelInUse, Registry, uninstall } from './core';
import { durableApi, type DurableApi } from './durable/client-api';
import { clientBindingValue, type HubAddresses } from './durable/client-urls';
import type { DurableFunctions } from './durable/episode';
import { DiskStore, memoryStore, type Store } from './durable/store';
import { TaskHub } from './durable/task-hub';
import { FrontDoor } from './front-door';
import type { HostKeys } from './keys';
import { stackOf } from './invoke';
import { loadApp } from './load';
import type { Log } from './log';
import { Runner } from './runner';
import {
  applyLocalSettings,
  readHostSettings,
  type Environment,
  type HostSettings,
} from './settings';
import { createTriggers, type Triggers } from './triggers/triggers';
import type { Binding, TypedData } from './wire';

/**
 * The local Functions host: takes the place of the .NET host and of its Node worker for any
 * compiled app on `@azure/functions` 4.16 and `durable-functions` 3.5. Read this first: it is the
 * order of a start and of an end.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { environment, log, appFolder } = options;
  const registry = new Registry((line) => writeAppLine(line, log));
  install(registry);
  const closing: (() => unknown)[] = [() => uninstall(registry)];
  const closeAll = () => undoAll(closing, log);
  try {
    // The app may read its own address while it loads, so the port is taken before.
    const door = new FrontDoor({ log, keys: options.keys });
    const front = await listen(door.handle, { port: options.port ?? 0 });
    closing.push(() => front.close());
    prepareEnvironment(options, front);
    const settings = readHostSettings(appFolder, environment);
    const catalog = await loadFunctions(options, registry);

    const parts = await assemble(options, { registry, settings, catalog, front, closing });
    door.open({ catalog, settings, ...parts });
    parts.hub.start();
    await parts.triggers.start();
    const host = running(parts, front, closeAll);
    announce(catalog, door, log);
    return host;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

export interface HostOptions {
  /** The compiled app: the folder of its `package.json` and `host.json`. */
  readonly appFolder?: string;
  /** Instead of an app folder, or after it: registers functions by hand. */
  readonly register?: () => unknown;
  /** Where instances, timers and keys are kept; without it they are kept in memory. */
  readonly dataFolder?: string;
  /** 0 or nothing: any free port. */
  readonly port?: number;
  /** The port of the durable client; taken or nothing: any free port. */
  readonly rpcPort?: number;
  /** Timers, durable timers and polls live by it. */
  readonly clock: Clock;
  /** The app's settings are put into it; the app's libraries read `process.env`. */
  readonly environment: Environment;
  readonly log: Log;
  /** Whether what was acknowledged survives the loss of power too. Default true. */
  readonly fsync?: boolean;
  /** How often containers are looked through for new blobs. Default 10 s, on the clock. */
  readonly blobPollMs?: number;
  /** With them, keys are asked for as in Azure; without, nobody is asked, as by `func start`. */
  readonly keys?: HostKeys;
  /** The journal cannot be written. Default: the error is thrown where nobody catches it. */
  readonly onBroken?: (error: unknown) => void;
}

export interface RunningHost {
  readonly url: string;
  readonly port: number;
  /** Where the durable client goes; ends in a slash. */
  readonly rpcUrl: string;
  readonly hub: TaskHub;
  /** Resolves when nothing runs and nothing will before the clock moves or a word comes. */
  settled(): Promise<void>;
  /** Ends gracefully: up to 10 s for what runs; what does not finish runs again next time. */
  close(): Promise<void>;
}

const GRACE_MS = 10_000;

/** Waits for it, but no longer than `ms` of real time. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** The last thing done is undone first. What cannot be undone keeps nothing else from it. */
async function undoAll(closing: (() => unknown)[], log: Log): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      log('error', `while closing: ${stackOf(error)}`);
    }
  }
}

/** As Core Tools sets them. */
function prepareEnvironment({ appFolder, environment }: HostOptions, front: Listening): void {
  if (appFolder !== undefined) applyLocalSettings(appFolder, environment);
  environment['AZURE_FUNCTIONS_ENVIRONMENT'] = 'Development';
  environment['WEBSITE_HOSTNAME'] = `localhost:${front.port}`;
  if (appFolder === undefined) return;
  environment['AzureWebJobsScriptRoot'] = path.resolve(appFolder);
  const runtime = environment['FUNCTIONS_WORKER_RUNTIME'];
  if (runtime !== 'node')
    throw new Error(
      `FUNCTIONS_WORKER_RUNTIME is ${runtime === undefined ? 'not set' : `'${runtime}'`}; it must be 'node' for the functions to be found.`,
    );
}

async function loadFunctions(options: HostOptions, registry: Registry): Promise<Catalog> {
  const { appFolder, environment, log } = options;
  if (appFolder !== undefined)
    for (const file of await loadApp(path.resolve(appFolder))) log('debug', `loaded ${file}`);
  await options.register?.();

  await registry.runHooks('appStart', {
    hookData: registry.appLevelHookData,
    appHookData: registry.appHookData,
    functionAppDirectory: appFolder,
  });
  const capabilities = await modelInUse()?.getCapabilities?.({});
  registry.lock();
  if (capabilities?.['HttpUri'] !== undefined)
    throw new Error('The app asks for HTTP streams (enableHttpStream), which this host has not.');
  return indexFunctions(registry, environment);
}

interface Assembly {
  readonly registry: Registry;
  readonly settings: HostSettings;
  readonly catalog: Catalog;
  readonly front: Listening;
  /** Undone in the opposite order. */
  readonly closing: (() => unknown)[];
}

export interface HostParts {
  readonly registry: Registry;
  readonly runner: Runner;
  readonly hub: TaskHub;
  readonly api: DurableApi;
  readonly triggers: Triggers;
  readonly addresses: HubAddresses;
}

async function assemble(options: HostOptions, assembly: Assembly): Promise<HostParts> {
  const { registry, settings, catalog, front, closing } = assembly;
  const { clock, log } = options;
  const store = openStore(options);
  closing.push(() => store.close());
  const rpc = await openRpc(options, closing);

  const addresses: HubAddresses = {
    hubName: settings.durable.hubName,
    connectionName: settings.durable.connectionName,
    origin: `http://localhost:${front.port}`,
    rpcBaseUrl: `${rpc.url}${RPC_PATH}/`,
    systemKey: options.keys?.system,
  };
  const timeoutMs = settings.functionTimeoutMs;
  const inputFor = (binding: Binding) => extraInput(binding, addresses);
  const runner = new Runner({ registry, log, realClock, timeoutMs, extraInput: inputFor });
  const hub = new TaskHub({
    store,
    clock,
    log,
    settings: settings.durable,
    functions: durableFunctions(catalog, runner),
    newId: () => randomUUID().replaceAll('-', ''),
    onEnded: ({ id, name, status }) => log('information', `${name} ${id} ${status.toLowerCase()}`),
  });
  const api = durableApi(hub, () => addresses);
  rpc.serve(api);
  const triggers = await createTriggers({ ...options, settings, catalog, runner });
  closing.push(() => appTerminate(registry));
  closing.push(() =>
    Promise.all([
      within(GRACE_MS, triggers.stop()),
      hub.stop(GRACE_MS),
      within(GRACE_MS, runner.idle()),
    ]),
  );
  return { registry, runner, hub, api, triggers, addresses };
}

const RPC_PATH = '/durabletask';

/** The durable client's own port. Taken by another host: any other, as the real one does. */
async function openRpc({ log, rpcPort }: HostOptions, closing: Assembly['closing']) {
  let api: DurableApi = () => Promise.resolve({ status: 503 });
  const door = new FrontDoor({ log, keys: undefined });
  const handler = door.serveApi(RPC_PATH, (...call) => api(...call));
  const listening = await listen(handler, { port: rpcPort ?? 0 }).catch(() => listen(handler));
  closing.push(() => listening.close());
  return {
    url: listening.url,
    serve(served: DurableApi) {
      api = served;
    },
  };
}

function openStore({ dataFolder, fsync = true, log, onBroken }: HostOptions): Store {
  if (dataFolder === undefined) return memoryStore();
  const rethrow = (error: unknown) => {
    setImmediate(() => {
      throw new Error('The journal of the task hub cannot be written.', { cause: error });
    });
  };
  const folder = path.join(dataFolder, 'durable');
  return new DiskStore({ folder, fsync, log, onBroken: onBroken ?? rethrow });
}

function extraInput({ type }: Binding, addresses: HubAddresses): TypedData {
  if (/^(durable|orchestration)Client$/i.test(type))
    return { string: clientBindingValue(addresses) };
  throw new Error(`This host has no input of type '${type}'.`);
}

function durableFunctions(catalog: Catalog, runner: Runner): DurableFunctions {
  return {
    has: (kind, name) => catalog.find(name)?.triggerType === kind,
    names: (kind) => catalog.withTrigger(kind).map(({ name }) => name),
    run: (kind, name, instanceId, input) => {
      const fn = catalog.find(name);
      if (fn?.triggerType !== kind) throw new Error(`There is no ${kind} function '${name}'.`);
      const triggerMetadata = { instanceId: { string: instanceId } };
      return runner.run(fn, { input, triggerMetadata, about: instanceId });
    },
  };
}

function appTerminate(registry: Registry): Promise<void> {
  return registry.runHooks('appTerminate', {
    hookData: registry.appLevelHookData,
    appHookData: registry.appHookData,
  });
}

function running(
  { hub, runner, addresses }: HostParts,
  front: Listening,
  closeAll: () => Promise<void>,
): RunningHost {
  let closed: Promise<void> | undefined;
  return {
    url: `http://localhost:${front.port}`,
    port: front.port,
    rpcUrl: addresses.rpcBaseUrl,
    hub,
    async settled() {
      do {
        await hub.settled();
        await runner.idle();
        // Who waited for the end of a function goes on first, and may begin something.
        await new Promise(setImmediate);
      } while (hub.isBusy || runner.inFlight > 0);
    },
    close: () => (closed ??= closeAll()),
  };
}

function announce(catalog: Catalog, door: FrontDoor, log: Log): void {
  for (const description of door.descriptions) log('information', description);
  for (const { name, triggerType } of catalog.functions)
    if (triggerType !== 'http') log('information', `${name}: ${triggerType}`);
  for (const name of catalog.disabled) log('information', `${name}: disabled`);
}

function writeAppLine(line: Parameters<Registry['log']>[0], log: Log): void {
  const levels = { trace: 'debug', critical: 'error' } as const;
  const level =
    line.level === 'trace' || line.level === 'critical' ? levels[line.level] : line.level;
  const prefix = line.functionName === undefined ? '' : `[${line.functionName}] `;
  log(
    line.category === 'system' && level === 'information' ? 'debug' : level,
    prefix + line.message,
  );
}

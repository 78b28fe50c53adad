import path from 'node:path';
import { lockFolder } from '../folder-lock';
import { listen, type Listening } from '../http';
import { indexFunctions, leftOutLine, type Catalog } from './catalog';
import { install, modelInUse, Registry, uninstall } from './core';
import type { TaskHub } from './durable/task-hub';
import { HttpFrontEnd } from './front-door';
import { stackOf } from '../errors';
import { loadApp } from './load';
import type { Log } from './log';
import { assemble } from './parts';
import { HttpStreams, onLoopback } from './triggers/http-stream';
import { applyLocalSettings, readHostSettings, type HostSettings } from './settings';
import type { HostOptions } from './options';
import type { HostParts } from './host-parts';

/**
 * The local Functions host: replaces the .NET host and its Node worker for any compiled app on
 * `@azure/functions` 4.16 and `durable-functions` 3.5. Read this file first: it has the order of
 * start and shutdown.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { environment, log, appFolder } = options;
  const registry = new Registry((line) => writeAppLine(line, log));
  install(registry);
  const closing: (() => unknown)[] = [() => uninstall(registry)];
  const closeAll = () => runCleanUps(closing, log);
  try {
    // Before anything reads or writes the state, or runs code of the app.
    if (options.dataFolder !== undefined)
      closing.push(await lockFolder(options.dataFolder, 'Functions host'));
    // The app may read its own address while it loads, so the port is opened before.
    const frontEnd = new HttpFrontEnd({ log, keys: options.keys });
    const front = await listen(frontEnd.handle, { port: options.port ?? 0 });
    closing.push(() => front.close());
    prepareEnvironment(options, front);
    const settings = readHostSettings(appFolder, environment);
    const loaded = await loadFunctions(options, registry, settings);

    const parts = await assemble(options, { registry, settings, front, closing, ...loaded });
    closing.push(() => appTerminate(registry));
    closing.push(() => drain(parts, frontEnd));
    frontEnd.open(parts);
    parts.hub.start();
    await parts.triggers.start();
    const host = running(parts, closeAll);
    announce(loaded.catalog, frontEnd, log);
    return host;
  } catch (error) {
    await closeAll();
    throw error;
  }
}

export interface RunningHost {
  readonly url: string;
  readonly port: number;
  /** The address of the durable client; ends in a slash. */
  readonly rpcUrl: string;
  readonly hub: TaskHub;
  /** Resolves when nothing runs and nothing will before the clock advances or an event arrives. */
  settled(): Promise<void>;
  /** Shuts down gracefully: up to 10 s for running work; unfinished work runs again next time. */
  close(): Promise<void>;
}

const GRACE_MS = 10_000;

/** Starts nothing new, and waits for running work. */
async function drain({ triggers, hub, runner }: HostParts, frontEnd: HttpFrontEnd): Promise<void> {
  frontEnd.shut();
  await Promise.all([
    waitAtMost(GRACE_MS, triggers.stop()),
    hub.stop(GRACE_MS),
    waitAtMost(GRACE_MS, runner.idle()),
  ]);
}

/** Waits for the promise, but at most `ms` of real time. */
async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Runs the steps in reverse order. A step that fails does not prevent the others. */
async function runCleanUps(closing: (() => unknown)[], log: Log): Promise<void> {
  for (const close of closing.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      log('error', `while closing: ${stackOf(error)}`);
    }
  }
}

/** The variables that Core Tools sets. */
function prepareEnvironment(
  { appFolder, environment, localSettings = true, log }: HostOptions,
  front: Listening,
): void {
  if (appFolder !== undefined && localSettings) applyLocalSettings(appFolder, environment);
  environment['AZURE_FUNCTIONS_ENVIRONMENT'] = 'Development';
  environment['WEBSITE_HOSTNAME'] = `localhost:${front.port}`;
  if (appFolder === undefined) return;
  environment['AzureWebJobsScriptRoot'] = path.resolve(appFolder);
  const runtime = environment['FUNCTIONS_WORKER_RUNTIME'] || undefined;
  if (runtime === undefined)
    log(
      'warning',
      "FUNCTIONS_WORKER_RUNTIME is not set; this host uses 'node', Azure requires it.",
    );
  else if (runtime !== 'node')
    throw new Error(
      `FUNCTIONS_WORKER_RUNTIME is '${runtime}'; it must be 'node' for the functions to be found.`,
    );
  environment['FUNCTIONS_WORKER_RUNTIME'] = 'node';
}

/** Runs the app's entry points and its first hooks; after that, registration is refused. */
async function loadFunctions(
  options: HostOptions,
  registry: Registry,
  { maxBodyBytes }: HostSettings,
): Promise<Loaded> {
  const { appFolder, environment, log } = options;
  if (appFolder !== undefined)
    for (const file of await loadApp(path.resolve(appFolder))) log('debug', `loaded ${file}`);
  await options.register?.();

  await registry.runHooks('appStart', {
    hookData: registry.appLevelHookData,
    appHookData: registry.appHookData,
    functionAppDirectory: appFolder,
  });
  const capabilities = await onLoopback(async () => modelInUse()?.getCapabilities?.({}));
  registry.lock();
  const httpUri = capabilities?.['HttpUri'];
  return {
    catalog: indexFunctions(registry, environment, options.pretendedOutputs),
    streams: httpUri === undefined ? undefined : new HttpStreams(httpUri, maxBodyBytes),
  };
}

interface Loaded {
  readonly catalog: Catalog;
  readonly streams: HttpStreams | undefined;
}

function appTerminate(registry: Registry): Promise<void> {
  return registry.runHooks('appTerminate', {
    hookData: registry.appLevelHookData,
    appHookData: registry.appHookData,
  });
}

function running(
  { hub, runner, addresses, front }: HostParts,
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
        // Waiters for the end of a function continue first, and may start something.
        await new Promise(setImmediate);
      } while (hub.isBusy || runner.inFlight > 0);
    },
    close: () => (closed ??= closeAll()),
  };
}

function announce(catalog: Catalog, frontEnd: HttpFrontEnd, log: Log): void {
  for (const description of frontEnd.descriptions) log('information', description);
  for (const { name, triggerType } of catalog.functions)
    if (triggerType !== 'http') log('information', `${name}: ${triggerType}`);
  for (const name of catalog.disabled) log('information', `${name}: disabled`);
  for (const error of catalog.leftOut) log('warning', leftOutLine(error));
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

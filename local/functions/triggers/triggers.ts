import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { attempt, leftOutLine, type Catalog } from '../catalog';
import type { Call, Runner } from '../runner';
import type { Environment, HostSettings } from '../settings';
import type { TypedData } from '../wire';
import type { BlobTriggers } from './blob';
import type { QueueListener } from './queue-listener';
import { TimerTrigger, timerInput } from './timer';
import type { HostOptions } from '../options';
import type { HostedFunction, TriggerType } from '../hosted-function';

/** All triggers except HTTP and Durable: timers, blobs, queues. */
export interface Triggers {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The next due time of a timer function. */
  nextDue(functionName: string): Date | undefined;
  /** The trigger input of a timer that is run by hand. */
  manualTimerInput(): TypedData;
  /** The call for a blob, named `container/blob`, that is run by hand. */
  manualBlobCall(fn: HostedFunction, blob: string): Promise<Call>;
  /**
   * Handles Event Grid's notification of a new blob. Returns false if the function does not exist.
   */
  blobArrived(functionName: string, container: string, blob: string): Promise<boolean>;
}

export interface TriggerOptions extends HostOptions {
  readonly settings: HostSettings;
  readonly catalog: Catalog;
  readonly runner: Runner;
}

/** Creates the triggers; a function with an invalid schedule, path or connection gets none. */
export async function createTriggers(options: TriggerOptions): Promise<Triggers> {
  const timers = triggersOf('timer', options, (fn) => timerFor(fn, options));
  const blobs = await blobTriggers(options);
  const queues = await queueTriggers(options);
  return {
    async start() {
      await blobs?.start();
      for (const trigger of [...queues, ...timers]) trigger.start();
    },
    async stop() {
      await Promise.all(
        [...timers, ...queues, ...(blobs === undefined ? [] : [blobs])].map((each) => each.stop()),
      );
    },
    nextDue: (functionName) => timers.find(({ fn }) => fn.name === functionName)?.nextDue,
    manualTimerInput: () => timerInput(null, false),
    manualBlobCall(fn, blob) {
      const slash = blob.indexOf('/');
      if (blobs === undefined || slash < 0)
        throw new Error(`'${blob}' does not name a blob: it must be container/blob.`);
      return blobs.callFor(fn, blob.slice(0, slash), blob.slice(slash + 1));
    },
    blobArrived: async (functionName, container, blob) =>
      blobs === undefined ? false : blobs.arrived(functionName, container, blob),
  };
}

/** As in the real host, the error of one function leaves out this function only. */
function triggersOf<T>(
  type: TriggerType,
  { catalog, log }: TriggerOptions,
  make: (fn: HostedFunction) => T,
): readonly T[] {
  const errors: string[] = [];
  const made = catalog.withTrigger(type).flatMap((fn) => attempt(() => make(fn), errors));
  for (const error of errors) log('warning', leftOutLine(error));
  return made;
}

function timerFor(fn: HostedFunction, options: TriggerOptions): TimerTrigger {
  const { clock, runner, log, dataFolder, environment } = options;
  const timeZone = environment['WEBSITE_TIME_ZONE'] || environment['TZ'] || undefined;
  return new TimerTrigger(fn, { clock, runner, log, dataFolder, timeZone });
}

async function queueTriggers(options: TriggerOptions): Promise<readonly QueueListener[]> {
  const { catalog, environment, settings, dataFolder, runner, clock, log } = options;
  const functions = catalog.withTrigger('queue');
  if (functions.length === 0) return [];
  const [{ queueTrigger }, { storageAccount }] = await Promise.all([
    import('./queue.js'),
    import('../storage.js'),
  ]);
  const accountFor = (connection: string) => storageAccount(connection, environment);
  return triggersOf('queue', options, (fn) =>
    queueTrigger(fn, { accountFor, settings: settings.queues, dataFolder, runner, clock, log }),
  );
}

/** Interval of the real scan. */
const BLOB_POLL_MS = 10_000;

async function blobTriggers(options: TriggerOptions): Promise<BlobTriggers | undefined> {
  const { catalog, environment, settings, dataFolder, runner, clock, log } = options;
  if (catalog.withTrigger('blob').length === 0) return undefined;
  // The storage libraries take a while to load; an app without blobs does not wait for them.
  const [{ BlobTriggers, newWatch }, { storageAccount }] = await Promise.all([
    import('./blob.js'),
    import('../storage.js'),
  ]);
  const accountFor = (connection: string) => storageAccount(connection, environment);
  return new BlobTriggers(
    triggersOf('blob', options, (fn) => newWatch(fn, accountFor)),
    {
      host: storageAccount('AzureWebJobsStorage', environment),
      hostId: hostId(environment, options.appFolder),
      dataFolder,
      pollMs: options.blobPollMs ?? BLOB_POLL_MS,
      settings,
      runner,
      clock,
      log,
    },
  );
}

const MAX_HOST_ID_LENGTH = 32;

/**
 * Receipts are stored under this id. Set it to keep them when the folder or the machine changes.
 */
function hostId(environment: Environment, appFolder: string | undefined): string {
  const chosen = environment['AzureFunctionsWebHost__hostid'];
  if (chosen !== undefined && chosen !== '') return chosen.toLowerCase();
  const folder = path.resolve(appFolder ?? '.');
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 10);
  const machine = os
    .hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${machine.slice(0, MAX_HOST_ID_LENGTH - 11)}-${hash}`.replace(/^-/, '');
}

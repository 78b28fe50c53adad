import fsp from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock';
import { lockFolder } from '../folder-lock';
import { listen } from '../http';
import type { AutoStorageMode, PackageStore } from './auto-storage-mode';
import { control } from './control';
import { dispatch } from './dispatch';
import { FaultPlan } from './faults';
import { health } from './health';
import { reviewJob } from './jobs/lifecycle';
import { MANAGEMENT, manage } from './management';
import { reviewNode } from './nodes/lifecycle';
import { type Timings, type Quotas, generousQuotas, quickTimings } from './timings';
import { reviewPool } from './pools/lifecycle';
import { trashFolder } from './execution/directories';
import { type ServerContext, handleRequest } from './requests';
import { reviewSchedule } from './schedules/lifecycle';
import { Account } from './state/account';
import { Journal } from './state/journal';
import { restore, resume } from './state/restore';
import type { Entra } from './wire/bearer';

/**
 * The Batch stand-in: what Azurite is to Storage. Read this file, then routes.ts (every operation)
 * and state/account.ts (the resources, and the reactions to a change). State changes in
 * `account.runExclusive` only: by a request (requests.ts), the clock, the end of a process, or
 * `/_local`.
 */
export interface BatchOptions {
  readonly clock: Clock;
  /** State and the directories of nodes. Tasks run as this user, with access to this machine. */
  readonly folder: string;
  readonly port?: number;
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host?: string;
  /** Host names by which clients reach the service, in addition to those of loopback. */
  readonly allowHosts?: readonly string[];
  /** PEM texts; with them the service uses TLS, which some clients require. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** `key` is base64, as Azure's are. */
  readonly account: { readonly name: string; readonly key: string };
  /** Trusted issuers of tokens; without it, only the key is accepted. */
  readonly entra?: Entra;
  readonly timings?: Partial<Timings>;
  readonly quotas?: Partial<Quotas>;
  readonly log: (line: string) => void;
  readonly random: () => number;
  /** The PATH of tasks. */
  readonly path: string;
  /** Variables that every task gets in addition to its own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The blob endpoint of a storage account, for mounts. Default: Azure's own address. */
  readonly blobEndpoint?: (accountName: string) => string;
  /** An address with a SAS for a container of the account's auto-storage. */
  readonly autoStorageContainer?: (name: string) => string | Promise<string>;
  /** Default: `StorageKeys`, the default of the service, with which packages reach the nodes. */
  readonly autoStorageMode?: AutoStorageMode;
  /** Default: archives are in the folder only, and have no address. */
  readonly packageStore?: PackageStore;
}

export interface RunningBatch {
  readonly url: string;
  readonly port: number;
  /** Kills every task process and keeps the state; a new start on the folder continues. */
  close(): Promise<void>;
}

const reactions = {
  job: reviewJob,
  schedule: reviewSchedule,
  node: reviewNode,
  pool: reviewPool,
  dispatch,
};

export async function startBatch(options: BatchOptions): Promise<RunningBatch> {
  const release = await lockFolder(options.folder, 'Batch stand-in');
  try {
    return await openBatch(options, release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function openBatch(
  options: BatchOptions,
  release: () => Promise<void>,
): Promise<RunningBatch> {
  const folder = path.resolve(options.folder);
  let state = await openState(options, folder);
  const faults = new FaultPlan();
  const change = inTurn();
  const context: ServerContext = {
    get account() {
      return state.account;
    },
    key: options.account.key,
    entra: options.entra,
    faults,
    reset: () =>
      change.run(async () => {
        const { url } = state.account;
        await closeState(state);
        await emptyFolder(folder);
        faults.clear();
        state = await openState(options, folder);
        state.account.url = url;
      }),
  };
  const server = await listenFor(context, options, change.settled);
  state.account.url = server.url;
  resume(state.account);

  let closing: Promise<void> | undefined;
  const close = async () => {
    await server.close();
    await change.run(() => closeState(state));
    await release();
  };
  return { url: server.url, port: server.port, close: () => (closing ??= close()) };
}

/** Runs changes of the whole state one after another; requests wait until they are `settled`. */
function inTurn() {
  let last: Promise<void> = Promise.resolve();
  return {
    run: (change: () => Promise<void>) => (last = last.then(change)),
    settled: () => last,
  };
}

interface State {
  readonly account: Account;
  readonly journal: Journal;
}

async function openState(options: BatchOptions, folder: string): Promise<State> {
  const account = await openAccount(options, folder);
  const { journal, rows } = await Journal.open(path.join(folder, 'state'), account);
  restore(account, rows);
  account.attach(journal);
  return { account, journal };
}

async function closeState({ account, journal }: State): Promise<void> {
  await shutDown(account);
  await journal.close();
}

/** Keeps the folder itself, which is locked. */
async function emptyFolder(folder: string): Promise<void> {
  for (const name of ['state', 'nodes', 'packages'])
    await fsp.rm(path.join(folder, name), { recursive: true, force: true, maxRetries: 5 });
}

async function openAccount(options: BatchOptions, folder: string): Promise<Account> {
  const { clock, log, random, autoStorageContainer } = options;
  const nodesFolder = path.join(folder, 'nodes');
  await fsp.mkdir(nodesFolder, { recursive: true });
  await fsp.rm(trashFolder(nodesFolder), { recursive: true, force: true });
  const accountOptions = {
    name: options.account.name,
    clock,
    random,
    log,
    nodesFolder,
    packagesFolder: path.join(folder, 'packages'),
    path: options.path,
    environment: options.environment ?? {},
    autoStorageMode: options.autoStorageMode ?? 'StorageKeys',
    ...(options.packageStore !== undefined && { packageStore: options.packageStore }),
    blobEndpoint: options.blobEndpoint ?? ((name) => `https://${name}.blob.core.windows.net`),
    ...(autoStorageContainer !== undefined && { autoStorageContainer }),
  };
  const timings = { ...quickTimings, ...options.timings };
  return new Account(accountOptions, timings, { ...generousQuotas, ...options.quotas }, reactions);
}

function listenFor(
  context: ServerContext,
  { port, host, allowHosts, tls }: BatchOptions,
  settled: () => Promise<void>,
) {
  return listen(
    (request, response) => {
      const handle = handlerFor(request.url ?? '');
      settled()
        .then(() => handle(context, request, response))
        .catch((error: unknown) => {
          context.account.options.log(
            `${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`,
          );
          response.destroy();
        });
    },
    {
      ...(port !== undefined && { port }),
      ...(host !== undefined && { host }),
      ...(allowHosts !== undefined && { allowHosts }),
      ...(tls !== undefined && { tls }),
    },
  );
}

/** Selects the handler: the data plane, the management plane, `/_local`, or the probe. */
function handlerFor(url: string): typeof handleRequest {
  if (url === '/healthz') return health;
  if (url.startsWith('/_local')) return control;
  return MANAGEMENT.test(url) ? manage : handleRequest;
}

/** Kills the running processes and waits until they have exited. No state change is recorded. */
async function shutDown(account: Account): Promise<void> {
  account.close();
  for (const { nodes } of account.pools.values()) {
    for (const { attempts, special } of nodes.values()) {
      for (const { abort } of attempts.values()) abort.abort();
      for (const abort of special) abort.abort();
    }
  }
  await account.backgroundDone();
}

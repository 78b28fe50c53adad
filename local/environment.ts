import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchPartOptions } from './batch-part';
import { certificateIn, type Certificate } from './certificate';
import { paceFromNow, realClock, scaledClock, type Clock, type ClockPace } from './clock';
import { lockFolder } from './folder-lock';
import { startIdentity, type IdentityAuthority } from './identity';
import { startPart, type Part } from './part';
import { portInUse, type Ports } from './ports';
import type { Access } from './roles/access';
import { startGate } from './roles/gate';
import type { ServiceKind } from './roles/requests';
import { startStorage, type LocalStorage } from './storage';
import { startVault, type LocalVault } from './vault';
import { formatError } from './errors';
import { UserError } from './error-line';

/**
 * All Azure services that the app uses, on this machine: storage, Batch, vault, identity and the
 * Functions host, each on the loopback address. Its state is in one folder; a new start on the
 * folder continues from there, even after a SIGKILL.
 */
export interface Environment {
  readonly appUrl: string;
  readonly storage: LocalStorage;
  readonly certificate: Certificate;
  readonly batch: BatchAccount & { readonly url: string };
  readonly vaultUrl: string;
  readonly clock: Clock;
  readonly pace: ClockPace;
  readonly parts: readonly Part['process'][];
  /** Restarts the Functions host on its ports, for example after a build of the app. */
  restartHost(): Promise<Part['process']>;
  stop(): Promise<void>;
}

export interface EnvironmentStart {
  /** State of all parts. */
  readonly folder: string;
  /** The compiled app: the folder of its package.json and host.json. */
  readonly appFolder: string;
  /** Folder of the compiled parts. Default: `dist/local` of the app. */
  readonly partsFolder?: string;
  /** Seconds of clock time for each real second. */
  readonly speed: number;
  /** The time that the clock shows at the start, unless it is later already. Default: the real time. */
  readonly clockAt?: string;
  readonly ports: Ports;
  /**
   * The machine's environment: PATH and HOME are passed to the parts, and an editor's debugger to
   * the app.
   */
  readonly machine: Readonly<Record<string, string | undefined>>;
  /** Settings of the app in addition to the addresses. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Durations of nodes, in seconds of clock time. */
  readonly nodes?: BatchPartOptions['timings'];
  /** Default: the account reads its storage with an identity, as in the deployment. */
  readonly autoStorageMode?: BatchPartOptions['autoStorageMode'];
  /** Enforces roles, as Azure does. Default: the identity may do everything. */
  readonly access?: Access;
  readonly log: (part: string, line: string) => void;
}

/** The client id of the only identity. */
const CLIENT_ID = '33333333-3333-4333-8333-333333333333';

/** The only Batch account of its subscription. */
const ACCOUNT_NAME = 'nightshift';
const ACCOUNT_ID = `/subscriptions/44444444-4444-4444-8444-444444444444/resourceGroups/local/providers/Microsoft.Batch/batchAccounts/${ACCOUNT_NAME}`;

export async function startEnvironment(start: EnvironmentStart): Promise<Environment> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse().splice(0)) await end();
  };
  try {
    // Before any part starts on the folder, and before the clock of a running environment changes.
    stops.push(await lockFolder(start.folder, 'local environment'));
    const pace = paceIn(start);
    const certificate = await certificateIn(join(start.folder, 'certificate'));
    const identity = await startIdentity(start.ports.identity, realClock.now, start.access?.roles);
    stops.push(() => identity.close());
    const base: Base = { start, pace, certificate, identity };

    // Stopped in the opposite order: the host first, storage last.
    const storage = await openStorage(base);
    stops.push(() => storage.stop());
    const vault = await openVault(base);
    stops.push(() => vault.close());
    const account = batchAccountIn(start.folder);
    const batch = await openBatch(base, account, storage);
    stops.push(() => batch.stop());
    const own = { storage, vault, batchUrl: batch.url, managementUrl: batch.url };
    const endpoints = await openEndpoints(base, own, stops);
    const host = await openRestartableHost(base, endpoints);
    stops.push(() => host.stop());

    return {
      appUrl: host.url,
      storage,
      certificate,
      batch: { ...account, url: batch.url },
      vaultUrl: vault.url,
      clock: scaledClock(pace),
      pace,
      parts: [storage.process, batch.process, host.process],
      restartHost: () => host.restart(),
      stop,
    };
  } catch (error) {
    await stop();
    throw startError(error);
  }
}

interface Base {
  readonly start: EnvironmentStart;
  readonly pace: ClockPace;
  readonly certificate: Certificate;
  readonly identity: IdentityAuthority;
}

function openStorage({ start, certificate }: Base): Promise<LocalStorage> {
  return startStorage({
    folder: join(start.folder, 'storage'),
    certificate,
    ports: start.ports,
    compiled: compiledFolder(start),
    path: start.machine['PATH'] ?? '',
    log: (line) => start.log('storage', line),
  });
}

function openVault({ start, certificate, identity }: Base): Promise<LocalVault> {
  return startVault({
    port: start.ports.vault,
    file: join(start.folder, 'vault.json'),
    certificate,
    authority: identity,
    // The secrets of the shipped workloads; a person adds others with PUT.
    initial: { 'report-signing-key': randomBytes(32).toString('base64url') },
    now: realClock.now,
    ...(start.access !== undefined && { access: start.access }),
  });
}

function openBatch(base: Base, account: BatchAccount, storage: LocalStorage): Promise<Part> {
  const { start, pace, certificate, identity } = base;
  const options: BatchPartOptions = {
    folder: join(start.folder, 'batch'),
    port: start.ports.batch,
    account,
    clock: pace,
    authority: { issuer: identity.issuer, signingKey: identity.signingKey },
    path: start.machine['PATH'] ?? '',
    certificateFile: certificate.certFile,
    blobUrl: storage.blobUrl,
    // As in the account that `azd up` makes: what works here works there.
    autoStorageMode: start.autoStorageMode ?? 'BatchAccountManagedIdentity',
    ...(start.nodes !== undefined && { timings: start.nodes }),
  };
  return startPart({
    name: 'the Batch stand-in',
    script: join(compiledFolder(start), 'batch-part.js'),
    // The node agent downloads resource files from storage, which uses TLS.
    env: { PATH: options.path, NODE_EXTRA_CA_CERTS: certificate.certFile },
    options,
    log: (line) => start.log('batch', line),
  });
}

/** Addresses of the services that the app calls. */
interface AppEndpoints {
  readonly storage: Pick<LocalStorage, 'blobUrl' | 'queueUrl' | 'tableUrl'>;
  readonly vault: LocalVault;
  readonly batchUrl: string;
  /** The management plane of the Batch account, which the Batch stand-in imitates too. */
  readonly managementUrl: string;
}

/** With roles, a proxy that checks them precedes each service that does not check them itself. */
async function openEndpoints(
  { start, certificate }: Base,
  endpoints: AppEndpoints,
  stops: (() => Promise<void>)[],
): Promise<AppEndpoints> {
  const { access } = start;
  if (access === undefined) return endpoints;
  const gated = async (service: ServiceKind, upstream: string): Promise<string> => {
    const secure = upstream.startsWith('https:') ? { certificate } : {};
    const log = (line: string) => start.log('roles', line);
    const gate = await startGate({ service, upstream, access, log, ...secure });
    stops.push(() => gate.close());
    return gate.url;
  };
  const { storage, vault, batchUrl, managementUrl } = endpoints;
  return {
    storage: {
      blobUrl: await gated('blob', storage.blobUrl),
      queueUrl: await gated('queue', storage.queueUrl),
      tableUrl: await gated('table', storage.tableUrl),
    },
    vault,
    batchUrl: await gated('batch', batchUrl),
    managementUrl: await gated('management', managementUrl),
  };
}

interface RestartableHost extends Part {
  restart(): Promise<Part['process']>;
}

/** Keeps the port over restarts: nodes and people use the address of the app. */
async function openRestartableHost(base: Base, endpoints: AppEndpoints): Promise<RestartableHost> {
  let host = await openHost(base, endpoints);
  const app = Number(new URL(host.url).port);
  const start = { ...base.start, ports: { ...base.start.ports, app } };
  return {
    ...host,
    stop: () => host.stop(),
    restart: async () => {
      await host.stop();
      host = await openHost({ ...base, start }, endpoints);
      return host.process;
    },
  };
}

function openHost(base: Base, endpoints: AppEndpoints): Promise<Part> {
  const { start, pace } = base;
  return startPart({
    name: 'the Functions host',
    script: join(compiledFolder(start), 'functions', 'main.js'),
    args: [
      '--app',
      start.appFolder,
      '--data',
      join(start.folder, 'host'),
      '--port',
      String(start.ports.app),
      '--rpc-port',
      String(start.ports.rpc),
      '--clock',
      JSON.stringify(pace),
      // These are for Core Tools, and name another storage than the environment's.
      '--no-local-settings',
    ],
    env: hostEnvironment(base, endpoints),
    log: (line) => start.log('host', line),
  });
}

/**
 * Prices of the app's own list for East US in USD, of the size that workloads have by default, so that
 * costs and budgets can be tried. The local nodes cost nothing. A setting NODE_PRICES takes their place.
 */
export const EXAMPLE_PRICES = { standard_d2s_v5: { spot: 0.01056, dedicated: 0.096 } };

/** All settings of the app; no other variable of this machine reaches it. */
function hostEnvironment(
  { start, pace, certificate, identity }: Base,
  { storage, vault, batchUrl, managementUrl }: AppEndpoints,
): Record<string, string> {
  return {
    PATH: start.machine['PATH'] ?? '',
    HOME: start.machine['HOME'] ?? '',
    NODE_EXTRA_CA_CERTS: certificate.certFile,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureFunctionsWebHost__hostid: 'nightshift',
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsStorage__clientId: CLIENT_ID,
    AzureWebJobsStorage__blobServiceUri: storage.blobUrl,
    AzureWebJobsStorage__queueServiceUri: storage.queueUrl,
    AzureWebJobsStorage__tableServiceUri: storage.tableUrl,
    BATCH_ACCOUNT_ENDPOINT: batchUrl,
    BATCH_ACCOUNT_ID: ACCOUNT_ID,
    MANAGEMENT_ENDPOINT: managementUrl,
    ...(differsFromReal(pace) && { CLOCK_PACE: JSON.stringify(pace) }),
    KEY_VAULT_URI: vault.url,
    NODE_PRICES: JSON.stringify(EXAMPLE_PRICES),
    AZURE_CLIENT_ID: CLIENT_ID,
    IDENTITY_ENDPOINT: identity.endpoint,
    IDENTITY_HEADER: identity.header,
    ...debuggerOf(start.machine),
    ...start.settings,
  };
}

/**
 * VS Code debugs a process and its children by two variables (microsoft/vscode-js-debug): the
 * module that Node.js loads first, and the editor's address. Without them no breakpoint in the app
 * is hit.
 */
function debuggerOf(machine: EnvironmentStart['machine']): Record<string, string> {
  const { VSCODE_INSPECTOR_OPTIONS: editor, NODE_OPTIONS: loads } = machine;
  if (editor === undefined || loads === undefined) return {};
  return { VSCODE_INSPECTOR_OPTIONS: editor, NODE_OPTIONS: loads };
}

function compiledFolder({ appFolder, partsFolder }: EnvironmentStart): string {
  return partsFolder ?? join(appFolder, 'dist', 'local');
}

interface BatchAccount {
  readonly name: string;
  readonly key: string;
}

/**
 * A separate key for each state folder, so that other users' programs cannot run tasks on this
 * machine.
 */
function batchAccountIn(folder: string): BatchAccount {
  const file = join(folder, 'batch-account.json');
  if (!existsSync(file)) {
    const account: BatchAccount = { name: ACCOUNT_NAME, key: randomBytes(64).toString('base64') };
    writeFileSync(file, JSON.stringify(account), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8')) as BatchAccount;
}

/**
 * The clock continues while the environment is down, and never goes back, even at another speed.
 */
function paceIn({ folder, speed, clockAt }: EnvironmentStart): ClockPace {
  const file = join(folder, 'clock.json');
  const fresh = paceFromNow(speed);
  const wanted = clockAt === undefined ? 0 : Date.parse(clockAt);
  let pace = { ...fresh, clockEpoch: Math.max(wanted, fresh.clockEpoch) };
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as ClockPace;
    const shown = scaledClock(kept).now().getTime();
    const isKept = kept.speed === speed && wanted <= shown;
    pace = isKept ? kept : { ...pace, clockEpoch: Math.max(shown, pace.clockEpoch) };
  }
  writeFileSync(file, JSON.stringify(pace));
  return pace;
}

function differsFromReal({ speed, realEpoch, clockEpoch }: ClockPace): boolean {
  return speed !== 1 || clockEpoch !== realEpoch;
}

function startError(error: unknown): Error {
  const text = formatError(error);
  const port = /EADDRINUSE[^\d]*(?:127\.0\.0\.1:)?(\d+)/.exec(text)?.[1];
  if (port !== undefined) return new UserError(portInUse(Number(port)), { cause: error });
  return error instanceof Error ? error : new Error(text);
}

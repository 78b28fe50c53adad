import diagnostics from 'node:diagnostics_channel';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '../../local/clock';
import { startIdentity, type IdentityAuthority } from '../../local/identity';
import { startPart } from '../../local/part';
import { startStorage } from '../../local/storage';
import { connect } from '../../src/azure/connect';
import type { BlobFound, Files, Ports } from '../../src/run/ports';
import { readSettings } from '../../src/settings';
import { certificateOfTests } from '../certificate';

/** A storage account as the app may find one, and the app's ports on it. */
export interface TestAccount {
  readonly blobUrl: string;
  readonly files: Ports['files'];
  stop(): Promise<void>;
}

/** One ends a server with its parent, the other spares it the load of a library that it does not use. */
const PRELOADED = ['exit-with-parent', 'without-telemetry'];

export const NODE_PATH = process.execPath.replace(/\/[^/]*$/, '');
/** Azurite's built-in account: its key is published and protects nothing. */
export const ACCOUNT = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

/** Over TLS, for whoever brings a token of the loopback identity. */
export async function startOAuthAccount(): Promise<TestAccount> {
  const folder = folderWithScripts();
  const storage = await startStorage({
    folder: join(folder, 'data'),
    certificate: await certificateOfTests(),
    ports: { blob: 0, queue: 0, table: 0 },
    compiled: folder,
    path: NODE_PATH,
    log: () => undefined,
  });
  const identity = await openIdentity();
  return {
    blobUrl: storage.blobUrl,
    files: filesFor({ AzureWebJobsStorage__blobServiceUri: storage.blobUrl }, identity),
    stop: async () => {
      await storage.stop();
      await identity.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Over plain http, for whoever signs with the account's key. */
export async function startKeyAccount(): Promise<TestAccount> {
  const folder = folderWithScripts();
  const part = await startPart({
    name: 'Azurite Blob',
    script: require.resolve('azurite/dist/src/blob/main.js'),
    execArgv: preloaded(folder),
    args: ['--blobPort', '0', '--location', join(folder, 'data'), '--silent', '--disableTelemetry'],
    env: { PATH: NODE_PATH },
    readyLine: /Azurite Blob service successfully listens on (\S+)/,
    log: () => undefined,
  });
  const blobUrl = `${part.url}/${ACCOUNT.name}`;
  return {
    blobUrl,
    files: filesFor({ AzureWebJobsStorage: connectionString(blobUrl, ACCOUNT.key) }),
    stop: async () => {
      await part.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With the scripts that are preloaded into a server. Their compiled form is the file itself: they have no types. */
export function folderWithScripts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-storage-'));
  for (const name of PRELOADED) {
    copyFileSync(join(__dirname, '..', '..', 'local', `${name}.ts`), join(folder, `${name}.js`));
  }
  return folder;
}

/** The arguments of Node that preload them. */
export function preloaded(folder: string): readonly string[] {
  return PRELOADED.flatMap((name) => ['--require', join(folder, `${name}.js`)]);
}

/** The app connects blobs and the table; the tests of this account use the blobs alone. */
export function connectionString(blobUrl: string, key: string): string {
  const nowhere = `TableEndpoint=http://127.0.0.1:1/${ACCOUNT.name};`;
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT.name};AccountKey=${key};BlobEndpoint=${blobUrl};${nowhere}`;
}

/** The ports as the app connects them from its settings. */
export function filesFor(
  settings: Readonly<Record<string, string>>,
  identity?: IdentityAuthority,
): Ports['files'] {
  const where = identity === undefined ? {} : { IDENTITY_ENDPOINT: identity.endpoint };
  const environment = { BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:1', ...where, ...settings };
  return connect(readSettings(environment, new Map())).files;
}

/** An authority that this process may have tokens from, as a managed identity has them. */
export async function openIdentity(): Promise<IdentityAuthority> {
  const identity = await startIdentity(0, realClock.now);
  // oxlint-disable-next-line eslint/no-restricted-properties -- where ManagedIdentityCredential looks
  Object.assign(process.env, {
    IDENTITY_ENDPOINT: identity.endpoint,
    IDENTITY_HEADER: identity.header,
  });
  return identity;
}

/** Each request that this process sends from now on, by the clients of any library. */
export function listenToRequests(heard: (request: ClientRequest) => void): () => void {
  const listener = (message: unknown) => heard((message as { request: ClientRequest }).request);
  diagnostics.subscribe('http.client.request.start', listener);
  return () => diagnostics.unsubscribe('http.client.request.start', listener);
}

let containers = 0;

/** A container of its own for each test. */
export async function fresh(files: Files, labels: Record<string, string> = {}): Promise<string> {
  containers += 1;
  const name = `test-${containers}`;
  await files.makeContainer(name, labels);
  return name;
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function found(files: Files, container: string, name: string): Promise<BlobFound> {
  const blob = await files.find(container, name);
  if (blob === null) throw new Error(`${name} is not there`);
  return blob;
}

/** The status of each: read the blob, read another, list, write, delete. */
export async function triedWith(
  url: string,
  blob: string,
  other: string,
): Promise<readonly number[]> {
  const [container = '', query = ''] = url.replace(`/${blob}?`, '?').split('?');
  const put = { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'x' };
  const tries: readonly (readonly [string, RequestInit])[] = [
    [`${container}/${blob}?${query}`, {}],
    [`${container}/${other}?${query}`, {}],
    [`${container}?restype=container&comp=list&${query}`, {}],
    [`${container}/new-${blob}?${query}`, put],
    [`${container}/${blob}?${query}`, { method: 'DELETE' }],
  ];
  const statuses: number[] = [];
  for (const [address, init] of tries) statuses.push((await fetch(address, init)).status);
  return statuses;
}

/** Names that storage takes. */
export const hostile = [
  "a'; touch x; '.ply",
  '$(reboot) "quoted" `id`',
  'ümläut/日本\u{1F600}.ply',
  'a?b#c%2Fd&e=f',
  ' spaces ',
];

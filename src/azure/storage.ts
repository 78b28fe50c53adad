import {
  BlobSASPermissions,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
  type BlobSASSignatureValues,
  type BlobServiceClient,
  type BlockBlobClient,
  type ContainerClient,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { Failure } from '../failure';
import type { BlobFound, BlobListed, Files, DeletionState } from '../run/ports';
import { UNNAMED, type Caller } from './rights';
import { messageFor, ignoringCode, type ErrorMessage } from './storage-errors';

/** The Files port on `@azure/storage-blob`: one account, whose name and key or identity the client holds. */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the port
export function filesOn(
  service: BlobServiceClient,
  now: () => Date,
  caller: Caller = UNNAMED,
): Files {
  const open = (container: string): ContainerClient => service.getContainerClient(container);
  const signer = signerFor(service, now);
  const saying = messageFor(service, caller);
  return {
    makeContainer: (name, labels) =>
      saying(`make container ${name}`, () => makeContainer(open(name), labels)),
    removeContainer: (name, labels) =>
      saying(`delete container ${name}`, () => removeContainer(open(name), labels)),
    listContainers: (prefix) => saying('list containers', () => listContainers(service, prefix)),
    list: (container, prefix) => list(saying, open(container), prefix),
    find: (container, name) =>
      saying(`find ${place(container, name)}`, () => find(open(container), name)),
    readText: (container, name, maxBytes, encoding) =>
      saying(`read ${place(container, name)}`, () =>
        readText(open(container), name, maxBytes, encoding),
      ),
    writeText: (container, name, text) =>
      saying(`write ${place(container, name)}`, async () => {
        await blobOf(open(container), name).upload(text, Buffer.byteLength(text));
      }),
    claim: (container, name, text) =>
      saying(`claim ${place(container, name)}`, () => claim(open(container), name, text)),
    remove: (container, name, etag) =>
      saying(`delete ${place(container, name)}`, async () => {
        const conditions = etag === undefined ? {} : { ifMatch: quoted(etag) };
        await ignoringCode([404, 412], blobOf(open(container), name).delete({ conditions }));
      }),
    copy: (from, to) =>
      saying(`copy ${place(from.container, from.name)}`, () => copy(service, signer, from, to)),
    upload: (container, name, file) =>
      saying(`upload ${file}`, async () => {
        await blobOf(open(container), name).uploadFile(file);
      }),
    readUrl: (container, name, minutes) =>
      saying(`open ${place(container, name ?? '')} for reading`, async () =>
        name === null
          ? signer(open(container), { permissions: ContainerSASPermissions.parse('rl') }, minutes)
          : signer(
              open(container),
              { blobName: name, permissions: BlobSASPermissions.parse('r') },
              minutes,
            ),
      ),
    mountAccess: (container, access, minutes) =>
      saying(`open ${container} for mounting`, async () => {
        // A file system lists and reads what it writes, and creates a file before it has content.
        const permissions = ContainerSASPermissions.parse(access === 'read' ? 'rl' : 'racwl');
        const url = new URL(await signer(open(container), { permissions }, minutes));
        return { account: service.accountName, sas: url.search.slice(1) };
      }),
    writeUrl: (container, minutes) =>
      saying(`open ${container} for writing`, async () =>
        signer(open(container), { permissions: ContainerSASPermissions.parse('cw') }, minutes),
      ),
  };
}

/** The client cannot address every name that storage can hold: `../x` is taken for a path. */
function blobOf(container: ContainerClient, name: string): BlockBlobClient {
  try {
    return container.getBlockBlobClient(name);
  } catch (cause) {
    throw new Failure(
      'inputRefused',
      `blob ${place(container.containerName, name)} has a name that no client can address; give it another name, without ".." as a folder`,
      { cause },
    );
  }
}

function place(container: string, name: string): string {
  return `${container}/${JSON.stringify(name).slice(1, -1)}`;
}

/** Lists give an ETag bare, single reads give it in quotes; here it is bare. */
function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}

function quoted(etag: string): string {
  return `"${bare(etag)}"`;
}

async function makeContainer(
  container: ContainerClient,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const made = await container.createIfNotExists({ metadata: { ...labels } });
  if (made.succeeded) return;
  const { metadata } = await container.getProperties();
  if (!carries(metadata, labels)) {
    throw new Failure(
      'nameCollision',
      `a container named ${container.containerName} exists that this run did not make; it is left alone`,
    );
  }
}

async function removeContainer(
  container: ContainerClient,
  labels: Readonly<Record<string, string>>,
): Promise<DeletionState> {
  const found = await ignoringCode([404], container.getProperties());
  if (found === undefined) return 'deleted';
  if (!carries(found.metadata, labels)) return 'notOwned';
  // A container that is being deleted answers 404 at once.
  await ignoringCode([404], container.delete());
  return (await container.exists()) ? 'deleting' : 'deleted';
}

function carries(
  metadata: Readonly<Record<string, string>> = {},
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(labels).every(([name, value]) => metadata[name] === value);
}

async function listContainers(service: BlobServiceClient, prefix: string) {
  const found: { name: string; labels: Record<string, string> }[] = [];
  for await (const { name, metadata = {} } of service.listContainers({
    prefix,
    includeMetadata: true,
  })) {
    found.push({ name, labels: metadata });
  }
  return found;
}

async function* list(
  saying: ErrorMessage,
  container: ContainerClient,
  prefix: string | undefined,
): AsyncIterable<BlobListed> {
  const pages = container.listBlobsFlat(prefix === undefined ? {} : { prefix });
  const doing = `list container ${container.containerName}`;
  for (;;) {
    const next = await saying(doing, () => ignoringCode([404], pages.next()));
    if (next === undefined || next.done === true) return;
    const { name, properties } = next.value;
    yield {
      name,
      bytes: properties.contentLength ?? 0,
      etag: bare(properties.etag),
      writtenAt: properties.lastModified.toISOString(),
    };
  }
}

async function find(container: ContainerClient, name: string): Promise<BlobFound | null> {
  const found = await ignoringCode([404], blobOf(container, name).getProperties());
  if (found === undefined) return null;
  return { name, bytes: found.contentLength ?? 0, etag: bare(found.etag) };
}

async function readText(
  container: ContainerClient,
  name: string,
  maxBytes: number,
  encoding = 'utf-8',
): Promise<string | null> {
  const found = await find(container, name);
  if (found === null) return null;
  if (found.bytes > maxBytes) {
    throw new Failure(
      'inputRefused',
      `blob ${place(container.containerName, name)} has ${found.bytes} bytes, more than the ${maxBytes} that are read`,
    );
  }
  const bytes = await ignoringCode([404], blobOf(container, name).downloadToBuffer());
  return bytes === undefined ? null : new TextDecoder(encoding).decode(bytes);
}

async function claim(container: ContainerClient, name: string, text: string): Promise<boolean> {
  const conditions = { ifNoneMatch: '*' };
  const blob = blobOf(container, name);
  return (
    (await ignoringCode([409, 412], blob.upload(text, Buffer.byteLength(text), { conditions }))) !==
    undefined
  );
}

const COPY_SOURCE_MINUTES = 60;

/** Within the account the service copies by itself, whatever the size; the app moves no bytes. */
async function copy(
  service: BlobServiceClient,
  signer: Signer,
  from: { readonly container: string; readonly name: string; readonly etag: string },
  to: { readonly container: string; readonly name: string },
): Promise<void> {
  const permissions = BlobSASPermissions.parse('r');
  const source = service.getContainerClient(from.container);
  const url = await signer(source, { blobName: from.name, permissions }, COPY_SOURCE_MINUTES);
  const target = blobOf(service.getContainerClient(to.container), to.name);
  const copied = await ignoringCode(
    [404, 412],
    target
      .beginCopyFromURL(url, { sourceConditions: { ifMatch: quoted(from.etag) } })
      .then((poller) => poller.pollUntilDone()),
  );
  if (copied === undefined) {
    throw new Failure(
      'inputGone',
      `blob ${place(from.container, from.name)} was deleted or overwritten before the run could stage it`,
    );
  }
}

type Signer = (
  container: ContainerClient,
  what: Omit<BlobSASSignatureValues, 'containerName'>,
  minutes: number,
) => Promise<string>;

const MINUTE_MS = 60_000;
/** Clocks differ: a key is asked for from a little before now, and a SAS names no start at all. */
const SKEW_MS = 15 * MINUTE_MS;
/** Azure's bound for a user delegation key and all that is signed with it. */
const LONGEST_KEY_MS = 7 * 24 * 60 * MINUTE_MS - SKEW_MS;

/**
 * Mints SAS URLs: for one blob or one container, no start, https alone where the account speaks it.
 * With an account key at hand it signs; else a user delegation key does, asked for once and used
 * while it lasts long enough.
 */
function signerFor(service: BlobServiceClient, now: () => Date): Signer {
  const { credential } = service;
  const protocol = service.url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
  let delegation: { readonly key: Promise<UserDelegationKey>; readonly until: number } | undefined;

  /** The request is what is kept, so that many that come at once share one. */
  const keyUntil = (expiry: number): Promise<UserDelegationKey> => {
    if (delegation !== undefined && delegation.until >= expiry) return delegation.key;
    const until = now().getTime() + LONGEST_KEY_MS;
    const start = new Date(now().getTime() - SKEW_MS);
    const fresh = { key: service.getUserDelegationKey(start, new Date(until)), until };
    delegation = fresh;
    fresh.key.catch(() => {
      if (delegation === fresh) delegation = undefined;
    });
    return fresh.key;
  };

  return async (container, what, minutes) => {
    const lifetime = Math.min(minutes * MINUTE_MS, LONGEST_KEY_MS - SKEW_MS);
    const expiry = now().getTime() + lifetime;
    const values = {
      ...what,
      containerName: container.containerName,
      expiresOn: new Date(expiry),
      protocol,
    };
    const sas =
      credential instanceof StorageSharedKeyCredential
        ? generateBlobSASQueryParameters(values, credential)
        : generateBlobSASQueryParameters(values, await keyUntil(expiry), service.accountName);
    const base = what.blobName === undefined ? container.url : blobOf(container, what.blobName).url;
    return `${base}?${sas.toString()}`;
  };
}

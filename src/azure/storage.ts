import {
  BlobSASPermissions,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
  type BlobItem,
  type BlobSASSignatureValues,
  type BlobServiceClient,
  type BlockBlobClient,
  type ContainerClient,
  type UserDelegationKey,
} from '@azure/storage-blob';
import { Failure } from '../failure';
import type { BlobFound, BlobListed, BlobPage, DeletionState, Files } from '../run/ports';
import type { FilePart, Part } from '../run/finish/reads';
import { UNKNOWN_IDENTITY, type Caller } from './rights';
import { mapErrorsFor, ignoringStatus, type MapErrors } from './storage-errors';

/** The Files port on `@azure/storage-blob`, for the account of the client. */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the port
export function filesOn(
  service: BlobServiceClient,
  now: () => Date,
  caller: Caller = UNKNOWN_IDENTITY,
): Files {
  const containerOf = (container: string): ContainerClient => service.getContainerClient(container);
  const signer = signerFor(service, now);
  const mapErrors = mapErrorsFor(service, caller);
  return {
    makeContainer: (name, labels) =>
      mapErrors(`make container ${name}`, () => makeContainer(containerOf(name), labels)),
    removeContainer: (name, labels) =>
      mapErrors(`delete container ${name}`, () => removeContainer(containerOf(name), labels)),
    listContainers: (prefix) => mapErrors('list containers', () => listContainers(service, prefix)),
    list: (container, prefix, pageSize) =>
      list(mapErrors, containerOf(container), prefix, pageSize),
    page: (container, cursor) =>
      mapErrors(`list container ${container}`, () => page(containerOf(container), cursor)),
    find: (container, name) =>
      mapErrors(`find ${formatBlob(container, name)}`, () => find(containerOf(container), name)),
    locate: (url) => locate(service.url, url),
    readText: (container, name, maxBytes, encoding) =>
      mapErrors(`read ${formatBlob(container, name)}`, () =>
        readText(containerOf(container), name, maxBytes, encoding),
      ),
    readChunks: (container, name, maxBytes) =>
      mapErrors(`read ${formatBlob(container, name)}`, () =>
        readChunks(mapErrors, containerOf(container), name, maxBytes),
      ),
    readPart: (container, name, part) =>
      mapErrors(`read ${formatBlob(container, name)}`, () =>
        readPart(containerOf(container), name, part),
      ),
    writeText: (container, name, text) =>
      mapErrors(`write ${formatBlob(container, name)}`, async () => {
        await blobOf(containerOf(container), name).upload(text, Buffer.byteLength(text));
      }),
    claim: (container, name, text) =>
      mapErrors(`claim ${formatBlob(container, name)}`, () =>
        claim(containerOf(container), name, text),
      ),
    remove: (container, name, etag) =>
      mapErrors(`delete ${formatBlob(container, name)}`, async () => {
        const conditions = etag === undefined ? {} : { ifMatch: quoted(etag) };
        await ignoringStatus(
          [404, 412],
          blobOf(containerOf(container), name).delete({ conditions }),
        );
      }),
    copy: (from, to) =>
      mapErrors(`copy ${formatBlob(from.container, from.name)}`, () =>
        copy(service, signer, from, to),
      ),
    upload: (container, name, file) =>
      mapErrors(`upload ${file}`, async () => {
        await blobOf(containerOf(container), name).uploadFile(file);
      }),
    readUrl: (container, name, minutes) =>
      mapErrors(`open ${formatBlob(container, name ?? '')} for reading`, async () =>
        name === null
          ? signer(
              containerOf(container),
              { permissions: ContainerSASPermissions.parse('rl') },
              minutes,
            )
          : signer(
              containerOf(container),
              { blobName: name, permissions: BlobSASPermissions.parse('r') },
              minutes,
            ),
      ),
    mountAccess: (container, access, minutes) =>
      mapErrors(`open ${container} for mounting`, async () => {
        // A file system also lists and reads what it writes, and creates empty files.
        const permissions = ContainerSASPermissions.parse(access === 'read' ? 'rl' : 'racwl');
        const url = new URL(await signer(containerOf(container), { permissions }, minutes));
        return { account: service.accountName, sas: url.search.slice(1) };
      }),
    writeUrl: (container, minutes) =>
      mapErrors(`open ${container} for writing`, async () =>
        signer(
          containerOf(container),
          { permissions: ContainerSASPermissions.parse('cw') },
          minutes,
        ),
      ),
  };
}

/** The client cannot address every valid blob name: it resolves `../x` as a path. */
function blobOf(container: ContainerClient, name: string): BlockBlobClient {
  try {
    return container.getBlockBlobClient(name);
  } catch (cause) {
    throw new Failure(
      'inputRefused',
      `blob ${formatBlob(container.containerName, name)} has a name that the client cannot address; rename it without ".." as a folder`,
      { cause },
    );
  }
}

function formatBlob(container: string, name: string): string {
  return `${container}/${JSON.stringify(name).slice(1, -1)}`;
}

/** Removes the quotes of an ETag: lists return it without, single reads with quotes. */
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
  if (!hasLabels(metadata, labels)) {
    throw new Failure(
      'nameCollision',
      `a container named ${container.containerName} exists that this run did not create; it is not changed`,
    );
  }
}

async function removeContainer(
  container: ContainerClient,
  labels: Readonly<Record<string, string>>,
): Promise<DeletionState> {
  const found = await ignoringStatus([404], container.getProperties());
  if (found === undefined) return 'deleted';
  if (!hasLabels(found.metadata, labels)) return 'notOwned';
  // A container that is being deleted returns 404 at once.
  await ignoringStatus([404], container.delete());
  return (await container.exists()) ? 'deleting' : 'deleted';
}

function hasLabels(
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
  mapErrors: MapErrors,
  container: ContainerClient,
  prefix: string | undefined,
  pageSize = PAGE_BLOBS,
): AsyncIterable<BlobListed> {
  const pages = container
    .listBlobsFlat(prefix === undefined ? {} : { prefix })
    .byPage({ maxPageSize: Math.min(pageSize, PAGE_BLOBS) });
  const doing = `list container ${container.containerName}`;
  for (;;) {
    const next = await mapErrors(doing, () => ignoringStatus([404], pages.next()));
    if (next === undefined || next.done === true) return;
    yield* next.value.segment.blobItems.map(toListed);
  }
}

/** Azure's own page: at most 5,000 blobs. */
const PAGE_BLOBS = 5000;

async function page(container: ContainerClient, cursor: string | null): Promise<BlobPage> {
  const pages = container.listBlobsFlat().byPage({
    maxPageSize: PAGE_BLOBS,
    ...(cursor !== null && { continuationToken: cursor }),
  });
  const found = await ignoringStatus([404], pages.next());
  if (found === undefined || found.done === true) return { blobs: [], next: null };
  const { segment, continuationToken = '' } = found.value;
  return {
    blobs: segment.blobItems.map(toListed),
    next: continuationToken === '' ? null : continuationToken,
  };
}

function toListed({ name, properties }: BlobItem): BlobListed {
  return {
    name,
    bytes: properties.contentLength ?? 0,
    etag: bare(properties.etag),
    writtenAt: properties.lastModified.toISOString(),
  };
}

async function find(container: ContainerClient, name: string): Promise<BlobFound | null> {
  const found = await ignoringStatus([404], blobOf(container, name).getProperties());
  if (found === undefined) return null;
  return { name, bytes: found.contentLength ?? 0, etag: bare(found.etag) };
}

async function readText(
  container: ContainerClient,
  name: string,
  maxBytes: number,
  encoding = 'utf-8',
): Promise<string | null> {
  if (!(await fits(container, name, maxBytes))) return null;
  const bytes = await ignoringStatus([404], blobOf(container, name).downloadToBuffer());
  return bytes === undefined ? null : new TextDecoder(encoding).decode(bytes);
}

/** False when the blob does not exist. @throws Failure inputRefused when it is too long */
async function fits(container: ContainerClient, name: string, maxBytes: number): Promise<boolean> {
  const found = await find(container, name);
  if (found === null || found.bytes <= maxBytes) return found !== null;
  throw new Failure(
    'inputRefused',
    `blob ${formatBlob(container.containerName, name)} has ${found.bytes} bytes, more than the maximum of ${maxBytes}`,
  );
}

async function readChunks(
  mapErrors: MapErrors,
  container: ContainerClient,
  name: string,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array> | null> {
  if (!(await fits(container, name, maxBytes))) return null;
  const response = await ignoringStatus([404], blobOf(container, name).download());
  const body = response?.readableStreamBody as AsyncIterable<Buffer> | undefined;
  if (body === undefined) return null;
  return chunksOf(mapErrors, body, formatBlob(container.containerName, name));
}

async function readPart(
  container: ContainerClient,
  name: string,
  { offset, maxBytes }: Part,
): Promise<FilePart | null> {
  const found = await find(container, name);
  if (found === null) return null;
  const { bytes: length } = found;
  const first = offset < 0 ? Math.max(0, length + offset) : Math.min(offset, length);
  const count = Math.min(maxBytes, length - first);
  if (count === 0) return { bytes: new Uint8Array(), offset: first, length };
  // 416: the blob was written again meanwhile, and is shorter.
  const blob = blobOf(container, name);
  const bytes = await ignoringStatus([404, 416], blob.downloadToBuffer(first, count));
  return bytes === undefined ? null : { bytes, offset: first, length };
}

/** Maps the errors of a connection that fails while the blob is being read. */
async function* chunksOf(
  mapErrors: MapErrors,
  body: AsyncIterable<Buffer>,
  blob: string,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await mapErrors(`read ${blob}`, () => chunks.next());
    if (next.done === true) return;
    yield next.value;
  }
}

async function claim(container: ContainerClient, name: string, text: string): Promise<boolean> {
  const conditions = { ifNoneMatch: '*' };
  const blob = blobOf(container, name);
  return (
    (await ignoringStatus(
      [409, 412],
      blob.upload(text, Buffer.byteLength(text), { conditions }),
    )) !== undefined
  );
}

const COPY_SOURCE_MINUTES = 60;

/** Copies within the account on the service's side; the app transfers no data. */
function locate(account: string, url: string) {
  const base = account.endsWith('/') ? account : `${account}/`;
  if (!url.toLowerCase().startsWith(base.toLowerCase())) return null;
  const [container = '', ...name] = url.slice(base.length).split('/').map(decodeURIComponent);
  return { container, name: name.join('/') };
}

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
  const copied = await ignoringStatus(
    [404, 412],
    target
      .beginCopyFromURL(url, { sourceConditions: { ifMatch: quoted(from.etag) } })
      .then((poller) => poller.pollUntilDone()),
  );
  if (copied === undefined) {
    throw new Failure(
      'inputGone',
      `blob ${formatBlob(from.container, from.name)} was deleted or overwritten before the run could stage it`,
    );
  }
}

type Signer = (
  container: ContainerClient,
  what: Omit<BlobSASSignatureValues, 'containerName'>,
  minutes: number,
) => Promise<string>;

const MINUTE_MS = 60_000;
/** Tolerated clock difference: a delegation key starts this long ago, and a SAS has no start time. */
const CLOCK_SKEW_MS = 15 * MINUTE_MS;
/** Azure limits a user delegation key, and every SAS signed with it, to seven days. */
const MAX_KEY_LIFETIME_MS = 7 * 24 * 60 * MINUTE_MS - CLOCK_SKEW_MS;

/**
 * Creates SAS URLs of one blob or one container, limited to HTTPS if the account supports it. Signs
 * with the account key if the client has one, otherwise with a user delegation key, which is
 * reused until it expires too early.
 */
function signerFor(service: BlobServiceClient, now: () => Date): Signer {
  const { credential } = service;
  const protocol = service.url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
  let delegation: { readonly key: Promise<UserDelegationKey>; readonly until: number } | undefined;

  /** Caches the promise, so that concurrent calls share one request. */
  const keyUntil = (expiry: number): Promise<UserDelegationKey> => {
    if (delegation !== undefined && delegation.until >= expiry) return delegation.key;
    const until = now().getTime() + MAX_KEY_LIFETIME_MS;
    const start = new Date(now().getTime() - CLOCK_SKEW_MS);
    const fresh = { key: service.getUserDelegationKey(start, new Date(until)), until };
    delegation = fresh;
    fresh.key.catch(() => {
      if (delegation === fresh) delegation = undefined;
    });
    return fresh.key;
  };

  return async (container, what, minutes) => {
    const lifetime = Math.min(minutes * MINUTE_MS, MAX_KEY_LIFETIME_MS - CLOCK_SKEW_MS);
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

import type { BlobClient, BlobItem, BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { Clock } from '../../clock';
import { z } from 'zod';
import { optionsOf } from '../catalog';
import { formatError } from '../../errors';
import type { Log } from '../log';
import { firstLine, type Call, type Runner } from '../runner';
import type { HostSettings } from '../settings';
import { connectionOf, isConflict, isNotFound, type StorageAccount } from '../storage';
import { blobReference, contentFor, isDeferred, type TypedData } from '../wire';
import { parseBlobPattern, type BlobPattern } from './blob-pattern';
import { QueueListener } from './queue-listener';
import type { HostedFunction } from '../hosted-function';

/**
 * All blob functions of the app. Containers are scanned for blobs without a receipt; each gets a
 * receipt and a message on the host's own queue; the message runs the function. So a blob survives
 * a crash at any point, and runs again only after it was overwritten.
 *
 * Unlike Azure: functions with `source: 'EventGrid'` are served by the same scan, since Azurite
 * sends no events. Notifications are accepted as well, and a blob that is found both ways runs
 * once.
 */
export class BlobTriggers {
  readonly #receipts: ContainerClient;
  readonly #queue: QueueClient;
  readonly #listener: QueueListener;
  #cancelAlarm = () => {};
  #begun: Promise<void> = Promise.resolve();
  #wake = () => {};
  #lastError = '';
  #scanning: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    readonly watches: readonly Watch[],
    readonly options: BlobOptions,
  ) {
    const { host, hostId, settings, clock, log } = options;
    this.#receipts = host.blobs().getContainerClient('azure-webjobs-hosts');
    this.#queue = host.queues().getQueueClient(`azure-webjobs-blobtrigger-${hostId}`);
    this.#listener = new QueueListener({
      queue: this.#queue,
      poison: host.queues().getQueueClient('webjobs-blobtrigger-poison'),
      clock,
      log,
      handle: (message) => this.#handle(message),
      subjectOf,
      dataFolder: options.dataFolder,
      batchSize: Math.min(32, settings.blobs.maxDegreeOfParallelism),
      newBatchThreshold: Math.floor(settings.blobs.maxDegreeOfParallelism / 2),
      maxDequeueCount: settings.blobs.poisonBlobThreshold,
      hideSeconds: 600,
      retrySeconds: 0,
      maxWaitMs: settings.queues.maxPollingIntervalMs,
    });
  }

  async start(): Promise<void> {
    if (!(await this.#tryStart())) this.#begun = this.#startLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelAlarm();
    this.#wake();
    await this.#begun;
    await this.#scanning;
    await this.#listener.stop();
  }

  /** Handles the notification of a new blob. Returns false if the function does not exist. */
  async arrived(functionName: string, container: string, blob: string): Promise<boolean> {
    const watch = this.watches.find(({ fn }) => sameName(fn.name, functionName));
    if (watch === undefined) return false;
    await this.#begun;
    if (watch.pattern.container !== container || watch.pattern.match(blob) === undefined)
      return true;
    const client = watch.blobs.getContainerClient(container).getBlobClient(blob);
    const etag = await client.getProperties().then(
      ({ etag }) => etag,
      (error: unknown) => (isNotFound(error) ? undefined : Promise.reject(error)),
    );
    if (etag !== undefined) await this.#admit(watch, blob, etag);
    return true;
  }

  /** Returns the call that the blob would cause. */
  async callFor(fn: HostedFunction, container: string, blob: string): Promise<Call> {
    const watch = this.watches.find((each) => each.fn === fn);
    if (watch === undefined) throw new Error(`${fn.name} is not a blob function.`);
    const call = await callOf(watch, container, blob, undefined);
    if (call === undefined) throw new Error(`The blob ${container}/${blob} does not exist.`);
    return call;
  }

  async #tryStart(): Promise<boolean> {
    try {
      const abortSignal = AbortSignal.timeout(RESPONSE_TIMEOUT_MS);
      await this.#receipts.createIfNotExists({ abortSignal });
      await this.#queue.createIfNotExists({ abortSignal });
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'AbortError';
      this.#logStorageError(isLate ? 'it does not respond' : formatError(error));
      return false;
    }
    this.#listener.start();
    this.#scan();
    return true;
  }

  /**
   * As in Azure the host continues when its storage is not available yet, or refuses it; these
   * functions wait until the storage is available.
   */
  async #startLater(): Promise<void> {
    while (!this.#isStopped) {
      await this.#pause();
      if (this.#isStopped || (await this.#tryStart())) return;
    }
  }

  #logStorageError(message: string): void {
    const reason = firstLine(message);
    if (this.#lastError === reason) return;
    this.#lastError = reason;
    const names = this.watches.map(({ fn }) => fn.name).join(', ');
    this.options.log(
      'error',
      `${names}: the storage account of AzureWebJobsStorage cannot be used; the host retries: ${reason}`,
    );
  }

  /** Real time: the availability of storage does not depend on the clock. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_START_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #scan(): void {
    this.#scanning = this.#scanAll().then(() => {
      if (this.#isStopped) return;
      const { clock, pollMs } = this.options;
      this.#cancelAlarm = clock.at(new Date(clock.now().getTime() + pollMs), () => this.#scan());
    });
  }

  async #scanAll(): Promise<void> {
    for (const watch of this.watches) {
      try {
        await this.#scanFor(watch);
        watch.lastError = '';
      } catch (error) {
        this.#logScanError(watch, error);
      }
    }
  }

  /** An error that repeats in every scan is logged once. */
  #logScanError(watch: Watch, error: unknown): void {
    const trouble = firstLine(formatError(error));
    if (trouble === watch.lastError) return;
    watch.lastError = trouble;
    this.options.log('warning', `blobs for ${watch.fn.name}: ${trouble}`);
  }

  async #scanFor(watch: Watch): Promise<void> {
    const container = watch.blobs.getContainerClient(watch.pattern.container);
    const seen = new Set<string>();
    try {
      for await (const blob of container.listBlobsFlat()) {
        if (this.#isStopped) return;
        if (watch.pattern.match(blob.name) === undefined) continue;
        const version = versionOf(blob);
        const isSettled =
          watch.seen.has(version) || (await this.#admit(watch, blob.name, blob.properties.etag));
        if (isSettled) seen.add(version);
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    // Receipts of blobs that no longer exist need not be cached.
    watch.seen = seen;
  }

  /**
   * Creates a receipt and a message, unless the receipt shows that this was done before. Returns
   * false while another host processes this blob; the next scan handles what that host did not
   * complete.
   */
  async #admit(watch: Watch, blob: string, etag: string): Promise<boolean> {
    const path = `blobreceipts/${this.options.hostId}/${watch.id}/${quoted(etag)}/${watch.pattern.container}/${blob}`;
    const receipt = this.#receipts.getBlockBlobClient(path);
    const state = await stateOf(receipt);
    if (state === 'complete') return true;
    try {
      if (state === 'absent')
        await receipt.upload('', 0, {
          conditions: { ifNoneMatch: '*' },
          metadata: { incomplete: 'incomplete' },
        });
      const lease = receipt.getBlobLeaseClient();
      const { leaseId } = await lease.acquireLease(30);
      // The previous holder of the lease may have completed it in the meantime.
      if ((await stateOf(receipt)) !== 'complete') {
        await this.#send({ watch, blob, etag });
        await receipt.setMetadata({}, leaseId === undefined ? {} : { conditions: { leaseId } });
      }
      await lease.releaseLease();
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
      return false;
    }
  }

  async #send({ watch, blob, etag }: Sighting): Promise<void> {
    const message: BlobMessage = {
      Type: 'BlobTrigger',
      FunctionId: watch.id,
      BlobType: 'BlockBlob',
      ContainerName: watch.pattern.container,
      BlobName: blob,
      ETag: etag,
    };
    await this.#queue.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'));
    this.#listener.poll();
  }

  async #handle(message: DequeuedMessageItem): Promise<void> {
    const { FunctionId, ContainerName, BlobName, ETag } = blobMessageIn(message);
    const watch = this.watches.find(({ id }) => sameName(id, FunctionId));
    if (watch === undefined) return;
    const call = await callOf(watch, ContainerName, BlobName, ETag).catch((error: unknown) => {
      const blob = JSON.stringify(`${ContainerName}/${BlobName}`);
      this.options.log('error', `${watch.fn.name} cannot receive ${blob}: ${String(error)}`);
      throw error;
    });
    // The blob was deleted or overwritten: the new version has a message of its own.
    if (call === undefined) return;
    await this.options.runner.run(watch.fn, call);
  }
}

const RETRY_START_MS = 2000;
/** Fewer retries than the client's default, because the start of the host waits for them. */
const RESPONSE_TIMEOUT_MS = 5000;

export interface BlobOptions {
  /** The account of the host's receipts and its queue. */
  readonly host: StorageAccount;
  readonly hostId: string;
  readonly dataFolder: string | undefined;
  readonly settings: HostSettings;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
}

export interface Watch {
  readonly fn: HostedFunction;
  readonly id: string;
  readonly pattern: BlobPattern;
  readonly connection: string;
  readonly blobs: BlobServiceClient;
  /** Versions of blobs whose receipts need not be read again. */
  seen: ReadonlySet<string>;
  /** The error of the last scan, if it failed. */
  lastError: string;
}

interface Sighting {
  readonly watch: Watch;
  readonly blob: string;
  readonly etag: string;
}

interface BlobMessage {
  readonly Type: 'BlobTrigger';
  readonly FunctionId: string;
  readonly BlobType: string;
  readonly ContainerName: string;
  readonly BlobName: string;
  readonly ETag: string;
}

function blobMessageIn({ messageText }: DequeuedMessageItem): BlobMessage {
  return JSON.parse(Buffer.from(messageText, 'base64').toString('utf8')) as BlobMessage;
}

function subjectOf(message: DequeuedMessageItem): string {
  try {
    const { ContainerName, BlobName } = blobMessageIn(message);
    return `blob ${ContainerName}/${BlobName}`;
  } catch {
    return `message ${message.messageId}`;
  }
}

const binding = z.looseObject({ path: z.string(), connection: z.string().optional() });

/** The blob function with its container; throws if its path or its connection is invalid. */
export function newWatch(
  fn: HostedFunction,
  accountFor: (connection: string) => StorageAccount,
): Watch {
  const { path, connection } = optionsOf(fn, binding);
  return {
    fn,
    id: `Host.Functions.${fn.name}`,
    pattern: parseBlobPattern(path),
    connection: connectionOf({ connection }),
    blobs: accountFor(connectionOf({ connection })).blobs(),
    seen: new Set(),
    lastError: '',
  };
}

/** The state of a receipt: its message was sent, is about to be sent, or there is no receipt. */
function stateOf(receipt: BlobClient): Promise<'complete' | 'begun' | 'absent'> {
  return receipt.getProperties().then(
    ({ metadata }) => (metadata?.['incomplete'] === undefined ? 'complete' : 'begun'),
    (error: unknown) => (isNotFound(error) ? 'absent' : Promise.reject(error)),
  );
}

function versionOf({ name, properties }: BlobItem): string {
  return `${properties.etag}/${name}`;
}

/** Lists contain ETags without quotes, headers with quotes. */
function quoted(etag: string): string {
  return `"${unquoted(etag)}"`;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Returns the content and the metadata for the function; undefined if the blob has changed. */
async function callOf(
  watch: Watch,
  container: string,
  name: string,
  etag: string | undefined,
): Promise<Call | undefined> {
  const blob = watch.blobs.getContainerClient(container).getBlobClient(name);
  try {
    const properties = await blob.getProperties();
    if (etag !== undefined && unquoted(properties.etag ?? '') !== unquoted(etag)) return undefined;
    const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
    const { contentLength, contentType, lastModified, createdOn, metadata = {} } = properties;
    const triggerMetadata: Record<string, TypedData> = {
      BlobTrigger: { string: `${container}/${name}` },
      Uri: json(blob.url),
      Properties: json({
        ContentLength: contentLength,
        ContentType: contentType,
        ETag: properties.etag,
        LastModified: lastModified,
        CreatedOn: createdOn,
        BlobType: properties.blobType,
      }),
      Metadata: json(metadata),
    };
    for (const [key, value] of Object.entries(watch.pattern.match(name) ?? {}))
      triggerMetadata[key] = { string: value };
    const input = isDeferred(watch.fn.trigger)
      ? blobReference(watch.connection, container, name)
      : // Unlike what an input binding is given.
        contentFor(watch.fn.trigger, await blob.downloadToBuffer(), 'binary');
    return { input, triggerMetadata, subject: `${container}/${name}` };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

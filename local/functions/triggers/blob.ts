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
 * All blob functions of the app. Containers are looked through for blobs that no receipt is kept
 * of; each gets a receipt and a message on a queue of the host's own; the message runs the
 * function. So a blob survives a crash at any point, and runs again only when it was written
 * anew.
 *
 * Unlike Azure: functions with `source: 'EventGrid'` are served by the same scan, since Azurite
 * sends no events. Notifications are taken as well, and a blob that comes both ways runs once.
 */
export class BlobTriggers {
  readonly #watches: readonly Watch[];
  readonly #receipts: ContainerClient;
  readonly #queue: QueueClient;
  readonly #listener: QueueListener;
  #callOff = () => {};
  #begun: Promise<void> = Promise.resolve();
  #wake = () => {};
  #trouble = '';
  #scanning: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    functions: readonly HostedFunction[],
    readonly options: BlobOptions,
  ) {
    this.#watches = functions.map((fn) => newWatch(fn, options));
    const { host, hostId, settings, clock, log } = options;
    this.#receipts = host.blobs().getContainerClient('azure-webjobs-hosts');
    this.#queue = host.queues().getQueueClient(`azure-webjobs-blobtrigger-${hostId}`);
    this.#listener = new QueueListener({
      queue: this.#queue,
      poison: host.queues().getQueueClient('webjobs-blobtrigger-poison'),
      clock,
      log,
      handle: (message) => this.#handle(message),
      batchSize: Math.min(32, settings.blobs.maxDegreeOfParallelism),
      newBatchThreshold: Math.floor(settings.blobs.maxDegreeOfParallelism / 2),
      maxDequeueCount: settings.blobs.poisonBlobThreshold,
      hideSeconds: 600,
      retrySeconds: 0,
      maxWaitMs: settings.queues.maxPollingIntervalMs,
    });
  }

  async start(): Promise<void> {
    if (!(await this.#tryToBegin())) this.#begun = this.#beginLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#callOff();
    this.#wake();
    await this.#begun;
    await this.#scanning;
    await this.#listener.stop();
  }

  /** A blob was made, somebody says. False: there is no such function. */
  async arrived(functionName: string, container: string, blob: string): Promise<boolean> {
    const watch = this.#watches.find(({ fn }) => sameName(fn.name, functionName));
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

  /** The call that the blob would make. */
  async callFor(fn: HostedFunction, container: string, blob: string): Promise<Call> {
    const watch = this.#watches.find((each) => each.fn === fn);
    if (watch === undefined) throw new Error(`${fn.name} is no blob function.`);
    const call = await callOf(watch, container, blob, undefined);
    if (call === undefined) throw new Error(`There is no blob ${container}/${blob}.`);
    return call;
  }

  async #tryToBegin(): Promise<boolean> {
    try {
      const abortSignal = AbortSignal.timeout(ANSWER_MS);
      await this.#receipts.createIfNotExists({ abortSignal });
      await this.#queue.createIfNotExists({ abortSignal });
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'AbortError';
      this.#tellTroubleOfHost(isLate ? 'nobody answers' : formatError(error));
      return false;
    }
    this.#listener.start();
    this.#scan();
    return true;
  }

  /**
   * As in Azure the host runs on when its storage is not there yet, or refuses it; these functions
   * wait until it has changed its mind.
   */
  async #beginLater(): Promise<void> {
    while (!this.#isStopped) {
      await this.#pause();
      if (this.#isStopped || (await this.#tryToBegin())) return;
    }
  }

  #tellTroubleOfHost(message: string): void {
    const reason = firstLine(message);
    if (this.#trouble === reason) return;
    this.#trouble = reason;
    const names = this.#watches.map(({ fn }) => fn.name).join(', ');
    this.options.log(
      'error',
      `${names}: the storage account of AzureWebJobsStorage cannot be used, and is tried again: ${reason}`,
    );
  }

  /** Real time: nobody's clock makes storage come up. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, START_AGAIN_MS);
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
      this.#callOff = clock.at(new Date(clock.now().getTime() + pollMs), () => this.#scan());
    });
  }

  async #scanAll(): Promise<void> {
    for (const watch of this.#watches) {
      try {
        await this.#scanFor(watch);
        watch.trouble = '';
      } catch (error) {
        this.#tellTrouble(watch, error);
      }
    }
  }

  /** What fails at every round is told once. */
  #tellTrouble(watch: Watch, error: unknown): void {
    const trouble = firstLine(formatError(error));
    if (trouble === watch.trouble) return;
    watch.trouble = trouble;
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
    // What is gone from the container need not be remembered.
    watch.seen = seen;
  }

  /**
   * Leaves a receipt and a message, unless the receipt says that this was done before. False while
   * another one is at this very blob: what it leaves undone, the next scan does.
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
      // Whoever held the lease a moment ago may have done it meanwhile.
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

  async #handle({ messageText }: DequeuedMessageItem): Promise<void> {
    const text = Buffer.from(messageText, 'base64').toString('utf8');
    const { FunctionId, ContainerName, BlobName, ETag } = JSON.parse(text) as BlobMessage;
    const watch = this.#watches.find(({ id }) => sameName(id, FunctionId));
    if (watch === undefined) return;
    const call = await callOf(watch, ContainerName, BlobName, ETag).catch((error: unknown) => {
      const blob = JSON.stringify(`${ContainerName}/${BlobName}`);
      this.options.log('error', `${watch.fn.name} cannot be given ${blob}: ${String(error)}`);
      throw error;
    });
    // The blob is gone, or another one now: that one has a message of its own.
    if (call === undefined) return;
    await this.options.runner.run(watch.fn, call);
  }
}

const START_AGAIN_MS = 2000;
/** The client would go on trying for much longer, and the start of the host would wait for it. */
const ANSWER_MS = 5000;

export interface BlobOptions {
  /** The account where the host keeps receipts and its queue. */
  readonly host: StorageAccount;
  readonly accountFor: (connection: string) => StorageAccount;
  readonly hostId: string;
  readonly settings: HostSettings;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
}

interface Watch {
  readonly fn: HostedFunction;
  readonly id: string;
  readonly pattern: BlobPattern;
  readonly connection: string;
  readonly blobs: BlobServiceClient;
  /** Blobs, as they were, whose receipts need not be looked at again. */
  seen: ReadonlySet<string>;
  /** Why the last round failed, or nothing. */
  trouble: string;
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

const binding = z.looseObject({ path: z.string(), connection: z.string().optional() });

function newWatch(fn: HostedFunction, { accountFor }: BlobOptions): Watch {
  const { path, connection } = optionsOf(fn, binding);
  return {
    fn,
    id: `Host.Functions.${fn.name}`,
    pattern: parseBlobPattern(path),
    connection: connectionOf({ connection }),
    blobs: accountFor(connectionOf({ connection })).blobs(),
    seen: new Set(),
    trouble: '',
  };
}

/** What a receipt says: its message is sent, somebody is about to send it, or nobody has thought of it. */
function stateOf(receipt: BlobClient): Promise<'complete' | 'begun' | 'absent'> {
  return receipt.getProperties().then(
    ({ metadata }) => (metadata?.['incomplete'] === undefined ? 'complete' : 'begun'),
    (error: unknown) => (isNotFound(error) ? 'absent' : Promise.reject(error)),
  );
}

function versionOf({ name, properties }: BlobItem): string {
  return `${properties.etag}/${name}`;
}

/** Lists give ETags bare, headers in quotes. */
function quoted(etag: string): string {
  return `"${unquoted(etag)}"`;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The content and the metadata for the function; undefined if the blob is not that one any more. */
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
    return { input, triggerMetadata, about: `${container}/${name}` };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

import path from 'node:path';
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import { realClock, type Clock } from '../../clock';
import type { Log } from '../log';
import { isNotFound } from '../storage';
import { HiddenMessages } from './hidden-messages';

/**
 * Receives messages from a storage queue and passes them to `handle`, a batch at a time, until it
 * is stopped. A message whose handling fails becomes visible again; after `maxDequeueCount`
 * failures it is moved to the poison queue.
 */
export class QueueListener {
  #cancelAlarm = () => {};
  #waitMs = LEAST_WAIT_MS;
  #isStopped = false;
  #isPolling = false;
  #isCalledFor = false;
  #receiving: Promise<void> = Promise.resolve();
  readonly #inWork = new Set<Promise<void>>();
  readonly #hidden: HiddenMessages;

  constructor(readonly options: QueueListenerOptions) {
    const { dataFolder, queue } = options;
    this.#hidden = new HiddenMessages(
      dataFolder === undefined ? undefined : path.join(dataFolder, 'hidden', `${queue.name}.json`),
    );
  }

  start(): void {
    this.#announceHidden();
    this.poll();
  }

  #announceHidden(): void {
    const { hideSeconds, log } = this.options;
    for (const { subject, until } of this.#hidden.left(realClock.now(), hideSeconds))
      log(
        'warning',
        `${subject} was being handled when the host ended; as in Azure its message stays hidden, until ${until} in real time at the latest, and is then handled again`,
      );
  }

  /** Polls now instead of after the wait, because a message was just sent. */
  poll(): void {
    this.#cancelAlarm();
    if (this.#isStopped) return;
    if (this.#isPolling) {
      this.#isCalledFor = true;
      return;
    }
    this.#isPolling = true;
    this.#isCalledFor = false;
    this.#receiving = this.#receive().then((found) => {
      this.#isPolling = false;
      this.#waitMs = found ? LEAST_WAIT_MS : Math.min(this.#waitMs * 2, this.options.maxWaitMs);
      if (this.#isCalledFor || (found && this.#hasRoom())) this.poll();
      else this.#pollLater();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelAlarm();
    // Messages of the last response are hidden from other readers, possibly for minutes.
    await this.#receiving;
    await Promise.all(this.#inWork);
  }

  #pollLater(): void {
    if (this.#isStopped) return;
    const { clock } = this.options;
    this.#cancelAlarm = clock.at(new Date(clock.now().getTime() + this.#waitMs), () => this.poll());
  }

  /** A new batch is fetched when at most this many messages of earlier batches are in progress. */
  #hasRoom(): boolean {
    return this.#inWork.size <= this.options.newBatchThreshold;
  }

  async #receive(): Promise<boolean> {
    const { queue, batchSize, hideSeconds, log } = this.options;
    if (!this.#hasRoom()) return false;
    try {
      const { receivedMessageItems } = await queue.receiveMessages({
        numberOfMessages: batchSize,
        visibilityTimeout: hideSeconds,
      });
      for (const message of receivedMessageItems) this.#take(message);
      return receivedMessageItems.length > 0;
    } catch (error) {
      // The first sender creates the queue.
      if (!isNotFound(error)) log('warning', `queue ${queue.name}: ${String(error)}`);
      return false;
    }
  }

  #take(message: DequeuedMessageItem): void {
    const work = this.#handle(message)
      .catch((error: unknown) => {
        this.options.log('warning', `queue ${this.options.queue.name}: ${String(error)}`);
      })
      .finally(() => {
        this.#inWork.delete(work);
        if (this.#hasRoom()) this.poll();
      });
    this.#inWork.add(work);
  }

  async #handle(message: DequeuedMessageItem): Promise<void> {
    const { queue, handle, maxDequeueCount, retrySeconds, isReadable } = this.options;
    // As the real extension does (test/real-engine): without an attempt.
    if (isReadable?.(message) === false) {
      await this.#poison(message, message.popReceipt);
      return;
    }
    const hold = new Hold(message, this.options);
    this.#hidden.add(message.messageId, this.options.subjectOf(message));
    const isDone = await handle(message).then(
      () => true,
      () => false,
    );
    const popReceipt = await hold.release();
    this.#hidden.remove(message.messageId);
    // After the hiding time, another host processes messages that the shutdown interrupted.
    if (isDone) await queue.deleteMessage(message.messageId, popReceipt);
    else if (message.dequeueCount >= maxDequeueCount) await this.#poison(message, popReceipt);
    else
      await queue.updateMessage(message.messageId, popReceipt, message.messageText, retrySeconds);
  }

  async #poison(message: DequeuedMessageItem, popReceipt: string): Promise<void> {
    const { queue, poison, log } = this.options;
    await poison.createIfNotExists();
    await poison.sendMessage(message.messageText);
    await queue.deleteMessage(message.messageId, popReceipt);
    log(
      'error',
      `message ${message.messageId}, received ${message.dequeueCount} times, was moved to queue ${poison.name}`,
    );
  }
}

const LEAST_WAIT_MS = 100;

/** Keeps a message hidden while it is processed. In real time: the service's time. */
class Hold {
  #popReceipt: string;
  #timer: NodeJS.Timeout;
  #renewing: Promise<void> = Promise.resolve();

  constructor(message: DequeuedMessageItem, options: QueueListenerOptions) {
    this.#popReceipt = message.popReceipt;
    const { queue, hideSeconds, log } = options;
    const renew = async () => {
      try {
        const { popReceipt = this.#popReceipt } = await queue.updateMessage(
          message.messageId,
          this.#popReceipt,
          message.messageText,
          hideSeconds,
        );
        this.#popReceipt = popReceipt;
      } catch (error) {
        log('warning', `message ${message.messageId} could not be renewed: ${String(error)}`);
      }
    };
    this.#timer = setInterval(
      () => {
        this.#renewing = renew();
      },
      (hideSeconds * 1000) / 2,
    );
    this.#timer.unref();
  }

  /** The pop receipt, with which the message can be deleted or made visible. */
  async release(): Promise<string> {
    clearInterval(this.#timer);
    await this.#renewing;
    return this.#popReceipt;
  }
}

export interface QueueListenerOptions {
  readonly queue: QueueClient;
  readonly poison: QueueClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when the message was handled; rejects when its handling failed. */
  readonly handle: (message: DequeuedMessageItem) => Promise<void>;
  /** The subject of the message for the log, for example its blob. */
  readonly subjectOf: (message: DequeuedMessageItem) => string;
  /** Folder in which the messages in progress are noted; without it none is. */
  readonly dataFolder: string | undefined;
  /** True when the text can be decoded. */
  readonly isReadable?: (message: DequeuedMessageItem) => boolean;
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  /** Time that a message is hidden while it is processed, before the next renewal. */
  readonly hideSeconds: number;
  /** Time that a failed message stays hidden. */
  readonly retrySeconds: number;
  readonly maxWaitMs: number;
}

import type { DequeuedMessageItem } from '@azure/storage-queue';
import { z } from 'zod';
import type { Clock } from '../../clock';
import { optionsOf } from '../catalog';
import type { Log } from '../log';
import type { Call, Runner } from '../runner';
import type { QueueSettings } from '../settings';
import { connectionOf, type StorageAccount } from '../storage';
import { contentFor, type Binding, type TypedData } from '../wire';
import { QueueListener } from './queue-listener';
import type { HostedFunction } from '../hosted-function';

/** Time that a message is hidden while its function runs; renewed until the function ends. */
const HIDDEN_SECONDS = 600;

const binding = z.looseObject({ queueName: z.string(), connection: z.string().optional() });

/** One queue function: each message is a call, several at a time. */
export function queueTrigger(fn: HostedFunction, options: QueueTriggerOptions): QueueListener {
  const { queueName, connection } = optionsOf(fn, binding);
  const { settings, clock, log, runner } = options;
  const queues = options.accountFor(connectionOf({ connection })).queues();
  const name = queueName.toLowerCase();
  return new QueueListener({
    queue: queues.getQueueClient(name),
    poison: queues.getQueueClient(`${name}-poison`),
    clock,
    log,
    handle: async (message) => {
      await runner.run(fn, callFor(message, name, settings.messageEncoding, fn.trigger));
    },
    subjectOf: ({ messageId }) => `message ${messageId} of queue ${name}`,
    dataFolder: options.dataFolder,
    isReadable: ({ messageText }) =>
      settings.messageEncoding === 'none' || isBase64(messageText.trim()),
    batchSize: settings.batchSize,
    newBatchThreshold: settings.newBatchThreshold,
    maxDequeueCount: settings.maxDequeueCount,
    hideSeconds: HIDDEN_SECONDS,
    retrySeconds: Math.round(settings.visibilityTimeoutMs / 1000),
    maxWaitMs: settings.maxPollingIntervalMs,
  });
}

export interface QueueTriggerOptions {
  readonly accountFor: (connection: string) => StorageAccount;
  readonly settings: QueueSettings;
  readonly dataFolder: string | undefined;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Log;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function callFor(
  message: DequeuedMessageItem,
  queueName: string,
  encoding: QueueSettings['messageEncoding'],
  trigger: Binding,
): Call {
  const { messageText } = message;
  const bytes = Buffer.from(messageText, encoding === 'none' ? 'utf8' : 'base64');
  const text = bytes.toString('utf8');
  const json = (value: unknown): TypedData => ({ json: JSON.stringify(value) });
  return {
    input: contentFor(trigger, bytes, 'string'),
    subject: `${queueName} ${message.messageId}`,
    triggerMetadata: {
      QueueTrigger: { string: text },
      Id: { string: message.messageId },
      DequeueCount: { int: message.dequeueCount },
      InsertionTime: json(message.insertedOn),
      ExpirationTime: json(message.expiresOn),
      NextVisibleTime: json(message.nextVisibleOn),
      PopReceipt: { string: message.popReceipt },
    },
  };
}

import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { setTimeout as sleep } from 'node:timers/promises';
import { seen } from './programs/triggers';

/** Queues and blobs, on the storage that a host under test uses. */
export interface TriggerStorage {
  readonly queue: (name: string) => QueueClient;
  readonly inbox: ContainerClient;
}

/** Puts messages and blobs where a host that starts later finds them. */
export async function prepareTriggers(connectionString: string): Promise<TriggerStorage> {
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  const inbox =
    BlobServiceClient.fromConnectionString(connectionString).getContainerClient('inbox');
  const queue = (name: string) => queues.getQueueClient(name);
  await inbox.create();
  await upload(inbox, 'early.csv');
  await queue('work').create();
  for (const text of ['a text', '{"n":1}', '5', 'bad'])
    await queue('work').sendMessage(Buffer.from(text).toString('base64'));
  await queue('work').sendMessage('not base64!');
  return { queue, inbox };
}

function upload(inbox: ContainerClient, name: string): Promise<unknown> {
  return inbox.getBlockBlobClient(name).upload('x', 1);
}

const POLL_MS = 250;

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
}

/** The texts on a queue as they are stored, once there are that many. */
async function messagesOn(queue: QueueClient, count: number): Promise<readonly string[]> {
  return until(async () => {
    const peeked = await queue.peekMessages({ numberOfMessages: 32 }).catch(() => undefined);
    const texts = peeked?.peekedMessageItems.map(({ messageText }) => messageText) ?? [];
    return texts.length >= count ? texts.toSorted() : undefined;
  });
}

/** Messages that succeed, fail and cannot be decoded. */
export async function queueFacts({ queue }: TriggerStorage): Promise<unknown> {
  const poison = await messagesOn(queue('work-poison'), 2);
  await until(() =>
    seen.queue.filter(({ value }) => value !== 'bad').length >= 3 ? 1 : undefined,
  );
  const counts = seen.queue.filter(({ value }) => value === 'bad');
  const others = seen.queue.filter(({ value }) => value !== 'bad').map(({ value }) => value);
  return {
    received: others.map((value) => JSON.stringify(value)).toSorted(),
    dequeueCounts: counts.map(({ dequeueCount }) => dequeueCount),
    poison,
  };
}

/** Blobs from before the start and after it, one that is written again, and one that fails. */
export async function blobFacts({ queue, inbox }: TriggerStorage): Promise<unknown> {
  const calls = (name: string) => seen.blob.filter(({ value }) => value === `inbox/${name}`).length;
  const called = (name: string, times: number) =>
    until(() => (calls(name) >= times ? true : undefined));
  await called('early.csv', 1);
  await upload(inbox, 'early.csv');
  await called('early.csv', 2);
  await upload(inbox, 'other.txt');
  await upload(inbox, 'a/bad.csv');
  const [message = ''] = await messagesOn(queue('webjobs-blobtrigger-poison'), 1);
  const {
    FunctionId: _,
    ETag,
    ...poison
  } = JSON.parse(Buffer.from(message, 'base64').toString('utf8')) as Readonly<
    Record<string, unknown>
  >;
  return {
    early: calls('early.csv'),
    bad: calls('a/bad.csv'),
    other: calls('other.txt'),
    poison: { ...poison, ETag: typeof ETag },
  };
}

export const triggerScenarios = {
  'queue messages, good, bad and not base64': queueFacts,
  'blobs, early, written again, bad and of another name': blobFacts,
} as const;

import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAzurite, type Azurite } from '../azurite';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from '../host-process';

// Storage queues, and the bindings that reach into storage, against a storage emulator.

let azurite: Azurite;
let host: HostProcess;

beforeAll(async () => {
  azurite = await startAzurite();
  await queue('work').create();
  await queue('copies').create();
  await queue('bytes').create();
  await BlobServiceClient.fromConnectionString(azurite.connectionString)
    .getContainerClient('files')
    .create();
  host = await startHostProcess({
    app: fixture('queues'),
    data: temporaryFolder(),
    environment: { AzureWebJobsStorage: azurite.connectionString },
  });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
  await azurite.stop();
});

function queue(name: string): QueueClient {
  return QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name);
}

function send(name: string, message: unknown): Promise<unknown> {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return queue(name).sendMessage(Buffer.from(text).toString('base64'));
}

function calls(message: unknown): readonly Record<string, unknown>[] {
  const wanted = JSON.stringify(message);
  return host.told.filter((told) => JSON.stringify(told['message']) === wanted);
}

function called(message: unknown, times = 1): Promise<readonly Record<string, unknown>[]> {
  return until(() => Promise.resolve(calls(message).length >= times ? calls(message) : undefined));
}

/** The texts of all messages on a queue, taken off it. */
function taken(name: string, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  return until(async () => {
    const received = await queue(name)
      .receiveMessages({ numberOfMessages: 32 })
      .catch(() => ({ receivedMessageItems: [] }));
    for (const message of received.receivedMessageItems) {
      texts.push(Buffer.from(message.messageText, 'base64').toString('utf8'));
      await queue(name).deleteMessage(message.messageId, message.popReceipt);
    }
    return texts.length >= count ? texts.sort() : undefined;
  });
}

async function countOf(name: string): Promise<number | undefined> {
  return (await queue(name).getProperties()).approximateMessagesCount;
}

function blobText(name: string): Promise<string> {
  const blob = BlobServiceClient.fromConnectionString(azurite.connectionString)
    .getContainerClient('files')
    .getBlobClient(name);
  return until(() =>
    blob.downloadToBuffer().then(
      (buffer) => buffer.toString('utf8'),
      () => undefined,
    ),
  );
}

test('a message that is JSON arrives parsed, with its members as metadata, and is deleted', async () => {
  await send('work', { colour: 'red' });

  expect(await called({ colour: 'red' })).toEqual([
    {
      kind: 'told',
      fn: 'work',
      message: { colour: 'red' },
      queueTrigger: { colour: 'red' },
      dequeueCount: 1,
      colour: 'red',
      running: 1,
      kinds: ['string', 'string', 'string'],
    },
  ]);
  await until(async () => ((await countOf('work')) === 0 ? true : undefined));
});

test('any other message arrives as text', async () => {
  await send('work', 'just ä text');

  expect(await called('just ä text')).toMatchObject([{ queueTrigger: 'just ä text' }]);
});

test('a message arrives as bytes if the trigger requests them', async () => {
  await queue('bytes').sendMessage(Buffer.from('ff0001', 'hex').toString('base64'));

  expect((await called('ff0001')).length).toBe(1);
});

test('several messages run at once, but no more than a batch and its threshold allow', async () => {
  const messages = Array.from({ length: 12 }, (_, n) => ({ n, ms: 100 }));
  await Promise.all(messages.map((message) => send('work', message)));
  await Promise.all(messages.map((message) => called(message)));

  const most = Math.max(...messages.map((message) => Number(calls(message)[0]?.['running'])));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(6);
});

test('a message that fails three times, as host.json says, is moved to the poison queue', async () => {
  await send('work', 'bad');

  expect(await taken('work-poison', 1)).toEqual(['bad']);
  expect(calls('bad').map(({ dequeueCount }) => dequeueCount)).toEqual([1, 2, 3]);
});

test('a message that is not base64 goes to the poison queue unread', async () => {
  await queue('work').sendMessage('not base64!');
  const { peekedMessageItems } = await until(async () => {
    const peeked = await queue('work-poison').peekMessages();
    return peeked.peekedMessageItems.length > 0 ? peeked : undefined;
  });

  expect(peekedMessageItems[0]?.messageText).toBe('not base64!');
});

test('outputs write messages and blobs under names from the trigger', async () => {
  await send('copies', { name: 'a', sub: { n: 7 } });

  expect(await blobText('a-7.txt')).toBe('nothing');
  expect(await taken('results', 2)).toEqual(['a text', '{"copied":"a"}']);
});

test('an input is the content of a blob', async () => {
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString);
  const blob = container.getContainerClient('files').getBlockBlobClient('b-source.txt');
  await blob.upload('the source', 10);
  await send('copies', { name: 'b', sub: { n: 8 } });

  expect(await blobText('b-8.txt')).toBe('copy of the source');
  await taken('results', 2);
});

test('an HTTP function has its outputs sent before it answers', async () => {
  const response = await fetch(`${host.url}/api/send/x`, { method: 'POST', body: 'hello' });

  expect(await response.text()).toBe('sent');
  expect(await taken('results', 1)).toEqual(['hello']);
});

test('an output that cannot be written fails the function', async () => {
  const response = await fetch(`${host.url}/api/lost`, { method: 'POST' });

  expect(response.status).toBe(500);
  expect(host.output()).toContain(
    "'{nobody}' of 'files/{nobody}' is not in the trigger's metadata.",
  );
});

test('what a function returns can be its output', async () => {
  await fetch(`${host.url}/admin/functions/returns`, { method: 'POST', body: '{}' });

  expect(await taken('results', 1)).toEqual(['{"returned":true}']);
});

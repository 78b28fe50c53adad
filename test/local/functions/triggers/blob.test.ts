import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAzurite, type Azurite } from '../azurite';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from '../host-process';

// Blob functions, against a storage emulator.

let azurite: Azurite;
let host: HostProcess;
const data = temporaryFolder();

beforeAll(async () => {
  azurite = await startAzurite();
  for (const name of ['inbox', 'grid', 'starts']) await blobs().getContainerClient(name).create();
  await upload('inbox', 'before/old.csv', 'x,y');
  host = await start();
});
afterAll(async () => {
  await stop();
  await azurite.stop();
});

function start(): Promise<HostProcess> {
  return startHostProcess({
    app: fixture('blobs'),
    data,
    environment: {
      AzureWebJobsStorage: azurite.connectionString,
      AzureFunctionsWebHost__hostid: 'tests',
    },
    args: ['--blob-poll', '100'],
  });
}

async function stop(): Promise<void> {
  host.kill('SIGTERM');
  await host.ended;
}

function blobs(): BlobServiceClient {
  return BlobServiceClient.fromConnectionString(azurite.connectionString);
}

async function upload(container: string, name: string, text: string): Promise<void> {
  const blob = blobs().getContainerClient(container).getBlockBlobClient(name);
  await blob.upload(text, text.length, {
    blobHTTPHeaders: { blobContentType: 'text/csv' },
    metadata: { colour: 'red' },
  });
}

function runs(name: string): readonly Record<string, unknown>[] {
  return host.told.filter((message) => message['name'] === name);
}

async function ran(name: string, times: number): Promise<readonly Record<string, unknown>[]> {
  return until(() => Promise.resolve(runs(name).length >= times ? runs(name) : undefined));
}

/** As long as a few rounds of the scan take. */
async function aFewRounds(): Promise<void> {
  await upload('inbox', 'marks/mark.csv', String(performance.now()));
  const before = runs('mark').length;
  await ran('mark', before + 1);
  await upload('inbox', 'marks/mark.csv', String(performance.now()));
  await ran('mark', before + 2);
}

test('a blob from before the start of the host runs its function, with all its metadata', async () => {
  expect(await ran('old', 1)).toEqual([
    {
      kind: 'told',
      fn: 'seen',
      content: 'x,y',
      isBuffer: true,
      blobTrigger: 'inbox/before/old.csv',
      folder: 'before',
      name: 'old',
      path: '/devstoreaccount1/inbox/before/old.csv',
      contentType: 'text/csv',
      length: 3,
      metadata: { colour: 'red' },
    },
  ]);
});

test('a parameter of the path matches slashes, and other names are ignored', async () => {
  await upload('inbox', 'a/b/c d.csv', '1');
  await upload('inbox', 'a/skipped.txt', '1');
  await upload('inbox', 'nofolder.csv', '1');

  expect(await ran('c d', 1)).toMatchObject([{ folder: 'a/b' }]);
  await aFewRounds();
  expect([...runs('skipped'), ...runs('nofolder')]).toEqual([]);
});

test('an empty blob is an empty buffer', async () => {
  await upload('inbox', 'a/empty.csv', '');

  expect(await ran('empty', 1)).toMatchObject([{ content: '', isBuffer: true }]);
});

test('an overwritten blob runs again', async () => {
  await upload('inbox', 'a/twice.csv', 'first');
  await ran('twice', 1);
  await upload('inbox', 'a/twice.csv', 'second');

  expect((await ran('twice', 2)).map(({ content }) => content)).toEqual(['first', 'second']);
});

test('a blob that fails five times leaves one message on the poison queue', async () => {
  await upload('inbox', 'a/bad.csv', 'q');
  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(
    'webjobs-blobtrigger-poison',
  );
  const message = await until(async () => {
    const { peekedMessageItems } = await queue.peekMessages().catch(() => ({
      peekedMessageItems: [],
    }));
    return peekedMessageItems[0];
  });
  await aFewRounds();

  expect(runs('bad')).toHaveLength(5);
  expect(JSON.parse(Buffer.from(message.messageText, 'base64').toString('utf8'))).toEqual({
    Type: 'BlobTrigger',
    FunctionId: 'Host.Functions.seen',
    BlobType: 'BlockBlob',
    ContainerName: 'inbox',
    BlobName: 'a/bad.csv',
    ETag: expect.any(String),
  });
});

test('a blob function can start an orchestration', async () => {
  await upload('starts', 'one', 'four');
  const status = await until(async () => {
    const response = await fetch(`${host.rpcUrl}instances/one`);
    return response.status === 200 ? ((await response.json()) as object) : undefined;
  });

  expect(status).toMatchObject({ runtimeStatus: 'Completed', output: 4 });
});

function notify(body: unknown, query = '?functionName=Host.Functions.noticed'): Promise<Response> {
  return fetch(`${host.url}/runtime/webhooks/blobs${query}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
}

test('the handshakes of Event Grid are answered', async () => {
  const eventType = 'Microsoft.EventGrid.SubscriptionValidationEvent';
  const validated = await notify([{ eventType, data: { validationCode: 'abc' } }]);
  const asked = await fetch(
    `${host.url}/runtime/webhooks/blobs?functionName=Host.Functions.noticed`,
    {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.example' },
    },
  );

  expect(await validated.json()).toEqual({ validationResponse: 'abc' });
  expect(asked.headers.get('webhook-allowed-origin')).toBe('eventgrid.example');
});

test('a blob found by a notification and by the scan runs once', async () => {
  await upload('grid', 'a b.txt', 'x');
  const url = 'http://127.0.0.1/devstoreaccount1/grid/a%20b.txt';
  const response = await notify([{ eventType: 'Microsoft.Storage.BlobCreated', data: { url } }]);
  const cloudEvent = await notify({ type: 'Microsoft.Storage.BlobCreated', data: { url } });
  await ran('a b.txt', 1);
  await aFewRounds();

  expect([response.status, cloudEvent.status]).toEqual([202, 202]);
  expect(runs('a b.txt')).toHaveLength(1);
});

test('a blob with many simultaneous notifications runs once', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `crowd-${n}.txt`);
  await Promise.all(
    names.map(async (name) => {
      await upload('grid', name, 'x');
      const url = `http://127.0.0.1/devstoreaccount1/grid/${name}`;
      const event = { type: 'Microsoft.Storage.BlobCreated', data: { url } };
      await Promise.all([notify(event), notify(event), notify(event)]);
    }),
  );
  for (const name of names) await ran(name, 1);
  await aFewRounds();

  expect(names.map((name) => runs(name).length)).toEqual(names.map(() => 1));
});

test('a notification for an unknown function is 404', async () => {
  const url = 'http://127.0.0.1/devstoreaccount1/grid/a';
  const event = { eventType: 'Microsoft.Storage.BlobCreated', data: { url } };

  expect((await notify([event], '?functionName=Host.Functions.nobody')).status).toBe(404);
});

test('a blob function can be run by hand', async () => {
  await upload('inbox', 'a/hand.csv', 'x');
  await ran('hand', 1);
  const response = await fetch(`${host.url}/admin/functions/seen`, {
    method: 'POST',
    body: JSON.stringify({ input: 'inbox/a/hand.csv' }),
  });

  expect(response.status).toBe(202);
  expect(await ran('hand', 2)).toHaveLength(2);
});

test('receipts survive the host: no processed blob runs again', async () => {
  await aFewRounds();
  host.kill('SIGKILL');
  await host.ended;
  host = await start();
  await aFewRounds();

  const names = new Set(host.told.map(({ name }) => name).filter(Boolean));
  expect([...names]).toEqual(['mark']);
});

test('a blob whose receipt another host has leased is checked again, and runs after the release', async () => {
  await stop();
  await upload('inbox', 'a/held.csv', 'x');
  const { etag = '' } = await blobs()
    .getContainerClient('inbox')
    .getBlobClient('a/held.csv')
    .getProperties();
  const receipt = blobs()
    .getContainerClient('azure-webjobs-hosts')
    .getBlockBlobClient(`blobreceipts/tests/Host.Functions.seen/${etag}/inbox/a/held.csv`);
  await receipt.upload('', 0, { metadata: { incomplete: 'incomplete' } });
  const lease = receipt.getBlobLeaseClient();
  await lease.acquireLease(-1);
  host = await start();
  await aFewRounds();
  const meanwhile = runs('held').length;
  await lease.releaseLease();

  expect(await ran('held', 1)).toMatchObject([{ content: 'x' }]);
  expect(meanwhile).toBe(0);
});

test('the host runs without its storage, and processes blobs once it is available', async () => {
  const gone = await startAzurite();
  await gone.stop();
  const late = await startHostProcess({
    app: fixture('blobs'),
    data: temporaryFolder(),
    environment: { AzureWebJobsStorage: gone.connectionString },
    args: ['--blob-poll', '100'],
  });
  const back = await startAzurite({
    ports: Object.values(gone.urls).map((url) => new URL(url).port),
  });
  const inbox = BlobServiceClient.fromConnectionString(back.connectionString).getContainerClient(
    'inbox',
  );
  await inbox.create();
  await inbox.getBlockBlobClient('a/late.csv').upload('x', 1);

  await until(() => Promise.resolve(late.told.find(({ name }) => name === 'late')), 40_000);
  late.kill('SIGTERM');
  expect(await late.ended).toBe(0);
  await back.stop();
}, 60_000);

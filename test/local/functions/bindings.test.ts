import fs from 'node:fs';
import path from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAzurite, type Azurite } from './azurite';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from './host-process';

// What functions read and write beside their triggers, against a storage emulator.

let azurite: Azurite;
let host: HostProcess;
const data = temporaryFolder();

beforeAll(async () => {
  azurite = await startAzurite();
  for (const name of ['refer', 'done']) await container(name).create();
  host = await startHostProcess({
    app: fixture('bindings'),
    data,
    environment: { AzureWebJobsStorage: azurite.connectionString, coop: 'north' },
    args: ['--blob-poll', '100', '--pretend', 'CarrierPigeon'],
  });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
  await azurite.stop();
});

function container(name: string) {
  return BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(name);
}

async function write(entities: unknown): Promise<number> {
  const body = JSON.stringify(entities);
  return (await fetch(`${host.url}/api/write`, { method: 'POST', body })).status;
}

async function found(address: string): Promise<unknown> {
  const response = await fetch(`${host.url}/api/${address}`);
  if (response.status !== 200) return response.status;
  return ((await response.json()) as { readonly found: unknown }).found;
}

test('an entity is written and read back, each value with its type', async () => {
  const entity = {
    PartitionKey: 'volvo',
    RowKey: '1',
    colour: 'blue',
    seats: 5,
    length: 4.75,
    sold: false,
    since: '2030-01-01T00:00:00Z',
    tags: ['a'],
    owner: null,
  };

  expect(await write(entity)).toBe(201);
  expect(await found('one/volvo/1')).toEqual({
    PartitionKey: 'volvo',
    RowKey: '1',
    colour: 'blue',
    seats: 5,
    length: 4.75,
    sold: false,
    since: '2030-01-01T00:00:00Z',
    tags: '[\n  "a"\n]',
  });
});

test('a missing entity is null, and a missing table is an empty list', async () => {
  expect(await found('one/volvo/99')).toBe(null);
  expect(await found('absent')).toEqual([]);
});

test('many entities of several partitions are written at once, and the requested number is read', async () => {
  const saabs = Array.from({ length: 150 }, (_, n) => ({
    PartitionKey: 'saab',
    RowKey: String(n).padStart(3, '0'),
  }));

  expect(await write([...saabs, { rowKey: 'x' }])).toBe(201);
  expect(await found('brand/saab')).toEqual([
    { PartitionKey: 'saab', RowKey: '000' },
    { PartitionKey: 'saab', RowKey: '001' },
  ]);
  expect(await found('one/saab/149')).toEqual({ PartitionKey: 'saab', RowKey: '149' });
  // The key that the binding gives to what has none.
  expect(await found('one/default/x')).toEqual({ PartitionKey: 'default', RowKey: 'x' });
});

test('an existing entity fails the function, unless the new one has an ETag', async () => {
  const entity = { PartitionKey: 'twice', RowKey: '1', n: 1 };

  expect(await write(entity)).toBe(201);
  expect(await write({ ...entity, n: 2 })).toBe(500);
  expect(await write({ ...entity, n: 3, ETag: '*' })).toBe(201);
  expect(await found('one/twice/1')).toEqual({ ...entity, n: 3 });
});

test('an output value that is not an entity fails the function', async () => {
  expect(await write('text')).toBe(500);
  expect(await write({ PartitionKey: 'p' })).toBe(500);
  expect(host.output()).toContain('has no PartitionKey or no RowKey');
});

test('a filter accepts values from the trigger, and nothing that would be more than a value', async () => {
  await write([
    { PartitionKey: 'f', RowKey: '1', colour: "it's", seats: 2 },
    { PartitionKey: 'f', RowKey: '2', colour: "it's", seats: 4 },
  ]);

  expect(await found("coloured?colour=it's&seats=3")).toEqual([
    { PartitionKey: 'f', RowKey: '2', colour: "it's", seats: 4 },
  ]);
  expect(await found("coloured?colour=x' or PartitionKey ne '&seats=3")).toEqual([]);
  expect(await found('coloured?colour=x&seats=1 or true')).toBe(500);
});

test('a binding that requests a client gets the address of the blob, not its content', async () => {
  const blob = container('refer').getBlockBlobClient('a/b.bin');
  await blob.upload('content', 7);

  const told = await until(() => Promise.resolve(host.told.find(({ blob }) => blob !== undefined)));
  const reference = {
    version: '1.0',
    source: 'AzureStorageBlobs',
    contentType: 'application/json',
  };
  expect(told).toEqual({
    kind: 'told',
    blob: {
      ...reference,
      content: { Connection: 'AzureWebJobsStorage', ContainerName: 'refer', BlobName: 'a/b.bin' },
    },
    container: {
      ...reference,
      content: { Connection: 'Other', ContainerName: 'done', BlobName: '' },
    },
  });
});

test("the name of an HTTP function's output can use the route, the headers and the body", async () => {
  const response = await fetch(`${host.url}/api/file/note?kind=other`, {
    method: 'POST',
    headers: { 'x-part': '7' },
    body: '{"name":"n1","kind":"body"}',
  });
  const names: string[] = [];
  for await (const { name } of container('done').listBlobsFlat()) names.push(name);

  expect(response.status).toBe(200);
  expect(names).toEqual([expect.stringMatching(/^note\/7\/n1-[0-9a-f]{32}-file\.txt$/)]);
});

test('a blob is read as text, parsed if it is JSON, or as bytes if the binding requests them', async () => {
  const put = (name: string, content: Buffer) =>
    container('done').getBlockBlobClient(name).uploadData(content);
  await put('some.bin', Buffer.from('ff41', 'hex'));
  await put('some.json', Buffer.from('{"n":1}'));
  const kinds = (name: string) =>
    fetch(`${host.url}/api/kinds/${name}`).then((response) => response.json());

  expect(await kinds('some.bin')).toEqual([{ is: '\uFFFDA' }, { hex: 'ff41' }]);
  expect(await kinds('some.json')).toEqual([
    { is: { n: 1 } },
    { hex: Buffer.from('{"n":1}').toString('hex') },
  ]);
});

test.each([
  ['a text', 'text', Buffer.from('text')],
  ['an object', { a: 1 }, Buffer.from('{"a":1}')],
  ['a whole number', 258, Buffer.from('02010000', 'hex')],
  ['a number', 0.5, Buffer.from('000000000000e03f', 'hex')],
  ['a truth value', true, Buffer.from('01', 'hex')],
])('%s that is written to a blob is as Azure writes it', async (what, value, bytes) => {
  const name = what.replaceAll(' ', '-');
  const body = JSON.stringify({ value });
  const { status } = await fetch(`${host.url}/api/keep/${name}`, { method: 'POST', body });
  const written = await container('done').getBlobClient(name).downloadToBuffer();

  // Not 204: what the function returns is no HTTP answer.
  expect([status, written.toString('hex')]).toEqual([200, bytes.toString('hex')]);
});

test('bytes reach a queue unchanged', async () => {
  await fetch(`${host.url}/api/queued`);
  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(
    'queued',
  );
  const [message] = (await queue.receiveMessages()).receivedMessageItems;

  expect(Buffer.from(message?.messageText ?? '', 'base64').toString('hex')).toBe('ff0001');
});

test('a pretended output is appended to a file', async () => {
  await fetch(`${host.url}/api/fly?to=home`);
  const lines = fs.readFileSync(path.join(data, 'outputs', 'carrierPigeon.jsonl'), 'utf8');

  expect(JSON.parse(lines)).toEqual({
    time: expect.any(String) as string,
    function: 'fly',
    binding: '$return',
    value: '{"to":"home"}',
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateIn } from '../../../local/certificate';
import { realClock } from '../../../local/clock';
import { startIdentity, type IdentityAuthority } from '../../../local/identity';
import { appOf } from './app-of';
import { startAzurite, type Azurite } from './azurite';
import { startHostProcess, temporaryFolder, until, type HostProcess } from './host-process';

// An account without a connection string: addresses, and a managed identity that asks for tokens.

const APP = `const { app, input, output } = require('@azure/functions');
  const file = output.storageBlob({ path: 'inbox/{name}', connection: '' });
  app.http('put', { route: 'put/{name}', extraOutputs: [file], handler: async (request, context) => {
    context.extraOutputs.set(file, await request.text());
    return {};
  } });
  app.storageBlob('read', { path: 'inbox/{name}', connection: '',
    return: output.storageQueue({ queueName: 'texts', connection: '' }),
    handler: (content, context) => ({ RowKey: context.triggerMetadata.name, text: content.toString() }) });
  app.storageQueue('keep', { queueName: 'texts', connection: '',
    return: output.table({ tableName: 'texts', partitionKey: 'all', connection: '' }),
    handler: (message) => message });
  const texts = input.table({ tableName: 'texts', partitionKey: 'all', connection: '' });
  app.http('list', { extraInputs: [texts], handler: (_, context) => ({ jsonBody: context.extraInputs.get(texts) }) });`;

let azurite: Azurite;
let identity: IdentityAuthority;
let host: HostProcess;

beforeAll(async () => {
  const certificate = await certificateIn(temporaryFolder());
  azurite = await startAzurite({ certificate });
  identity = await startIdentity(0, () => realClock.now());
  host = await startHostProcess({
    app: appOf({
      'app.js': APP,
      'host.json':
        '{ "version": "2.0", "extensions": { "queues": { "maxPollingInterval": "00:00:00.200" } } }',
    }),
    data: temporaryFolder(),
    environment: {
      AzureWebJobsStorage__credential: 'managedidentity',
      AzureWebJobsStorage__clientId: '33333333-3333-4333-8333-333333333333',
      AzureWebJobsStorage__blobServiceUri: azurite.urls['Blob'] ?? '',
      AzureWebJobsStorage__queueServiceUri: azurite.urls['Queue'] ?? '',
      AzureWebJobsStorage__tableServiceUri: azurite.urls['Table'] ?? '',
      NODE_EXTRA_CA_CERTS: certificate.certFile,
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
    },
    args: ['--blob-poll', '100'],
  });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
  await identity.close();
  await azurite.stop();
});

test('blobs, queues and tables are reached with the tokens of a managed identity', async () => {
  await fetch(`${host.url}/api/put/a.txt`, { method: 'POST', body: 'by identity' });

  const kept = await until(async () => {
    const list = await (await fetch(`${host.url}/api/list`)).json();
    return Array.isArray(list) && list.length > 0 ? (list as unknown) : undefined;
  });
  expect(kept).toEqual([{ PartitionKey: 'all', RowKey: 'a.txt', text: 'by identity' }]);
});

import { expect, test } from 'vitest';
import { connectionOf, storageAccount } from '../../../local/functions/storage';

const STRING =
  'DefaultEndpointsProtocol=https;AccountName=one;AccountKey=a2V5;EndpointSuffix=core.windows.net';

function addresses(connection: string, environment: Record<string, string>): readonly string[] {
  const account = storageAccount(connection, environment);
  return [account.blobs().url, account.queues().url].map((url) => url.replace(/\/$/, ''));
}

test('a connection is a setting with a connection string', () => {
  expect(addresses('Store', { Store: STRING })).toEqual([
    'https://one.blob.core.windows.net',
    'https://one.queue.core.windows.net',
  ]);
});

test('a setting with the prefix AzureWebJobs takes precedence', () => {
  const other = STRING.replace('AccountName=one', 'AccountName=two');

  expect(addresses('Store', { Store: STRING, AzureWebJobsStore: other })[0]).toBe(
    'https://two.blob.core.windows.net',
  );
});

test('with an identity, the settings are the addresses, or the name of the account', () => {
  const identity = { Store__credential: 'managedidentity', Store__clientId: 'id' };
  const byAddress = {
    Store__blobServiceUri: 'https://127.0.0.1:10000/a',
    Store__queueServiceUri: 'https://127.0.0.1:10001/a',
  };

  expect(addresses('Store', { ...identity, ...byAddress })).toEqual([
    'https://127.0.0.1:10000/a',
    'https://127.0.0.1:10001/a',
  ]);
  expect(addresses('Store', { ...identity, Store__accountName: 'three' })).toEqual([
    'https://three.blob.core.windows.net',
    'https://three.queue.core.windows.net',
  ]);
});

test('the address of the only service that is used needs no service name', () => {
  const account = storageAccount('Store', { Store__serviceUri: 'https://127.0.0.1:10002/a' });

  expect(account.table('cars').url).toBe('https://127.0.0.1:10002/a');
});

test('settings are found regardless of the case of their names', () => {
  expect(addresses('store', { STORE: STRING })[0]).toBe('https://one.blob.core.windows.net');
});

test('a binding without a connection uses that of the host', () => {
  expect([{}, { connection: '' }, { connection: 'Store' }].map(connectionOf)).toEqual([
    'AzureWebJobsStorage',
    'AzureWebJobsStorage',
    'Store',
  ]);
});

test('a connection that is not set is named, with the settings that would set it', () => {
  expect(() => storageAccount('Store', {})).toThrow(
    "The connection 'Store' is not set: there is no setting of that name with a " +
      "connection string, and no 'Store__blobServiceUri' or 'Store__accountName'.",
  );
});

test.each(['nonsense', 'AccountName=a', 'DefaultEndpointsProtocol=https;AccountName=a'])(
  'a setting of %j, which is not a connection string, is named, and not shown',
  (text) => {
    const account = storageAccount('Store', { Store: text });
    const words = "The setting 'Store' is not a connection string of a storage account";

    for (const connect of [account.blobs, account.queues, () => account.table('t')]) {
      expect(connect).toThrow(words);
      expect(connect).not.toThrow(text);
    }
  },
);

import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
import { expect, test } from 'vitest';
import { credentialFor } from '../../src/azure/connect';
import { readSettings } from '../../src/settings';

const base = {
  BATCH_ACCOUNT_ENDPOINT: 'https://mybatch.westeurope.batch.azure.com',
  AzureWebJobsStorage__blobServiceUri: 'https://mystore.blob.core.windows.net',
};
const platform = {
  IDENTITY_ENDPOINT: 'http://127.0.0.1:41741/msi/token',
  IDENTITY_HEADER: '0d2f',
};

function kindFor(environment: Readonly<Record<string, string>>): unknown {
  return credentialFor(readSettings({ ...base, ...environment }, new Map())).constructor;
}

test('the app signs in with the managed identity that its platform has [GD18]', () => {
  expect(kindFor(platform)).toBe(ManagedIdentityCredential);
  expect(kindFor({ ...platform, AZURE_CLIENT_ID: '33333333-3333-4333-8333-333333333333' })).toBe(
    ManagedIdentityCredential,
  );
});

test('elsewhere it signs in by the default chain, which begins with a service principal of the environment [GD18]', () => {
  const principal = {
    AZURE_TENANT_ID: '11111111-1111-4111-8111-111111111111',
    AZURE_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
    AZURE_CLIENT_SECRET: 'a secret',
  };

  expect([kindFor({}), kindFor(principal)]).toEqual([
    DefaultAzureCredential,
    DefaultAzureCredential,
  ]);
});

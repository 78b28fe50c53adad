import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import {
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { AzureIdentityCredentialAdapter, type ServiceClientCredentials } from '@azure/ms-rest-js';
import { BlobServiceClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import type { Table } from '../ledger/table';
import { tableOn } from './table';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchAccount, Ports, Secrets } from '../run/ports';
import type { Settings } from '../settings';
import { batchOn } from './batch/batch';
import { httpWithClearedTimers } from './batch/http';
import type { RetryPolicy } from './batch/calls';
import { cloudOf } from './clouds';
import { noSecrets, secretsOn } from './key-vault';
import { accountOn } from './management';
import { filesOn } from './storage';

/** Creates clients and credentials from the settings alone, whether the app runs locally or in Azure. */
export function connect(settings: Settings): Ports & { readonly table: Table } {
  const credential = credentialFor(settings);
  const secrets = secretsFor(settings, credential);
  const batch = batchClientFor(settings, credential, secrets);
  const identity = { kind: 'identity', clientId: settings.identity.clientId } as const;
  const key = { kind: 'key' } as const;
  const account = accountFor(settings, credential);
  return {
    batch: batchOn(batch, pacingOf(settings), settings.batch.accountKey === null ? identity : key),
    files: filesOn(
      blobServiceFor(settings, credential),
      () => new Date(),
      settings.storage.kind === 'connectionString' ? key : identity,
    ),
    secrets,
    table: tableOn(
      tableClientFor(settings, credential),
      settings.storage.kind === 'connectionString' ? key : identity,
    ),
    ...(account !== undefined && { account }),
  };
}

/** Undefined with an account key, because Resource Manager does not accept one. */
function accountFor(settings: Settings, credential: TokenCredential): BatchAccount | undefined {
  const { batch, management, identity } = settings;
  if (management === null || batch.accountKey !== null) return undefined;
  const cloud = cloudOf(batch.endpoint);
  return accountOn({
    endpoint: management.endpoint ?? cloud.management,
    accountId: management.accountId,
    credential,
    scope: `${cloud.management}/.default`,
    caller: { kind: 'identity', clientId: identity.clientId },
    pause: pacingOf(settings).pause,
  });
}

function pacingOf({ serviceRetries: retries }: Settings): RetryPolicy {
  return { pause: (milliseconds) => sleep(milliseconds), random: () => Math.random(), retries };
}

/** The managed identity if the platform has one, otherwise the developer's sign-in (environment, CLI, editor). */
export function credentialFor({ identity }: Settings): TokenCredential {
  if (!identity.managed) return new DefaultAzureCredential();
  return identity.clientId === null
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId: identity.clientId });
}

export function batchClientFor(
  settings: Pick<Settings, 'batch'>,
  credential: TokenCredential,
  secrets: Secrets,
): BatchServiceClient {
  const credentials = batchCredentials(settings, credential, secrets);
  const client = new BatchServiceClient(credentials, settings.batch.endpoint, {
    // The client's retries sleep half a minute or more and never repeat a 429; see batch/calls.ts.
    noRetryPolicy: true,
    httpClient: httpWithClearedTimers(),
  });
  // The client's generated operations take the version from this field when they send a request.
  const { apiVersion } = settings.batch;
  if (apiVersion !== null) client.apiVersion = apiVersion;
  return client;
}

function batchCredentials(
  { batch }: Pick<Settings, 'batch'>,
  credential: TokenCredential,
  secrets: Secrets,
): ServiceClientCredentials {
  const { accountKey } = batch;
  if (accountKey === null) {
    // With a bare credential the client requests a token for Resource Manager, which Batch rejects.
    return new AzureIdentityCredentialAdapter(credential, cloudOf(batch.endpoint).batchScope);
  }
  if (accountKey.kind === 'key')
    return new BatchSharedKeyCredentials(accountKey.name, accountKey.key);
  return {
    signRequest: async (request) => {
      const key = await secrets.read(accountKey.secret);
      return new BatchSharedKeyCredentials(accountKey.name, key).signRequest(request);
    },
  };
}

function blobServiceFor(
  { storage, serviceRetries }: Settings,
  credential: TokenCredential,
): BlobServiceClient {
  const options = { retryOptions: { maxTries: serviceRetries + 1 } };
  return storage.kind === 'connectionString'
    ? BlobServiceClient.fromConnectionString(storage.text, options)
    : new BlobServiceClient(storage.blobServiceUri, credential, options);
}

/** The ledger's table is named after the task hub: what belongs together is found together. */
function tableClientFor(
  { storage, taskHub, serviceRetries: maxRetries }: Settings,
  credential: TokenCredential,
): TableClient {
  const name = `${taskHub.replaceAll(/[^A-Za-z0-9]/g, '')}Ledger`;
  const options = { retryOptions: { maxRetries }, allowInsecureConnection: true };
  return storage.kind === 'connectionString'
    ? TableClient.fromConnectionString(storage.text, name, options)
    : new TableClient(storage.tableServiceUri, name, credential, { retryOptions: { maxRetries } });
}

/**
 * The client checks that the token resource in a vault's challenge matches the vault's domain. Only
 * a vault on the loopback address, which has no domain, is exempt from the check.
 */
function secretsFor(
  { vaultUri, identity, serviceRetries: maxRetries }: Settings,
  credential: TokenCredential,
): Secrets {
  if (vaultUri === null) return noSecrets;
  const { hostname } = new URL(vaultUri);
  const disableChallengeResourceVerification = hostname === '127.0.0.1' || hostname === 'localhost';
  return secretsOn(
    new SecretClient(vaultUri, credential, {
      disableChallengeResourceVerification,
      retryOptions: { maxRetries },
    }),
    { kind: 'identity', clientId: identity.clientId },
  );
}

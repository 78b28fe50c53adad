import {
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Environment } from './settings';

/** The storage account behind a `connection`: a connection string, or addresses and an identity. */
export interface StorageAccount {
  blobs(): BlobServiceClient;
  queues(): QueueServiceClient;
}

/**
 * Looks at the setting `AzureWebJobs<connection>` first, then at `<connection>`. If there is none,
 * `<connection>__blobServiceUri` and its kin say where the account is, and who asks.
 */
export function storageAccount(connection: string, environment: Environment): StorageAccount {
  const names = [`AzureWebJobs${connection}`, connection];
  for (const name of names) {
    const text = environment[name];
    if (text !== undefined && text !== '') return byConnectionString(text);
  }
  for (const name of names) {
    const account = byIdentity(name, environment);
    if (account !== undefined) return account;
  }
  throw new Error(
    `The connection '${connection}' is not set: there is neither a setting of that name, with a connection string, nor '${connection}__blobServiceUri' or '${connection}__accountName'.`,
  );
}

function byConnectionString(text: string): StorageAccount {
  return {
    blobs: () => BlobServiceClient.fromConnectionString(text),
    queues: () => QueueServiceClient.fromConnectionString(text),
  };
}

function byIdentity(name: string, environment: Environment): StorageAccount | undefined {
  const get = (part: string) => environment[`${name}__${part}`] || undefined;
  const account = get('accountName');
  const address = (service: 'blob' | 'queue') =>
    get(`${service}ServiceUri`) ??
    (account === undefined ? undefined : `https://${account}.${service}.core.windows.net`);
  if (address('blob') === undefined && address('queue') === undefined) return undefined;

  const credential = credentialFor(get);
  const need = (service: 'blob' | 'queue') => {
    const uri = address(service);
    if (uri === undefined) throw new Error(`'${name}__${service}ServiceUri' is not set.`);
    return uri;
  };
  return {
    blobs: () => new BlobServiceClient(need('blob'), credential),
    queues: () => new QueueServiceClient(need('queue'), credential),
  };
}

function credentialFor(get: (part: string) => string | undefined): TokenCredential {
  const clientId = get('clientId');
  const tenantId = get('tenantId');
  const clientSecret = get('clientSecret');
  const resourceId = get('managedIdentityResourceId');
  if (get('credential')?.toLowerCase() === 'managedidentity') {
    if (clientId !== undefined) return new ManagedIdentityCredential({ clientId });
    return resourceId === undefined
      ? new ManagedIdentityCredential()
      : new ManagedIdentityCredential({ resourceId });
  }
  if (tenantId !== undefined && clientId !== undefined && clientSecret !== undefined)
    return new ClientSecretCredential(tenantId, clientId, clientSecret);
  return new DefaultAzureCredential();
}

/** Whether a storage request failed because the thing is not there. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Whether it failed because somebody else was faster. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409 || statusOf(error) === 412;
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'statusCode' in error
    ? error.statusCode
    : undefined;
}

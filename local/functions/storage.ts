import {
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import type { TokenCredential } from '@azure/identity';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { settingOf, type Environment } from './settings';

/** The storage account of a `connection`: a connection string, or addresses and an identity. */
export interface StorageAccount {
  blobs(): BlobServiceClient;
  queues(): QueueServiceClient;
  table(name: string): TableClient;
}

/** The connection of a binding. Default: the host's own. */
export function connectionOf({ connection }: Readonly<Record<string, unknown>>): string {
  return typeof connection === 'string' && connection !== '' ? connection : 'AzureWebJobsStorage';
}

/**
 * Reads the setting `AzureWebJobs<connection>` first, then `<connection>`. Without either,
 * `<connection>__blobServiceUri` and similar settings name the account and the identity.
 */
export function storageAccount(connection: string, environment: Environment): StorageAccount {
  const names = [`AzureWebJobs${connection}`, connection];
  for (const name of names) {
    const text = settingOf(environment, name);
    if (text !== undefined && text !== '') return byConnectionString(name, text);
  }
  for (const name of names) {
    const account = byIdentity(name, environment);
    if (account !== undefined) return account;
  }
  throw new Error(
    `The connection '${connection}' is not set: there is no setting of that name with a connection string, and no '${connection}__blobServiceUri' or '${connection}__accountName'.`,
  );
}

function byConnectionString(setting: string, text: string): StorageAccount {
  return {
    blobs: () => read(setting, () => BlobServiceClient.fromConnectionString(text)),
    queues: () => read(setting, () => QueueServiceClient.fromConnectionString(text)),
    table: (name) =>
      read(setting, () =>
        TableClient.fromConnectionString(text, name, { allowInsecureConnection: true }),
      ),
  };
}

/**
 * The clients' message for an invalid connection string names neither the setting nor the error.
 */
function read<Client>(setting: string, connect: () => Client): Client {
  try {
    return connect();
  } catch (cause) {
    throw new Error(
      `The setting '${setting}' is not a connection string of a storage account, which starts with DefaultEndpointsProtocol=, BlobEndpoint= or similar, or is UseDevelopmentStorage=true.`,
      { cause },
    );
  }
}

function byIdentity(name: string, environment: Environment): StorageAccount | undefined {
  const get = (part: string) => settingOf(environment, `${name}__${part}`) || undefined;
  const account = get('accountName');
  const address = (service: Service) =>
    get(`${service}ServiceUri`) ??
    (account === undefined ? undefined : `https://${account}.${service}.core.windows.net`) ??
    // Where only one service is used, its address may be given without the service's name.
    get('serviceUri');
  if (SERVICES.every((service) => address(service) === undefined)) return undefined;

  const credential = credentialFor(get);
  const need = (service: Service) => {
    const uri = address(service);
    if (uri === undefined) throw new Error(`'${name}__${service}ServiceUri' is not set.`);
    return uri;
  };
  return {
    blobs: () => new BlobServiceClient(need('blob'), credential),
    queues: () => new QueueServiceClient(need('queue'), credential),
    table: (table) =>
      new TableClient(need('table'), table, credential, { allowInsecureConnection: true }),
  };
}

const SERVICES = ['blob', 'queue', 'table'] as const;
type Service = (typeof SERVICES)[number];

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

/** Returns whether a storage request failed because the resource does not exist. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Returns whether a storage request failed because another client was faster. */
export function isConflict(error: unknown): boolean {
  return statusOf(error) === 409 || statusOf(error) === 412;
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'statusCode' in error
    ? error.statusCode
    : undefined;
}

import { BatchServiceClient } from '@azure/batch';
import { DefaultAzureCredential } from '@azure/identity';
import { AzureIdentityCredentialAdapter } from '@azure/ms-rest-js';
import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { batchClient, localBlobService } from '../cli/storage-access';
import { isLoopback } from '../http';
import { FIXED_PORTS } from '../ports';
import { AZURITE_ACCOUNT } from '../storage';

/** Addresses of the services of an app, as a person names them. */
export interface Places {
  readonly url: string;
  readonly storage: string | undefined;
  readonly batch: string | undefined;
  /** State of the local environment. */
  readonly folder: string;
}

/**
 * The storage of the app: a loopback address with the published key, another one with the sign-in of
 * the person. Null when it is not named and the app is not local.
 * @throws UserError when the local environment was never started
 */
export function blobsOf({ url, storage, folder }: Places): BlobServiceClient | null {
  const local = `https://127.0.0.1:${FIXED_PORTS.blob}/${AZURITE_ACCOUNT.name}`;
  const address = storage ?? (isLoopback(url) ? local : null);
  if (address === null) return null;
  if (!isLoopback(address)) return new BlobServiceClient(address, new DefaultAzureCredential());
  return localBlobService(address, folder);
}

/** Token scopes of the Batch service by the end of the account's address. */
const BATCH_SCOPES: readonly (readonly [string, string])[] = [
  ['.chinacloudapi.cn', 'https://batch.chinacloudapi.cn/.default'],
  ['.usgovcloudapi.net', 'https://batch.core.usgovcloudapi.net/.default'],
  ['', 'https://batch.core.windows.net/.default'],
];

/** The Batch account, by the same rules as the storage. */
export function batchOf({ url, batch, folder }: Places): BatchServiceClient | null {
  const local = `http://127.0.0.1:${FIXED_PORTS.batch}`;
  const address = batch ?? (isLoopback(url) ? local : null);
  if (address === null) return null;
  if (isLoopback(address)) {
    const account = JSON.parse(readFileSync(join(folder, 'batch-account.json'), 'utf8')) as {
      readonly name: string;
      readonly key: string;
    };
    return batchClient({ batch: { ...account, url: address } });
  }
  const { hostname } = new URL(address);
  const [, scope = ''] = BATCH_SCOPES.find(([end]) => hostname.endsWith(end)) ?? [];
  const credential = new AzureIdentityCredentialAdapter(new DefaultAzureCredential(), scope);
  return new BatchServiceClient(credential, address);
}

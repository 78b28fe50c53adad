import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import { DefaultAzureCredential } from '@azure/identity';
import { AzureIdentityCredentialAdapter } from '@azure/ms-rest-js';
import { BlobServiceClient } from '@azure/storage-blob';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobService } from '../cli/storage-access';
import { certificateFileIn } from '../cli/folders';
import { UserError } from '../error-line';
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

export function isLoopback(address: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(address).hostname);
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
  const certFile = certificateFileIn(folder);
  if (!existsSync(certFile))
    throw new UserError(
      `${certFile} does not exist: run npm start, or name the state with --folder`,
    );
  return blobService({
    storage: { blobUrl: address, account: AZURITE_ACCOUNT },
    certificate: { cert: readFileSync(certFile, 'utf8') },
  });
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
    return new BatchServiceClient(
      new BatchSharedKeyCredentials(account.name, account.key),
      address,
    );
  }
  const { hostname } = new URL(address);
  const [, scope = ''] = BATCH_SCOPES.find(([end]) => hostname.endsWith(end)) ?? [];
  const credential = new AzureIdentityCredentialAdapter(new DefaultAzureCredential(), scope);
  return new BatchServiceClient(credential, address);
}

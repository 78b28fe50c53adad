import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import {
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '../environment';
import { UserError } from '../error-line';
import { AZURITE_ACCOUNT } from '../storage';
import { certificateFileIn } from './folders';

/**
 * Access of a person outside the app: uploading files, downloading results, listing what is in
 * Batch.
 */

/** The credentials for an environment's storage. */
export interface StorageConnection {
  readonly storage: Pick<Environment['storage'], 'blobUrl' | 'account'>;
  readonly certificate: Pick<Environment['certificate'], 'cert'>;
}

export function blobService({ storage, certificate }: StorageConnection): BlobServiceClient {
  const { name, key } = storage.account;
  // NODE_EXTRA_CA_CERTS is read when a process starts; this client gets the certificate itself.
  const options = { retryOptions: { maxTries: 4 }, tlsOptions: { ca: certificate.cert } };
  return new BlobServiceClient(storage.blobUrl, new StorageSharedKeyCredential(name, key), options);
}

/**
 * The storage of the environment whose state is in a folder, at an address of this machine.
 * @throws UserError when the environment was never started
 */
export function localBlobService(blobUrl: string, folder: string): BlobServiceClient {
  const certFile = certificateFileIn(folder);
  if (!existsSync(certFile))
    throw new UserError(
      `${certFile} does not exist: the environment was never started; run npm start`,
    );
  return blobService({
    storage: { blobUrl, account: AZURITE_ACCOUNT },
    certificate: { cert: readFileSync(certFile, 'utf8') },
  });
}

export function batchClient({ batch }: Pick<Environment, 'batch'>): BatchServiceClient {
  const credentials = new BatchSharedKeyCredentials(batch.name, batch.key);
  return new BatchServiceClient(credentials, batch.url, { noRetryPolicy: true });
}

export async function drop(
  service: BlobServiceClient,
  container: string,
  name: string,
  bytes: Buffer | string,
): Promise<void> {
  await (await placeIn(service, container, name)).uploadData(Buffer.from(bytes));
}

async function placeIn(service: BlobServiceClient, container: string, name: string) {
  const target = service.getContainerClient(container);
  await target.createIfNotExists();
  return target.getBlockBlobClient(name);
}

/**
 * Downloads every blob under `prefix` into a folder, without the prefix. Returns the files' paths.
 */
export async function fetchAll(
  service: BlobServiceClient,
  container: string,
  prefix: string,
  folder: string,
): Promise<string[]> {
  const source = service.getContainerClient(container);
  const files: string[] = [];
  for await (const { name } of source.listBlobsFlat({ prefix })) {
    const file = join(folder, name.slice(prefix.length));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await source.getBlobClient(name).downloadToBuffer());
    files.push(file);
  }
  return files;
}

/** Lists the resources that exist, as the services report them. */
export interface Leftovers {
  readonly pools: number;
  readonly jobs: number;
  readonly containers: readonly string[];
}

export async function listLeftovers(environment: Environment): Promise<Leftovers> {
  const client = batchClient(environment);
  const containers: string[] = [];
  for await (const { name } of blobService(environment).listContainers({ prefix: 'run-' })) {
    containers.push(name);
  }
  return {
    pools: (await client.pool.list()).length,
    jobs: (await client.job.list()).length,
    containers,
  };
}

/** An address that allows anyone who has it to upload files to a container, for a day. */
export async function dropUrl(
  service: BlobServiceClient,
  container: string,
  until: Date,
): Promise<string> {
  const target = service.getContainerClient(container);
  await target.createIfNotExists();
  return target.generateSasUrl({
    permissions: ContainerSASPermissions.parse('cw'),
    expiresOn: until,
  });
}

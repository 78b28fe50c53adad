import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { autoStorage, packageStore } from './batch/auto-storage';
import type { AutoStorageMode } from './batch/auto-storage-mode';
import { startBatch } from './batch/server';
import type { Timings } from './batch/timings';
import { scaledClock, type ClockPace } from './clock';
import { isSigned } from './identity';
import { runPart } from './part';
import { AZURITE_ACCOUNT } from './storage';

/**
 * The Batch stand-in as a part of the local environment: a child process, configured by its parent.
 */
export interface BatchPartOptions {
  readonly folder: string;
  readonly port: number;
  readonly account: { readonly name: string; readonly key: string };
  readonly clock: ClockPace;
  readonly authority: { readonly issuer: string; readonly signingKey: string };
  /** The PATH of tasks. */
  readonly path: string;
  /** The certificate authority that tasks trust in addition to the public ones. */
  readonly certificateFile: string;
  /** The only storage account: mounts use it for every account name. */
  readonly blobUrl: string;
  readonly autoStorageMode: AutoStorageMode;
  readonly timings?: Partial<Timings>;
}

runPart<BatchPartOptions>((options) => {
  const signingKey = Buffer.from(options.authority.signingKey, 'base64');
  const storageKey = new StorageSharedKeyCredential(AZURITE_ACCOUNT.name, AZURITE_ACCOUNT.key);
  const blobs = new BlobServiceClient(options.blobUrl, storageKey);
  return startBatch({
    clock: scaledClock(options.clock),
    folder: options.folder,
    port: options.port,
    account: options.account,
    entra: {
      issuers: [options.authority.issuer],
      verify: (token) => isSigned(token, signingKey),
    },
    ...(options.timings !== undefined && { timings: options.timings }),
    log: (line) => process.stdout.write(`${line}\n`),
    random: Math.random,
    path: options.path,
    blobEndpoint: () => options.blobUrl,
    autoStorageContainer: autoStorage(blobs),
    autoStorageMode: options.autoStorageMode,
    packageStore: packageStore(blobs, storageKey),
    environment: { NODE_EXTRA_CA_CERTS: options.certificateFile },
  });
});

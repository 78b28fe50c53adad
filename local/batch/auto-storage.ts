import {
  BlobSASPermissions,
  type BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  type StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { createHash } from 'node:crypto';
import { realClock } from '../clock';
import type { PackageStore } from './auto-storage-mode';
import type { BatchOptions } from './server';

const DAY_MS = 86_400_000;

/**
 * The storage account of `autoStorageContainerName`: returns container addresses that can be read
 * for a day.
 */
export function autoStorage(
  service: BlobServiceClient,
): NonNullable<BatchOptions['autoStorageContainer']> {
  return (name) =>
    service.getContainerClient(name).generateSasUrl({
      permissions: ContainerSASPermissions.parse('rl'),
      expiresOn: new Date(realClock.now().getTime() + DAY_MS),
    });
}

/** Keeps archives as the service does: one container for each application, one blob for each version. */
export function packageStore(
  service: BlobServiceClient,
  credential: StorageSharedKeyCredential,
): PackageStore {
  const placeOf = (application: string, version: string) => {
    const hash = createHash('sha256').update(application.toLowerCase()).digest('hex').slice(0, 40);
    const start = application
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .slice(0, 12);
    const container = service.getContainerClient(`app-${start}${hash.slice(start.length)}`);
    return { container, blob: container.getBlockBlobClient(`${application}-${version}`) };
  };
  return {
    put: async (application, version, archive) => {
      const { container, blob } = placeOf(application, version);
      await container.createIfNotExists();
      await blob.uploadData(archive);
    },
    addressOf: (application, version) => {
      const { container, blob } = placeOf(application, version);
      const signature = generateBlobSASQueryParameters(
        {
          containerName: container.containerName,
          blobName: blob.name,
          permissions: BlobSASPermissions.parse('r'),
          expiresOn: new Date(realClock.now().getTime() + DAY_MS),
        },
        credential,
      );
      return `${blob.url}?${signature.toString()}`;
    },
  };
}

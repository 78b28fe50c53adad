import { type BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { realClock } from '../clock';
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

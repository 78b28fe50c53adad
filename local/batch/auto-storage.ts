import { type BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { realClock } from '../clock';
import type { BatchOptions } from './server';

const DAY_MS = 86_400_000;

/** The storage account that `autoStorageContainerName` means: its containers, with a day to read them. */
export function autoStorage(
  service: BlobServiceClient,
): NonNullable<BatchOptions['autoStorageContainer']> {
  return (name) =>
    service.getContainerClient(name).generateSasUrl({
      permissions: ContainerSASPermissions.parse('rl'),
      expiresOn: new Date(realClock.now().getTime() + DAY_MS),
    });
}

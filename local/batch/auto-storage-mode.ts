/**
 * Authentication of the account at its linked storage account. With the account's own identity no
 * node can download application packages here: pools of the data plane have no identity.
 */
export const autoStorageModes = ['StorageKeys', 'BatchAccountManagedIdentity'] as const;

export type AutoStorageMode = (typeof autoStorageModes)[number];

export function isAutoStorageMode(name: string): name is AutoStorageMode {
  return autoStorageModes.some((mode) => mode === name);
}

/** Archives of application packages in the auto-storage account, as the service keeps them. */
export interface PackageStore {
  put(application: string, version: string, archive: Buffer): Promise<void>;
  /** The address of an archive, with a signature. */
  addressOf(application: string, version: string): string;
}

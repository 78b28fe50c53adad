/** A machine image of the Azure marketplace. */
export interface Marketplace {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
}

/** Names for the images that most workloads use. Batch supports Ubuntu 22.04 until 30 June 2027. */
export const imageNames = {
  'ubuntu-24.04': { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
  'ubuntu-24.04-arm64': { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server-arm64' },
  'ubuntu-22.04': {
    publisher: 'canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts',
  },
  /** Includes a container runtime. */
  'ubuntu-hpc-24.04': { publisher: 'microsoft-dsvm', offer: 'ubuntu-hpc', sku: '2404' },
  'ubuntu-hpc-22.04': { publisher: 'microsoft-dsvm', offer: 'ubuntu-hpc', sku: '2204' },
  'debian-12': { publisher: 'debian', offer: 'debian-12', sku: '12-gen2' },
  'almalinux-9': { publisher: 'almalinux', offer: 'almalinux-x86_64', sku: '9-gen2' },
} as const satisfies Record<string, Marketplace>;

export type ImageName = keyof typeof imageNames;

import type { Account } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { stateField } from '../wire/fields';
import { type Listing, pageOf } from '../wire/page';

interface Image {
  readonly agent: string;
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly capabilities?: readonly string[];
  readonly endOfLife?: string;
}

const DOCKER = ['DockerCompatible'];

/**
 * Images that a pool can be created from, each with its node agent. Marketplace images only.
 *
 * Unlike Azure: images that were retired since are listed as well, verified and with the end date
 * of their support: programs of this version's time look them up, and every node is this machine.
 */
const images: readonly Image[] = [
  {
    agent: 'batch.node.ubuntu 24.04',
    publisher: 'canonical',
    offer: 'ubuntu-24_04-lts',
    sku: 'server',
  },
  {
    agent: 'batch.node.ubuntu 24.04',
    publisher: 'microsoft-dsvm',
    offer: 'ubuntu-hpc',
    sku: '2404',
    capabilities: DOCKER,
  },
  {
    agent: 'batch.node.ubuntu 22.04',
    publisher: 'canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts',
    endOfLife: '2027-06-30T00:00:00Z',
  },
  {
    agent: 'batch.node.ubuntu 22.04',
    publisher: 'microsoft-dsvm',
    offer: 'ubuntu-hpc',
    sku: '2204',
    capabilities: DOCKER,
    endOfLife: '2027-06-30T00:00:00Z',
  },
  { agent: 'batch.node.debian 12', publisher: 'debian', offer: 'debian-12', sku: '12-gen2' },
  { agent: 'batch.node.el 9', publisher: 'almalinux', offer: 'almalinux-x86_64', sku: '9-gen2' },
  { agent: 'batch.node.el 8', publisher: 'almalinux', offer: 'almalinux-x86_64', sku: '8-gen2' },
  {
    agent: 'batch.node.ubuntu 20.04',
    publisher: 'canonical',
    offer: '0001-com-ubuntu-server-focal',
    sku: '20_04-lts',
    endOfLife: '2025-04-23T00:00:00Z',
  },
  {
    agent: 'batch.node.ubuntu 20.04',
    publisher: 'microsoft-azure-batch',
    offer: 'ubuntu-server-container',
    sku: '20-04-lts',
    capabilities: DOCKER,
    endOfLife: '2025-04-23T00:00:00Z',
  },
  {
    agent: 'batch.node.ubuntu 18.04',
    publisher: 'canonical',
    offer: 'ubuntuserver',
    sku: '18.04-lts',
    endOfLife: '2023-05-31T00:00:00Z',
  },
  {
    agent: 'batch.node.windows amd64',
    publisher: 'microsoftwindowsserver',
    offer: 'windowsserver',
    sku: '2022-datacenter',
  },
  {
    agent: 'batch.node.windows amd64',
    publisher: 'microsoftwindowsserver',
    offer: 'windowsserver',
    sku: '2019-datacenter-core',
  },
  {
    agent: 'batch.node.windows amd64',
    publisher: 'microsoftwindowsserver',
    offer: 'windowsserver',
    sku: '2019-datacenter',
  },
];

const imageListing: Listing = {
  metadata: 'supportedimages',
  filterable: [stateField('osType'), stateField('verificationType'), stateField('nodeAgentSKUId')],
  selectable: [],
};

/** GET /supportedimages */
export function listImages(_: Account, call: Call): Reply {
  return pageOf(call, imageListing, (after) =>
    images
      .map((image, index) => ({ seq: index + 1, view: () => imageView(image) }))
      .filter(({ seq }) => seq > after),
  );
}

/** The node agents of an image, in lower case; none for an image that is not listed. Names ignore case. */
export function agentsOf(wanted: Pick<Image, 'publisher' | 'offer' | 'sku'>): readonly string[] {
  const name = nameOf(wanted);
  return images.filter((image) => nameOf(image) === name).map(({ agent }) => agent.toLowerCase());
}

function nameOf({ publisher, offer, sku }: Pick<Image, 'publisher' | 'offer' | 'sku'>): string {
  return `${publisher} ${offer} ${sku}`.toLowerCase();
}

/** Unlike Azure: the nodes of a pool are this machine, independent of the image. */
function imageView({ agent, publisher, offer, sku, capabilities, endOfLife }: Image): object {
  return {
    nodeAgentSKUId: agent,
    imageReference: { publisher, offer, sku, version: 'latest' },
    osType: agent.includes('windows') ? 'windows' : 'linux',
    capabilities: capabilities ?? [],
    ...(endOfLife !== undefined && { batchSupportEndOfLife: endOfLife }),
    verificationType: 'verified',
  };
}

import { Failure } from '../../failure';
import { imageNames, type ImageName, type Marketplace } from '../../workload/image-names';
import type { Image, SupportedImage } from '../ports';
import { usesContainers, type Workload } from '../../workload/workload';

/** Default image: Ubuntu, and for container tasks an Ubuntu with a container runtime. */
const DEFAULT_IMAGE: ImageName = 'ubuntu-24.04';
const DEFAULT_CONTAINER_IMAGE: ImageName = 'ubuntu-hpc-24.04';

const DAY_MS = 86_400_000;
/** An image whose support ends within this many days leads to a warning. */
const WARNING_DAYS = 90;

export interface ChosenImage {
  readonly image: Image;
  readonly warnings: readonly string[];
}

/**
 * Resolves the declared image to one that Batch supports. The declaration names the image only;
 * the service knows its node agent and its end of support.
 * @throws Failure badSpecification when the service does not support the image
 */
export function chooseImage(
  workload: Workload,
  supported: readonly SupportedImage[],
  now: string,
): ChosenImage {
  const containers = usesContainers(workload);
  const declared = workload.pool.image ?? (containers ? DEFAULT_CONTAINER_IMAGE : DEFAULT_IMAGE);
  if (typeof declared === 'object' && 'gallery' in declared) {
    return galleryImage(declared, supported);
  }

  const [name, marketplace] = imageOf(declared);
  const version = typeof declared === 'object' ? declared.version : 'latest';
  const agent = typeof declared === 'object' ? declared.nodeAgent : undefined;
  const found = supported.filter(
    (image) => sameImage(image, marketplace) && (agent ?? image.nodeAgent) === image.nodeAgent,
  );
  const [match] = found;
  if (match === undefined)
    throw imageError(name, explainUnknownImage(marketplace, agent, supported));
  if (isPastEndOfLife(match, now)) {
    throw imageError(
      name,
      `Batch has created no new pools with it since ${endOfLifeDay(match)}; choose a newer image`,
    );
  }
  if (containers && !match.runsContainers) {
    throw imageError(
      name,
      `it has no container runtime, and the tasks run in containers; choose ${DEFAULT_CONTAINER_IMAGE}, or another image with the capability DockerCompatible`,
    );
  }
  return {
    image: { kind: 'marketplace', ...marketplace, version, nodeAgent: match.nodeAgent },
    warnings: endOfLifeWarnings(name, match, now),
  };
}

function galleryImage(
  { gallery, nodeAgent }: { readonly gallery: string; readonly nodeAgent: string },
  supported: readonly SupportedImage[],
): ChosenImage {
  const agents = [...new Set(supported.map((image) => image.nodeAgent))];
  if (!agents.includes(nodeAgent)) {
    throw imageError(
      gallery,
      `Batch does not support the node agent "${nodeAgent}"; it supports ${agents.join(', ')}`,
    );
  }
  return { image: { kind: 'gallery', id: gallery, nodeAgent }, warnings: [] };
}

function imageOf(declared: ImageName | Marketplace): readonly [string, Marketplace] {
  if (typeof declared === 'string') return [declared, imageNames[declared]];
  const { publisher, offer, sku } = declared;
  return [`${publisher} ${offer} ${sku}`, { publisher, offer, sku }];
}

/** Azure ignores case in publisher, offer and SKU. */
function sameImage(one: Marketplace, other: Marketplace): boolean {
  return formatImage(one) === formatImage(other);
}

function formatImage({ publisher, offer, sku }: Marketplace): string {
  return `${publisher} ${offer} ${sku}`.toLowerCase();
}

function explainUnknownImage(
  wanted: Marketplace,
  agent: string | undefined,
  supported: readonly SupportedImage[],
): string {
  const agents = supported.filter((image) => sameImage(image, wanted)).map((one) => one.nodeAgent);
  if (agents.length > 0) {
    return `its node agent is ${agents.join(' or ')} and not "${agent ?? ''}"; leave nodeAgent out`;
  }
  const similar = supported.filter(
    ({ offer }) => offer.toLowerCase() === wanted.offer.toLowerCase(),
  );
  const known = (similar.length > 0 ? similar : supported).map(formatImage).slice(0, 12).join(', ');
  return `the Batch account does not support it; it supports ${known === '' ? 'none' : known}`;
}

function isPastEndOfLife({ endOfLife }: SupportedImage, now: string): boolean {
  return endOfLife !== null && Date.parse(endOfLife) <= Date.parse(now);
}

function endOfLifeWarnings(name: string, match: SupportedImage, now: string): readonly string[] {
  if (match.endOfLife === null) return [];
  const days = (Date.parse(match.endOfLife) - Date.parse(now)) / DAY_MS;
  if (days > WARNING_DAYS) return [];
  return [
    `pool.image: Batch supports ${name} until ${endOfLifeDay(match)}, ${Math.floor(days)} days from now; choose a newer image`,
  ];
}

function endOfLifeDay({ endOfLife }: SupportedImage): string {
  return (endOfLife ?? '').slice(0, 10);
}

function imageError(name: string, reason: string): Failure {
  return new Failure('badSpecification', `pool.image "${name}" cannot be used: ${reason}`);
}

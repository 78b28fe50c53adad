import { Failure } from '../../failure';
import { imageNames, type ImageName, type Marketplace } from '../../workload/image-names';
import type { Image, SupportedImage } from '../ports';
import { usesContainers, type Workload } from '../../workload/workload';

/**
 * Which machine image a pool is made of, and the node agent that fits it. A declaration names an
 * image; the service knows which agent runs on it and until when, and is asked when a pool is made.
 */

/** Without a word in the declaration: Ubuntu, and where tasks are containers the one that has a runtime. */
const DEFAULT_IMAGE: ImageName = 'ubuntu-24.04';
const DEFAULT_CONTAINER_IMAGE: ImageName = 'ubuntu-hpc-24.04';

const DAY_MS = 86_400_000;
/** An image whose support ends within this time is worth a word. */
const NEAR_DAYS = 90;

export interface ChosenImage {
  readonly image: Image;
  readonly warnings: readonly string[];
}

/** @throws Failure badSpecification when the service has no such image (any more) */
export function chooseImage(
  workload: Workload,
  supported: readonly SupportedImage[],
  now: string,
): ChosenImage {
  const containers = usesContainers(workload);
  const wanted = workload.pool.image ?? (containers ? DEFAULT_CONTAINER_IMAGE : DEFAULT_IMAGE);
  if (typeof wanted === 'object' && 'gallery' in wanted) return galleryImage(wanted, supported);

  const [name, marketplace] = named(wanted);
  const version = typeof wanted === 'object' ? wanted.version : 'latest';
  const agent = typeof wanted === 'object' ? wanted.nodeAgent : undefined;
  const found = supported.filter(
    (image) => sameImage(image, marketplace) && (agent ?? image.nodeAgent) === image.nodeAgent,
  );
  const [match] = found;
  if (match === undefined) throw refused(name, unknownImage(marketplace, agent, supported));
  if (isOver(match, now)) {
    throw refused(
      name,
      `Batch has made no new pool of it since ${dayOf(match)}; choose a newer image`,
    );
  }
  if (containers && !match.runsContainers) {
    throw refused(
      name,
      `it has no container runtime, and the tasks are containers; choose ${DEFAULT_CONTAINER_IMAGE}, or another whose capabilities say DockerCompatible`,
    );
  }
  return {
    image: { kind: 'marketplace', ...marketplace, version, nodeAgent: match.nodeAgent },
    warnings: endingSoon(name, match, now),
  };
}

function galleryImage(
  { gallery, nodeAgent }: { readonly gallery: string; readonly nodeAgent: string },
  supported: readonly SupportedImage[],
): ChosenImage {
  const agents = [...new Set(supported.map((image) => image.nodeAgent))];
  if (!agents.includes(nodeAgent)) {
    throw refused(gallery, `Batch has no node agent "${nodeAgent}"; it has ${agents.join(', ')}`);
  }
  return { image: { kind: 'gallery', id: gallery, nodeAgent }, warnings: [] };
}

function named(wanted: ImageName | Marketplace): readonly [string, Marketplace] {
  if (typeof wanted === 'string') return [wanted, imageNames[wanted]];
  const { publisher, offer, sku } = wanted;
  return [`${publisher} ${offer} ${sku}`, { publisher, offer, sku }];
}

/** Azure compares publisher, offer and sku without regard to case. */
function sameImage(one: Marketplace, other: Marketplace): boolean {
  return textOf(one) === textOf(other);
}

function textOf({ publisher, offer, sku }: Marketplace): string {
  return `${publisher} ${offer} ${sku}`.toLowerCase();
}

function unknownImage(
  wanted: Marketplace,
  agent: string | undefined,
  supported: readonly SupportedImage[],
): string {
  const agents = supported.filter((image) => sameImage(image, wanted)).map((one) => one.nodeAgent);
  if (agents.length > 0) {
    return `its node agent is ${agents.join(' or ')} and not "${agent ?? ''}"; leave nodeAgent out`;
  }
  const kin = supported.filter(({ offer }) => offer.toLowerCase() === wanted.offer.toLowerCase());
  const known = (kin.length > 0 ? kin : supported).map(textOf).slice(0, 12).join(', ');
  return `the Batch account does not support it; it supports ${known === '' ? 'none' : known}`;
}

function isOver({ endOfLife }: SupportedImage, now: string): boolean {
  return endOfLife !== null && Date.parse(endOfLife) <= Date.parse(now);
}

function endingSoon(name: string, match: SupportedImage, now: string): readonly string[] {
  if (match.endOfLife === null) return [];
  const days = (Date.parse(match.endOfLife) - Date.parse(now)) / DAY_MS;
  if (days > NEAR_DAYS) return [];
  return [
    `pool.image: Batch supports ${name} until ${dayOf(match)}, ${Math.floor(days)} days from now; choose a newer image`,
  ];
}

function dayOf({ endOfLife }: SupportedImage): string {
  return (endOfLife ?? '').slice(0, 10);
}

function refused(name: string, why: string): Failure {
  return new Failure('badSpecification', `pool.image "${name}" cannot be used: ${why}`);
}

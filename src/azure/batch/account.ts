import type { SupportedImage } from '../../run/ports';
import { listAll, nullIfNotFound, REQUEST_TIMEOUT_SECONDS, type Service } from './calls';
import { lower } from './views';

/** What the Batch account offers to all pools: images and application packages. */

/** How a container runtime is listed among the capabilities of an image. */
const RUNS_CONTAINERS = 'dockercompatible';

export async function supportedImages({
  client,
  call,
}: Service): Promise<readonly SupportedImage[]> {
  const images = await listAll(
    () => call(() => client.account.listSupportedImages(REQUEST_TIMEOUT_SECONDS)),
    (next) => call(() => client.account.listSupportedImagesNext(next, REQUEST_TIMEOUT_SECONDS)),
  );
  return images.map(({ imageReference, nodeAgentSKUId, batchSupportEndOfLife, capabilities }) => ({
    publisher: imageReference.publisher ?? '',
    offer: imageReference.offer ?? '',
    sku: imageReference.sku ?? '',
    nodeAgent: nodeAgentSKUId,
    endOfLife: batchSupportEndOfLife?.toISOString() ?? null,
    runsContainers: (capabilities ?? []).some((name) => lower(name) === RUNS_CONTAINERS),
  }));
}

/**
 * The service does not say which version is the default: that is for its management plane
 * (management.ts). A reference without a version to an application without a default is refused when
 * the pool is made, before it has a node.
 */
export async function packageVersions(
  { client, call }: Service,
  application: string,
): Promise<readonly string[] | null> {
  const found = await nullIfNotFound(
    call(() => client.application.get(application, REQUEST_TIMEOUT_SECONDS)),
  );
  return found === null ? null : found.versions;
}

import type { SupportedImage } from '../../run/ports';
import { listAll, nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';
import { lower } from './views';

/** Images, application packages and job schedules of the Batch account. */

/** The capability of images with a container runtime, in lower case. */
const CONTAINER_CAPABILITY = 'dockercompatible';

export async function supportedImages({
  client,
  call,
}: Service): Promise<readonly SupportedImage[]> {
  const images = await listAll(
    () => call(() => client.account.listSupportedImages(REQUEST_TIMEOUT)),
    (next) => call(() => client.account.listSupportedImagesNext(next, REQUEST_TIMEOUT)),
  );
  return images.map(({ imageReference, nodeAgentSKUId, batchSupportEndOfLife, capabilities }) => ({
    publisher: imageReference.publisher ?? '',
    offer: imageReference.offer ?? '',
    sku: imageReference.sku ?? '',
    nodeAgent: nodeAgentSKUId,
    endOfLife: batchSupportEndOfLife?.toISOString() ?? null,
    runsContainers: (capabilities ?? []).some((name) => lower(name) === CONTAINER_CAPABILITY),
  }));
}

/**
 * Lists versions. The default version is available on the management plane only (management.ts).
 * Batch rejects a pool that references an application without version and default version.
 */
export async function packageVersions(
  { client, call }: Service,
  application: string,
): Promise<readonly string[] | null> {
  const found = await nullIfNotFound(
    call(() => client.application.get(application, REQUEST_TIMEOUT)),
  );
  return found === null ? null : found.versions;
}

/** A schedule that is disabled, ends or has ended makes no more jobs. */
export async function hasJobSchedule({ client, call }: Service, id: string): Promise<boolean> {
  const options = { jobScheduleGetOptions: { select: 'id,state' }, ...REQUEST_TIMEOUT };
  const found = await nullIfNotFound(call(() => client.jobSchedule.get(id, options)));
  return lower(found?.state) === 'active';
}

import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { z } from 'zod';
import { Failure } from '../failure';
import type { Ports } from '../run/ports';
import type { Workload, Workloads } from '../workload/workload';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';
import { isInput, matches } from '../workload/input-names';
import type { StartContext } from '../instances';

/**
 * The run stages the blob itself, pinned to its ETag; the trigger hands nothing of it over. A blob
 * that was overwritten meanwhile is taken in its new version, whose own event then finds the run
 * started.
 */
export function blobHandler({ files }: Ports, workload: Workload) {
  return async (
    _blob: unknown,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    await startForBlob({ client, files, context }, workload, firedBy(context));
  };
}

/** A blob in one version, as an event tells of it. */
interface BlobEvent {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
}

interface Reception extends StartContext {
  readonly context: InvocationContext;
}

async function startForBlob(
  { client, files, context }: Reception,
  workload: Workload,
  { container, name, etag: firedFor }: BlobEvent,
): Promise<void> {
  const { triggers, inputs } = workload;
  if (!matches(name, triggers.blob?.endsWith ?? []) || !isInput(name, inputs)) {
    context.log(
      `${JSON.stringify(name)} is none of the files that start ${workload.name}; it is left alone`,
    );
    return;
  }
  const etag = (await currentEtag(files, container, name)) ?? firedFor;
  const { runId, isNew } = await startRun({ client, files }, workload, {
    workload: workload.name,
    occurrence: { kind: 'blob', container, name, etag },
    parameters: parametersOf(workload, {}),
    blob: name,
  });
  context.log(
    isNew ? `run ${runId} started` : `run ${runId} had been started for this blob already`,
  );
}

/** Where the host puts the event of a blob that it could not hand over, or not without an error. */
export const BLOB_POISON_QUEUE = 'webjobs-blobtrigger-poison';

/**
 * What the host writes of such a blob: BlobTriggerMessage of the storage extension, in
 * https://github.com/Azure/azure-webjobs-sdk
 */
const poisonMessage = z.looseObject({
  FunctionId: z.string(),
  ContainerName: z.string(),
  BlobName: z.string(),
  ETag: z.string().nullish(),
});

/**
 * The host reads a blob before it calls a function, and cannot read one whose name no client can
 * address; or the start failed five times. The run is started all the same: either it does the work
 * now, or its record says what is wrong with the blob, which the host says in its log alone.
 */
export function poisonBlobHandler({ files }: Ports, workloads: Workloads) {
  return async (
    message: unknown,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const checked = poisonMessage.safeParse(message);
    const workload = checked.success ? watcherOf(workloads, checked.data.FunctionId) : undefined;
    if (!checked.success || workload === undefined) {
      // Another app on the same account has the same queue: what is its is kept, beside the queue.
      throw new Error(
        `a message in ${BLOB_POISON_QUEUE} is about no workload of this app; it goes to ${BLOB_POISON_QUEUE}-poison`,
      );
    }
    const { ContainerName: container, BlobName: name, ETag } = checked.data;
    const etag = (ETag ?? 'unknown').replaceAll('"', '');
    context.warn(`the host could not hand over ${JSON.stringify(`${container}/${name}`)}`);
    await startForBlob({ client, files, context }, workload, { container, name, etag });
  };
}

/** The function that watches the container of a workload. */
export function blobFunctionOf({ name }: Workload): string {
  return `${name}-blob`;
}

/** Functions are known to the host as `Host.Functions.<name>`, in any case. */
function watcherOf(workloads: Workloads, functionId: string): Workload | undefined {
  const name = functionId.slice(functionId.lastIndexOf('.') + 1).toLowerCase();
  return [...workloads.values()].find(
    (workload) => workload.triggers.blob !== undefined && blobFunctionOf(workload) === name,
  );
}

/** Null when the blob is gone or cannot be addressed: the run that is started all the same says so. */
async function currentEtag(
  files: Ports['files'],
  container: string,
  name: string,
): Promise<string | null> {
  try {
    return (await files.find(container, name))?.etag ?? null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'inputRefused') return null;
    throw error;
  }
}

/** The trigger's own account of the blob: `container/path/name`, and properties with an ETag. */
function firedBy({ triggerMetadata = {} }: InvocationContext): BlobEvent {
  const path = String(triggerMetadata['blobTrigger']);
  const slash = path.indexOf('/');
  const properties = (triggerMetadata['properties'] ?? {}) as { eTag?: string; etag?: string };
  return {
    container: path.slice(0, slash),
    name: path.slice(slash + 1),
    etag: (properties.eTag ?? properties.etag ?? 'unknown').replaceAll('"', ''),
  };
}

import type { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { z } from 'zod';
import { Failure } from '../failure';
import type { App } from '../app';
import type { Ports } from '../run/ports';
import type { Workload, Workloads } from '../workload/workload';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';
import { isInput, matches } from '../workload/input-names';

/**
 * Starts a run for a new blob. The run stages the blob itself, pinned to its ETag; the trigger passes
 * no content. If the blob has been overwritten meanwhile, the run takes the new version, and the
 * event of that version finds the run started.
 */
export function blobHandler(app: App, workload: Workload) {
  return async (
    _blob: unknown,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    await startForBlob({ client, app, context }, workload, eventOf(context));
  };
}

/** One version of a blob, as in the event about it. */
interface BlobEvent {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
}

interface BlobStartContext {
  readonly app: App;
  readonly client: DurableClient;
  readonly context: InvocationContext;
}

async function startForBlob(
  { client, app, context }: BlobStartContext,
  workload: Workload,
  { container, name, etag: eventEtag }: BlobEvent,
): Promise<void> {
  const { triggers, inputs } = workload;
  if (!matches(name, triggers.blob?.endsWith ?? []) || !isInput(name, inputs)) {
    context.log(
      `${JSON.stringify(name)} does not start a run of ${workload.name}; the blob is ignored`,
    );
    return;
  }
  const etag = (await currentEtag(app.files, container, name)) ?? eventEtag;
  const { runId, isNew } = await startRun(app, client, workload, {
    workload: workload.name,
    occurrence: { kind: 'blob', container, name, etag },
    parameters: parametersOf(workload, {}),
    blob: name,
  });
  context.log(
    isNew ? `run ${runId} started` : `run ${runId} had already been started for this blob`,
  );
}

/** The queue to which the host moves events of blobs that it could not deliver without an error. */
export const BLOB_POISON_QUEUE = 'webjobs-blobtrigger-poison';

/**
 * A message of the poison queue: BlobTriggerMessage of the storage extension, in
 * https://github.com/Azure/azure-webjobs-sdk
 */
const poisonMessage = z.looseObject({
  FunctionId: z.string(),
  ContainerName: z.string(),
  BlobName: z.string(),
  ETag: z.string().nullish(),
});

/**
 * Starts runs for blobs that the host could not deliver: their names cannot be addressed by a client,
 * or the start failed five times. The run either does the work now, or its record has the reason,
 * which is otherwise in the log of the host only.
 */
export function poisonBlobHandler(app: App) {
  return async (
    message: unknown,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const checked = poisonMessage.safeParse(message);
    const workload = checked.success
      ? watcherOf(app.workloads, checked.data.FunctionId)
      : undefined;
    if (!checked.success || workload === undefined) {
      // Another app on the same account shares the queue: its messages are kept in the next poison queue.
      throw new Error(
        `a message in ${BLOB_POISON_QUEUE} is not about a workload of this app; it is moved to ${BLOB_POISON_QUEUE}-poison`,
      );
    }
    const { ContainerName: container, BlobName: name, ETag } = checked.data;
    const etag = (ETag ?? 'unknown').replaceAll('"', '');
    context.warn(`the host could not deliver ${JSON.stringify(`${container}/${name}`)}`);
    await startForBlob({ client, app, context }, workload, { container, name, etag });
  };
}

/** The name of the function that watches the container of a workload. */
export function blobFunctionOf({ name }: Workload): string {
  return `${name}-blob`;
}

/** The workload of a function, which the host knows as `Host.Functions.<name>`, in any case. */
function watcherOf(workloads: Workloads, functionId: string): Workload | undefined {
  const name = functionId.slice(functionId.lastIndexOf('.') + 1).toLowerCase();
  return [...workloads.values()].find(
    (workload) => workload.triggers.blob !== undefined && blobFunctionOf(workload) === name,
  );
}

/** The ETag of a blob; null when it was deleted or cannot be addressed, which the record of the run then says. */
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

/** The blob of the trigger's metadata: `container/path/name`, and properties with an ETag. */
function eventOf({ triggerMetadata = {} }: InvocationContext): BlobEvent {
  const path = String(triggerMetadata['blobTrigger']);
  const slash = path.indexOf('/');
  const properties = (triggerMetadata['properties'] ?? {}) as { eTag?: string; etag?: string };
  return {
    container: path.slice(0, slash),
    name: path.slice(slash + 1),
    etag: (properties.eTag ?? properties.etag ?? 'unknown').replaceAll('"', ''),
  };
}

import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
} from 'durable-functions';
import type { Files } from './run/ports';
import { POLL_NOW, RUN_ORCHESTRATION } from './run/workflow';
import { cancelBlob, RUNS_CONTAINER } from './run/names';

/** The one way in: whatever the trigger, a run starts here, and the same occurrence starts it once. */

export interface StartContext {
  readonly client: DurableClient;
  readonly files: Files;
}

/** What the library rejects with then; other refusals may hold a 404 of somebody else's. */
const NOT_THERE = 'replied with HTTP 404 response';

/** Null when there is no such instance. */
export async function findInstance(
  client: DurableClient,
  runId: string,
): Promise<DurableOrchestrationStatus | null> {
  try {
    return await client.getStatus(runId);
  } catch (error) {
    if (error instanceof Error && error.message.includes(NOT_THERE)) return null;
    throw error;
  }
}

const { Pending, Running, Suspended, ContinuedAsNew } = OrchestrationRuntimeStatus;

/** True for an orchestration of a run that has not ended. */
export function isActive({ name, runtimeStatus }: DurableOrchestrationStatus): boolean {
  return (
    name === RUN_ORCHESTRATION &&
    [Pending, Running, Suspended, ContinuedAsNew].includes(runtimeStatus)
  );
}

/** The ids of all runs that have not ended. */
export async function activeRunIds(client: DurableClient): Promise<readonly string[]> {
  const going = await client.getStatusBy({ runtimeStatus: [Pending, Running, Suspended] });
  return going.filter(({ name }) => name === RUN_ORCHESTRATION).map(({ instanceId }) => instanceId);
}

/**
 * Asks a run to end and clean up. The request is a blob, which the run reads at each of its looks;
 * the event only has it look now. An event alone could get lost while a run continues as new.
 */
export async function cancelRun({ client, files }: StartContext, runId: string): Promise<void> {
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, cancelBlob(runId), '');
  await client.raiseEvent(runId, POLL_NOW, {});
}

import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
} from 'durable-functions';
import type { Files } from './run/ports';
import { POLL_NOW, RUN_ORCHESTRATION } from './run/workflow';
import { cancelBlob, RUNS_CONTAINER } from './run/names';

/** The clients that starting and cancelling runs needs. */
export interface StartContext {
  readonly client: DurableClient;
  readonly files: Files;
}

/** The error of the library for an unknown instance; other errors may contain a 404 of another service. */
const NOT_FOUND = 'replied with HTTP 404 response';

/** The status of a run's orchestration; null when there is none. */
export async function findInstance(
  client: DurableClient,
  runId: string,
): Promise<DurableOrchestrationStatus | null> {
  try {
    return await client.getStatus(runId);
  } catch (error) {
    if (error instanceof Error && error.message.includes(NOT_FOUND)) return null;
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
  const active = await client.getStatusBy({ runtimeStatus: [Pending, Running, Suspended] });
  return active
    .filter(({ name }) => name === RUN_ORCHESTRATION)
    .map(({ instanceId }) => instanceId);
}

/**
 * Requests that a run end and clean up. The request is a blob, which the run reads at each poll; the
 * event only makes the run poll now. An event alone could be lost while a run continues as new.
 */
export async function cancelRun({ client, files }: StartContext, runId: string): Promise<void> {
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, cancelBlob(runId), '');
  await client.raiseEvent(runId, POLL_NOW, {});
}

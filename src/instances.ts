import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
} from 'durable-functions';
import { MAX_TERMS } from './ledger/repair';
import { RUN_ORCHESTRATION } from './run/workflow';

/** The orchestration instances of runs, as the Durable engine knows them. */

interface RunTerm {
  readonly runId: string;
  readonly term: number;
  readonly formerId?: string;
}

/** The instance of a run: the run id, from the second term on with the term. */
export function instanceIdOf({ runId, term, formerId }: RunTerm): string {
  if (formerId !== undefined) return formerId;
  return term === 1 ? runId : `${runId}_${term}`;
}

/** The instances that a run may have had, one for each term. */
function instanceIdsOf(runId: string): readonly string[] {
  return Array.from({ length: MAX_TERMS }, (_, index) => instanceIdOf({ runId, term: index + 1 }));
}

/** True while the orchestration of any term of the run is active. */
export async function isOnEngine(client: DurableClient, runId: string): Promise<boolean> {
  for (const instanceId of instanceIdsOf(runId)) {
    const instance = await findInstance(client, instanceId);
    if (instance !== null && isActive(instance)) return true;
  }
  return false;
}

/** Deletes the histories of all terms of a run. */
export async function purgeInstances(client: DurableClient, runId: string): Promise<void> {
  for (const instanceId of instanceIdsOf(runId)) {
    if ((await findInstance(client, instanceId)) === null) continue;
    await client.purgeInstanceHistory(instanceId);
  }
}

/** The error of the library for an unknown instance; other errors may contain another 404. */
const NOT_FOUND = 'replied with HTTP 404 response';

/** Returns null when there is no such instance. */
export async function findInstance(
  client: DurableClient,
  instanceId: string,
): Promise<DurableOrchestrationStatus | null> {
  try {
    return await client.getStatus(instanceId);
  } catch (error) {
    if (error instanceof Error && error.message.includes(NOT_FOUND)) return null;
    throw error;
  }
}

/** Runtime statuses of an orchestration that has not ended. */
export const ACTIVE_STATUSES = [
  OrchestrationRuntimeStatus.Pending,
  OrchestrationRuntimeStatus.Running,
  OrchestrationRuntimeStatus.Suspended,
  OrchestrationRuntimeStatus.ContinuedAsNew,
];

/** True for an orchestration of a run that has not ended. */
export function isActive({ name, runtimeStatus }: DurableOrchestrationStatus): boolean {
  return name === RUN_ORCHESTRATION && ACTIVE_STATUSES.includes(runtimeStatus);
}

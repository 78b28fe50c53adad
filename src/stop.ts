import { OrchestrationRuntimeStatus } from 'durable-functions';
import { answering, type Api, type HttpHandler } from './http';
import { stopCosts } from './run/stop';
import { RUN_ORCHESTRATION } from './run/workflow';
import { cancelRun } from './start';

/**
 * DELETE /api/runs: stops all that bills, without a condition. Every run that is going is cancelled,
 * so that none makes a pool again, and every pool and job of any run is deleted at once.
 */
export function stopAllHandler({ ports }: Api): HttpHandler {
  return answering(async (_request, client) => {
    const { Pending, Running, Suspended } = OrchestrationRuntimeStatus;
    const going = await client.getStatusBy({ runtimeStatus: [Pending, Running, Suspended] });
    const cancelled: string[] = [];
    for (const { instanceId, name } of going) {
      if (name !== RUN_ORCHESTRATION) continue;
      await cancelRun({ client, files: ports.files }, instanceId);
      cancelled.push(instanceId);
    }
    return { status: 202, jsonBody: { cancelled, ...(await stopCosts(ports)) } };
  });
}

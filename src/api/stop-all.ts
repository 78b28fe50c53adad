import { answering, type Api, type HttpHandler } from './runs';
import { stopCosts } from '../run/finish/stop-costs';
import { cancelRun, goingRuns } from '../start-run';

/**
 * DELETE /api/runs: stops all that bills, without a condition. Every run that is going is cancelled,
 * so that none makes a pool again, and every pool and job of any run is deleted at once.
 */
export function stopAllHandler({ ports }: Api): HttpHandler {
  return answering(async (_request, client) => {
    const cancelled = await goingRuns(client);
    for (const runId of cancelled) await cancelRun({ client, files: ports.files }, runId);
    return { status: 202, jsonBody: { cancelled, ...(await stopCosts(ports)) } };
  });
}

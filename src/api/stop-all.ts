import { stopCosts } from '../run/finish/stop-costs';
import type { Api, HttpHandler } from './handler';
import { withProblemDocuments } from './problem';
import { cancelRun, activeRunIds } from '../instances';

/**
 * DELETE /api/runs stops everything that is billed. Every active run is cancelled, so that none
 * creates a pool again, and every pool and job of any run is deleted immediately.
 */
export function stopAllHandler({ ports }: Api): HttpHandler {
  return withProblemDocuments(async (_request, client) => {
    const cancelled = await activeRunIds(client);
    for (const runId of cancelled) await cancelRun({ client, files: ports.files }, runId);
    return { status: 202, jsonBody: { cancelled, ...(await stopCosts(ports)) } };
  });
}

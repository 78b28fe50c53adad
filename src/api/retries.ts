import type { App } from '../app';
import { retryRun } from '../retry-run';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { callerOf, checked, checkRunId, readBody } from './requests';
import { newRetrySchema } from './schemas/run';

/** Seconds after which another request for the status of a run is worthwhile. */
const RETRY_AFTER_SECONDS = '10';

/** POST /api/runs/{id}/retry runs an occurrence once more: 202 for a new attempt, 200 for one that is active. */
export function retryHandler(app: App): OperationHandler {
  return answering('runs-retry', async (request, client, context) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const { tasks, by: given } = checked(newRetrySchema, await readBody(request));
    const by = callerOf(request, given);
    const retried = await retryRun(app, client, runId, { tasks, by });
    if (retried.isNew) context.log(`run ${runId} is retried as ${retried.runId}, by ${by}`);
    const location = `${new URL(request.url).origin}/api/runs/${retried.runId}`;
    return {
      status: retried.isNew ? 202 : 200,
      headers: { Location: location, 'Retry-After': RETRY_AFTER_SECONDS },
      jsonBody: { ...retried, statusUrl: location },
    };
  });
}

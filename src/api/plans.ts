import { newestRuns } from './runs';
import { forecast } from '../run/forecast/forecast';
import type { RunRecord } from '../run/run';
import type { Settings } from '../settings';
import type { Api, HttpHandler } from './handler';
import { withProblemDocuments } from './problem';
import { checkBody, findWorkload, readBody } from './requests';

/** Number of past runs that an estimate is based on. */
const PAST_RUNS = 10;

/**
 * POST /api/plans/{workload}, with the body that would start the run, returns what the run would
 * create, need and cost. Nothing is created. The status is 422 when the run could not succeed.
 */
export function planHandler(
  { ports, workloads }: Api,
  limits: Settings['limits'],
  now: () => Date,
): HttpHandler {
  return withProblemDocuments(async (request, client, context) => {
    const workload = findWorkload(workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const runs = await newestRuns(client, workload.name, PAST_RUNS, now());
    const latest = runs
      .map(({ record }) => record)
      .filter((record): record is RunRecord => record !== null);
    const plan = await forecast(
      { ...ports, latest, ...limits },
      workload,
      {
        workload: workload.name,
        occurrence: { kind: 'request', key: context.invocationId },
        ...checkBody(workload, body),
      },
      now().toISOString(),
    );
    return { status: plan.errors.length === 0 ? 200 : 422, jsonBody: plan };
  });
}

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { DurableClient, DurableOrchestrationStatus } from 'durable-functions';
import { z } from 'zod';
import { Failure } from '../failure';
import { readRecord } from '../run/finish/record';
import type { RunRequest } from '../run/run';
import { startRun } from '../start-run';
import { toRunView, recordToRunView, isActiveRun, type RunView } from './run-view';
import type { Api, HttpHandler } from './handler';
import { withProblemDocuments } from './problem';
import { findWorkload, readBody, keyOf, checkBody, checkRunId } from './requests';
import { validate, validationErrorFrom } from '../workload/validation';
import { cancelRun, findInstance } from '../instances';

/** Seconds after which polling a run again is useful. */
const RETRY_AFTER_SECONDS = '10';

/** POST /api/runs/{workload} starts a run. With an Idempotency-Key, a repeated request starts no second run. */
export function startHandler({ ports, workloads }: Api): HttpHandler {
  return withProblemDocuments(async (request, client, context) => {
    const workload = findWorkload(workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const runRequest: RunRequest = {
      workload: workload.name,
      occurrence: { kind: 'request', key: keyOf(request) ?? context.invocationId },
      ...checkBody(workload, body),
    };
    const { runId, isNew } = await startRun({ client, files: ports.files }, workload, runRequest);
    return accepted(request, runId, { runId, workload: workload.name, isNew });
  });
}

/** GET /api/runs?workload=&limit= lists runs, the newest first. */
export function listHandler({ workloads }: Api, now: () => Date): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const query = checkQuery(request);
    if (query.workload !== undefined) findWorkload(workloads, query.workload);
    const runs = await newestRuns(client, query.workload, query.limit, now());
    return { status: 200, jsonBody: { runs } };
  });
}

/** Days of history that are searched, one after the other until there are enough runs; then all of it. */
const DAYS_BACK = [1, 8, 60];
const DAY_MS = 24 * 3_600_000;

/**
 * The newest runs first, of one workload or of all. Durable Functions returns a hundred instances at
 * a time, in no order, so the history of years is not read where days are enough.
 */
export async function newestRuns(
  client: DurableClient,
  workload: string | undefined,
  limit: number,
  now: Date,
): Promise<RunView[]> {
  for (const days of DAYS_BACK) {
    const createdTimeFrom = new Date(now.getTime() - days * DAY_MS);
    const statuses = await client.getStatusBy({ createdTimeFrom });
    // The creation time of an instance is reset whenever it continues as new.
    const since = createdTimeFrom.toISOString();
    const runs = runsIn(statuses, workload).filter(({ createdAt }) => createdAt >= since);
    if (runs.length >= limit) return runs.slice(0, limit);
  }
  return runsIn(await client.getStatusAll(), workload).slice(0, limit);
}

function runsIn(
  statuses: readonly DurableOrchestrationStatus[],
  workload: string | undefined,
): RunView[] {
  return statuses
    .map(toRunView)
    .filter((run): run is RunView => run !== null)
    .filter((run) => workload === undefined || run.workload === workload)
    .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}

/** GET /api/runs/{id} returns a run. */
export function showHandler({ ports }: Api): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const status = await findInstance(client, runId);
    const view = status === null ? null : toRunView(status);
    // The durable history may have been purged; the record is stored separately.
    const run = view ?? recordToRunView(await readRecord(ports.files, runId));
    const headers = isActiveRun(run) ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    return { status: 200, headers, jsonBody: run };
  });
}

/** DELETE /api/runs/{id} cancels a run. */
export function cancelHandler({ ports }: Api): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const status = await findInstance(client, runId);
    const run = status === null ? null : toRunView(status);
    if (run === null) throw new Failure('unknownRun', `no run has the id ${runId}`);
    if (!isActiveRun(run)) {
      throw new Failure(
        'runEnded',
        `run ${runId} has ended (${run.status}); there is nothing to cancel`,
      );
    }
    await cancelRun({ client, files: ports.files }, runId);
    return accepted(request, runId, {
      runId,
      message:
        'the run is being cancelled: its job, pool and staging container are deleted, logs and outputs that exist are kept',
    });
  });
}

function accepted(
  request: HttpRequest,
  runId: string,
  body: Record<string, unknown>,
): HttpResponseInit {
  const location = `${new URL(request.url).origin}/api/runs/${runId}`;
  return {
    status: 202,
    headers: { Location: location, 'Retry-After': RETRY_AFTER_SECONDS },
    jsonBody: { ...body, statusUrl: location },
  };
}

const querySchema = z.object({
  workload: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

function checkQuery(request: HttpRequest): z.output<typeof querySchema> {
  const validated = validate(querySchema, Object.fromEntries(request.query));
  if (validated.isValid) return validated.value;
  throw validationErrorFrom(validated.errors);
}

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { Failure } from '../failure';
import { findInstance, instanceIdOf } from '../instances';
import { requestCancel } from '../ledger/claim';
import { readActive } from '../ledger/ledger';
import { pauseAt, readPauses, sentenceOn } from '../ledger/pauses';
import type { RunRequest } from '../run/run';
import { POLL_NOW } from '../run/workflow';
import { startRun } from '../start-run';
import { admit } from '../ledger/admit';
import { admissionOf, type App } from '../app';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import {
  callerOf,
  checkBody,
  checked,
  checkRunId,
  findWorkload,
  keyOf,
  queryOf,
  readBody,
} from './requests';
import { listRuns, type RunsQuery } from './run-list';
import { isActiveRun, runViewOf, withProgress } from './run-view';
import { newRunSchema, runsQuerySchema } from './schemas/run';

/** The handlers that start, list, show and cancel runs. */

/** Seconds after which another request for the status of a run is worthwhile. */
const RETRY_AFTER_SECONDS = '10';

/** POST /api/runs/{workload} starts a run. With an Idempotency-Key, a repeated request starts no second run. */
export function startHandler(app: App): OperationHandler {
  return answering('runs-start', async (request, client, context) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const runRequest: RunRequest = {
      workload: workload.name,
      occurrence: { kind: 'request', key: keyOf(request) ?? context.invocationId },
      ...checkBody(workload, body),
      by: callerOf(request, checked(newRunSchema, body).by),
    };
    const { runId, isNew } = await startRun(app, client, workload, runRequest);
    const note = await pauseNote(app, workload.name);
    return accepted(request, runId, { runId, workload: workload.name, isNew, ...note });
  });
}

/** A start by hand runs during a pause, and its answer says so. */
async function pauseNote({ table, now }: App, workload: string): Promise<{ note?: string }> {
  const pause = pauseAt(await readPauses(table), workload, now().toISOString());
  if (pause === null) return {};
  return {
    note: `${sentenceOn(workload, pause)}. This run was asked for, and starts all the same`,
  };
}

/** GET /api/runs?workload=&status=&since=&until=&after=&limit= returns a page of runs, the newest first. */
export function listHandler(app: App): OperationHandler {
  return answering('runs-list', async (request, client) => {
    const { runs, next } = await listRuns(app.table, runsQueryOf(app, request));
    const shown = await Promise.all(
      runs.map(async (run) => {
        if (!isActiveRun(run)) return run;
        const active = await readActive(app.table, run.runId);
        const id = active === null ? run.runId : instanceIdOf(active.value);
        return withProgress(run, await findInstance(client, id));
      }),
    );
    return { status: 200, jsonBody: { runs: shown, next } };
  });
}

/** GET /api/runs/{id} returns a run. */
export function showHandler(app: App): OperationHandler {
  return answering('runs-show', async (request, client) => {
    const run = await runViewOf(app, client, checkRunId(request.params['id'] ?? ''));
    const headers = isActiveRun(run) ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    return { status: 200, headers, jsonBody: run };
  });
}

/** DELETE /api/runs/{id} cancels a run. */
export function cancelHandler(app: App): OperationHandler {
  return answering('runs-cancel', async (request, client) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const run = await runViewOf(app, client, runId);
    const now = app.now().toISOString();
    if (!isActiveRun(run) || !(await requestCancel(app.table, runId, 'a request', now))) {
      throw new Failure(
        'runEnded',
        `run ${runId} has ended (${run.status}); there is nothing to cancel`,
      );
    }
    // One that waits is ended by admission; one that runs polls at once.
    if (run.status === 'queued') await admit(admissionOf(app, client));
    else {
      const active = await readActive(app.table, runId);
      if (active !== null) await client.raiseEvent(instanceIdOf(active.value), POLL_NOW, {});
    }
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

function runsQueryOf({ workloads }: App, request: HttpRequest): RunsQuery {
  const { workload, status, since, until, after, limit } = queryOf(runsQuerySchema, request);
  if (workload !== undefined) findWorkload(workloads, workload);
  return {
    workloads: workload === undefined ? [...workloads.keys()] : [workload],
    statuses: status ?? null,
    since: since === undefined ? null : new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    after: after ?? null,
    limit,
  };
}

import type { HttpRequest } from '@azure/functions';
import { admissionOf, type App } from '../app';
import { Failure } from '../failure';
import { admit } from '../ledger/admit';
import { isBackfillId, schedulesHash } from '../ledger/backfill-plan';
import { createBackfill, listBackfills, readBackfill, stopBackfill } from '../ledger/backfills';
import { listActive } from '../ledger/list';
import type { BackfillRequest, BackfillRow } from '../ledger/rows';
import { readUpkeep } from '../ledger/upkeep';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { dueTimesFor, planBackfill } from './backfill-plan';
import { backfillSummary, backfillView } from './backfill-view';
import { callerOf, checked, findWorkload, readBody } from './requests';
import { newBackfillSchema } from './schemas/backfill';

/** The handlers that start, list, show and stop backfills. */

/** Seconds after which another request for the state of a backfill is worthwhile. */
const RETRY_AFTER_SECONDS = '30';

/** POST /api/workloads/{workload}/backfill runs due times that have passed, or says which it would run. */
export function backfillHandler(app: App): OperationHandler {
  return answering('backfills-start', async (request, client, context) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const { dryRun, by: given, ...body } = checked(newBackfillSchema, await readBody(request));
    const asked: BackfillRequest = {
      workload: workload.name,
      ...body,
      schedule: body.schedule ?? null,
    };
    const now = app.now().toISOString();
    if (dryRun) return { status: 200, jsonBody: await planBackfill(app, workload, asked, now) };
    await refuseBeforeUpkeep(app);
    const { schedules, due } = dueTimesFor(app, workload, asked, now);
    const by = callerOf(request, given);
    const { row, isNew } = await createBackfill(app.table, {
      request: asked,
      schedules: schedulesHash(schedules),
      due,
      by,
      createdAt: now,
    });
    if (isNew) context.log(`backfill ${row.id} of ${row.total} due times was asked for by ${by}`);
    await admit(admissionOf(app, client));
    const location = `${new URL(request.url).origin}/api/backfills/${row.id}`;
    const view = await backfillView(app, (await readBackfill(app.table, row.id)) ?? row);
    return {
      status: 202,
      headers: { Location: location, 'Retry-After': RETRY_AFTER_SECONDS },
      jsonBody: { ...view, isNew, statusUrl: location },
    };
  });
}

/** The ledger must have all runs of the past first: what it does not have would run again. */
async function refuseBeforeUpkeep({ table }: App): Promise<void> {
  const { formerRunsTaken, recordsThrough } = await readUpkeep(table);
  if (formerRunsTaken && recordsThrough === null) return;
  throw new Failure(
    'serviceUnavailable',
    'the ledger is being completed from the records of past runs; ask again in some minutes',
  );
}

/** GET /api/backfills lists the backfills that are active and those of the last 90 days, the newest first. */
export function backfillsHandler(app: App): OperationHandler {
  return answering('backfills-list', async () => {
    const active = await listActive(app.table);
    const backfills = await listBackfills(app.table);
    const shown = backfills.map((row) => backfillSummary(row, active));
    return { status: 200, jsonBody: { backfills: shown } };
  });
}

/** GET /api/backfills/{id} returns a backfill with its due times by status. */
export function backfillShowHandler(app: App): OperationHandler {
  return answering('backfills-show', async (request) => {
    const row = await findBackfill(app, request);
    const headers = row.state === 'active' ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    return { status: 200, headers, jsonBody: await backfillView(app, row) };
  });
}

/** DELETE /api/backfills/{id} stops a backfill: what waits ends as skipped, what runs continues. */
export function backfillStopHandler(app: App): OperationHandler {
  return answering('backfills-stop', async (request, client, context) => {
    const { id } = await findBackfill(app, request);
    const by = callerOf(request, undefined);
    const now = app.now().toISOString();
    const stopped = await stopBackfill(app.table, id, `stopped by ${by}`, now);
    if (stopped === null) {
      throw new Failure('backfillEnded', `backfill ${id} has ended; there is nothing to stop`);
    }
    context.log(`backfill ${id} was stopped by ${by}`);
    await admit(admissionOf(app, client));
    return { status: 202, jsonBody: await backfillView(app, stopped) };
  });
}

/** @throws Failure unknownBackfill for an id without a backfill */
async function findBackfill({ table }: App, { params }: HttpRequest): Promise<BackfillRow> {
  const id = params['id'] ?? '';
  const found = isBackfillId(id) ? await readBackfill(table, id) : null;
  if (found !== null) return found;
  throw new Failure(
    'unknownBackfill',
    `no backfill has the id ${JSON.stringify(id.slice(0, 80))}; GET /api/backfills lists them`,
  );
}

import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { admissionOf, type App } from '../app';
import { Failure } from '../failure';
import { admit } from '../ledger/admit';
import { isBackfillId, schedulesHash } from '../ledger/backfill-plan';
import { createBackfill, listBackfills, readBackfill, stopBackfill } from '../ledger/backfills';
import { listActive } from '../ledger/list';
import type { BackfillRequest, BackfillRow } from '../ledger/rows';
import { readUpkeep } from '../ledger/upkeep';
import type { HttpHandler } from './handler';
import { dueTimesFor, planBackfill } from './backfill-plan';
import { backfillSummary, backfillView } from './backfill-view';
import { withProblemDocuments } from './problem';
import { callerOf, checked, findWorkload, readBody } from './requests';

/** The handlers that start, list, show and stop backfills. */

const dayOrInstant = z
  .string()
  .refine(
    (text) =>
      z.iso.date().safeParse(text).success ||
      z.iso.datetime({ offset: true }).safeParse(text).success,
    { error: 'must be a day, such as 2026-11-23, or an instant, such as 2026-11-23T02:00:00Z' },
  )
  .transform((text) => (text.includes('T') ? new Date(text).toISOString() : text));

const bodySchema = z.strictObject({
  /** The first local day in the zone of the schedule, or the first instant. */
  from: dayOrInstant,
  /** The last one, included. */
  to: dayOrInstant,
  order: z.enum(['oldestFirst', 'newestFirst']).default('oldestFirst'),
  /** Bound on the runs of the backfill that are active or wait at one time. */
  atOnce: z.int().min(1).max(100).default(1),
  /** Due times that have run and run again: none, those that did not succeed, or all. */
  again: z.enum(['never', 'failed', 'always']).default('never'),
  /** Index of one schedule. Default: all of the workload. */
  schedule: z.int().min(0).optional(),
  /** True: only the plan is returned, and nothing is written. */
  dryRun: z.boolean().default(false),
  /** Name of the caller, where the platform does not know it. */
  by: z.string().min(1).max(100).optional(),
});

/** Seconds after which another request for the state of a backfill is worthwhile. */
const RETRY_AFTER_SECONDS = '30';

/** POST /api/workloads/{workload}/backfill runs due times that have passed, or says which it would run. */
export function backfillHandler(app: App): HttpHandler {
  return withProblemDocuments(async (request, client, context) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const { dryRun, by: given, ...body } = checked(bodySchema, await readBody(request));
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
export function backfillsHandler(app: App): HttpHandler {
  return withProblemDocuments(async () => {
    const active = await listActive(app.table);
    const backfills = await listBackfills(app.table);
    const shown = backfills.map((row) => backfillSummary(row, active));
    return { status: 200, jsonBody: { backfills: shown } };
  });
}

/** GET /api/backfills/{id} returns a backfill with its due times by status. */
export function backfillShowHandler(app: App): HttpHandler {
  return withProblemDocuments(async (request) => {
    const row = await findBackfill(app, request);
    const headers = row.state === 'active' ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    return { status: 200, headers, jsonBody: await backfillView(app, row) };
  });
}

/** DELETE /api/backfills/{id} stops a backfill: what waits ends as skipped, what runs continues. */
export function backfillStopHandler(app: App): HttpHandler {
  return withProblemDocuments(async (request, client, context) => {
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

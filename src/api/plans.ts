import type { App } from '../app';
import { listOccurrences } from '../ledger/list';
import { findRecord } from '../run/finish/record';
import { forecast } from '../run/forecast/forecast';
import type { RunRecord } from '../run/run';
import type { Settings } from '../settings';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { scheduleView } from './workloads';
import { checkBody, findWorkload, readBody } from './requests';

/** Number of past runs that an estimate is based on. */
const PAST_RUNS = 10;

/**
 * POST /api/plans/{workload}, with the body that would start the run, returns what the run would
 * create, need and cost, with the next due times of its schedules. Nothing is created. The status is 422 when the run could not succeed.
 */
export function planHandler(app: App, quotas: Settings['limits']): OperationHandler {
  return answering('plans-make', async (request, _client, context) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const latest = await latestRecords(app, workload.name);
    const plan = await forecast(
      { ...app, latest, ...quotas },
      workload,
      {
        workload: workload.name,
        occurrence: { kind: 'request', key: context.invocationId },
        ...checkBody(workload, body),
      },
      app.now().toISOString(),
    );
    const now = app.now().toISOString();
    const schedules = (app.schedules[workload.name] ?? []).map((one) => scheduleView(one, now));
    return { status: plan.errors.length === 0 ? 200 : 422, jsonBody: { ...plan, schedules } };
  });
}

/** Records of the latest runs that have ended, newest first. */
async function latestRecords(app: App, workload: string): Promise<readonly RunRecord[]> {
  const { rows } = await listOccurrences(app.table, {
    workloads: [workload],
    states: ['succeeded', 'failed', 'timedOut', 'cancelled'],
    since: null,
    until: null,
    after: null,
    limit: PAST_RUNS,
  });
  const records = await Promise.all(rows.map(({ runId }) => findRecord(app.files, runId)));
  return records.filter((record) => record !== null);
}

import type { App } from '../app';
import { listOccurrences } from '../ledger/list';
import { findRecord } from '../run/finish/record';
import { forecast, type Forecast } from '../run/forecast/forecast';
import type { RunRecord, RunRequest } from '../run/run';
import type { Settings } from '../settings';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { planBudget } from './plan-budget';
import type { PlanBudget } from './schemas/plan';
import { scheduleView } from './workloads';
import { checkBody, findWorkload, readBody } from './requests';

/** Number of past runs that an estimate is based on. */
const PAST_RUNS = 10;

/**
 * POST /api/plans/{workload}, with the body that would start the run, returns what the run would
 * create, need and cost, with the next due times of its schedules. Nothing is created. The status is 422
 * when the run could not succeed, and when the budget of the workload would refuse it.
 */
export function planHandler(app: App, quotas: Settings['limits']): OperationHandler {
  return answering('plans-make', async (request, _client, context) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const now = app.now().toISOString();
    const asked: RunRequest = {
      workload: workload.name,
      occurrence: { kind: 'request', key: context.invocationId },
      ...checkBody(workload, body),
    };
    const latest = await latestRecords(app, workload.name);
    const [plan, budget] = await Promise.all([
      forecast({ ...app, latest, ...quotas }, workload, asked, now),
      planBudget(app, workload, asked, now),
    ]);
    const schedules = (app.schedules[workload.name] ?? []).map((one) => scheduleView(one, now));
    const jsonBody = { ...withBudget(plan, budget), budget, schedules };
    return { status: jsonBody.errors.length === 0 ? 200 : 422, jsonBody };
  });
}

/** A budget that refuses is an error of the plan; one that lets the run wait, a warning. */
function withBudget(plan: Forecast, budget: PlanBudget | null): Forecast {
  const { exceeded = null, whenExceeded } = budget ?? {};
  if (exceeded === null) return plan;
  return whenExceeded === 'refuse'
    ? { ...plan, errors: [...plan.errors, exceeded] }
    : { ...plan, warnings: [...plan.warnings, exceeded] };
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

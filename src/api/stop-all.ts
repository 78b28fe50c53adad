import type { HttpRequest } from '@azure/functions';
import { admissionOf, type App } from '../app';
import { eachAtOnce } from '../concurrency';
import { instanceIdOf } from '../instances';
import { admit, closeAdmission } from '../ledger/admit';
import { stopBackfills } from '../ledger/backfills';
import { requestCancel } from '../ledger/claim';
import { listActive } from '../ledger/list';
import { stopCosts } from '../run/finish/stop-costs';
import { POLL_NOW } from '../run/workflow';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { findWorkload, queryOf } from './requests';
import { stopQuerySchema } from './schemas/run';

/** New starts wait this long, so that none makes a pool while the stop is at work. */
const CLOSED_MINUTES = 5;
const CANCELS_AT_ONCE = 16;
const STOPPED = 'a stop of all runs';

/**
 * DELETE /api/runs?workload=: stops all that bills. Admission is closed first; then all nodes are
 * taken away, pools in parallel; then every active run is cancelled. Backfills are stopped first, or they
 * would start again.
 */
export function stopAllHandler(app: App): OperationHandler {
  return answering('runs-stop', async (request, client) => {
    const workload = workloadIn(app, request);
    const now = app.now();
    const until = new Date(now.getTime() + CLOSED_MINUTES * 60_000).toISOString();
    const query = workload === null ? '' : `?workload=${workload}`;
    const closed = { until, by: 'a request', why: `DELETE /api/runs${query}` };
    await closeAdmission(app.table, closed, workload);
    const backfills = await stopBackfills(app.table, workload, STOPPED, now.toISOString());
    const active = (await listActive(app.table)).filter(
      (row) => workload === null || row.workload === workload,
    );
    const runIds = new Set(active.map(({ runId }) => runId));
    const only = workload === null ? null : { runIds, workload };
    const stopped = await stopCosts(app, await app.owner(), only);
    await eachAtOnce(active, CANCELS_AT_ONCE, async (row) => {
      await requestCancel(app.table, row.runId, STOPPED, now.toISOString());
      if (row.state !== 'running') return;
      // The run polls by itself too; an instance that has ended takes no event.
      await client.raiseEvent(instanceIdOf(row), POLL_NOW, {}).catch(() => undefined);
    });
    await admit(admissionOf(app, client));
    return { status: 202, jsonBody: { cancelled: [...runIds], backfills, ...stopped } };
  });
}

function workloadIn({ workloads }: App, request: HttpRequest): string | null {
  const { workload } = queryOf(stopQuerySchema, request);
  return workload === undefined ? null : findWorkload(workloads, workload).name;
}

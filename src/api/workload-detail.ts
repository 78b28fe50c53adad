import type { App } from '../app';
import { listActive } from '../ledger/list';
import { newOccurrenceOf } from '../ledger/new-occurrence';
import { pauseAt, readPauses } from '../ledger/pauses';
import type { Workload } from '../workload/workload';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { activeRunsOf, lastRunsOf, monthOf, nextDueOf, readWorkload } from './overview-parts';
import { findWorkload } from './requests';
import type { WorkloadDetail } from './schemas/overview';
import { workloadView } from './workloads';

const DUE_TIMES = 5;

/** GET /api/workloads/{workload} returns a workload with its declaration, due times, runs and budget. */
export function workloadHandler(app: App): OperationHandler {
  return answering('workloads-show', async (request, client) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const now = app.now().toISOString();
    const [known, pauses, rows] = await Promise.all([
      readWorkload(app, workload, now),
      readPauses(app.table),
      listActive(app.table),
    ]);
    const mine = rows.filter((row) => row.workload === workload.name);
    const active = await activeRunsOf(client, mine);
    const view: WorkloadDetail = {
      ...workloadView(app, workload, pauseAt(pauses, workload.name, now), now),
      asOf: now,
      currency: app.about.currency,
      nextDue: nextDueOf(app, workload.name, now, DUE_TIMES),
      active: active.map((run) => run.view),
      lastRuns: lastRunsOf(known),
      month: monthOf(known, mine, now),
      declared: declaredIn(workload, now),
    };
    return { status: 200, jsonBody: view };
  });
}

function declaredIn(workload: Workload, now: string): WorkloadDetail['declared'] {
  const { work, pool, deadlineMinutes, startWithinMinutes, results, inputs } = workload;
  const occurrence = { kind: 'request', key: 'cap' } as const;
  const request = { workload: workload.name, occurrence, parameters: {} };
  return {
    work: work.kind,
    vmSize: pool.existing === undefined ? (pool.vmSize ?? null) : null,
    existingPool: pool.existing ?? null,
    maxNodes: pool.maxNodes,
    dedicatedNodes: pool.dedicatedNodes,
    slotsPerNode: pool.slotsPerNode,
    deadlineMinutes,
    startWithinMinutes: startWithinMinutes ?? deadlineMinutes,
    keepOutputsDays: workload.keepOutputsDays,
    inputContainer: inputs?.from === 'container' ? inputs.container : null,
    results,
    price: priceIn(pool.pricePerNodeHour),
    capCost: newOccurrenceOf(workload, request, {}, now).mayTake.cost,
  };
}

function priceIn(price: Workload['pool']['pricePerNodeHour']): WorkloadDetail['declared']['price'] {
  if (price === undefined) return null;
  return typeof price === 'number' ? { spot: price, dedicated: price } : price;
}

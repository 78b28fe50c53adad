import type { DurableClient, DurableOrchestrationStatus } from 'durable-functions';
import { findInstance, instanceIdOf } from '../instances';
import { isAdmitted } from '../ledger/admission';
import { dueOf } from '../ledger/notices';
import type { ActiveRow, OccurrenceRow } from '../ledger/rows';
import { billedNodes } from '../run/finish/usage';
import type { RunStatus } from '../run/run';
import { activeSummary, toRunSummary } from './run-list';
import { withProgress } from './run-view';
import type { ActiveRunView, PastRunView } from './schemas/overview';

/** Runs as one line each. */

/** An occurrence that is not final, with the progress that its orchestration shows; null without one. */
export interface ActiveRun {
  readonly row: ActiveRow;
  readonly status: RunStatus | null;
  readonly view: ActiveRunView;
}

/** Asks the engine only for runs that have been admitted: what waits has no orchestration. */
export async function activeRunOf(client: DurableClient, row: ActiveRow): Promise<ActiveRun> {
  const instance = isAdmitted(row) ? await findInstance(client, instanceIdOf(row)) : null;
  const status = (instance?.customStatus ?? null) as RunStatus | null;
  return { row, status, view: activeView(row, instance, status) };
}

function activeView(
  row: ActiveRow,
  instance: DurableOrchestrationStatus | null,
  status: RunStatus | null,
): ActiveRunView {
  const run = isAdmitted(row) ? withProgress(activeSummary(row), instance) : activeSummary(row);
  const { runId, nodeMinutes, attempt, dueAt, waitingFor } = run;
  const { succeeded = 0, failed = 0 } = status?.tasks ?? {};
  return {
    runId,
    status: run.status === 'running' ? 'running' : 'queued',
    phase: status?.phase ?? null,
    sentence: waitingFor === null ? 'waiting for admission' : `waiting for ${waitingFor}`,
    progress: { done: succeeded + failed, total: status?.plannedTasks ?? null },
    nodes: nodesOf(status),
    nodeMinutes,
    attempt,
    dueAt,
    startedAt: row.state === 'running' || row.state === 'ending' ? row.since : null,
  };
}

/** Nodes that were billed at the last poll. */
export function nodesOf(status: RunStatus | null): number {
  const nodes = status?.nodes ?? null;
  return nodes === null ? 0 : billedNodes(nodes);
}

/** An occurrence that is final. */
export function pastRunOf(row: OccurrenceRow): PastRunView {
  const { runId, status, trigger, nodeMinutes, cost, attempt, cause } = toRunSummary(row, null);
  const { startedAt, endedAt } = row;
  const hasTimes = startedAt !== null && endedAt !== null;
  const minutes = hasTimes ? (Date.parse(endedAt) - Date.parse(startedAt)) / 60_000 : null;
  return {
    runId,
    status,
    trigger,
    dueAt: dueOf(row),
    startedAt,
    endedAt,
    minutes: minutes === null ? null : Number(minutes.toFixed(1)),
    nodeMinutes,
    cost,
    attempt,
    cause,
  };
}

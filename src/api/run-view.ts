import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
} from 'durable-functions';
import type { App } from '../app';
import { Failure, truncate } from '../failure';
import { findInstance, instanceIdOf } from '../instances';
import { newOccurrenceRow, readActive, readOccurrence } from '../ledger/ledger';
import type { ActiveRow, OccurrenceRow } from '../ledger/rows';
import { endingOf, requestIn } from '../ledger/run-ledger';
import type { Table } from '../ledger/table';
import { findRecord } from '../run/finish/record';
import { linkOf, type RunRecord, type RunStatus } from '../run/run';
import { activeSummary, toRunSummary } from './run-list';
import type { RunSummary, RunView } from './schemas/run';

export function isActiveRun(run: Pick<RunSummary, 'status'>): boolean {
  return run.status === 'queued' || run.status === 'running';
}

/** @throws Failure unknownRun when neither the ledger nor a record knows the run */
export async function runViewOf(app: App, client: DurableClient, runId: string): Promise<RunView> {
  const [active, row] = await rowsOf(app.table, runId);
  if (active !== null && (row === null || row.state === 'open')) {
    const summary = row === null ? activeSummary(active) : toRunSummary(row, active);
    return withProgress(summary, await findInstance(client, instanceIdOf(active)));
  }
  const record = await findRecord(app.files, runId);
  if (row?.state === 'open' && record === null) {
    // Storage has lost the active row; the run writes it again at its next poll.
    return withProgress(toRunSummary(row, null), await findInstance(client, runId));
  }
  if (record === null && row === null) {
    throw new Failure('unknownRun', `no run has the id ${runId}`);
  }
  if (row !== null && row.state !== 'open') return endedView(row, record);
  return recordView(record as RunRecord);
}

/** The active row is read first: where it is deleted, the row that is read after it is final. */
async function rowsOf(
  table: Table,
  runId: string,
): Promise<readonly [ActiveRow | null, OccurrenceRow | null]> {
  const active = await readActive(table, runId);
  const row = await readOccurrence(table, runId);
  return [active?.value ?? null, row?.value ?? null];
}

const NOT_STARTED = 'a worker of the Functions host';

function waitingForOf(
  instance: DurableOrchestrationStatus | null,
  progress: RunStatus | null,
): string | null {
  if (instance?.runtimeStatus === OrchestrationRuntimeStatus.Failed) {
    return `the reconciler to end it, since its orchestration failed: ${truncate(String(instance.output), 1000)}`;
  }
  return progress === null ? NOT_STARTED : progress.waitingFor;
}

/** Adds the progress that the orchestration of an active run shows. */
export function withProgress(
  summary: RunSummary,
  instance: DurableOrchestrationStatus | null,
): RunView {
  const progress = (instance?.customStatus ?? null) as RunStatus | null;
  return {
    ...summary,
    waitingFor: summary.waitingFor ?? waitingForOf(instance, progress),
    nodeMinutes: progress?.nodeMinutes ?? summary.nodeMinutes,
    phase: progress?.phase ?? null,
    tasks: progress?.tasks ?? null,
    nodes: progress?.nodes ?? null,
    timeline: progress?.timeline ?? [],
    record: null,
  };
}

function endedView(row: OccurrenceRow, record: RunRecord | null): RunView {
  return {
    ...toRunSummary(row, null),
    waitingFor: null,
    phase: 'ended',
    tasks: record?.tasks ?? null,
    nodes: null,
    timeline: record?.timeline ?? [],
    record,
  };
}

/** A run whose row the ledger does not have: it ended before there was a ledger, or lost it. */
function recordView(record: RunRecord): RunView {
  const { runId, startedAt } = record;
  const known = { request: requestIn(record), instant: startedAt, attempt: 0, ...linkOf(record) };
  return endedView({ ...newOccurrenceRow(runId, known, startedAt), ...endingOf(record) }, record);
}

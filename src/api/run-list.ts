import { dueOf } from '../ledger/notices';
import { newOccurrenceRow, requireParts } from '../ledger/ledger';
import { listActive, listOccurrences } from '../ledger/list';
import { FINAL_STATES, type ActiveRow, type FinalState, type OccurrenceRow } from '../ledger/rows';
import type { Table } from '../ledger/table';
import type { Occurrence } from '../run/run';
import type { RunSummary } from './schemas/run';

export interface RunsQuery {
  readonly workloads: readonly string[];
  readonly statuses: readonly RunSummary['status'][] | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly after: string | null;
  readonly limit: number;
}

export interface RunsPage {
  readonly runs: readonly RunSummary[];
  /** Names the page after this one: `after=<next>`; null on the last page. */
  readonly next: string | null;
}

/** One page of occurrences, newest first, with what the active rows say laid over them. */
export async function listRuns(table: Table, query: RunsQuery): Promise<RunsPage> {
  const active = new Map((await listActive(table)).map((row) => [row.runId, row]));
  const { statuses } = query;
  if (statuses !== null && statuses.every((status) => !isFinal(status))) {
    return activePage([...active.values()], query);
  }
  const states = statuses?.filter(isFinal) ?? null;
  // A page that asks for final and active states shows all and leaves out what does not fit.
  const all = states !== null && states.length < (statuses?.length ?? 0) ? null : states;
  const { rows, next } = await listOccurrences(table, { ...query, states: all });
  const runs = rows
    .map((row) => toRunSummary(row, active.get(row.runId) ?? null))
    .filter(({ status }) => statuses === null || statuses.includes(status));
  return { runs, next };
}

function isFinal(status: RunSummary['status']): status is FinalState {
  return FINAL_STATES.some((state) => state === status);
}

/** Active rows are few: admission bounds them. Their cursor is that of all lists. */
function activePage(rows: readonly ActiveRow[], query: RunsQuery): RunsPage {
  const { workloads, statuses, since, until, after, limit } = query;
  const found = rows
    .filter(
      (row) =>
        workloads.includes(row.workload) &&
        (statuses?.includes(activeStatus(row)) ?? true) &&
        (since === null || row.instant >= since) &&
        (until === null || row.instant < until),
    )
    .map((row) => ({ row, key: requireParts(row.runId).rowKey }))
    .filter(({ key }) => after === null || key > after)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.key ?? null) : null;
  return { runs: page.map(({ row }) => activeSummary(row)), next };
}

function activeStatus({ state }: ActiveRow): 'queued' | 'running' {
  return state === 'running' || state === 'ending' ? 'running' : 'queued';
}

/** An occurrence that is not final, by its active row alone. */
export function activeSummary(row: ActiveRow): RunSummary {
  return toRunSummary(newOccurrenceRow(row.runId, row, row.knownAt), row);
}

/** `active` leads as long as the occurrence is not final. */
export function toRunSummary(row: OccurrenceRow, active: ActiveRow | null): RunSummary {
  const { runId, workload, occurrence, state, code, cause } = row;
  const isOpen = state === 'open';
  return {
    runId,
    workload,
    status: isOpen ? (active === null ? 'running' : activeStatus(active)) : state,
    trigger: occurrence.kind,
    dueAt: dueOf(row),
    blob: row.blob,
    parameters: row.parameters,
    follows: followedBy(occurrence),
    attempt: row.attempt,
    retryOf: row.retryOf ?? null,
    backfill: row.backfill?.id ?? null,
    createdAt: row.knownAt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    waitingFor: isOpen ? (active?.reason?.cause ?? null) : null,
    nodeMinutes: row.nodeMinutes,
    cost: row.cost,
    cause: code === null ? null : { code, message: cause ?? '' },
  };
}

function followedBy(occurrence: Occurrence): readonly string[] {
  switch (occurrence.kind) {
    case 'after':
      return [occurrence.runId];
    case 'afterAll':
      return Object.values(occurrence.runs);
    default:
      return [];
  }
}

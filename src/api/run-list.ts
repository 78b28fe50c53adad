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

/** A run of a list, with the key by which all lists are in order. */
interface Listed {
  readonly key: string;
  readonly run: RunSummary;
}

/**
 * One page of occurrences, newest first. A page without statuses has all, with their active rows laid over them.
 * One of some statuses joins the active rows and the copies of those final states: each page is full but
 * for the last one.
 */
export async function listRuns(table: Table, query: RunsQuery): Promise<RunsPage> {
  const { statuses } = query;
  if (statuses === null) return pageOfAll(table, query);
  const states = statuses.filter(isFinal);
  const active = states.length < statuses.length ? await listActive(table) : [];
  const { rows, next } =
    states.length === 0 ? NO_ROWS : await listOccurrences(table, { ...query, states });
  const ended = rows.map((row) => listed(toRunSummary(row, null)));
  // The active rows are older: a run that has ended since is listed once, by its end.
  const endedIds = new Set(ended.map(({ run }) => run.runId));
  const waiting = activeRuns(active, query).filter(({ run }) => !endedIds.has(run.runId));
  const found = [...waiting, ...ended].sort((one, other) => (one.key < other.key ? -1 : 1));
  const page = found.slice(0, query.limit);
  const hasMore = next !== null || found.length > page.length;
  return {
    runs: page.map(({ run }) => run),
    next: hasMore ? (page.at(-1)?.key ?? null) : null,
  };
}

const NO_ROWS = { rows: [], next: null } as const;

async function pageOfAll(table: Table, query: RunsQuery): Promise<RunsPage> {
  const active = new Map((await listActive(table)).map((row) => [row.runId, row]));
  const { rows, next } = await listOccurrences(table, { ...query, states: null });
  return { runs: rows.map((row) => toRunSummary(row, active.get(row.runId) ?? null)), next };
}

function isFinal(status: RunSummary['status']): status is FinalState {
  return FINAL_STATES.some((state) => state === status);
}

function listed(run: RunSummary): Listed {
  return { run, key: requireParts(run.runId).rowKey };
}

/** Active rows are few: admission bounds them. */
function activeRuns(
  rows: readonly ActiveRow[],
  { workloads, statuses, since, until, after }: RunsQuery,
): readonly Listed[] {
  return rows
    .filter(
      (row) =>
        workloads.includes(row.workload) &&
        (statuses?.includes(activeStatus(row)) ?? true) &&
        (since === null || row.instant >= since) &&
        (until === null || row.instant < until),
    )
    .map((row) => listed(activeSummary(row)))
    .filter(({ key }) => after === null || key > after);
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
    startedBy: startedBy(row),
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

/** The name of the caller, else what started the attempt. */
function startedBy({ occurrence, by, backfill }: OccurrenceRow): string {
  if (by !== undefined) return by;
  if (backfill !== undefined) return `backfill ${backfill.id}`;
  switch (occurrence.kind) {
    case 'schedule':
      return 'schedule';
    case 'blob':
      return `blob ${occurrence.container}/${occurrence.name}`;
    case 'request':
      return 'a request';
    case 'after':
      return `run ${occurrence.runId}`;
    case 'afterAll':
      return `runs of ${occurrence.workloads.join(', ')}`;
  }
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

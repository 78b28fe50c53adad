import type { Send } from './api';

export const RUN_STATUSES = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timedOut',
  'skipped',
  'missed',
] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

/** An occurrence in a list. */
export interface RunSummary {
  readonly runId: string;
  readonly workload: string;
  readonly status: RunStatus;
  readonly trigger: 'schedule' | 'blob' | 'request' | 'after' | 'afterAll';
  /** The due time, for a run of a schedule. */
  readonly dueAt: string | null;
  /** Name of the blob that started it. Untrusted. */
  /** Caller or trigger of the attempt; left out by apps of earlier versions. */
  readonly startedBy?: string;
  readonly blob: string | null;
  readonly parameters: Readonly<Record<string, string>>;
  readonly follows: readonly string[];
  /** 0 for the first run of an occurrence. */
  readonly attempt: number;
  readonly retryOf: string | null;
  readonly backfill: string | null;
  readonly createdAt: string;
  /** Null for a run that has not started. */
  readonly startedAt: string | null;
  /** Null for a run that has not ended. */
  readonly endedAt: string | null;
  readonly waitingFor: string | null;
  readonly nodeMinutes: number;
  /** Null without a price. */
  readonly cost: number | null;
  readonly cause: { readonly code: string; readonly message: string } | null;
}

export interface TaskCounts {
  readonly active: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface Milestone {
  readonly phase: string;
  readonly at: string;
}

/** The part of a run's record that people read. */
export interface RunRecord {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly timeline: readonly Milestone[];
  readonly missingTasks: number;
  readonly preemptions: number;
  readonly results: readonly { readonly name: string; readonly bytes: number }[];
  readonly outputsKeptUntil: string | null;
  readonly warnings: readonly string[];
}

/** A run: its summary, its progress, and its record. */
export interface RunView extends RunSummary {
  readonly phase: string | null;
  readonly tasks: TaskCounts | null;
  readonly nodes: Readonly<Record<string, number>> | null;
  readonly timeline: readonly Milestone[];
  readonly record: RunRecord | null;
}

export interface RunsPage {
  readonly runs: readonly RunSummary[];
  /** Names the page after this one; null on the last page. */
  readonly next: string | null;
}

export interface RunsQuery {
  readonly workload?: string;
  readonly status?: readonly RunStatus[];
  /** ISO 8601 with an offset. */
  readonly since?: string;
  readonly until?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface NewRun {
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The only input blob that the run takes. */
  readonly blob?: string;
}

export interface StartedRun {
  readonly runId: string;
  readonly workload: string;
  /** False for the run of an earlier request with the same key. */
  readonly isNew: boolean;
  readonly note?: string;
}

export interface CancelledRun {
  readonly runId: string;
  readonly message: string;
}

export async function listRuns(send: Send, query: RunsQuery = {}): Promise<RunsPage> {
  const { status, limit, ...rest } = query;
  const text = new URLSearchParams({
    ...rest,
    ...(status !== undefined && { status: status.join(',') }),
    ...(limit !== undefined && { limit: String(limit) }),
  }).toString();
  return (await send('GET', `/api/runs${text === '' ? '' : `?${text}`}`)) as RunsPage;
}

export async function showRun(send: Send, runId: string): Promise<RunView> {
  return (await send('GET', pathOfRun(runId))) as RunView;
}

/** Starts a run. A repeated request with the same idempotency key finds the run of the first one. */
export async function startRun(
  send: Send,
  workload: string,
  body: NewRun,
  idempotencyKey: string | null = null,
): Promise<StartedRun> {
  const headers = idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey };
  return (await send('POST', pathOfRun(workload), body, headers)) as StartedRun;
}

export async function cancelRun(send: Send, runId: string): Promise<CancelledRun> {
  return (await send('DELETE', pathOfRun(runId))) as CancelledRun;
}

export function hasEnded({ status }: RunSummary): boolean {
  return status !== 'queued' && status !== 'running';
}

export function pathOfRun(id: string): string {
  return `/api/runs/${encodeURIComponent(id)}`;
}

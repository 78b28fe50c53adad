import type { Send } from './api';

/** A request to run due times that have passed. The app fills in what is left out. */
export interface NewBackfill {
  /** A local day, `YYYY-MM-DD`, or an instant with its offset; included. */
  readonly from: string;
  readonly to: string;
  readonly order?: 'oldestFirst' | 'newestFirst';
  readonly atOnce?: number;
  readonly again?: 'never' | 'failed' | 'always';
  readonly schedule?: number;
  readonly by?: string;
}

/** Number of due times by status; `none` were never registered. */
export type Counts = Readonly<Record<string, number>>;

export interface BackfillPlan {
  readonly id: string;
  readonly workload: string;
  readonly dueTimes: number;
  readonly first: string;
  readonly last: string;
  readonly counts: Counts;
  readonly runs: number;
  readonly estimate: {
    readonly basis: 'succeededRuns' | 'declaration';
    readonly basedOnRuns: number;
    readonly nodeMinutes: number;
    readonly cost: number | null;
    readonly minutes: number;
  };
  readonly list: readonly {
    readonly due: string;
    readonly dueLocal: string;
    readonly status: string | null;
    readonly runs: boolean;
  }[];
}

export interface BackfillSummary {
  readonly id: string;
  readonly workload: string;
  readonly from: string;
  readonly to: string;
  readonly state: 'active' | 'stopped' | 'done';
  readonly cause: string | null;
  readonly by: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly dueTimes: number;
  readonly registered: number;
  readonly remaining: number;
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

export interface Backfill extends BackfillSummary {
  readonly counts: Counts;
}

/** Returns what a backfill would run; nothing is written. */
export async function planBackfill(
  send: Send,
  workload: string,
  body: NewBackfill,
): Promise<BackfillPlan> {
  return (await send('POST', pathOf(workload), { ...body, dryRun: true })) as BackfillPlan;
}

/** Starts a backfill. The same request while it is active returns the one that is there. */
export async function startBackfill(
  send: Send,
  workload: string,
  body: NewBackfill,
): Promise<Backfill & { readonly isNew: boolean }> {
  return (await send('POST', pathOf(workload), body)) as Backfill & { isNew: boolean };
}

export async function listBackfills(send: Send): Promise<readonly BackfillSummary[]> {
  const { backfills } = (await send('GET', '/api/backfills')) as { backfills: BackfillSummary[] };
  return backfills;
}

export async function showBackfill(send: Send, id: string): Promise<Backfill> {
  return (await send('GET', `/api/backfills/${encodeURIComponent(id)}`)) as Backfill;
}

export async function stopBackfill(send: Send, id: string): Promise<Backfill> {
  return (await send('DELETE', `/api/backfills/${encodeURIComponent(id)}`)) as Backfill;
}

function pathOf(workload: string): string {
  return `/api/workloads/${encodeURIComponent(workload)}/backfill`;
}

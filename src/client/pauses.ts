import type { Send } from './api';

/** The pause of a workload, or of all. */
export interface Pause {
  readonly since: string;
  /** Null until somebody resumes. */
  readonly until: string | null;
  readonly by: string;
  readonly reason: string;
}

export interface Paused {
  /** Null for all workloads. */
  readonly workload: string | null;
  /** The pause that holds now; null for none. */
  readonly pause: Pause | null;
}

export interface NewPause {
  readonly reason: string;
  /** ISO 8601 with an offset. Default: until somebody resumes. */
  readonly until?: string;
  readonly by?: string;
}

/** Pauses a workload, or all where none is named. */
export async function pause(send: Send, workload: string | null, body: NewPause): Promise<Paused> {
  return (await send('POST', pathOf(workload, 'pause'), body)) as Paused;
}

/** Resumes a workload, or all where none is named. */
export async function resume(
  send: Send,
  workload: string | null,
  body: Pick<NewPause, 'by'> = {},
): Promise<Paused> {
  return (await send('POST', pathOf(workload, 'resume'), body)) as Paused;
}

function pathOf(workload: string | null, action: string): string {
  return workload === null
    ? `/api/${action}`
    : `/api/workloads/${encodeURIComponent(workload)}/${action}`;
}

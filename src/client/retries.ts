import type { Send } from './api';

export interface NewRetry {
  /** `failed`: what succeeded is taken over. Default of the app. */
  readonly tasks?: 'failed' | 'all';
  readonly by?: string;
}

export interface Retried {
  readonly runId: string;
  readonly workload: string;
  readonly attempt: number;
  readonly retryOf: string;
  /** False when the attempt was there, and is active. */
  readonly isNew: boolean;
  readonly statusUrl: string;
}

/** Starts the next attempt of a run that has ended without success. */
export async function retryRun(send: Send, runId: string, body: NewRetry = {}): Promise<Retried> {
  return (await send('POST', `/api/runs/${encodeURIComponent(runId)}/retry`, body)) as Retried;
}

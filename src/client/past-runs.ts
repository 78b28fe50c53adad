import type { Send } from './api';

interface Page {
  readonly runs: readonly { readonly startedAt: string | null; readonly endedAt: string | null }[];
}

/** Minutes from start to end of the newest runs of a workload that succeeded. */
export async function pastMinutes(send: Send, workload: string): Promise<readonly number[]> {
  const query = new URLSearchParams({ workload, status: 'succeeded', limit: String(NEWEST) });
  const { runs } = (await send('GET', `/api/runs?${query.toString()}`)) as Page;
  return runs.flatMap(({ startedAt, endedAt }) =>
    startedAt === null || endedAt === null
      ? []
      : [(Date.parse(endedAt) - Date.parse(startedAt)) / 60_000],
  );
}

const NEWEST = 20;

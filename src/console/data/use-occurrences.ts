import { useEffect, useState } from 'preact/hooks';
import type { RunSummary } from '../../api/schemas/run';
import { request, successOf } from './connection';
import { withQuery } from './addresses';
import { timeNow } from './clock';

interface Page {
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
}

const PAGE = 200;
/** Pages of a workload with very many occurrences; the list of runs has all. */
const MAX_PAGES = 10;

/** The occurrences of a workload since an instant, read again when `version` changes. */
export function useOccurrences(
  workload: string,
  since: string,
  version: string,
): readonly RunSummary[] | null {
  const [runs, setRuns] = useState<readonly RunSummary[] | null>(null);
  useEffect(() => setRuns(null), [workload]);
  useEffect(() => {
    const abort = new AbortController();
    readAll(workload, since, abort.signal).then(setRuns, () => {
      // The view says elsewhere that the app cannot be reached, and keeps what it shows.
    });
    return () => abort.abort();
  }, [workload, since, version]);
  return runs;
}

async function readAll(
  workload: string,
  since: string,
  signal: AbortSignal,
): Promise<readonly RunSummary[]> {
  const runs: RunSummary[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const path = withQuery('/api/runs', { workload, since, after, limit: String(PAGE) });
    const read = (await (await successOf(await request(path, { signal }))).json()) as Page;
    runs.push(...read.runs);
    if (read.next === null) break;
    after = read.next;
  }
  return runs;
}

/** The start of the hour, so that the same request is asked for a while. */
export function hoursBefore(hours: number, now = timeNow()): string {
  const hour = 60 * 60_000;
  return new Date(Math.floor(now / hour) * hour - hours * hour).toISOString();
}

/** Addresses of views and of the API. Names of people and tasks are encoded wherever they appear. */

/** The address below which the app serves the console. */
export const BASE = '/api/console';

export function workloadAddress(workload: string): string {
  return `${BASE}/workloads/${encodeURIComponent(workload)}`;
}

export function runAddress(runId: string): string {
  return `${BASE}/runs/${encodeURIComponent(runId)}`;
}

export type Filters = Readonly<Record<string, string | undefined>>;

/** The list of runs with these filters; empty ones are left out. */
export function runsAddress(filters: Filters): string {
  return withQuery(`${BASE}/runs`, filters);
}

/** The path of the API for a run. */
export function runPath(runId: string): string {
  return `/api/runs/${encodeURIComponent(runId)}`;
}

/** The path of an output: each part of its name is encoded, so that `..` and `?` are names. */
export function outputPath(runId: string, kind: 'previews' | 'links', name: string): string {
  return `${runPath(runId)}/${kind}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

export function withQuery(path: string, query: Filters): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

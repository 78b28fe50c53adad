import { callApp } from '../cli/app-api';
import type { Run } from '../cli/runs';

/** The API of the app that is verified. */
export interface AppClient {
  readonly url: string;
  readonly key: string | undefined;
}

/** A run as the lists of the API show it. */
export interface ListedRun extends Omit<Run, 'record' | 'timeline'> {
  readonly blob: string | null;
}

/** The part of a plan that is verified. */
export interface Plan {
  readonly errors: readonly string[];
  readonly secrets: readonly { readonly name: string; readonly isReadable: boolean }[];
  readonly pool: { readonly isMade: boolean; readonly vmSize?: string } | null;
  readonly account: {
    readonly quotas: Readonly<Record<string, number | null>>;
    readonly unavailableReason: string | null;
  };
  readonly estimate: { readonly capNodeMinutes: number; readonly capCost: number | null };
}

/** The status of a list of runs that is requested without a key. */
export async function statusWithoutKey({ url }: AppClient): Promise<number> {
  return (await fetch(`${url}/api/runs?limit=1`)).status;
}

export async function newestRuns(
  app: AppClient,
  workload: string,
  since: string,
): Promise<readonly ListedRun[]> {
  const query = new URLSearchParams({ workload, since, limit: '200' });
  const { runs } = (await read(app, `/api/runs?${query.toString()}`)) as { runs: ListedRun[] };
  return runs;
}

export async function readRun(app: AppClient, runId: string): Promise<Run> {
  return (await read(app, `/api/runs/${runId}`)) as Run;
}

export async function outputNames(app: AppClient, runId: string): Promise<readonly string[]> {
  const { files } = (await read(app, `/api/runs/${runId}/outputs`)) as {
    files: readonly { readonly name: string }[];
  };
  return files.map(({ name }) => name);
}

/**
 * The plan of a run of one blob. The blob need not exist: the plan then has an error, and still
 * what the run would make and cost, which a plan without inputs has not.
 */
export async function readPlan(app: AppClient, workload: string): Promise<Plan> {
  const response = await fetch(`${app.url}/api/plans/${workload}`, {
    method: 'POST',
    headers: app.key === undefined ? {} : { 'x-functions-key': app.key },
    body: JSON.stringify({ blob: 'verify-planned' }),
  });
  const body = (await response.json()) as Plan & { readonly detail?: string };
  if (body.estimate === undefined)
    throw new Error(`the plan of ${workload} was refused: ${body.detail ?? response.status}`);
  return body;
}

export interface StartBody {
  readonly blob: string;
  readonly parameters?: Readonly<Record<string, number | string>>;
}

/** Starts a run and returns its id. */
export async function start(
  app: AppClient,
  workload: string,
  idempotencyKey: string,
  body: StartBody,
): Promise<string> {
  const response = await callApp(`${app.url}/api/runs/${workload}`, {
    method: 'POST',
    key: app.key,
    headers: { 'Idempotency-Key': idempotencyKey },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { readonly runId: string }).runId;
}

export async function cancel(app: AppClient, runId: string): Promise<void> {
  await callApp(`${app.url}/api/runs/${runId}`, { method: 'DELETE', key: app.key });
}

async function read({ url, key }: AppClient, path: string): Promise<unknown> {
  return (await callApp(`${url}${path}`, { key })).json();
}

import type { App } from '../app';
import { readOccurrence } from '../ledger/ledger';
import { listRuns } from './run-list';
import { runViewOf } from './run-view';
import { Failure } from '../failure';
import { findRecord, readRecord } from '../run/finish/record';
import { isInternal, outputContainerOf } from '../run/names';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { checkRunId, findWorkload, queryOf } from './requests';
import { latestQuerySchema, outputsQuerySchema, type OutputList } from './schemas/output';

/** Minutes for which the URL of an output in storage is valid. */
export const LINK_MINUTES = 15;

/**
 * GET /api/runs/{id}/outputs?prefix=results/&after=results/last lists the outputs of a run, and
 * GET /api/runs/{id}/outputs/{*name} redirects to one of them. It is one function, since the route
 * of a single output matches the list too: of two functions Azure would call the first by name.
 */
export function outputsHandler(app: App): OperationHandler {
  return answering('outputs', async (request) => {
    const container = await outputContainer(app, request.params['id'] ?? '');
    const { name = '' } = request.params;
    if (name !== '') return { status: 302, headers: await redirectTo(app, container, name) };
    const choice = queryOf(outputsQuerySchema, request);
    const here = (request.url.split('?')[0] ?? '').replace(/\/+$/, '');
    return { status: 200, jsonBody: await filesOf(app, container, choice, here) };
  });
}

/** GET /api/workloads/{workload}/latest returns the newest run of a workload with its files, in one request. */
export function latestRunHandler(app: App): OperationHandler {
  return answering('runs-latest', async (request, client) => {
    const workload = findWorkload(app.workloads, request.params['workload'] ?? '');
    const { limit } = queryOf(latestQuerySchema, request);
    const query = { ...NEWEST, workloads: [workload.name] };
    const [newest] = (await listRuns(app.table, query)).runs;
    if (newest === undefined) {
      throw new Failure(
        'unknownRun',
        `workload ${workload.name} has not run yet; POST /api/runs/${workload.name} starts it`,
      );
    }
    const run = await runViewOf(app, client, newest.runId);
    const here = `${new URL(request.url).origin}/api/runs/${run.runId}/outputs`;
    const container = run.record?.outputContainer ?? outputContainerOf(run.runId);
    const files = await filesOf(app, container, { prefix: '', after: '', limit }, here);
    return { status: 200, jsonBody: { run, ...files } };
  });
}

const NEWEST = { statuses: null, since: null, until: null, after: null, limit: 1 } as const;

interface Choice {
  readonly prefix: string;
  /** The name after which the list continues; empty for the start of the list. */
  readonly after: string;
  readonly limit: number;
}

/**
 * The files after a name. Storage continues its lists from an opaque marker; a name means something
 * to a caller, at the cost of reading the files before it again.
 */
async function filesOf(
  { files: storage }: App,
  container: string,
  { prefix, after, limit }: Choice,
  here: string,
): Promise<OutputList> {
  const files: { name: string; bytes: number; url: string }[] = [];
  let isBefore = after !== '';
  // One more tells whether there are others; those that the app works with are few.
  const pageSize = isBefore ? undefined : limit + 20;
  for await (const { name, bytes } of storage.list(container, prefix, pageSize)) {
    if (prefix === '' && isInternal(name)) continue;
    if (isBefore) {
      isBefore = name !== after;
      continue;
    }
    if (files.length === limit) return { files, isComplete: false };
    const path = name.split('/').map(encodeURIComponent).join('/');
    files.push({ name, bytes, url: `${here}/${path}` });
  }
  if (isBefore)
    throw new Failure('unknownOutput', `${unknownOutput(after)}, so no list can continue after it`);
  return { files, isComplete: true };
}

/**
 * The headers of a redirect to the blob itself, so that a file of any size bypasses the app. The URL
 * grants read access to this blob only, for LINK_MINUTES.
 */
async function redirectTo({ files: storage }: App, container: string, name: string) {
  if ((await storage.find(container, name)) === null) {
    throw new Failure(
      'unknownOutput',
      `${unknownOutput(name)}; GET /api/runs/{id}/outputs lists them`,
    );
  }
  const Location = await storage.readUrl(container, name, LINK_MINUTES);
  return { Location, 'Cache-Control': 'no-store' };
}

export function unknownOutput(name: string): string {
  return `the run has no output ${JSON.stringify(name.slice(0, 200))} (it may have been deleted)`;
}

/** @throws Failure unknownRun when neither the ledger nor a record knows the run */
export async function outputContainer({ table, files }: App, id: string): Promise<string> {
  const runId = checkRunId(id);
  const isKnown = (await readOccurrence(table, runId)) !== null;
  // A record that was copied from the version before names a container of a former id.
  const record = isKnown ? await findRecord(files, runId) : await readRecord(files, runId);
  return record?.outputContainer ?? outputContainerOf(runId);
}

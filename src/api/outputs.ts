import { newestRuns } from './runs';
import { Failure } from '../failure';
import { readRecord } from '../run/finish/record';
import type { DurableClient } from 'durable-functions';
import { outputContainerOf } from '../run/names';
import type { HttpHandler, Api } from './handler';
import { withProblemDocuments } from './problem';
import { checkRunId, findWorkload } from './requests';
import { findInstance } from '../instances';

const MAX_LISTED = 5000;
/** Minutes for which the URL of a redirect is valid. */
const ADDRESS_MINUTES = 15;

/**
 * GET /api/runs/{id}/outputs?prefix=results/&after=results/last lists the outputs of a run, and
 * GET /api/runs/{id}/outputs/{*name} redirects to one of them. It is one function, since the route
 * of a single output matches the list too: of two functions Azure would call the first by name.
 */
export function outputsHandler(api: Api): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const container = await containerOf(api, client, request.params['id'] ?? '');
    const { name = '' } = request.params;
    if (name !== '') return { status: 302, headers: await redirectTo(api, container, name) };
    const prefix = request.query.get('prefix') ?? '';
    const after = request.query.get('after') ?? '';
    const here = (request.url.split('?')[0] ?? '').replace(/\/+$/, '');
    return { status: 200, jsonBody: await filesOf(api, container, { prefix, after }, here) };
  });
}

/** GET /api/workloads/{workload}/latest returns the newest run of a workload with its files, in one request. */
export function latestRunHandler(api: Api, now: () => Date): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const workload = findWorkload(api.workloads, request.params['workload'] ?? '');
    const [run] = await newestRuns(client, workload.name, 1, now());
    if (run === undefined) {
      throw new Failure(
        'unknownRun',
        `workload ${workload.name} has not run yet; POST /api/runs/${workload.name} starts it`,
      );
    }
    const here = `${new URL(request.url).origin}/api/runs/${run.runId}/outputs`;
    const files = await filesOf(api, outputContainerOf(run.runId), EVERYTHING, here);
    return { status: 200, jsonBody: { run, ...files } };
  });
}

interface Listed {
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly url: string;
  }[];
  /** False when there are more files: ask again with `after` set to the last name. */
  readonly isComplete: boolean;
}

interface Choice {
  readonly prefix: string;
  /** The name after which the list continues; empty for the start of the list. */
  readonly after: string;
}

const EVERYTHING: Choice = { prefix: '', after: '' };

/**
 * The files after a name. Storage continues its lists from an opaque marker; a name means something
 * to a caller, at the cost of reading the files before it again.
 */
async function filesOf(
  { ports }: Api,
  container: string,
  { prefix, after }: Choice,
  here: string,
): Promise<Listed> {
  const files: { name: string; bytes: number; url: string }[] = [];
  let isBefore = after !== '';
  for await (const { name, bytes } of ports.files.list(container, prefix)) {
    if (isBefore) {
      isBefore = name !== after;
      continue;
    }
    if (files.length === MAX_LISTED) return { files, isComplete: false };
    const path = name.split('/').map(encodeURIComponent).join('/');
    files.push({ name, bytes, url: `${here}/${path}` });
  }
  if (isBefore)
    throw new Failure('unknownOutput', `${unknown(after)}, so no list can continue after it`);
  return { files, isComplete: true };
}

/**
 * The headers of a redirect to the blob itself, so that a file of any size bypasses the app. The URL
 * grants read access to this blob only, for ADDRESS_MINUTES.
 */
async function redirectTo({ ports }: Api, container: string, name: string) {
  if ((await ports.files.find(container, name)) === null) {
    throw new Failure('unknownOutput', `${unknown(name)}; GET /api/runs/{id}/outputs lists them`);
  }
  const Location = await ports.files.readUrl(container, name, ADDRESS_MINUTES);
  return { Location, 'Cache-Control': 'no-store' };
}

function unknown(name: string): string {
  return `the run has no output ${JSON.stringify(name.slice(0, 200))} (it may have been deleted)`;
}

/** @throws Failure unknownRun when there is no such run, neither active nor recorded */
async function containerOf({ ports }: Api, client: DurableClient, id: string): Promise<string> {
  const runId = checkRunId(id);
  if ((await findInstance(client, runId)) === null) await readRecord(ports.files, runId);
  return outputContainerOf(runId);
}

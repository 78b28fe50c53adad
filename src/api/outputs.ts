import { newestRuns } from './runs';
import { Failure } from '../failure';
import { readRecord } from '../run/finish/record';
import type { DurableClient } from 'durable-functions';
import { outputContainerOf } from '../run/names';
import type { HttpHandler, Api } from './handler';
import { withProblemDocuments } from './problem';
import { checkRunId, findWorkload } from './requests';
import { findInstance } from '../instances';

/** Outputs and logs of a run: listed, and fetched one by one until its retention is over. */

const MAX_LISTED = 5000;
/** How long an address that a caller was sent to stays good. */
const ADDRESS_MINUTES = 15;

/**
 * GET /api/runs/{id}/outputs?prefix=results/&after=results/last lists them, and
 * GET /api/runs/{id}/outputs/{*name} sends the caller to one of them. It is one function, since
 * its route fits the list as well: of two functions Azure would take the first by name.
 */
export function outputsHandler(api: Api): HttpHandler {
  return withProblemDocuments(async (request, client) => {
    const container = await containerOf(api, client, request.params['id'] ?? '');
    const { name = '' } = request.params;
    if (name !== '') return { status: 302, headers: await wayTo(api, container, name) };
    const prefix = request.query.get('prefix') ?? '';
    const after = request.query.get('after') ?? '';
    const here = (request.url.split('?')[0] ?? '').replace(/\/+$/, '');
    return { status: 200, jsonBody: await filesOf(api, container, { prefix, after }, here) };
  });
}

/** GET /api/workloads/{workload}/latest: its newest run with its files, in one step. */
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
  /** False when there are more than are listed: `after` the last of them. */
  readonly isComplete: boolean;
}

interface Choice {
  readonly prefix: string;
  /** The name after which the list goes on; from the beginning where it is empty. */
  readonly after: string;
}

const EVERYTHING: Choice = { prefix: '', after: '' };

/**
 * The lists of storage go on from a marker of their own, which says nothing to a caller: here a
 * name does, at the price of passing over what was listed before.
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
  if (isBefore) throw new Failure('unknownOutput', `${unknown(after)}, so nothing comes after it`);
  return { files, isComplete: true };
}

/**
 * To the blob itself, so that a file of any size passes by the app. The address opens this one
 * blob for reading, for a quarter of an hour.
 */
async function wayTo({ ports }: Api, container: string, name: string) {
  if ((await ports.files.find(container, name)) === null) {
    throw new Failure('unknownOutput', `${unknown(name)}; GET /api/runs/{id}/outputs lists them`);
  }
  const Location = await ports.files.readUrl(container, name, ADDRESS_MINUTES);
  return { Location, 'Cache-Control': 'no-store' };
}

function unknown(name: string): string {
  return `the run has no output ${JSON.stringify(name.slice(0, 200))} (any more)`;
}

/** @throws Failure unknownRun when there is no such run, going or recorded */
async function containerOf({ ports }: Api, client: DurableClient, id: string): Promise<string> {
  const runId = checkRunId(id);
  if ((await findInstance(client, runId)) === null) await readRecord(ports.files, runId);
  return outputContainerOf(runId);
}

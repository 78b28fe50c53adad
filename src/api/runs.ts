import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { DurableClient, DurableOrchestrationStatus } from 'durable-functions';
import { z } from 'zod';
import { Failure, httpStatusOf } from '../failure';
import { readRecord } from '../run/finish/record';
import type { Ports } from '../run/ports';
import type { RunRequest } from '../run/run';
import { fieldOf, wordsOf, type Workload, type Workloads } from '../workload/workload';
import { cancelRun, startRun, statusOf } from '../start-run';
import { pictureOf, pictureOfRecord, isGoing, type RunPicture } from './run-view';

/** Start, list, look at, cancel a run. */

export interface Api {
  readonly ports: Ports;
  readonly workloads: Workloads;
}

export type HttpHandler = (
  request: HttpRequest,
  client: DurableClient,
  context: InvocationContext,
) => Promise<HttpResponseInit>;

/** How soon it is worth looking at a run again. */
const RETRY_AFTER_SECONDS = '10';
const MAX_BODY_BYTES = 64 * 1024;
const MAX_KEY_CHARACTERS = 128;

/** POST /api/runs/{workload}, with an Idempotency-Key to make a repeated request one run. */
export function startHandler({ ports, workloads }: Api): HttpHandler {
  return answering(async (request, client, context) => {
    const workload = findWorkload(workloads, request.params['workload'] ?? '');
    const body = await readBody(request);
    const runRequest: RunRequest = {
      workload: workload.name,
      occurrence: { kind: 'request', key: keyOf(request) ?? context.invocationId },
      ...checkBody(workload, body),
    };
    const { runId, isNew } = await startRun({ client, files: ports.files }, workload, runRequest);
    return accepted(request, runId, { runId, workload: workload.name, isNew });
  });
}

/** GET /api/runs?workload=&limit= */
export function listHandler({ workloads }: Api, now: () => Date): HttpHandler {
  return answering(async (request, client) => {
    const query = checkQuery(request);
    if (query.workload !== undefined) findWorkload(workloads, query.workload);
    const runs = await newestRuns(client, query.workload, query.limit, now());
    return { status: 200, jsonBody: { runs } };
  });
}

/** So many days back are looked at, until there are enough runs, and then all of them. */
const DAYS_BACK = [1, 8, 60];
const DAY_MS = 24 * 3_600_000;

/**
 * The newest runs first, of one workload or of all. Durable gives them a hundred at a time, in no
 * order; of a year of runs most are not worth reading.
 */
export async function newestRuns(
  client: DurableClient,
  workload: string | undefined,
  limit: number,
  now: Date,
): Promise<RunPicture[]> {
  for (const days of DAYS_BACK) {
    const createdTimeFrom = new Date(now.getTime() - days * DAY_MS);
    const statuses = await client.getStatusBy({ createdTimeFrom });
    // Durable takes a run for new again whenever it begins a new history.
    const since = createdTimeFrom.toISOString();
    const runs = runsIn(statuses, workload).filter(({ createdAt }) => createdAt >= since);
    if (runs.length >= limit) return runs.slice(0, limit);
  }
  return runsIn(await client.getStatusAll(), workload).slice(0, limit);
}

function runsIn(
  statuses: readonly DurableOrchestrationStatus[],
  workload: string | undefined,
): RunPicture[] {
  return statuses
    .map(pictureOf)
    .filter((run): run is RunPicture => run !== null)
    .filter((run) => workload === undefined || run.workload === workload)
    .sort((one, other) => other.createdAt.localeCompare(one.createdAt));
}

/** GET /api/runs/{id} */
export function showHandler({ ports }: Api): HttpHandler {
  return answering(async (request, client) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const status = await statusOf(client, runId);
    const picture = status === null ? null : pictureOf(status);
    // The durable history may have been purged; the record is kept apart from it.
    const run = picture ?? pictureOfRecord(await readRecord(ports.files, runId));
    const headers = isGoing(run) ? { 'Retry-After': RETRY_AFTER_SECONDS } : {};
    return { status: 200, headers, jsonBody: run };
  });
}

/** DELETE /api/runs/{id} */
export function cancelHandler({ ports }: Api): HttpHandler {
  return answering(async (request, client) => {
    const runId = checkRunId(request.params['id'] ?? '');
    const status = await statusOf(client, runId);
    const run = status === null ? null : pictureOf(status);
    if (run === null) throw new Failure('unknownRun', `no run has the id ${runId}`);
    if (!isGoing(run)) {
      throw new Failure(
        'runEnded',
        `run ${runId} has ended (${run.status}); there is nothing to cancel`,
      );
    }
    await cancelRun({ client, files: ports.files }, runId);
    return accepted(request, runId, {
      runId,
      message:
        'the run is being cancelled: its job, pool and staging container are deleted, logs and outputs so far are kept',
    });
  });
}

function accepted(
  request: HttpRequest,
  runId: string,
  body: Record<string, unknown>,
): HttpResponseInit {
  const location = `${new URL(request.url).origin}/api/runs/${runId}`;
  return {
    status: 202,
    headers: { Location: location, 'Retry-After': RETRY_AFTER_SECONDS },
    jsonBody: { ...body, statusUrl: location },
  };
}

class FieldMistakes extends Failure {
  constructor(readonly errors: readonly { readonly field: string; readonly message: string }[]) {
    super(
      'badRequest',
      `the request has mistakes: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
    );
  }
}

/** A Failure becomes a problem document (RFC 9457); a bug becomes the host's own 500 with its log. */
export function answering(handler: HttpHandler): HttpHandler {
  return async (request, client, context) => {
    try {
      return await handler(request, client, context);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const status = httpStatusOf(error.code);
      return {
        status,
        headers: { 'Content-Type': 'application/problem+json' },
        body: JSON.stringify({
          type: `urn:nightshift:${error.code}`,
          title: error.code,
          status,
          detail: error.message,
          ...(error instanceof FieldMistakes && { errors: error.errors }),
        }),
      };
    }
  };
}

export function findWorkload(workloads: Workloads, name: string): Workload {
  const workload = workloads.get(name);
  if (workload !== undefined) return workload;
  const known = [...workloads.keys()].join(', ');
  throw new Failure(
    'unknownWorkload',
    `no workload is called ${JSON.stringify(name.slice(0, 64))}; there are: ${known}`,
  );
}

export function checkRunId(id: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(id)) return id;
  throw new Failure(
    'unknownRun',
    `${JSON.stringify(id.slice(0, 64))} is no run id; GET /api/runs lists them`,
  );
}

const querySchema = z.object({
  workload: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

function checkQuery(request: HttpRequest): z.output<typeof querySchema> {
  const checked = querySchema.safeParse(Object.fromEntries(request.query));
  if (checked.success) return checked.data;
  throw mistakesFrom(checked.error.issues);
}

function keyOf(request: HttpRequest): string | null {
  const key = request.headers.get('idempotency-key');
  if (key === null) return null;
  if (key.length > 0 && key.length <= MAX_KEY_CHARACTERS) return key;
  throw new FieldMistakes([
    { field: 'Idempotency-Key', message: `must have 1 to ${MAX_KEY_CHARACTERS} characters` },
  ]);
}

export async function readBody(request: HttpRequest): Promise<unknown> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  const text = announced > MAX_BODY_BYTES ? null : await request.text();
  if (text === null || Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new Failure(
      'bodyTooLarge',
      `the body has more than ${MAX_BODY_BYTES} bytes; put data into a blob and name that`,
    );
  }
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new FieldMistakes([
      { field: 'body', message: 'must be JSON, such as {"parameters": {}}' },
    ]);
  }
}

const bodySchema = z.strictObject({
  parameters: z.record(z.string(), z.unknown()).default({}),
  /** Only this blob of the workload's input container. */
  blob: z.string().min(1).max(1024).optional(),
});

/** Every mistake of the body at once, each with its field. */
export function checkBody(
  workload: Workload,
  body: unknown,
): Pick<RunRequest, 'parameters' | 'blob'> {
  const outer = bodySchema.safeParse(body);
  if (!outer.success) throw mistakesFrom(outer.error.issues);
  const { blob } = outer.data;
  const parameters = parametersOf(workload, outer.data.parameters);
  if (blob === undefined) return { parameters };
  if (workload.inputs === undefined) {
    throw new FieldMistakes([
      { field: 'blob', message: `workload ${workload.name} has no input container` },
    ]);
  }
  return { parameters, blob };
}

/** A workload's parameters with its defaults filled in, as text. @throws when one is not as declared */
export function parametersOf(
  workload: Workload,
  given: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const checked = workload.parameters.safeParse(given);
  if (!checked.success) throw mistakesFrom(checked.error.issues, ['parameters']);
  const defined = Object.entries(checked.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined.map(([name, value]) => [name, String(value)]));
}

function mistakesFrom(
  issues: readonly z.core.$ZodIssue[],
  within: readonly string[] = [],
): FieldMistakes {
  return new FieldMistakes(
    issues.map((issue) => ({
      field: fieldOf([...within, ...issue.path], 'body'),
      message: wordsOf(issue),
    })),
  );
}

import type { BatchServiceClient } from '@azure/batch';
import { RestError } from '@azure/ms-rest-js';
import { Failure, formatError, redact } from '../../failure';
import { deniedBy, remedyFor, rightFor, type RequestedAccess, type Caller } from '../rights';

/**
 * One call of the Batch service, made safe. `@azure/batch` 10.2.0 has three habits that would hurt
 * a run, all seen by running it: its errors carry an object as message; it never tries again after
 * 429; after 500 or 503 it sleeps half a minute and more before it does. So its own retries are
 * switched off (`noRetryPolicy` in connect.ts) and these take their place.
 */
export interface RetryPacing {
  /** Waits in real time. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** How often a call is repeated that the service did not take just now; three times without a word. */
  readonly retries?: number;
}

/** A refusal of the service, in its own words. */
export class BatchError extends Error {
  override readonly name = 'BatchRefusal';

  constructor(
    /** 0 when no answer came. */
    readonly status: number,
    /** The service's code, such as `PoolExists`; empty when the answer had no body. */
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null,
    /** What was asked for, where the client says it. */
    readonly asked: Pick<RequestedAccess, 'method' | 'url'> | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An activity is paid for while it waits: a service that asks for more is left alone for now. */
const LONGEST_PAUSE_MS = 120_000;
const FIRST_PAUSE_MS = 500;

/**
 * Calls, and calls again while the service is busy or the line is bad: after `Retry-After` where it
 * says so, else after a growing pause with full jitter. A repeated create is safe because every id
 * is ours: the second one answers "exists".
 * @throws BatchRefusal for every answer that is not worth repeating here
 */
export async function callBatch<Result>(
  pacing: RetryPacing,
  call: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isOfService(error)) throw error;
      const refusal = batchErrorFrom(error);
      const pauseMs = pauseBefore(attempt, refusal, pacing);
      if (pauseMs === null) throw refusal;
      await pacing.pause(pauseMs);
    }
  }
}

function pauseBefore(
  attempt: number,
  refusal: BatchError,
  { chance, retries = 3 }: RetryPacing,
): number | null {
  if (!isTransient(refusal.status) || attempt > retries) return null;
  // It passes after half a minute, and the pool finds out by itself meanwhile.
  if (refusal.code === 'TooManyEnableAutoScaleRequests') return null;
  if (refusal.retryAfterMs === null) return chance() * FIRST_PAUSE_MS * 2 ** attempt;
  return refusal.retryAfterMs <= LONGEST_PAUSE_MS ? refusal.retryAfterMs : null;
}

/** Busy, restarting, or an answer that was cut off on its way: 0 is none at all, 2xx is half of one. */
export function isTransient(status: number): boolean {
  if (status === 501 || status === 505) return false;
  return status < 300 || status === 408 || status === 429 || status >= 500;
}

/**
 * What the service said, or the line, or the identity on the way to it; anything else is a bug of
 * ours or a Failure already.
 */
function isOfService(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Failure) return false;
  const hasCode = 'code' in error && typeof error.code === 'string';
  return hasCode || /Rest|Fetch|Abort|Credential|Authentication|BatchRefusal/.test(kindOf(error));
}

/** A RestError calls itself "Error". */
function kindOf(error: Error): string {
  return `${error.name} ${error.constructor.name}`;
}

/** What the client threw, in the service's words. */
export function batchErrorFrom(error: unknown): BatchError {
  if (error instanceof BatchError) return error;
  if (!(error instanceof RestError)) {
    return new BatchError(0, '', formatError(error), null, null, { cause: withoutRequest(error) });
  }
  const status = error.statusCode ?? 0;
  const code = error.code ?? '';
  const headers = error.response?.headers;
  const retryAfterMs = retryAfterOf(headers?.get('retry-after'), headers?.get('date'));
  return new BatchError(status, code, wordsOf(error), retryAfterMs, askedIn(error), {
    cause: withoutRequest(error),
  });
}

function askedIn({ request }: RestError): Pick<RequestedAccess, 'method' | 'url'> | null {
  return request === undefined ? null : { method: request.method, url: request.url };
}

/** The message is an object `{ lang, value }` although its type says text; the details say what. */
function wordsOf(error: RestError): string {
  const message: unknown = error.message;
  const value = isObject(message) && 'value' in message ? message['value'] : message;
  // The second and third line are the request id and the time.
  const [first = ''] = (typeof value === 'string' ? value : '').split('\n');
  const words = first === '' ? `HTTP ${error.statusCode ?? 'error'}` : first;
  const details = detailsOf(error.body);
  return redact(details === '' ? words : `${words} (${details})`);
}

function detailsOf(body: unknown): string {
  if (!isObject(body) || !Array.isArray(body['values'])) return '';
  return body['values']
    .filter(isObject)
    .map((detail) => `${String(detail['key'])}: ${String(detail['value'])}`)
    .join('; ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** `Retry-After` in milliseconds: seconds, or a moment, which counts from the moment at which the service itself sent the answer. */
export function retryAfterOf(
  retryAfter: string | undefined,
  sentAt: string | undefined,
): number | null {
  if (retryAfter === undefined) return null;
  const pause = /^\s*\d+\s*$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - Date.parse(sentAt ?? '');
  return Number.isFinite(pause) ? Math.max(0, pause) : null;
}

/** An SDK error holds the request with its Authorization header; a cause must not carry it on. */
function withoutRequest(error: unknown): Error {
  const bare = new Error(error instanceof RestError ? wordsOf(error) : formatError(error));
  const calls = error instanceof Error ? /\n\s+at [^]*$/.exec(error.stack ?? '') : null;
  bare.stack = `${bare.message}${calls?.[0] ?? ''}`;
  return bare;
}

/** What a refusal means for a run. `doing` completes "cannot …". */
export function failureFrom(refusal: BatchError, doing: string, { client, caller }: Account) {
  const cause = { cause: refusal };
  const said = `${refusal.message}${refusal.code === '' ? '' : ` [${refusal.code}]`}`;
  if (refusal.status === 401 || refusal.status === 403) {
    const base = client.batchUrl;
    const right = refusal.asked === null ? null : rightFor('batch', { ...refusal.asked, base });
    const refused = deniedBy(`Batch account ${base}`, caller, said);
    const remedy = remedyFor('batch', caller, right, said);
    return new Failure('accessDenied', `cannot ${doing}: ${refused}; ${remedy}`, cause);
  }
  if (refusal.code.endsWith('QuotaReached')) {
    return new Failure(
      'quotaReached',
      `cannot ${doing}: ${said}; ask for more quota or remove what is not used`,
      cause,
    );
  }
  if (isTransient(refusal.status)) {
    return new Failure('serviceUnavailable', `cannot ${doing} just now: ${said}`, cause);
  }
  // Packages that are not there answer 409, which elsewhere is worth another try.
  const isInvalid = refusal.code.startsWith('Invalid');
  if (refusal.status === 400 || refusal.status >= 500 || isInvalid)
    return new Failure(
      'badSpecification',
      `cannot ${doing}: Batch refuses the specification: ${said}`,
      cause,
    );
  return new Failure('serviceUnavailable', `cannot ${doing}: ${said}`, cause);
}

/** The account, and who comes to it. */
export interface Account {
  readonly client: BatchServiceClient;
  readonly caller: Caller;
}

export interface Service {
  readonly client: BatchServiceClient;
  readonly call: <Result>(request: () => Promise<Result>) => Promise<Result>;
}

/** Milliseconds for one request. The service itself gives up after 30 s. */
export const REQUEST_TIMEOUT_SECONDS = { timeout: 40_000 } as const;

/** Whether it was done, or not because of exactly this refusal. */
export async function ignoringCode(
  code: string,
  request: Promise<unknown>,
): Promise<'done' | 'not'> {
  try {
    await request;
    return 'done';
  } catch (error) {
    if (error instanceof BatchError && error.code === code) return 'not';
    throw error;
  }
}

/** How the service refuses to change a job that is over, or on its way there. */
export const JOB_IS_OVER: ReadonlySet<string> = new Set([
  'JobCompleted',
  'JobBeingTerminated',
  'JobBeingDeleted',
  'JobNotFound',
]);

/** What is there, or null when it answers 404. */
export async function nullIfNotFound<Result>(request: Promise<Result>): Promise<Result | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof BatchError && error.status === 404) return null;
    throw error;
  }
}

type Page<Item> = readonly Item[] & { readonly odatanextLink?: string };

/** All items of a list that comes in pages. */
export async function listAll<Item>(
  first: () => Promise<Page<Item>>,
  next: (link: string) => Promise<Page<Item>>,
): Promise<Item[]> {
  let page = await first();
  const items = [...page];
  while (page.odatanextLink !== undefined) {
    page = await next(page.odatanextLink);
    items.push(...page);
  }
  return items;
}

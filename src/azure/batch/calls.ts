import type { BatchServiceClient } from '@azure/batch';
import { RestError } from '@azure/ms-rest-js';
import { Failure, formatError, redact, truncate, type FailureCode } from '../../failure';
import { deniedBy, remedyFor, rightFor, type RequestedAccess, type Caller } from '../rights';

/**
 * Calls of the Batch service with retries and one error type. `@azure/batch` 10.2.0 has three
 * problems, all observed: its errors have an object as message; it never retries after 429; and
 * after 500 or 503 it sleeps half a minute or more before a retry. Its own retries are therefore
 * disabled (`noRetryPolicy` in connect.ts) and replaced by these.
 */

/**
 * Calls, and retries while the service is busy or the connection fails: after `Retry-After` if the
 * response has it, otherwise with exponential backoff and full jitter. Repeating a create is safe
 * because the app chooses every id: the second call gets "exists".
 * @throws BatchError for every response that is not retried here
 */
export async function callBatch<Result>(
  policy: RetryPolicy,
  call: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isServiceError(error)) throw error;
      const batchError = batchErrorFrom(error);
      const delayMs = delayBefore(attempt, batchError, policy);
      if (delayMs === null) throw batchError;
      await policy.pause(delayMs);
    }
  }
}

export interface RetryPolicy {
  /** Waits in real time. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Returns a number from 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Number of retries after the first attempt. Default: 3. */
  readonly retries?: number;
}

/** A longer `Retry-After` is left to the workflow: an activity is billed while it waits, a timer is not. */
const MAX_DELAY_MS = 60_000;
const FIRST_DELAY_MS = 500;

/** The delay before the next attempt, or null when there should be none. */
function delayBefore(
  attempt: number,
  error: BatchError,
  { random, retries = 3 }: RetryPolicy,
): number | null {
  if (!isTransient(error.status) || attempt > retries) return null;
  // Lasts for half a minute; meanwhile the pool evaluates its stored formula by itself.
  if (error.code === 'TooManyEnableAutoScaleRequests') return null;
  if (error.retryAfterMs === null) return random() * FIRST_DELAY_MS * 2 ** attempt;
  return error.retryAfterMs <= MAX_DELAY_MS ? error.retryAfterMs : null;
}

/**
 * Returns true for a busy or restarting service and for a broken connection: status 0 means no
 * response, and 2xx with an error means that the body was incomplete.
 */
export function isTransient(status: number): boolean {
  if (status === 501 || status === 505) return false;
  return status < 300 || status === 408 || status === 429 || status >= 500;
}

/** An error response of the service, or a failed request to it. */
export class BatchError extends Error {
  override readonly name = 'BatchError';

  constructor(
    /** 0 when there was no response. */
    readonly status: number,
    /** The service's code, for example `PoolExists`; empty when the response had no body. */
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null,
    /** The failed request, if the client's error contains it. */
    readonly request: Pick<RequestedAccess, 'method' | 'url'> | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Returns true for errors of the service, the connection or the credential. Any other error is a
 * bug, or a Failure already.
 */
function isServiceError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Failure) return false;
  const hasCode = 'code' in error && typeof error.code === 'string';
  return hasCode || /Rest|Fetch|Abort|Credential|Authentication|BatchError/.test(errorNames(error));
}

/** The `name` of a RestError is "Error", so the class name counts too. */
function errorNames(error: Error): string {
  return `${error.name} ${error.constructor.name}`;
}

/** Converts an error of the client. */
export function batchErrorFrom(error: unknown): BatchError {
  if (error instanceof BatchError) return error;
  if (!(error instanceof RestError)) {
    return new BatchError(0, '', formatError(error), null, null, { cause: withoutRequest(error) });
  }
  const status = error.statusCode ?? 0;
  const code = error.code ?? '';
  const headers = error.response?.headers;
  const retryAfterMs = retryAfterOf(headers?.get('retry-after'), headers?.get('date'));
  return new BatchError(status, code, messageOf(error), retryAfterMs, requestOf(error), {
    cause: withoutRequest(error),
  });
}

function requestOf({ request }: RestError): Pick<RequestedAccess, 'method' | 'url'> | null {
  return request === undefined ? null : { method: request.method, url: request.url };
}

/** The message is an object `{ lang, value }`, although its type is a string; the details are in `values`. */
function messageOf(error: RestError): string {
  const message: unknown = error.message;
  const value = isObject(message) && 'value' in message ? message['value'] : message;
  // The second and third line are the request id and the time.
  const [first = ''] = (typeof value === 'string' ? value : '').split('\n');
  const text = first === '' ? `HTTP ${error.statusCode ?? 'error'}` : first;
  const details = detailsOf(error.body);
  return redact(truncate(details === '' ? text : `${text} (${details})`, MESSAGE_CHARACTERS));
}

/** Bound of a service's message, which becomes part of causes and statuses. */
const MESSAGE_CHARACTERS = 1000;

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

/** `Retry-After` in milliseconds: a number of seconds, or a date relative to the response's `Date`. */
export function retryAfterOf(
  retryAfter: string | undefined,
  sentAt: string | undefined,
): number | null {
  if (retryAfter === undefined) return null;
  const delay = /^\s*\d+\s*$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - Date.parse(sentAt ?? '');
  return Number.isFinite(delay) ? Math.max(0, delay) : null;
}

/** Copies message and stack: an SDK error contains the request with its Authorization header. */
function withoutRequest(error: unknown): Error {
  const bare = new Error(error instanceof RestError ? messageOf(error) : formatError(error));
  const calls = error instanceof Error ? /\n\s+at [^]*$/.exec(error.stack ?? '') : null;
  bare.stack = `${bare.message}${calls?.[0] ?? ''}`;
  return bare;
}

/** Converts an error into the Failure of a run. `doing` completes "cannot …". */
export function failureFrom(error: BatchError, doing: string, { client, caller }: Account) {
  const cause = { cause: error };
  const message = `${error.message}${error.code === '' ? '' : ` [${error.code}]`}`;
  if (error.status === 401 || error.status === 403) {
    const base = client.batchUrl;
    const right = error.request === null ? null : rightFor('batch', { ...error.request, base });
    const denial = deniedBy(`Batch account ${base}`, caller, message);
    const remedy = remedyFor('batch', caller, right, message);
    return new Failure('accessDenied', `cannot ${doing}: ${denial}; ${remedy}`, cause);
  }
  const { failure, hint = '', isTransient: waits } = verdictOn(error);
  const retryAfterSeconds = waits ? retrySeconds(failure, error) : undefined;
  const now = isTransient(error.status) && failure === 'serviceUnavailable' ? ' at the moment' : '';
  const rejected = failure === 'badSpecification' ? ': Batch rejected the specification' : '';
  return new Failure(failure, `cannot ${doing}${now}${rejected}: ${message}${hint}`, {
    ...cause,
    retryAfterSeconds,
  });
}

/** The pause before another attempt at a quota, for which the service names no time. */
const QUOTA_RETRY_SECONDS = 60;

function retrySeconds(failure: FailureCode, { retryAfterMs }: BatchError): number | undefined {
  if (retryAfterMs !== null) return Math.ceil(retryAfterMs / 1000);
  return failure === 'quotaReached' ? QUOTA_RETRY_SECONDS : undefined;
}

/** The effect of an error on a run: final, or worth another attempt. */
interface Verdict {
  readonly failure: FailureCode;
  readonly isTransient: boolean;
  readonly hint?: string;
}

const busy: Verdict = { failure: 'serviceUnavailable', isTransient: true };
const quota: Verdict = {
  failure: 'quotaReached',
  isTransient: true,
  hint: '; request more quota or delete unused resources',
};
const invalid: Verdict = { failure: 'badSpecification', isTransient: false };
const jobEnded: Verdict = { failure: 'jobEndedEarly', isTransient: false };

/**
 * Verdicts by code of the service. A code has the same verdict wherever it occurs; a caller that
 * expects one, such as PoolExists, handles it before. Every other code is judged by its status.
 * https://learn.microsoft.com/rest/api/batchservice/batch-status-and-error-codes
 */
const verdicts: Readonly<Record<string, Verdict>> = {
  // Freed by other runs.
  PoolQuotaReached: quota,
  ActiveJobAndScheduleQuotaReached: quota,
  // Someone else has ended the job or the pool.
  JobNotFound: jobEnded,
  JobBeingDeleted: jobEnded,
  JobBeingTerminated: jobEnded,
  JobCompleted: jobEnded,
  PoolNotFound: jobEnded,
  // Pass by themselves.
  PoolBeingCreated: busy,
  PoolBeingDeleted: busy,
  PoolBeingResized: busy,
  TooManyEnableAutoScaleRequests: busy,
  TooManyRequests: busy,
  ServerBusy: busy,
  InternalError: busy,
  OperationTimedOut: busy,
  // Answered with 409, which for other codes is worth another attempt.
  InvalidApplicationPackageReferences: invalid,
  TaskIdSameAsJobPreparationTask: invalid,
  TaskIdSameAsJobReleaseTask: invalid,
  JobPreparationTaskNotSpecified: invalid,
  JobReleaseTaskNotSpecified: invalid,
  AutoScalingFormulaTooLong: invalid,
  AutoScaleFormulaTooLong: invalid,
  AutoScalingFormulaSyntaxError: invalid,
};

function verdictOn({ code, status }: BatchError): Verdict {
  const known = verdicts[code];
  if (known !== undefined) return known;
  if (code.endsWith('QuotaReached')) return quota;
  if (isTransient(status)) return busy;
  if (status === 400 || status >= 500 || code.startsWith('Invalid')) return invalid;
  return busy;
}

/** The Batch account, and the caller for error messages. */
export interface Account {
  readonly client: BatchServiceClient;
  readonly caller: Caller;
}

export interface Service {
  readonly client: BatchServiceClient;
  readonly call: <Result>(request: () => Promise<Result>) => Promise<Result>;
}

/** Timeout of one request in milliseconds. The service's own timeout is 30 seconds. */
export const REQUEST_TIMEOUT = { timeout: 40_000 } as const;

/** Ignores this error code; the result says whether it occurred. */
export async function ignoringCode(
  code: string,
  request: Promise<unknown>,
): Promise<'done' | 'ignored'> {
  try {
    await request;
    return 'done';
  } catch (error) {
    if (error instanceof BatchError && error.code === code) return 'ignored';
    throw error;
  }
}

/** Error codes of requests that change a job which has ended or is ending. */
export const JOB_ENDED_CODES: ReadonlySet<string> = new Set([
  'JobCompleted',
  'JobBeingTerminated',
  'JobBeingDeleted',
  'JobNotFound',
]);

/** Returns null for a 404 response. */
export async function nullIfNotFound<Result>(request: Promise<Result>): Promise<Result | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof BatchError && error.status === 404) return null;
    throw error;
  }
}

type Page<Item> = readonly Item[] & { readonly odatanextLink?: string };

/** Returns the items of all pages of a list. */
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

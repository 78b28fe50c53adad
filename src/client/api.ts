import { ApiError, type ProblemError } from './api-error';

/** The address of an app, and the function key that it asks for; null for an app without one. */
export interface Target {
  readonly url: string;
  readonly key: string | null;
}

export type Method = 'GET' | 'POST' | 'DELETE';

/** Sends one request to the app and returns the JSON of its answer. */
export type Send = (method: Method, path: string, body?: object) => Promise<unknown>;

/** The time after which a request without an answer fails: the host ends one itself after 230 seconds. */
const TIMEOUT_MS = 240_000;

/** @throws ApiError for an app that cannot be reached, and for an answer other than success */
export function sendTo({ url, key }: Target): Send {
  const base = url.replace(/\/+$/, '');
  return async (method, path, body) => {
    const headers = {
      accept: 'application/json',
      ...(key !== null && { 'x-functions-key': key }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const response = await fetch(`${base}${path}`, {
      method,
      headers,
      // The key belongs to this app alone: no redirect takes it to another host.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
    return answerOf(response, `${method} ${path}`);
  };
}

async function answerOf(response: Response, call: string): Promise<unknown> {
  const text = await response.text();
  if (response.ok) {
    const parsed = parsedOr(text);
    if (parsed !== undefined) return parsed;
    throw new ApiError('notTheApp', `${call} was answered with something other than JSON`);
  }
  const problem = problemIn(text);
  if (problem !== null) {
    throw new ApiError('refused', problem.detail, {
      status: response.status,
      title: problem.title,
      errors: problem.errors ?? [],
    });
  }
  throw new ApiError('refused', `${call} was answered with status ${response.status}`, {
    status: response.status,
  });
}

interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly ProblemError[];
}

function problemIn(text: string): Problem | null {
  const parsed = parsedOr(text) as Partial<Problem> | null | undefined;
  return typeof parsed?.detail === 'string' && typeof parsed.title === 'string'
    ? (parsed as Problem)
    : null;
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed", with the reason in the cause; localhost has one for each address. */
function unreachable(base: string, error: unknown): ApiError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = codeOf(cause) ?? codeOf(error);
  const reason = code ?? (error instanceof Error ? error.message : String(error));
  return new ApiError('unreachable', `${base} cannot be reached (${reason})`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return Array.isArray(errors) ? codeOf(errors[0]) : undefined;
}

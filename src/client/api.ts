import { ApiError, type ProblemError } from './api-error';

/** The address of an app, and the function key that it asks for; null for an app without one. */
export interface Target {
  readonly url: string;
  readonly key: string | null;
  /** Fetches a key when the app asks for one and none is given. */
  readonly fetchKey?: () => Promise<string>;
  /** Time after which a request without an answer fails. Default: 4 minutes, since the host ends one itself after 230 seconds. */
  readonly timeoutMs?: number;
}

export type Method = 'GET' | 'POST' | 'DELETE';

/** Sends one request to the app and returns the JSON of its answer. */
export type Send = (
  method: Method,
  path: string,
  body?: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<unknown>;

/** Returns the address to which the app redirects a request. */
export type Locate = (path: string) => Promise<string>;

/** A connection to one app, whose requests share its key. */
export interface Connection {
  readonly send: Send;
  readonly locate: Locate;
}

const TIMEOUT_MS = 240_000;

/** @throws ApiError for an app that cannot be reached, and for an answer other than success */
export function connectTo(target: Target): Connection {
  const request = requestTo(target);
  return {
    send: async (method, path, body, headers = {}) => {
      const response = await request(path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        // The key belongs to this app alone: no redirect takes it to another host.
        redirect: 'error',
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return answerOf(response, `${method} ${path}`);
    },
    locate: async (path) => {
      const response = await request(path, { redirect: 'manual', headers: {} });
      const location = response.headers.get('location');
      if (response.status !== 302 || location === null) await answerOf(response, `GET ${path}`);
      await response.body?.cancel();
      if (location !== null) return location;
      throw new ApiError('notTheApp', `GET ${path} was answered without an address`);
    },
  };
}

export function sendTo(target: Target): Send {
  return connectTo(target).send;
}

interface Call extends RequestInit {
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends requests with the key. A key is fetched once, when the app asks for it. */
function requestTo({ url, key, fetchKey, timeoutMs = TIMEOUT_MS }: Target) {
  const base = url.replace(/\/+$/, '');
  let known = key === null ? null : Promise.resolve(key);
  const attempt = async (path: string, call: Call): Promise<Response> => {
    const value = await known;
    const headers = {
      accept: 'application/json',
      ...(value !== null && { 'x-functions-key': value }),
      ...call.headers,
    };
    const signal = AbortSignal.timeout(timeoutMs);
    return fetch(`${base}${path}`, { ...call, headers, signal }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
  };
  return async (path: string, call: Call): Promise<Response> => {
    const response = await attempt(path, call);
    if (response.status !== 401 || key !== null || fetchKey === undefined) return response;
    await response.body?.cancel();
    known ??= fetchKey();
    return attempt(path, call);
  };
}

async function answerOf(response: Response, call: string): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(new URL(response.url).origin, error);
  });
  const body = parsedOr(text);
  if (response.ok) {
    if (body !== undefined) return body;
    throw new ApiError('notTheApp', `${call} was answered with something other than JSON`);
  }
  const { status } = response;
  const problem = problemIn(body);
  if (problem !== null) {
    const { detail, title, errors = [] } = problem;
    throw new ApiError('refused', detail, { status, title, errors, body });
  }
  throw new ApiError('refused', `${call} was answered with status ${status}`, { status, body });
}

interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly ProblemError[];
}

function problemIn(body: unknown): Problem | null {
  const parsed = body as Partial<Problem> | null | undefined;
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

import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { formatError } from '../../errors';
import type { HttpRequestAction } from './actions';
import type { HttpAnswer } from './http-call';

/** Defaults of .NET's `HttpClient`: its timeout, and its maximum number of redirections. */
const TIMEOUT_MS = 100_000;
const MAX_REDIRECTIONS = 50;

/** A request of a `callHttp` without a response. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
}

/**
 * Sends the request of a `callHttp` and returns the response as JSON text, with the parts of .NET's
 * `HttpClient` response that the extension passes to the orchestrator (`TaskHttpActivityShim`,
 * `DurableHttpResponse`).
 * @throws HttpFailure without a response within 100 s
 */
export async function sendHttp(input: unknown): Promise<string> {
  const { uri, method, content, headers, tokenSource } = input as HttpRequestAction;
  let wanted: Wanted = {
    url: new URL(uri),
    method,
    content,
    headers: { ...typeOf(content, headers), ...headers, ...(await authorization(tokenSource)) },
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  for (let followed = 0; ; followed += 1) {
    const got = await exchange(wanted, signal);
    const next = redirection(wanted, got);
    if (next === undefined || followed === MAX_REDIRECTIONS) return JSON.stringify(got);
    wanted = next;
  }
}

interface Wanted {
  readonly url: URL;
  readonly method: string;
  readonly content: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function typeOf(
  content: string | undefined,
  headers: HttpRequestAction['headers'] = {},
): Record<string, string> {
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return content === undefined || hasType ? {} : { 'Content-Type': 'text/plain' };
}

async function exchange(wanted: Wanted, signal: AbortSignal): Promise<HttpAnswer> {
  const { url, method, content, headers } = wanted;
  const { request } = url.protocol === 'https:' ? https : http;
  try {
    const response = await new Promise<http.IncomingMessage>((answered, failed) => {
      request(url, { method, headers: sized(headers, content), signal }, answered)
        .on('error', failed)
        .end(content);
    });
    return {
      statusCode: response.statusCode ?? 0,
      headers: keptHeaders(response.rawHeaders),
      content: await text(response),
    };
  } catch (error) {
    throw new HttpFailure(signal.aborted ? TIMED_OUT : failureText(error, url), { cause: error });
  }
}

function sized(
  headers: Wanted['headers'],
  content: string | undefined,
): Readonly<Record<string, string>> {
  if (content === undefined) return headers;
  return { ...headers, 'Content-Length': String(Buffer.byteLength(content)) };
}

const TIMED_OUT = `The request was canceled due to the configured HttpClient.Timeout of ${TIMEOUT_MS / 1000} seconds elapsing.`;

/** The two most frequent failures, with the messages of .NET on Linux. */
function failureText(error: unknown, { hostname, port, protocol }: URL): string {
  const { code } = error as NodeJS.ErrnoException;
  const address = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
  if (code === 'ECONNREFUSED') return `Connection refused (${address})`;
  if (code === 'ENOTFOUND') return `Name or service not known (${address})`;
  return formatError(error);
}

/**
 * Redirections as `HttpClient` follows them: never from https to http, and without the
 * authorization.
 */
function redirection(wanted: Wanted, { statusCode, headers }: HttpAnswer): Wanted | undefined {
  const { Location: location } = headers;
  if (![300, 301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string')
    return undefined;
  const url = new URL(location, wanted.url);
  if (wanted.url.protocol === 'https:' && url.protocol !== 'https:') return undefined;
  const becomesGet = statusCode === 303 || (statusCode < 303 && wanted.method === 'POST');
  const left = becomesGet ? ['authorization', 'content-type'] : ['authorization'];
  return {
    ...wanted,
    url,
    headers: Object.fromEntries(
      Object.entries(wanted.headers).filter(([name]) => !left.includes(name.toLowerCase())),
    ),
    ...(becomesGet && { method: 'GET', content: undefined }),
  };
}

/**
 * Excludes content headers, which `HttpResponseMessage.Headers` does not contain; names that .NET
 * knows have its spelling, and repeated headers become a list.
 */
function keptHeaders(raw: readonly string[]): HttpAnswer['headers'] {
  const kept = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = raw.slice(i, i + 2);
    const key = name.toLowerCase();
    if (OF_CONTENT.test(key)) continue;
    const entry = kept.get(key) ?? { name: KNOWN.get(key) ?? name, values: [] };
    entry.values.push(value);
    kept.set(key, entry);
  }
  return Object.fromEntries(
    [...kept.values()].map(({ name, values }) => [
      name,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  );
}

const OF_CONTENT = /^(allow|content-.*|expires|last-modified)$/;

const KNOWN = new Map(
  [
    'Accept-Ranges Access-Control-Allow-Origin Age Alt-Svc Cache-Control Connection Cookie Date ETag',
    'Keep-Alive Link Location Pragma Proxy-Authenticate Retry-After Server Set-Cookie',
    'Strict-Transport-Security Trailer Transfer-Encoding Upgrade Vary Via WWW-Authenticate Warning',
    'X-Content-Type-Options X-Frame-Options X-Powered-By X-Request-ID X-XSS-Protection',
  ]
    .join(' ')
    .split(' ')
    .map((name) => [name.toLowerCase(), name] as const),
);

async function authorization(tokenSource: unknown): Promise<Record<string, string>> {
  if (typeof tokenSource !== 'object' || tokenSource === null) return {};
  const { resource } = tokenSource as { readonly resource?: string };
  if (resource === undefined) return {};
  const scope = `${resource.replace(/\/$/, '')}/.default`;
  const { DefaultAzureCredential } = await import('@azure/identity');
  const token = await new DefaultAzureCredential().getToken(scope);
  return { authorization: `Bearer ${token.token}` };
}

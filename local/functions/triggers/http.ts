import type http from 'node:http';
import { reply, type Body } from '../body';
import { membersOf, type Metadata } from '../metadata';
import type { HttpCookie, HttpData, InvocationResponse, TypedData } from '../wire';
import type { HostedFunction } from '../hosted-function';

/** A request as the function's trigger gets it. */
export function httpInput(
  request: http.IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Body,
): TypedData {
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams)
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;

  return {
    http: {
      url: url.href,
      method: request.method ?? 'GET',
      nullableHeaders: nullable(headers),
      nullableQuery: nullable(query),
      nullableParams: nullable(params),
      ...(body.length > 0 ? { body: { bytes: body } } : {}),
    },
  };
}

/**
 * Metadata for expressions in the function's other bindings: members of a JSON body, the query
 * (`{name}` and `{Query.name}`), headers (`{Headers.name}`), parameters of the route. The function
 * itself receives none of it as metadata.
 */
export function httpBindingData(
  request: http.IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Body | undefined,
): Metadata {
  const query = Object.fromEntries(url.searchParams);
  const { code: _, ...free } = query;
  return {
    ...membersOf(body?.toString('utf8') ?? ''),
    ...texts(free),
    ...texts(params),
    Query: { json: JSON.stringify(query) },
    Headers: { json: JSON.stringify(request.headers) },
  };
}

function texts(values: Readonly<Record<string, string>>): Metadata {
  return Object.fromEntries(Object.entries(values).map(([name, string]) => [name, { string }]));
}

function nullable(
  values: Readonly<Record<string, string>>,
): Record<string, { readonly value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/**
 * The response of a function that returned none: 204 if its return value would be the response, and
 * 200 otherwise (`FunctionInvocationMiddleware`).
 */
export function emptyStatus({ bindings }: HostedFunction): number {
  return bindings['$return']?.type.toLowerCase() === 'http' ? 204 : 200;
}

/** Sends the function's response. */
export function sendHttpOutput(
  response: http.ServerResponse,
  fn: HostedFunction,
  result: InvocationResponse,
): void {
  const output = result.returnValue?.http;
  if (output === undefined) {
    reply(response, emptyStatus(fn));
    return;
  }
  for (const [name, value] of Object.entries(output.headers ?? {})) response.setHeader(name, value);
  const cookies = (output.cookies ?? []).map(cookieText);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.statusCode = Number(output.statusCode ?? 200);
  response.end(bodyOf(output));
}

function bodyOf({ body }: HttpData): Uint8Array | string {
  return body?.bytes ?? body?.string ?? '';
}

const SAME_SITE = { lax: 'lax', strict: 'strict', explicitNone: 'none', none: undefined } as const;

/**
 * As ASP.NET writes it: lower case, this order, always a path. With HTTP streams the library writes
 * cookies itself, in another form.
 */
function cookieText(cookie: HttpCookie): string {
  const sameSite = SAME_SITE[cookie.sameSite ?? 'none'];
  const expires = cookie.expires?.value?.seconds;
  const maxAge = cookie.maxAge?.value;
  return [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    ...(expires === undefined ? [] : [`expires=${new Date(expires * 1000).toUTCString()}`]),
    ...(maxAge === undefined ? [] : [`max-age=${Math.trunc(maxAge)}`]),
    ...(cookie.domain?.value === undefined ? [] : [`domain=${cookie.domain.value}`]),
    `path=${cookie.path?.value ?? '/'}`,
    ...(cookie.secure?.value === true ? ['secure'] : []),
    ...(sameSite === undefined ? [] : [`samesite=${sameSite}`]),
    ...(cookie.httpOnly?.value === true ? ['httponly'] : []),
  ].join('; ');
}

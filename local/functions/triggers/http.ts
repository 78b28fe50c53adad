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
  return {
    http: {
      url: url.href,
      method: request.method ?? 'GET',
      nullableHeaders: nullable(headersOf(request)),
      nullableQuery: nullable(query),
      nullableParams: nullable(params),
      ...(body.length > 0 ? { body: { bytes: body } } : {}),
    },
  };
}

/**
 * Metadata for expressions in the function's other bindings: members of a JSON body, the query
 * (`{name}` and `{Query.name}`), headers (`{Headers.name}`), parameters of the route. With HTTP
 * streams the library makes `request.params` of its texts; otherwise the function receives none of
 * it. As `GetRequestBindingDataAsync` of the HTTP extension: names are equal without regard to
 * case, later values replace earlier ones, and the values of a repeated name are joined.
 */
export function httpBindingData(
  request: http.IncomingMessage,
  url: URL,
  params: Readonly<Record<string, string>>,
  body: Body | undefined,
): Metadata {
  const data = new Map<string, readonly [name: string, value: TypedData]>();
  const set = (name: string, value: TypedData) => {
    const key = name.toLowerCase();
    data.set(key, [data.get(key)?.[0] ?? name, value]);
  };
  const members = Object.entries(membersOf(body?.toString('utf8') ?? ''));
  for (const [name, value] of members) set(name, value);
  for (const name of new Set(url.searchParams.keys()))
    if (name.toLowerCase() !== 'code')
      set(name, { string: url.searchParams.getAll(name).join(',') });
  for (const [name, string] of Object.entries(params)) set(name, { string });

  const query = Object.fromEntries(url.searchParams);
  if (!data.has('query')) set('Query', { json: JSON.stringify(query) });
  if (!data.has('headers')) set('Headers', { json: JSON.stringify(headersOf(request)) });
  return Object.fromEntries(data.values());
}

function headersOf(request: http.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return headers;
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

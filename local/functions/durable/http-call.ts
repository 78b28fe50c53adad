import type { HttpRequestAction } from './actions';

/** `callHttp`: an HTTP request made by the host, as an activity under a reserved name. */
export const HTTP_ACTIVITY = 'BuiltIn::HttpActivity';

export interface HttpAnswer {
  readonly statusCode: number;
  /** Repeated headers become a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly content: string;
}

/**
 * The time and the address of the next poll, if the response (JSON text) is 202. Without an address
 * the extension waits too, and returns the response afterwards.
 */
export function pollAfter(
  result: unknown,
  defaultMs: number,
): { readonly location: string | undefined; readonly waitMs: number } | undefined {
  if (typeof result !== 'string') return undefined;
  const { statusCode, headers } = JSON.parse(result) as HttpAnswer;
  if (statusCode !== 202) return undefined;

  const seconds = headerOf(headers, 'retry-after');
  const waitMs = seconds === undefined ? defaultMs : Number(seconds) * 1000;
  return { location: headerOf(headers, 'location'), waitMs };
}

/** The key of the first request is often a function key, which the status address refuses. */
export function pollRequest(request: HttpRequestAction, location: string): HttpRequestAction {
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).filter(
      ([name]) => name.toLowerCase() !== 'x-functions-key',
    ),
  );
  const { tokenSource } = request;
  return {
    method: 'GET',
    uri: location,
    headers,
    ...(tokenSource === undefined ? {} : { tokenSource }),
  };
}

function headerOf(headers: HttpAnswer['headers'], name: string): string | undefined {
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : value?.[0];
}

import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { createHash } from 'node:crypto';
import type { HttpHandler } from './handler';

/**
 * Adds an `ETag` to a successful answer, and answers 304 without a body to a request that has that
 * version already. The app reads the same rows and blobs for both: a 304 saves the transfer, and the
 * caller the parsing.
 */
export function withEtag(handler: HttpHandler): HttpHandler {
  return async (request, client, context) => {
    const answer = await handler(request, client, context);
    if (answer.status !== 200) return answer;
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.jsonBody);
    const etag = etagOf(text);
    // `no-cache`: a browser keeps the answer, and asks with its ETag each time.
    const headers = { ...headersOf(answer), ETag: etag, 'Cache-Control': 'private, no-cache' };
    if (isKnown(request, etag)) return { status: 304, headers };
    return { status: 200, headers: { ...headers, 'Content-Type': 'application/json' }, body: text };
  };
}

/** The app makes plain objects of headers only. */
function headersOf({ headers }: HttpResponseInit): Readonly<Record<string, string>> {
  return (headers ?? {}) as Readonly<Record<string, string>>;
}

/** Weak: the host may compress the body. */
function etagOf(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/** Compares weakly, as RFC 9110 asks of `If-None-Match`. */
function isKnown({ headers }: HttpRequest, etag: string): boolean {
  const known = headers.get('if-none-match');
  if (known === null) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return known.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag));
}

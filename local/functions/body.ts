import type http from 'node:http';

export type Body = Buffer;

/** What the real host accepts at most, unless `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` says otherwise. */
export const MAX_BODY_BYTES = 100 * 1024 * 1024;

/** The body was larger than the host takes. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

export function tooLarge(maxBytes: number): BodyTooLarge {
  return new BodyTooLarge(`The request body is larger than ${maxBytes} bytes.`);
}

export async function readBody(
  request: http.IncomingMessage,
  maxBytes = MAX_BODY_BYTES,
): Promise<Body> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function isJson(request: http.IncomingMessage): boolean {
  return /^application\/json\b/i.test(request.headers['content-type'] ?? '');
}

/** Sends a whole answer. */
export function reply(
  response: http.ServerResponse,
  status: number,
  json?: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (json === undefined) {
    response.writeHead(status, { ...headers });
    response.end();
    return;
  }
  const text = JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(text);
}

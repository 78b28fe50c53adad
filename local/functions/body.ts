import type http from 'node:http';

export type Body = Buffer;

/** Default limit of the real host; `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` overrides it. */
export const MAX_BODY_BYTES = 100 * 1024 * 1024;

/** The body exceeds the limit of the host. */
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

/**
 * Sends a complete response. JSON ends with a newline, so that a shell prompt starts on a new line.
 */
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
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(`${JSON.stringify(json)}\n`);
}

import type http from 'node:http';
import { formatError } from '../errors';
import type { ServerContext } from './requests';

/**
 * GET /healthz, for the probes of containers and test environments. It needs no signature, and
 * replies 503 when changes can no longer be stored. The service itself has no such address.
 */
export async function health(
  { account }: ServerContext,
  _: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const problem = await account.flushed().then(() => undefined, formatError);
  response.writeHead(problem === undefined ? 200 : 503, { 'content-type': 'application/json' });
  response.end(
    `${JSON.stringify(problem === undefined ? { status: 'ok' } : { status: problem })}\n`,
  );
}

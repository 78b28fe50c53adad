import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** A server of the local environment, listening on loopback. */
export interface Listening {
  readonly port: number;
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Default, and 0: any free port. */
  readonly port?: number;
  /** PEM texts; with them the server uses TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const KEEP_ALIVE_MS = 75_000;

/**
 * Opens a server on 127.0.0.1 only: behind it tasks run as real processes. A request that was
 * addressed to another name, or that a web page of another origin sent, is answered with 403 before
 * `handler` sees it (DNS rebinding, cross-site requests); one with an invalid address, such as
 * `//`, with 400.
 */
export async function listen(
  handler: http.RequestListener,
  options: ListenOptions = {},
): Promise<Listening> {
  const guarded: http.RequestListener = (request, response) => {
    const { host = '', origin } = request.headers;
    if (!isLoopback(`http://${host}`) || !isLoopback(origin)) {
      response.writeHead(403, { 'content-type': 'text/plain' });
      response.end('This server answers requests to 127.0.0.1 or localhost only.\n');
      return;
    }
    if (!URL.canParse(request.url ?? '', 'http://127.0.0.1')) {
      response.writeHead(400, { 'content-type': 'text/plain' });
      response.end('The address of the request cannot be read.\n');
      return;
    }
    handler(request, response);
  };
  const server =
    options.tls === undefined
      ? http.createServer(guarded)
      : https.createServer({ ...options.tls }, guarded);
  // Requests are long polls and uploads of any length; the peers are on this machine.
  server.requestTimeout = 0;
  // A client that reuses a connection just as it is closed would see a reset.
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Returns whether an origin or a host is this machine. A missing origin (a command-line client) is
 * accepted.
 */
function isLoopback(url: string | undefined): boolean {
  if (url === undefined) return true;
  return URL.canParse(url) && LOOPBACK_NAMES.has(new URL(url).hostname);
}

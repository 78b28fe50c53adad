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
  /** 0 or nothing: any free port. */
  readonly port?: number;
  /** PEM texts; with them the server speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const KEEP_ALIVE_MS = 75_000;

/**
 * Opens a server on 127.0.0.1, and on nothing else: behind it tasks run as real processes.
 * A request that was addressed to another name, or that a web page of another origin sent,
 * answers 403 before `handler` sees it (DNS rebinding, cross-site requests); one whose address is
 * none, such as `//`, answers 400.
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
  // A client that uses a connection again just as it is closed would see it reset.
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

/** Whether an origin or a host is this machine. No origin at all (a command-line client) is fine. */
function isLoopback(url: string | undefined): boolean {
  if (url === undefined) return true;
  return URL.canParse(url) && LOOPBACK_NAMES.has(new URL(url).hostname);
}

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
 * `handler` sees it (DNS rebinding, cross-site requests). Another port of this machine is another
 * origin. A request with an invalid address, such as `//`, is answered with 400.
 */
export async function listen(
  handler: http.RequestListener,
  options: ListenOptions = {},
): Promise<Listening> {
  const guarded: http.RequestListener = (request, response) => {
    const refused = REFUSALS.find(({ applies }) => applies(request));
    if (refused === undefined) return handler(request, response);
    response.writeHead(refused.status, { 'content-type': 'text/plain' });
    response.end(`${refused.message}\n`);
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

interface GuardRefusal {
  readonly applies: (request: http.IncomingMessage) => boolean;
  readonly status: number;
  readonly message: string;
}

/** The first row that applies to a request is its answer. */
const REFUSALS: readonly GuardRefusal[] = [
  {
    applies: ({ headers }) => loopbackPort(`http://${headers.host ?? ''}`) === undefined,
    status: 403,
    message: 'This server answers requests to 127.0.0.1 or localhost only.',
  },
  {
    applies: (request) => isFromOtherOrigin(request) || isCrossSite(request),
    status: 403,
    message: 'This server answers no requests of pages from another address or port.',
  },
  {
    applies: ({ url }) => !URL.canParse(url ?? '', 'http://127.0.0.1'),
    status: 400,
    message: 'The address of the request cannot be read.',
  },
];

/**
 * The port is compared with that of the request's own address, which differs from the server's
 * behind a forwarded port. A client that is not a browser sends no origin.
 */
function isFromOtherOrigin({ headers: { origin, host } }: http.IncomingMessage): boolean {
  if (origin === undefined) return false;
  const { protocol } = URL.canParse(origin) ? new URL(origin) : { protocol: 'http:' };
  const own = loopbackPort(`${protocol}//${host ?? ''}`);
  return loopbackPort(origin) !== own;
}

/**
 * Browsers send these headers also where they send no origin, such as with a form or an image. Only
 * a link may lead here: it opens a page and starts nothing.
 */
function isCrossSite({ method, headers }: http.IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  const isLink =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !(isLink && method === 'GET');
}

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** True for an address of this machine. */
export function isLoopback(address: string): boolean {
  return loopbackPort(address) !== undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The port of an address of this machine; undefined for any other address. */
function loopbackPort(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  return LOOPBACK_NAMES.has(hostname) ? port || DEFAULT_PORTS[protocol] : undefined;
}

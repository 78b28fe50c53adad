import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';

/** A server of the local environment, listening on loopback by default. */
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
  /** Address to listen on. Default: 127.0.0.1. Other machines reach every other one. */
  readonly host?: string;
  /** Host names of requests, in addition to those of loopback. Without a port. */
  readonly allowHosts?: readonly string[];
}

const KEEP_ALIVE_MS = 75_000;

/**
 * Opens a server on 127.0.0.1 by default: behind it tasks run as real processes. A request that was
 * addressed to another name, or that a web page of another origin sent, is answered with 403 before
 * `handler` sees it (DNS rebinding, cross-site requests). Another port of this machine is another
 * origin. A request with an invalid address, such as `//`, is answered with 400.
 */
export async function listen(
  handler: http.RequestListener,
  options: ListenOptions = {},
): Promise<Listening> {
  const { host = LOOPBACK, allowHosts = [] } = options;
  const names = new Set([...LOOPBACK_NAMES, ...allowHosts.map((name) => name.toLowerCase())]);
  const guarded: http.RequestListener = (request, response) => {
    const refused = REFUSALS.find(({ applies }) => applies(request, names));
    if (refused === undefined) return handler(request, response);
    response.writeHead(refused.status, { 'content-type': 'text/plain' });
    response.end(`${refused.message(allowHosts)}\n`);
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
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${reachable(host)}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const LOOPBACK = '127.0.0.1';

/** The address by which this machine reaches a server that listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK;
  return isIPv6(host) ? `[${host}]` : host;
}

interface GuardRefusal {
  readonly applies: (request: http.IncomingMessage, names: ReadonlySet<string>) => boolean;
  readonly status: number;
  readonly message: (allowHosts: readonly string[]) => string;
}

/** The first row that applies to a request is its answer. */
const REFUSALS: readonly GuardRefusal[] = [
  {
    applies: ({ headers }, names) => portOf(`http://${headers.host ?? ''}`, names) === undefined,
    status: 403,
    message: (allowHosts) =>
      `This server answers requests to ${[LOOPBACK, ...allowHosts].join(', ')} or localhost only.`,
  },
  {
    applies: (request, names) => isFromOtherOrigin(request, names) || isCrossSite(request),
    status: 403,
    message: () => 'This server answers no requests of pages from another address or port.',
  },
  {
    applies: ({ url }) => !URL.canParse(url ?? '', 'http://127.0.0.1'),
    status: 400,
    message: () => 'The address of the request cannot be read.',
  },
];

/**
 * The port is compared with that of the request's own address, which differs from the server's
 * behind a forwarded port. A client that is not a browser sends no origin.
 */
function isFromOtherOrigin(
  { headers: { origin, host } }: http.IncomingMessage,
  names: ReadonlySet<string>,
): boolean {
  if (origin === undefined) return false;
  const { protocol } = URL.canParse(origin) ? new URL(origin) : { protocol: 'http:' };
  const own = portOf(`${protocol}//${host ?? ''}`, names);
  return portOf(origin, names) !== own;
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

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** True for an address of this machine. */
export function isLoopback(address: string): boolean {
  return portOf(address, LOOPBACK_NAMES) !== undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The port of an address with one of these names; undefined for any other address. */
function portOf(address: string, names: ReadonlySet<string>): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  return names.has(hostname) ? port || DEFAULT_PORTS[protocol] : undefined;
}

import { randomUUID } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { reply, tooLarge } from '../body';
import type { Runner } from '../runner';
import { emptyStatus, httpBindingData } from './http';
import type { HostedFunction } from '../hosted-function';

/**
 * HTTP streams (`app.setup({ enableHttpStream: true })`): the library opens its own server. Each
 * request is forwarded there, with its body and its response as streams, while the function is
 * invoked without them; the invocation's id connects the two.
 */
export class HttpStreams {
  readonly #port: number;

  /** `httpUri` is the capability in which the library names its address. */
  constructor(
    httpUri: string,
    readonly maxBodyBytes: number,
  ) {
    this.#port = Number(new URL(httpUri).port);
  }

  async call(
    {
      fn,
      params,
    }: { readonly fn: HostedFunction; readonly params: Readonly<Record<string, string>> },
    runner: Runner,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    if (Number(request.headers['content-length']) > this.maxBodyBytes)
      throw tooLarge(this.maxBodyBytes);
    const invocationId = randomUUID();
    const forwarded = this.#forward(request, response, invocationId);
    const subject = `${request.method} ${request.url}`;
    const url = new URL(request.url ?? '/', 'http://localhost');
    // The body is streamed to the function; no other code reads it.
    const triggerMetadata = httpBindingData(request, url, params, undefined);
    const isDone = await runner
      .run(fn, { input: {}, invocationId, triggerMetadata, subject })
      .then(() => true)
      .catch(() => false);

    if (isDone && (await hasBegun(forwarded.begun))) return;
    // The function threw, or returned nothing: the forwarded request gets no response.
    forwarded.abandon();
    if (forwarded.isTooLarge()) throw tooLarge(this.maxBodyBytes);
    if (response.headersSent) response.destroy();
    else reply(response, isDone ? emptyStatus(fn) : 500);
  }

  #forward(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    invocationId: string,
  ): Forwarded {
    const { host = 'localhost', connection: _, ...headers } = request.headers;
    const forwarded = http.request({
      host: '127.0.0.1',
      port: this.#port,
      method: request.method,
      path: request.url,
      headers: {
        ...headers,
        'x-ms-invocation-id': invocationId,
        'x-forwarded-host': host,
        'x-forwarded-proto': 'http',
      },
    });
    const begun = new Promise<void>((resolve) => {
      forwarded.once('response', (answer) => {
        resolve();
        const { 'x-ms-invocation-id': __, ...kept } = answer.headers;
        response.writeHead(answer.statusCode ?? 200, kept);
        answer.pipe(response);
      });
    });
    // The invocation reports the error.
    forwarded.on('error', () => undefined);
    const breakOff = breakerOf(forwarded);
    const isTooLarge = this.#guard(request, forwarded, breakOff);
    // When a caller disconnects, the function reads an error and waits for nothing more.
    response.once('close', () => {
      if (!response.writableFinished) breakOff();
    });
    request.pipe(forwarded);
    return { begun, isTooLarge, abandon: () => forwarded.destroy() };
  }

  /** A body that exceeds the limit is aborted: the function reads an error, not a part of it. */
  #guard(
    request: http.IncomingMessage,
    forwarded: http.ClientRequest,
    breakOff: () => void,
  ): () => boolean {
    let size = 0;
    request.on('data', (part: Buffer) => {
      const isFirst = size <= this.maxBodyBytes;
      size += part.length;
      if (size <= this.maxBodyBytes || !isFirst) return;
      request.unpipe(forwarded);
      breakOff();
    });
    return () => size > this.maxBodyBytes;
  }
}

/** A request that is aborted before it arrives would make the library wait forever. */
function breakerOf(forwarded: http.ClientRequest): () => void {
  const arrived = new Promise<void>((resolve) => {
    forwarded.once('socket', (socket) =>
      socket.connecting ? socket.once('connect', resolve) : resolve(),
    );
  });
  return () => void arrived.then(() => setImmediate(() => forwarded.destroy()));
}

interface Forwarded {
  /** The library has started the response. */
  readonly begun: Promise<void>;
  readonly isTooLarge: () => boolean;
  readonly abandon: () => void;
}

/** A given response is on its way through a socket of this machine. */
const ON_ITS_WAY_MS = 1000;

async function hasBegun(begun: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ON_ITS_WAY_MS);
  });
  const answer = await Promise.race([begun.then(() => true), late]);
  clearTimeout(timer);
  return answer;
}

/**
 * Runs `open` while servers without an explicit address listen on loopback. The library's server
 * would listen on every address of the machine, and gives access to the app without a key.
 */
export async function onLoopback<T>(open: () => Promise<T>): Promise<T> {
  const { prototype } = net.Server;
  // oxlint-disable-next-line typescript/unbound-method -- called on the server that listens
  const original = prototype.listen;
  prototype.listen = function listen(this: net.Server, ...args: unknown[]): net.Server {
    const [first, ...rest] = args;
    const hasAddress = typeof first === 'object' && first !== null;
    if (hasAddress) return Reflect.apply(original, this, args) as net.Server;
    const port = typeof first === 'number' ? first : 0;
    const callback = [first, ...rest].find((each) => typeof each === 'function');
    return Reflect.apply(original, this, [port, '127.0.0.1', callback]) as net.Server;
  };
  try {
    return await open();
  } finally {
    prototype.listen = original;
  }
}

import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { realClock } from '../clock';
import type { Fault, FaultPlan } from './faults';
import { type Match, type Route, matchPath } from './routes';
import type { Account } from './state/account';
import { type Entra, checkBearer } from './wire/bearer';
import type { Call, Reply } from './wire/call';
import { errorBody } from './wire/error-body';
import { integerParameter } from './wire/page';
import { Refusal, invalidBody, isRefusalCode } from './wire/refusals';
import { checkSharedKey, queryPairs } from './wire/signature';
import { wireTime } from './wire/time';
import { stackOf } from '../errors';

/** The only supported REST version. */
const API_VERSION = '2022-10-01.16.0';

const MAX_BODY_BYTES = 1024 * 1024;

export interface ServerContext {
  readonly account: Account;
  readonly key: string;
  readonly entra: Entra | undefined;
  readonly faults: FaultPlan;
  /** Ends all processes, deletes everything in the account, and returns to the settings of the start. */
  readonly reset: () => Promise<void>;
}

/** Handles one request, from its first byte to the last byte of the response. */
export async function handleRequest(
  context: ServerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const fault = context.faults.next(request.method ?? '', pathOf(request));
  if (fault?.action === 'cutBefore') {
    request.socket.destroy();
    return;
  }
  if (fault?.action === 'delay') await realDelay(fault.delayMs ?? 0);
  const reply = await replyTo(context, request, requestId, fault);
  // A reply to a write is a promise: the change must survive the end of this process.
  if (request.method !== 'GET' && request.method !== 'HEAD') await context.account.flushed();
  if (fault?.action === 'cutAfter') {
    request.socket.destroy();
    return;
  }
  await send(request, response, reply, requestId);
}

function realDelay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    realClock.at(new Date(realClock.now().getTime() + milliseconds), resolve);
  });
}

async function replyTo(
  context: ServerContext,
  request: http.IncomingMessage,
  requestId: string,
  fault: Fault | undefined,
): Promise<Reply> {
  try {
    const body = await readBody(request);
    if (fault?.action === 'status') throw injectedError(fault);
    return await perform(context, request, body);
  } catch (error) {
    if (!(error instanceof Refusal)) {
      const text = stackOf(error);
      context.account.options.log(`${request.method ?? ''} ${pathOf(request)}: ${text}`);
    }
    const refusal = error instanceof Refusal ? error : new Refusal('InternalError');
    return errorReply(context, refusal, requestId, baseOf(request));
  }
}

const FAULT_CODES: Readonly<Record<number, string>> = {
  429: 'TooManyRequests',
  503: 'ServerBusy',
};

function injectedError({ status = 500, code, retryAfterSeconds }: Fault): Refusal {
  const name = code ?? FAULT_CODES[status] ?? 'InternalError';
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  return new Refusal(isRefusalCode(name) ? name : 'InternalError', [], { status, headers });
}

/** Checks the request, authenticates the caller, and runs the operation. */
async function perform(
  context: ServerContext,
  request: http.IncomingMessage,
  body: Buffer,
): Promise<Reply> {
  const { account } = context;
  const [target = '', queryText = ''] = (request.url ?? '').split('?', 2);
  const query = new Map(queryPairs(queryText));
  const match = findRoutes(target);
  checkVersion(query);
  await authenticate(context, request);
  const route = match.routes.get(request.method ?? '');
  if (route === undefined) throw new Refusal('UnsupportedHttpVerb');

  const base = baseOf(request);
  const call: Call<unknown, string> = {
    verb: route.verb,
    params: match.params,
    query,
    headers: request.headers,
    body: route.shape.read(parsed(route, body), 'body'),
    base,
    url: base + target,
  };
  integerParameter(call, 'timeout', 1, 30);
  const reply = await account.runExclusive(() =>
    route.operation(account, call as Call<never, string>),
  );
  return route.verb === 'GET' || route.verb === 'HEAD'
    ? reply
    : { ...reply, headers: { DataServiceId: call.url, ...reply.headers } };
}

function findRoutes(target: string): Match {
  try {
    const match = matchPath(target);
    if (match !== undefined) return match;
  } catch {
    // A path that cannot be decoded names no resource.
  }
  throw new Refusal('InvalidUri');
}

function checkVersion(query: ReadonlyMap<string, string>): void {
  const version = query.get('api-version');
  if (version === undefined) {
    const details = [{ key: 'QueryParameterName', value: 'api-version' }];
    throw new Refusal('MissingRequiredQueryParameter', details);
  }
  if (version !== API_VERSION) {
    throw new Refusal('UnsupportedRequestVersion', [
      { key: 'QueryParameterName', value: 'api-version' },
      { key: 'QueryParameterValue', value: version },
      { key: 'Reason', value: `Only ${API_VERSION} is supported.` },
    ]);
  }
}

async function authenticate(context: ServerContext, request: http.IncomingMessage): Promise<void> {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new Refusal('MissingRequiredHeader', [{ key: 'HeaderName', value: 'Authorization' }]);
  }
  const realNow = realClock.now().getTime();
  const [scheme = '', credentials = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() === 'sharedkey') {
    const { method = '', url = '', headers } = request;
    const signed = { verb: method, target: url, headers };
    const { key } = context;
    checkSharedKey(credentials, signed, { name: context.account.options.name, key }, realNow);
  } else if (scheme.toLowerCase() === 'bearer')
    await checkBearer(credentials, context.entra, realNow);
  else throw new Refusal('InvalidAuthenticationInfo');
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // A body that is too large is still read to its end, so that the client reads the response.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal('RequestBodyTooLarge');
  return Buffer.concat(chunks);
}

function parsed(route: Route, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw invalidBody(`${route.verb} ${route.path}: ${(cause as Error).message}`);
  }
}

/** The address that the client used: all links in a response start with it. */
function baseOf(request: http.IncomingMessage): string {
  const scheme = request.socket instanceof TLSSocket ? 'https' : 'http';
  return `${scheme}://${request.headers.host ?? ''}`;
}

function pathOf(request: http.IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function errorReply(
  context: ServerContext,
  refusal: Refusal,
  requestId: string,
  base: string,
): Reply {
  const time = wireTime(context.account.now());
  const tail = `\nRequestId:${requestId}\nTime:${time}`;
  return {
    status: refusal.status,
    reason: refusal.message,
    headers: refusal.headers,
    ...(refusal.status !== 304 && {
      metadata: `${base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element`,
      body: errorBody(refusal, tail),
    }),
  };
}

async function send(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  reply: Reply,
  requestId: string,
): Promise<void> {
  const headers = headersOf(request, reply, requestId);
  const body = request.method === 'HEAD' ? undefined : bodyOf(request, reply);
  if (body !== undefined) headers['Content-Type'] = 'application/json;odata=minimalmetadata';
  if (reply.reason === undefined) response.writeHead(reply.status, headers);
  else response.writeHead(reply.status, reply.reason, headers);
  if (reply.open !== undefined) await pipeline(reply.open(), response);
  else response.end(body);
}

function bodyOf(request: http.IncomingMessage, reply: Reply): string | undefined {
  if (reply.body === undefined) return undefined;
  const kind = reply.metadata ?? '';
  const metadata = kind.startsWith('http') ? kind : `${baseOf(request)}/$metadata#${kind}`;
  return JSON.stringify({ 'odata.metadata': metadata, ...reply.body });
}

function headersOf(
  request: http.IncomingMessage,
  reply: Reply,
  requestId: string,
): Record<string, string> {
  const clientRequestId = request.headers['client-request-id'];
  const wantsItBack = request.headers['return-client-request-id'] === 'true';
  return {
    Server: 'Microsoft-HTTPAPI/2.0',
    'request-id': requestId,
    DataServiceVersion: '3.0',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    ...(wantsItBack &&
      typeof clientRequestId === 'string' && { 'client-request-id': clientRequestId }),
    ...(reply.version !== undefined && {
      ETag: reply.version.eTag,
      'Last-Modified': new Date(reply.version.modifiedAt).toUTCString(),
    }),
    ...(reply.location !== undefined && { Location: reply.location }),
    ...reply.headers,
  };
}

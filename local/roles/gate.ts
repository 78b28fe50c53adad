import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Certificate } from '../certificate';
import { listen, type Listening } from '../http';
import { claimsOf } from '../identity';
import { hasRight, type Access } from './access';
import type { Right } from './built-in';
import { rightFor, type ServiceKind } from './requests';

/**
 * A proxy before a service that does not check roles (Azurite, the Batch stand-in): it forwards the
 * requests that the bearer's roles allow. Requests with a key or a signature are forwarded
 * unchanged, because the service checks these itself, as it checks whether a token is genuine.
 *
 * Unlike Azure: the roles are in the token; a change of roles is effective at once, not after
 * minutes; a signature that an identity made is not checked again against its signer's present
 * roles.
 */
export interface GateStart {
  readonly service: ServiceKind;
  /** The service, with the prefix of its paths: `https://127.0.0.1:10000/devstoreaccount1`. */
  readonly upstream: string;
  /** With it the gate uses TLS, and trusts the service behind it. */
  readonly certificate?: Certificate;
  readonly access: Access;
  readonly log: (line: string) => void;
}

export async function startGate(start: GateStart): Promise<Listening> {
  const server = await listen(
    (request, response) => handle(start, request, response),
    start.certificate === undefined ? {} : { tls: start.certificate },
  );
  // Clients get the gate's address in the service's form.
  return { ...server, url: `${server.url}${basePath(start)}` };
}

function basePath({ upstream }: GateStart): string {
  return new URL(upstream).pathname.replace(/\/$/, '');
}

function handle(start: GateStart, request: IncomingMessage, response: ServerResponse): void {
  const right = rightOf(start, request);
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (right === undefined || token === undefined) {
    forward(start, request, response);
    return;
  }
  const isAllowed = hasRight(claimsOf(token), right, start.access);
  const requestLine = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
  start.access.onChecked?.({ right, request: requestLine, isAllowed });
  if (isAllowed) {
    forward(start, request, response);
    return;
  }
  start.log(`403 for ${requestLine}: the identity has no role that allows ${right.name}`);
  // The body is read first: a client that is still sending does not read the response.
  request.resume().on('end', () => refuse(start.service, right, request, response));
}

function rightOf(start: GateStart, request: IncomingMessage): Right | undefined {
  const url = new URL(request.url ?? '/', start.upstream);
  const path = url.pathname.slice(basePath(start).length);
  return rightFor(start.service, { method: request.method ?? '', path, query: url.searchParams });
}

function forward(start: GateStart, request: IncomingMessage, response: ServerResponse): void {
  const logAbort = (error: Error | null | undefined) => {
    if (error === null || error === undefined) return;
    start.log(`${request.method ?? ''} of ${start.service} was aborted: ${error.message}`);
  };
  const { hostname, port, protocol } = new URL(start.upstream);
  const isSecure = protocol === 'https:';
  const options: RequestOptions & { ca?: string } = {
    hostname,
    port,
    ...(request.method !== undefined && { method: request.method }),
    ...(request.url !== undefined && { path: request.url }),
    headers: request.headers,
    ...(start.certificate !== undefined && { ca: start.certificate.cert }),
  };
  const forwarded = (isSecure ? https : http).request(options, (reply) => {
    // The client may have disconnected in the meantime.
    if (response.destroyed) {
      reply.destroy();
      return;
    }
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage, reply.rawHeaders);
    pipeline(reply, response, logAbort);
  });
  forwarded.on('error', () => response.destroy());
  // An abort on one side aborts the other.
  pipeline(request, forwarded, logAbort);
}

/**
 * The services do not name the missing right; an observer of the traffic finds it in this header.
 */
const MISSING_RIGHT = 'x-nightshift-missing-right';
const DENIED_MESSAGE =
  'This request is not authorized to perform this operation using this permission.';

/** Each service's own error; a response to HEAD has only the code. */
function refuse(
  service: ServiceKind,
  right: Right,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader(MISSING_RIGHT, right.name);
  if (service === 'management') {
    response.writeHead(403, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify({ error: managementError(right, request) }));
    return;
  }
  if (service === 'blob' || service === 'queue') {
    const code = 'AuthorizationPermissionMismatch';
    response.writeHead(403, { 'content-type': 'application/xml', 'x-ms-error-code': code });
    response.end(
      `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${DENIED_MESSAGE}</Message></Error>`,
    );
    return;
  }
  // Unconfirmed: the code and the message of Batch for a missing role.
  const code = service === 'batch' ? 'PermissionDenied' : 'AuthorizationPermissionMismatch';
  const body =
    service === 'batch'
      ? { code, message: { lang: 'en-US', value: DENIED_MESSAGE } }
      : { 'odata.error': { code, message: { lang: 'en-US', value: DENIED_MESSAGE } } };
  response.writeHead(403, { 'content-type': 'application/json;odata=minimalmetadata' });
  response.end(JSON.stringify(body));
}

/** Only Resource Manager names the caller, the action and the scope. */
function managementError({ name }: Right, { url = '', headers }: IncomingMessage) {
  const claims = claimsOf((headers.authorization ?? '').replace(/^Bearer /i, ''));
  const who = `The client '${String(claims?.['appid'])}' with object id '${String(claims?.['oid'])}'`;
  const scope = url.split('?')[0] ?? '';
  return {
    code: 'AuthorizationFailed',
    message: `${who} does not have authorization to perform action '${name}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  };
}

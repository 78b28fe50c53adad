import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Certificate } from '../certificate';
import { listen, type Listening } from '../http';
import { claimsOf } from '../identity';
import { mayDo, type Access } from './access';
import type { Right } from './built-in';
import { rightFor, type ServiceKind } from './requests';

/**
 * Stands before a service that knows no roles (Azurite, the Batch stand-in) and lets through what the
 * bearer's roles allow. Everything else goes on untouched: a key or a signature is the service's
 * own to judge, and so is whether a token is genuine.
 *
 * Unlike Azure: the roles are in the token; a change of roles counts at once, not after minutes; a
 * signature that an identity made is not weighed again by what its signer may do now.
 */
export interface GateStart {
  readonly service: ServiceKind;
  /** The service, with what its paths begin with: `https://127.0.0.1:10000/devstoreaccount1`. */
  readonly upstream: string;
  /** With it the gate speaks TLS, and trusts the service behind it by it. */
  readonly certificate?: Certificate;
  readonly access: Access;
  readonly log: (line: string) => void;
}

export async function startGate(start: GateStart): Promise<Listening> {
  const server = await listen(
    (request, response) => answer(start, request, response),
    start.certificate === undefined ? {} : { tls: start.certificate },
  );
  // Clients are told the gate's address in the service's form.
  return { ...server, url: `${server.url}${basePath(start)}` };
}

function basePath({ upstream }: GateStart): string {
  return new URL(upstream).pathname.replace(/\/$/, '');
}

function answer(start: GateStart, request: IncomingMessage, response: ServerResponse): void {
  const right = rightOf(start, request);
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (right === undefined || token === undefined) {
    passOn(start, request, response);
    return;
  }
  const isAllowed = mayDo(claimsOf(token), right, start.access);
  const asked = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
  start.access.note?.({ right, request: asked, isAllowed });
  if (isAllowed) {
    passOn(start, request, response);
    return;
  }
  start.log(`403 for ${asked}: the identity has no role that allows ${right.name}`);
  // The body is taken in first: a client that is still sending does not listen.
  request.resume().on('end', () => refuse(start.service, right, request, response));
}

function rightOf(start: GateStart, request: IncomingMessage): Right | undefined {
  const url = new URL(request.url ?? '/', start.upstream);
  const path = url.pathname.slice(basePath(start).length);
  return rightFor(start.service, { method: request.method ?? '', path, query: url.searchParams });
}

function passOn(start: GateStart, request: IncomingMessage, response: ServerResponse): void {
  const tell = (error: Error | null | undefined) => {
    if (error === null || error === undefined) return;
    start.log(`${request.method ?? ''} of ${start.service} was broken off: ${error.message}`);
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
  const onward = (isSecure ? https : http).request(options, (reply) => {
    // Whoever asked may have gone while the answer was on its way.
    if (response.destroyed) {
      reply.destroy();
      return;
    }
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage, reply.rawHeaders);
    pipeline(reply, response, tell);
  });
  onward.on('error', () => response.destroy());
  // What breaks off on one side breaks off on the other.
  pipeline(request, onward, tell);
}

/** The services do not say which right is missing; who looks at the traffic finds it here. */
const MISSING_RIGHT = 'x-nightshift-missing-right';
const SAID = 'This request is not authorized to perform this operation using this permission.';

/** In each service's own words, of which an answer to HEAD has the code alone. */
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
      `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${SAID}</Message></Error>`,
    );
    return;
  }
  // Unconfirmed: the code and the words that Batch gives when a role is missing.
  const code = service === 'batch' ? 'PermissionDenied' : 'AuthorizationPermissionMismatch';
  const body =
    service === 'batch'
      ? { code, message: { lang: 'en-US', value: SAID } }
      : { 'odata.error': { code, message: { lang: 'en-US', value: SAID } } };
  response.writeHead(403, { 'content-type': 'application/json;odata=minimalmetadata' });
  response.end(JSON.stringify(body));
}

/** Resource Manager alone says who asked, for what, and where. */
function managementError({ name }: Right, { url = '', headers }: IncomingMessage) {
  const claims = claimsOf((headers.authorization ?? '').replace(/^Bearer /i, ''));
  const who = `The client '${String(claims?.['appid'])}' with object id '${String(claims?.['oid'])}'`;
  const scope = url.split('?')[0] ?? '';
  return {
    code: 'AuthorizationFailed',
    message: `${who} does not have authorization to perform action '${name}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  };
}

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Certificate } from './certificate';
import { listen } from './http';
import { claimsOf, isSigned } from './identity';
import { hasRight, type Access } from './roles/access';
import { rightFor } from './roles/requests';

/**
 * A stand-in for the part of Key Vault that the app uses: `GET /secrets/{name}`, over TLS, for the
 * holder of a token with the vault's audience. `PUT` stores a secret, so that a person can.
 *
 * Unlike Azure: one version of each secret; no listing, deleting, recovering, no keys and
 * certificates (501 by name). Every identity of the authority may read and write, unless `access`
 * enforces roles.
 */
export interface LocalVault {
  readonly url: string;
  close(): Promise<void>;
}

export interface VaultStart {
  readonly port: number;
  /** File of the secrets, readable by their owner only. */
  readonly file: string;
  readonly certificate: Certificate;
  readonly authority: { readonly issuer: string; readonly signingKey: string };
  /** Stored at the first start. */
  readonly initial: Readonly<Record<string, string>>;
  readonly now: () => Date;
  readonly access?: Access;
}

/** Key Vault's own limit for the value of a secret. */
const MAX_VALUE_BYTES = 25 * 1024;
const AUDIENCE = 'https://vault.azure.net';

export async function startVault(start: VaultStart): Promise<LocalVault> {
  if (!existsSync(start.file)) save(start.file, start.initial);
  const server = await listen(
    (request, response) => {
      answer(start, request, response).catch((error: unknown) =>
        refuse(response, 500, 'InternalError', String(error)),
      );
    },
    { port: start.port, tls: start.certificate },
  );
  return { url: server.url, close: server.close };
}

async function answer(
  start: VaultStart,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  const refusal = unauthorized(start, request);
  if (refusal !== null) {
    // This challenge tells the client for which resource to request a token.
    response.setHeader(
      'WWW-Authenticate',
      `Bearer authorization="https://login.microsoftonline.com/${tenantOf(start)}", resource="${AUDIENCE}"`,
    );
    return refuse(response, 401, 'Unauthorized', refusal);
  }
  const forbidden = start.access === undefined ? null : forbiddenBy(start.access, request, url);
  if (forbidden !== null) return refuse(response, 403, 'Forbidden', forbidden);
  const [kind, name, version, ...rest] = url.pathname.split('/').filter((part) => part !== '');
  if (kind !== 'secrets' || name === undefined || rest.length > 0) {
    return refuse(
      response,
      501,
      'NotImplemented',
      `the local vault does not imitate ${request.method ?? ''} ${url.pathname}`,
    );
  }
  if (request.method === 'GET') return get(start, response, name, version);
  if (request.method === 'PUT') return put(start, request, response, name);
  return refuse(
    response,
    501,
    'NotImplemented',
    `the local vault does not imitate ${request.method ?? ''} of a secret`,
  );
}

function tenantOf({ authority }: VaultStart): string {
  return authority.issuer.split('/')[3] ?? '';
}

/** The reason why this request is refused, or null. */
function unauthorized({ authority, now }: VaultStart, request: IncomingMessage): string | null {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return 'AKV10000: Request is missing a Bearer or PoP token.';
  const claims = claimsOf(token);
  if (claims === null || !isSigned(token, Buffer.from(authority.signingKey, 'base64')))
    return 'AKV10032: the token is not signed by the authority of this vault.';
  if (String(claims['aud']).replace(/\/$/, '') !== AUDIENCE)
    return `AKV10022: Invalid audience. Expected ${AUDIENCE}, found: ${String(claims['aud'])}.`;
  if (Number(claims['exp']) * 1000 <= now().getTime()) return 'AKV10000: the token has expired.';
  return null;
}

/** Key Vault's own error, which names caller and action, each on its own line. */
function forbiddenBy(access: Access, { method = '', headers }: IncomingMessage, url: URL) {
  const right = rightFor('vault', { method, path: url.pathname, query: url.searchParams });
  if (right === undefined) return null;
  const claims = claimsOf((headers.authorization ?? '').replace(/^Bearer /i, ''));
  const isAllowed = hasRight(claims, right, access);
  access.onChecked?.({ right, request: `${method} ${url.pathname}`, isAllowed });
  if (isAllowed) return null;
  return [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Caller: appid=${String(claims?.['appid'])};oid=${String(claims?.['oid'])};iss=${String(claims?.['iss'])}`,
    `Action: '${right.name}'`,
    `Resource: '${url.pathname}'`,
    'Assignment: (not found)',
  ].join('\r\n');
}

function get(
  start: VaultStart,
  response: ServerResponse,
  name: string,
  version: string | undefined,
): void {
  const value = load(start.file)[name.toLowerCase()];
  if (value === undefined || (version !== undefined && version !== VERSION)) {
    return refuse(
      response,
      404,
      'SecretNotFound',
      `A secret with (name/id) ${name} was not found in this key vault.`,
    );
  }
  return reply(response, 200, secretBody(response, name, value));
}

async function put(
  start: VaultStart,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
): Promise<void> {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) {
    return refuse(
      response,
      400,
      'BadParameter',
      'a secret name has 1 to 127 letters, digits and hyphens',
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const value = valueIn(Buffer.concat(chunks).toString('utf8'));
  if (typeof value !== 'string' || Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    return refuse(
      response,
      400,
      'BadParameter',
      `the body must be JSON whose value is text of at most ${MAX_VALUE_BYTES} bytes`,
    );
  }
  save(start.file, { ...load(start.file), [name.toLowerCase()]: value });
  return reply(response, 200, secretBody(response, name, value));
}

function valueIn(body: string): unknown {
  try {
    return (JSON.parse(body) as { value?: unknown } | null)?.value;
  } catch {
    return undefined;
  }
}

const VERSION = '00000000000000000000000000000001';

function secretBody(response: ServerResponse, name: string, value: string) {
  const { localPort } = response.req.socket;
  const id = `https://127.0.0.1:${localPort ?? 0}/secrets/${name}/${VERSION}`;
  return { value, id, attributes: { enabled: true, recoveryLevel: 'Purgeable' } };
}

function load(file: string): Record<string, string> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
}

/** Written to a second file first: after a crash the old or the new secrets are there. */
function save(file: string, secrets: Readonly<Record<string, string>>): void {
  const lower = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name.toLowerCase(), value]),
  );
  writeFileSync(`${file}.new`, JSON.stringify(lower), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  reply(response, status, { error: { code, message } });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

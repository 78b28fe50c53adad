import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from './http';

/**
 * The endpoint of a managed identity on App Service, and the authority behind it.
 * `ManagedIdentityCredential` uses it unmodified. Tokens are in real time: storage checks them.
 *
 * Unlike Azure: tokens are signed with a secret of this process (HS256), not with Entra's published
 * keys; there is one identity, whatever client id is requested. If roles are given, the tokens
 * contain them, for services that have no other source (`local/roles`).
 */
export interface IdentityAuthority {
  /** IDENTITY_ENDPOINT and IDENTITY_HEADER of a process that may get tokens. */
  readonly endpoint: string;
  readonly header: string;
  readonly issuer: string;
  /** Signs tokens; verifiers need it, too. Base64. */
  readonly signingKey: string;
  close(): Promise<void>;
}

const TENANT = '11111111-1111-4111-8111-111111111111';
const OBJECT = '22222222-2222-4222-8222-222222222222';
const ISSUER = `https://sts.windows.net/${TENANT}/`;
const TOKEN_SECONDS = 24 * 3600;
const SKEW_SECONDS = 300;

export async function startIdentity(
  port: number,
  now: () => Date,
  roles?: readonly string[],
): Promise<IdentityAuthority> {
  const header = randomBytes(24).toString('hex');
  const key = randomBytes(32);

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const resource = url.searchParams.get('resource');
    const given = String(request.headers['x-identity-header'] ?? '');
    if (url.pathname !== '/msi/token') return reply(response, 404, { error: 'not_found' });
    if (!same(given, header)) return reply(response, 401, { error: 'invalid_client' });
    if (resource === null)
      return reply(response, 400, {
        error: 'invalid_request',
        error_description: 'resource is missing',
      });

    const claims = {
      ...claimsFor(resource, url.searchParams.get('client_id'), now()),
      ...(roles !== undefined && { roles }),
    };
    return reply(response, 200, {
      access_token: signToken(claims, key),
      expires_on: String(claims.exp),
      resource,
      token_type: 'Bearer',
    });
  };

  const server = await listen(answer, { port });
  return {
    endpoint: `${server.url}/msi/token`,
    header,
    issuer: ISSUER,
    signingKey: key.toString('base64'),
    close: server.close,
  };
}

function claimsFor(resource: string, clientId: string | null, now: Date) {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return {
    aud: resource,
    iss: ISSUER,
    iat: issuedAt,
    nbf: issuedAt - SKEW_SECONDS,
    exp: issuedAt + TOKEN_SECONDS,
    oid: OBJECT,
    tid: TENANT,
    appid: clientId ?? OBJECT,
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A JWT signed with HS256. */
export function signToken(claims: Readonly<Record<string, unknown>>, key: Buffer): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** Returns whether this authority signed the token, without checking audience and expiry. */
export function isSigned(token: string, key: Buffer): boolean {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const right = createHmac('sha256', key).update(`${head}.${claims}`).digest('base64url');
  return same(signature, right);
}

/** The claims of a token, or null when it is not a token. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    return typeof claims === 'object' && claims !== null
      ? (claims as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

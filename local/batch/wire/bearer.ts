import { Refusal } from './refusals';

/** The claims of a token. */
export interface TokenClaims {
  readonly aud?: unknown;
  readonly iss?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
}

/** The trusted authority of tokens. */
export interface Entra {
  /** Trusted issuers; any issuer when absent. */
  readonly issuers?: readonly string[];
  /** Verifies the token's signature. */
  readonly verify: (token: string) => boolean | Promise<boolean>;
}

/** The resource of Batch. Each is accepted with and without its slash. */
const AUDIENCES = ['https://batch.core.windows.net/'];

/** Maximum difference between two clocks. */
const SKEW_SECONDS = 300;

/** Checks a bearer token of Entra for one of `audiences`. `realNow` is real time, as in tokens. */
export async function checkBearer(
  token: string,
  entra: Entra | undefined,
  realNow: number,
  audiences: readonly string[] = AUDIENCES,
): Promise<void> {
  if (entra === undefined) throw unauthenticated('the account does not accept tokens');
  const claims = claimsOf(token);
  const nowSeconds = realNow / 1000;
  const audience = String(claims.aud).replace(/\/?$/, '/');
  if (!audiences.includes(audience)) {
    throw unauthenticated(
      `the token is for ${String(claims.aud)}, not for ${audiences.join(', ')}`,
    );
  }
  if (typeof claims.exp !== 'number' || claims.exp + SKEW_SECONDS < nowSeconds) {
    throw unauthenticated('the token has expired');
  }
  if (typeof claims.nbf === 'number' && claims.nbf - SKEW_SECONDS > nowSeconds) {
    throw unauthenticated('the token is not valid yet');
  }
  if (entra.issuers !== undefined && !entra.issuers.includes(String(claims.iss))) {
    throw unauthenticated(`unknown issuer ${String(claims.iss)}`);
  }
  if (!(await entra.verify(token))) throw unauthenticated('the signature of the token is invalid');
}

function claimsOf(token: string): TokenClaims {
  const payload = token.split('.')[1] ?? '';
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    if (typeof claims === 'object' && claims !== null) return claims;
  } catch {
    // A text that is not a token is refused below like any other invalid token.
  }
  throw unauthenticated('this is not a token');
}

function unauthenticated(detail: string): Refusal {
  return new Refusal('AuthenticationFailed', [{ key: 'AuthenticationErrorDetail', value: detail }]);
}

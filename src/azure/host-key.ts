import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { redact } from '../failure';

/**
 * The function key of a deployed app, which Azure Resource Manager returns to an identity with
 * `Microsoft.Web/sites/host/listkeys/action` (WebApps_ListHostKeys,
 * Azure/azure-rest-api-specs, specification/web/resource-manager/Microsoft.Web).
 */

export interface KeyAccess {
  /** Azure Resource Manager: scheme and host, without a trailing slash. */
  readonly management: string;
  readonly credential: TokenCredential;
}

/** The site: by its resource id, or by a host name that the identity can see among its sites. */
export type Site =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'host'; readonly host: string };

/** An error in one sentence, without credentials. */
export class HostKeyError extends Error {
  override readonly name = 'HostKeyError';
}

const WEB_VERSION = '2024-04-01';
const SUBSCRIPTIONS_VERSION = '2022-12-01';
const REQUEST_TIMEOUT_MS = 30_000;
/** Pages of one list that are read. */
const MAX_PAGES = 100;

const keysBody = z.object({ functionKeys: z.record(z.string(), z.string()).nullish() });
const pageBody = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });
const subscriptionBody = z.object({ subscriptionId: z.string() });
const siteBody = z.object({
  id: z.string(),
  properties: z.object({
    defaultHostName: z.string().nullish(),
    hostNames: z.array(z.string()).nullish(),
  }),
});

/** The host key `default`, or the first one. The master key, which may administer the host, is not used. */
export async function hostKeyOf(access: KeyAccess, site: Site): Promise<string> {
  const id = site.kind === 'id' ? site.id : await siteIdOf(access, site.host);
  const url = `${access.management}${id}/host/default/listKeys?api-version=${WEB_VERSION}`;
  const { functionKeys } = await request(access, 'POST', url, keysBody);
  const key = functionKeys?.['default'] ?? Object.values(functionKeys ?? {})[0];
  if (key !== undefined && key !== '') return key;
  throw new HostKeyError(`${id} has no host key; create one, or set NIGHTSHIFT_KEY`);
}

async function siteIdOf(access: KeyAccess, host: string): Promise<string> {
  const subscriptions = await list(
    access,
    `/subscriptions?api-version=${SUBSCRIPTIONS_VERSION}`,
    subscriptionBody,
  );
  for (const { subscriptionId } of subscriptions) {
    const path = `/subscriptions/${encodeURIComponent(subscriptionId)}/providers/Microsoft.Web/sites`;
    const sites = await list(access, `${path}?api-version=${WEB_VERSION}`, siteBody);
    const found = sites.find(({ properties: { defaultHostName, hostNames } }) =>
      [defaultHostName, ...(hostNames ?? [])].some(
        (name) => name?.toLowerCase() === host.toLowerCase(),
      ),
    );
    if (found !== undefined) return found.id;
  }
  throw new HostKeyError(
    `the identity that is signed in sees no site with the host name ${host}; name it with --app`,
  );
}

/** All entries of a list. A next page is read at the same address only: the token goes nowhere else. */
async function list<Entry>(
  access: KeyAccess,
  path: string,
  form: z.ZodType<Entry>,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let url: string | null = `${access.management}${path}`;
  for (let pages = 0; url !== null && pages < MAX_PAGES; pages += 1) {
    const page: z.output<typeof pageBody> = await request(access, 'GET', url, pageBody);
    for (const value of page.value) {
      const entry = form.safeParse(value);
      if (entry.success) entries.push(entry.data);
    }
    url = page.nextLink ?? null;
    if (url !== null && new URL(url).origin !== new URL(access.management).origin) url = null;
  }
  return entries;
}

async function request<Body>(
  { management, credential }: KeyAccess,
  method: 'GET' | 'POST',
  url: string,
  form: z.ZodType<Body>,
): Promise<Body> {
  const token = await tokenOf(credential, `${management}/.default`);
  const what = `${method} ${new URL(url).pathname}`;
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}` },
      // The token must not be sent to another address.
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new HostKeyError(`${management} cannot be reached for ${what}`, { cause });
  }
  if (response.ok) {
    const body = form.safeParse(await response.json().catch(() => null));
    if (body.success) return body.data;
    throw new HostKeyError(`${what} was answered in an unknown format`);
  }
  throw new HostKeyError(
    response.status === 403
      ? `the identity that is signed in may not call ${what}; the role Website Contributor may, or set NIGHTSHIFT_KEY`
      : `${what} was answered with status ${response.status}`,
  );
}

async function tokenOf(credential: TokenCredential, scope: string): Promise<string> {
  try {
    const token = await credential.getToken(scope);
    if (token !== null) return token.token;
  } catch (cause) {
    const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    const reason = redact(first).replace(/\.$/, '');
    throw new HostKeyError(
      `no identity is signed in (${reason}); run az login, or set NIGHTSHIFT_KEY`,
      {
        cause,
      },
    );
  }
  throw new HostKeyError('no identity is signed in; run az login, or set NIGHTSHIFT_KEY');
}

import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { Failure, formatError, redact } from '../failure';
import type { BatchAccount, OfferedSize, PackageAccess } from '../run/ports';
import { isTransient, retryAfterOf } from './batch/calls';
import { deniedBy, remedyFor, rightFor, type Caller } from './rights';

/**
 * Connection to the Batch account in Azure Resource Manager. The app uses four operations of version
 * 2024-07-01 (Azure/azure-rest-api-specs,
 * specification/batch/resource-manager/Microsoft.Batch/stable, BatchAccount_Get, Application_Get,
 * ApplicationPackage_Get and Location_ListSupportedVirtualMachineSkus), too few for a dependency on the management client library.
 */
export interface Management {
  /** Scheme and host, without a trailing slash. */
  readonly endpoint: string;
  /** The resource id of the Batch account. */
  readonly accountId: string;
  readonly credential: TokenCredential;
  readonly scope: string;
  readonly caller: Caller;
  /** Waits in real time. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

const API_VERSION = '2024-07-01';
/** Includes the token request. Short, because a user waits for the plan, which works without quotas. */
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_DELAY_MS = 10_000;
const DEFAULT_DELAY_MS = 1000;

/** An account whose pools use the subscription's quota omits the core quotas. */
const accountBody = z.object({
  location: z.string().nullish(),
  properties: z.object({
    poolQuota: z.number(),
    activeJobAndJobScheduleQuota: z.number(),
    lowPriorityCoreQuota: z.number().nullish(),
    dedicatedCoreQuota: z.number().nullish(),
    dedicatedCoreQuotaPerVMFamilyEnforced: z.boolean().nullish(),
    dedicatedCoreQuotaPerVMFamily: z
      .array(z.object({ name: z.string(), coreQuota: z.number() }))
      .nullish(),
    autoStorage: z
      .object({
        authenticationMode: z.string().nullish(),
        nodeIdentityReference: z.object({ resourceId: z.string().nullish() }).nullish(),
      })
      .nullish(),
  }),
});

type AccountBody = z.output<typeof accountBody>;

const applicationBody = z.object({
  properties: z.object({ defaultVersion: z.string().nullish() }).nullish(),
});

const sizesBody = z.object({
  value: z.array(z.object({ name: z.string(), batchSupportEndOfLife: z.string().nullish() })),
  nextLink: z.string().nullish(),
});

/** Azure lists some hundred sizes, on one page. */
const MAX_PAGES = 20;

const packageBody = z.object({
  properties: z.object({ storageUrl: z.string().nullish() }).nullish(),
});

export function accountOn(management: Management): BatchAccount {
  return {
    quotas: async () => quotasIn(await readAccount(management)),
    packageAccess: async () => packageAccessIn(await readAccount(management)),
    vmSizes: () => sizesOf(management),
    async defaultVersionOf(application) {
      const name = encodeURIComponent(application);
      const found = await read(management, `/applications/${name}`, applicationBody);
      return found?.properties?.defaultVersion ?? null;
    },
    // Unconfirmed: that the address is there also where the account reads its storage with an identity.
    async packageUrl(application, version) {
      const [name, one] = [encodeURIComponent(application), encodeURIComponent(version)];
      const found = await read(management, `/applications/${name}/versions/${one}`, packageBody);
      return found?.properties?.storageUrl?.split('?')[0] ?? null;
    },
  };
}

async function readAccount(management: Management): Promise<AccountBody> {
  const found = await read(management, '', accountBody);
  if (found === null) throw noSuchAccount(management);
  return found;
}

/** StorageKeys is the default of the service, also for an account without a linked storage account. */
function packageAccessIn({ properties: { autoStorage } }: AccountBody): PackageAccess {
  if (autoStorage?.authenticationMode !== 'BatchAccountManagedIdentity') return 'storageKeys';
  return autoStorage.nodeIdentityReference?.resourceId ? 'nodeIdentity' : 'noIdentity';
}

async function sizesOf(management: Management): Promise<readonly OfferedSize[] | null> {
  const { location } = await readAccount(management);
  if (!location) return null;
  try {
    const path = `/providers/Microsoft.Batch/locations/${encodeURIComponent(location)}/virtualMachineSkus`;
    return await allSizes(management, addressOf(management, path, subscriptionOf(management)));
  } catch (error) {
    if (error instanceof Failure && error.code === 'accessDenied') return null;
    throw error;
  }
}

/** A next page is read at the same address only: the token must not be sent to another one. */
async function allSizes(management: Management, first: string) {
  const sizes: OfferedSize[] = [];
  let url: string | null = first;
  for (let pages = 0; url !== null && pages < MAX_PAGES; pages += 1) {
    const page: z.output<typeof sizesBody> | null = await readAt(management, url, sizesBody);
    if (page === null) return null;
    sizes.push(...page.value.map(sizeIn));
    url = page.nextLink ?? null;
    if (url !== null && new URL(url).origin !== new URL(first).origin) return null;
  }
  return url === null ? sizes : null;
}

function sizeIn(row: z.output<typeof sizesBody>['value'][number]): OfferedSize {
  return { name: row.name, endOfLife: row.batchSupportEndOfLife ?? null };
}

function subscriptionOf({ accountId }: Management): string {
  return accountId.split('/').slice(0, 3).join('/');
}

function quotasIn({ properties }: AccountBody) {
  const families = properties.dedicatedCoreQuotaPerVMFamily ?? [];
  return {
    spotCores: properties.lowPriorityCoreQuota ?? null,
    dedicatedCores: properties.dedicatedCoreQuota ?? null,
    dedicatedCoresByFamily:
      properties.dedicatedCoreQuotaPerVMFamilyEnforced === true
        ? Object.fromEntries(families.map(({ name, coreQuota }) => [name.toLowerCase(), coreQuota]))
        : null,
    pools: properties.poolQuota,
    jobs: properties.activeJobAndJobScheduleQuota,
  };
}

/** Reads a resource; null for a 404 response. `path` is relative to the account. */
function read<Body>(
  management: Management,
  path: string,
  form: z.ZodType<Body>,
): Promise<Body | null> {
  return readAt(management, addressOf(management, path, management.accountId), form);
}

function addressOf({ endpoint }: Management, path: string, above: string): string {
  return `${endpoint}${above}${path}?api-version=${API_VERSION}`;
}

async function readAt<Body>(
  management: Management,
  url: string,
  form: z.ZodType<Body>,
): Promise<Body | null> {
  const { status, body } = await requestWithRetry(management, url);
  if (status === 404) return null;
  if (status !== 200) throw failureOf(management, url, status, formatErrorBody(body, status));
  const checked = form.safeParse(body);
  if (checked.success) return checked.data;
  throw failureOf(management, url, status, 'the response has an unknown format');
}

interface ManagementResponse {
  /** 0 when there was no response. */
  readonly status: number;
  readonly body: unknown;
  readonly pauseMs: number | null;
}

async function requestWithRetry(management: Management, url: string): Promise<ManagementResponse> {
  const response = await request(management, url);
  const pauseMs = response.pauseMs ?? DEFAULT_DELAY_MS;
  if (response.status === 200 || !isTransient(response.status) || pauseMs > MAX_DELAY_MS) {
    return response;
  }
  await management.pause(pauseMs);
  return request(management, url);
}

async function request(
  { credential, scope }: Management,
  url: string,
): Promise<ManagementResponse> {
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    const token = await withTimeout(signal, credential.getToken(scope, { abortSignal: signal }));
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token?.token ?? ''}` },
      // The token must not be sent to another address.
      redirect: 'error',
      signal,
    });
    const { status, headers } = response;
    const pauseMs = retryAfterOf(
      headers.get('retry-after') ?? undefined,
      headers.get('date') ?? undefined,
    );
    return { status, body: parseJson(await response.text()), pauseMs };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { status: 0, body: formatError(cause), pauseMs: null };
  }
}

/** Ends with the signal, because a credential may retry for longer than the timeout. */
function withTimeout<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const end = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the request timed out')), {
      once: true,
    });
  });
  return Promise.race([work, end]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function formatErrorBody(body: unknown, status: number): string {
  const parsed = errorBody.safeParse(body);
  if (parsed.success) {
    return redact(`${parsed.data.error.message} [${parsed.data.error.code}]`);
  }
  return status === 0 ? String(body) : `HTTP ${status}`;
}

function failureOf(management: Management, url: string, status: number, message: string): Failure {
  const { endpoint, accountId, caller } = management;
  if (status !== 401 && status !== 403) {
    return new Failure(
      'serviceUnavailable',
      `Batch account ${accountId} cannot be read at ${endpoint} at the moment: ${message}`,
    );
  }
  const right = rightFor('management', { method: 'GET', url, base: `${endpoint}${accountId}` });
  const denial = deniedBy(`Batch account ${accountId}`, caller, message);
  const remedy = remedyFor('management', caller, right, message);
  return new Failure(
    'accessDenied',
    `cannot read quotas and default versions: ${denial}; ${remedy}`,
  );
}

function noSuchAccount({ accountId }: Management): Failure {
  return new Failure(
    'badSettings',
    `Batch account ${accountId} does not exist; set BATCH_ACCOUNT_ID to its resource id, as printed by az batch account show --query id`,
  );
}

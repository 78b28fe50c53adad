import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { Failure, formatError, redact } from '../failure';
import type { BatchAccount } from '../run/ports';
import { isTransient, retryAfterOf } from './batch/calls';
import { deniedBy, remedyFor, rightFor, type Caller } from './rights';

/**
 * The Batch account as Azure Resource Manager shows it: two reads of the version 2024-07-01
 * (Azure/azure-rest-api-specs, specification/batch/resource-manager/Microsoft.Batch/stable,
 * BatchAccount_Get and Application_Get), for which the client library of the whole management plane
 * would be too much.
 */
export interface Management {
  /** Scheme and host, without a slash at the end. */
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
/** For a token and the answer. A plan is waited for, and does without if need be. */
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 10_000;
const USUAL_PAUSE_MS = 1000;

/** Quotas of cores are left out by an account whose pools are of its subscription. */
const accountBody = z.object({
  properties: z.object({
    poolQuota: z.number(),
    activeJobAndJobScheduleQuota: z.number(),
    lowPriorityCoreQuota: z.number().nullish(),
    dedicatedCoreQuota: z.number().nullish(),
    dedicatedCoreQuotaPerVMFamilyEnforced: z.boolean().nullish(),
    dedicatedCoreQuotaPerVMFamily: z
      .array(z.object({ name: z.string(), coreQuota: z.number() }))
      .nullish(),
  }),
});

const applicationBody = z.object({
  properties: z.object({ defaultVersion: z.string().nullish() }).nullish(),
});

export function accountOn(management: Management): BatchAccount {
  return {
    async quotas() {
      const found = await read(management, '', accountBody);
      if (found === null) throw noSuchAccount(management);
      return quotasIn(found);
    },
    async defaultVersionOf(application) {
      const name = encodeURIComponent(application);
      const found = await read(management, `/applications/${name}`, applicationBody);
      return found?.properties?.defaultVersion ?? null;
    },
  };
}

function quotasIn({ properties: told }: z.output<typeof accountBody>) {
  const families = told.dedicatedCoreQuotaPerVMFamily ?? [];
  return {
    spotCores: told.lowPriorityCoreQuota ?? null,
    dedicatedCores: told.dedicatedCoreQuota ?? null,
    dedicatedCoresByFamily:
      told.dedicatedCoreQuotaPerVMFamilyEnforced === true
        ? Object.fromEntries(families.map(({ name, coreQuota }) => [name.toLowerCase(), coreQuota]))
        : null,
    pools: told.poolQuota,
    jobs: told.activeJobAndJobScheduleQuota,
  };
}

/** What is there, or null when it is not. `path` is below the account. */
async function read<Body>(
  management: Management,
  path: string,
  form: z.ZodType<Body>,
): Promise<Body | null> {
  const url = `${management.endpoint}${management.accountId}${path}?api-version=${API_VERSION}`;
  const { status, body } = await askTwice(management, url);
  if (status === 404) return null;
  if (status !== 200) throw failureOf(management, url, status, wordsIn(body, status));
  const checked = form.safeParse(body);
  if (checked.success) return checked.data;
  throw failureOf(management, url, status, 'the answer has another form than is known');
}

interface Answer {
  /** 0 when none came. */
  readonly status: number;
  readonly body: unknown;
  readonly pauseMs: number | null;
}

async function askTwice(management: Management, url: string): Promise<Answer> {
  const answer = await ask(management, url);
  const pauseMs = answer.pauseMs ?? USUAL_PAUSE_MS;
  // Half of an answer has the status of a whole one, and is no JSON.
  if (answer.status === 200 || !isTransient(answer.status) || pauseMs > LONGEST_PAUSE_MS) {
    return answer;
  }
  await management.pause(pauseMs);
  return ask(management, url);
}

async function ask({ credential, scope }: Management, url: string): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const token = await within(signal, credential.getToken(scope, { abortSignal: signal }));
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token?.token ?? ''}` },
      // The token is for this address and for no other.
      redirect: 'error',
      signal,
    });
    const { status, headers } = response;
    const pauseMs = retryAfterOf(
      headers.get('retry-after') ?? undefined,
      headers.get('date') ?? undefined,
    );
    return { status, body: jsonIn(await response.text()), pauseMs };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { status: 0, body: formatError(cause), pauseMs: null };
  }
}

/** A credential may try again and again for longer than anybody waits. */
function within<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const end = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
  });
  return Promise.race([work, end]);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function wordsIn(body: unknown, status: number): string {
  const refusal = errorBody.safeParse(body);
  if (refusal.success) {
    return redact(`${refusal.data.error.message} [${refusal.data.error.code}]`);
  }
  return status === 0 ? String(body) : `HTTP ${status}`;
}

function failureOf(management: Management, url: string, status: number, said: string): Failure {
  const { endpoint, accountId, caller } = management;
  if (status !== 401 && status !== 403) {
    return new Failure(
      'serviceUnavailable',
      `Batch account ${accountId} cannot be looked up at ${endpoint} just now: ${said}`,
    );
  }
  const right = rightFor('management', { method: 'GET', url, base: `${endpoint}${accountId}` });
  const refused = deniedBy(`Batch account ${accountId}`, caller, said);
  const remedy = remedyFor('management', caller, right, said);
  return new Failure(
    'accessDenied',
    `cannot look up quotas and default versions: ${refused}; ${remedy}`,
  );
}

function noSuchAccount({ accountId }: Management): Failure {
  return new Failure(
    'badSettings',
    `there is no Batch account ${accountId}; BATCH_ACCOUNT_ID is its resource id, as az batch account show --query id has it`,
  );
}

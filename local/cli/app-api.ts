import { formatError } from '../errors';
import { systemErrorIn, UserError } from '../error-line';

export interface AppCall {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Function key, for an app that requires one. */
  readonly key?: string | undefined;
  readonly redirect?: 'manual' | 'follow';
}

/** Calls the app. An app that does not answer, or refuses the call, becomes one sentence. */
export async function callApp(url: string, call: AppCall = {}): Promise<Response> {
  const { method = 'GET', body, headers, key, redirect = 'follow' } = call;
  const response = await fetch(url, {
    method,
    redirect,
    headers: { ...headers, ...(key !== undefined && { 'x-functions-key': key }) },
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  if (response.ok || (redirect === 'manual' && response.status === 302)) return response;
  throw new UserError(await refusal(url, response));
}

function unreachable(url: string, error: unknown): Error {
  if (!URL.canParse(url)) return new UserError(`${url} is not a URL; start it with http://`);
  const { origin } = new URL(url);
  const reason =
    systemErrorIn(error)?.code ?? formatError(error instanceof Error ? error.cause : error);
  return new UserError(
    `the app does not answer at ${origin} (${reason}); npm start starts it, --url names another address`,
    { cause: error },
  );
}

/** The detail of a problem document, or the status where there is none. */
async function refusal(url: string, response: Response): Promise<string> {
  const problem = await response
    .json()
    .then((body: unknown) => (body as { readonly detail?: unknown } | null)?.detail)
    .catch(() => undefined);
  if (typeof problem === 'string') return problem;
  if (response.status === 401) return 'the app requires a function key; set NIGHTSHIFT_KEY to it';
  return `the app at ${new URL(url).origin} returned status ${response.status} for ${new URL(url).pathname}`;
}

/** The next due time of a schedule, as workloads and plans have it. */
export interface NextDue {
  readonly timeZone: string;
  /** In UTC; null for a schedule that is never due again. */
  readonly nextDueAt: string | null;
  /** The same in the zone of the schedule, with its offset. */
  readonly nextDueLocal: string | null;
}

import { Webhook } from 'standardwebhooks';
import { Failure } from '../failure';
import type { Delivery, Notice } from '../ledger/notices';
import type { Secrets } from '../run/ports';
import { targetSecrets } from '../workload/notify-schema';
import { messageOf, type Message } from './forms';

/**
 * One attempt to deliver a notice, signed as Standard Webhooks has it: https://www.standardwebhooks.com
 * The address and the key of a target are secrets: they are read when they are needed, and no result of
 * this file contains them, nor an error of the HTTP client, which may.
 */

export interface SendContext {
  readonly secrets: Secrets;
  /** The mark of the app. */
  readonly owner: () => Promise<string>;
  /** Real time: receivers compare the time of a signature with theirs. */
  readonly realNow: () => Date;
  /** Aborts an attempt that takes too long. */
  readonly timeout: () => AbortSignal;
}

/** Thrown and caught within this file, with a sentence for the log. */
class NotSent extends Error {}

/** Never throws. */
export async function sendNotice(context: SendContext, notice: Notice): Promise<Delivery> {
  try {
    const secrets = targetSecrets(notice.to);
    const url = checkedUrl(await readSecret(context.secrets, secrets.url), secrets.url);
    const message = messageOf(notice, await context.owner());
    const key = message.isSigned ? await readSecret(context.secrets, secrets.key) : null;
    return await post(context, url, message, headersOf(notice, message, key, context.realNow()));
  } catch (error) {
    const detail = error instanceof NotSent ? error.message : `it was not sent (${nameOf(error)})`;
    return { kind: 'failed', status: null, detail };
  }
}

async function readSecret(secrets: Secrets, name: string): Promise<string> {
  try {
    return (await secrets.read(name)).trim();
  } catch (error) {
    const isMissing = error instanceof Failure && error.code === 'secretMissing';
    throw new NotSent(
      isMissing
        ? `the secret ${name} is missing; store it in the vault`
        : `the secret ${name} cannot be read (${nameOf(error)})`,
    );
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Over TLS, or to this machine: a notice says what runs here. */
function checkedUrl(text: string, secret: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && LOOPBACK.has(url.hostname)) return url;
  throw new NotSent(`the secret ${secret} is not an https URL; store one in the vault`);
}

function headersOf(
  { id, to }: Notice,
  { body, contentType, isSigned }: Message,
  key: string | null,
  now: Date,
): Record<string, string> {
  const headers = {
    'content-type': contentType,
    'user-agent': 'nightshift',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
  };
  if (!isSigned || key === null) return headers;
  return { ...headers, 'webhook-signature': signerOf(key, to).sign(id, now, body) };
}

function signerOf(key: string, to: string): Webhook {
  try {
    return new Webhook(key);
  } catch {
    const { key: secret } = targetSecrets(to);
    throw new NotSent(`the secret ${secret} is not a signing key: whsec_ and a key in base64`);
  }
}

async function post(
  { timeout }: SendContext,
  url: URL,
  { body }: Message,
  headers: Record<string, string>,
): Promise<Delivery> {
  const signal = timeout();
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      body,
      headers,
      signal,
    });
    // The rest of the answer is of no interest, and may be of any size.
    await response.body?.cancel();
    return deliveryOf(response.status);
  } catch (error) {
    const detail = signal.aborted ? 'no answer in time' : `no connection (${nameOf(error)})`;
    return { kind: 'failed', status: null, detail };
  }
}

function deliveryOf(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered', status, detail: 'delivered' };
  const detail = `the receiver answered ${status}`;
  if (status === 410)
    return { kind: 'gone', status, detail: `${detail}: it wants no more notices` };
  if (status >= 300 && status < 400) {
    return { kind: 'failed', status, detail: `${detail}; redirects are not followed` };
  }
  return { kind: 'failed', status, detail };
}

/** A code such as ECONNREFUSED: the message of a client may name the address. */
function nameOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const found = [code, cause?.code].find(
    (one) => typeof one === 'string' && /^\w{1,60}$/.test(one),
  );
  return typeof found === 'string' ? found : 'unknown error';
}

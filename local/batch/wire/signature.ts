import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusals';

/** The parts of a request that a shared key signs. */
export interface Signed {
  readonly verb: string;
  /** The target as it was sent, percent-encoded. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

const FIFTEEN_MINUTES_MS = 900_000;

/** Headers of the string to sign, in its order; each is a line, empty when absent. */
const SIGNED_HEADERS = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

/** Checks `SharedKey account:signature`. `realNow` is real time, as the client's clock. */
export function checkSharedKey(
  credentials: string,
  request: Signed,
  account: { readonly name: string; readonly key: string },
  realNow: number,
): void {
  const [name = '', signature = ''] = credentials.split(':', 2);
  if (signature === '') throw new Refusal('InvalidAuthenticationInfo');
  if (name.toLowerCase() !== account.name.toLowerCase()) {
    const value = `Unknown account ${name}; this is ${account.name}.`;
    throw new Refusal('AuthenticationFailed', [{ key: 'AuthenticationErrorDetail', value }]);
  }
  checkDate(request.headers, realNow);
  const text = stringToSign(request, name);
  const expected = createHmac('sha256', Buffer.from(account.key, 'base64')).update(text).digest();
  const given = Buffer.from(signature, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Refusal('AuthenticationFailed', [
      // As Azure does: the author of a client compares the string to sign; it contains no secret.
      { key: 'AuthenticationErrorDetail', value: `The signature was checked against: '${text}'` },
    ]);
  }
}

function checkDate(headers: IncomingHttpHeaders, realNow: number): void {
  const text = headers['ocp-date'] ?? headers.date;
  if (typeof text !== 'string') {
    throw new Refusal('MissingRequiredHeader', [{ key: 'HeaderName', value: 'ocp-date' }]);
  }
  const at = Date.parse(text);
  if (Number.isNaN(at) || Math.abs(realNow - at) > FIFTEEN_MINUTES_MS) {
    throw new Refusal('AuthenticationFailed', [
      { key: 'AuthenticationErrorDetail', value: `The date ${text} is not within 15 minutes.` },
    ]);
  }
}

function stringToSign({ verb, target, headers }: Signed, account: string): string {
  const lines = SIGNED_HEADERS.map((name) => signedValue(name, verb, headers));
  const ocpHeaders = Object.keys(headers)
    .filter((name) => name.startsWith('ocp-'))
    .sort()
    .map((name) => `${name}:${String(headers[name])}\n`);
  return `${verb}\n${lines.join('\n')}\n${ocpHeaders.join('')}${resource(target, account)}`;
}

function signedValue(name: string, verb: string, headers: IncomingHttpHeaders): string {
  if (name === 'date' && headers['ocp-date'] !== undefined) return '';
  // Clients that send a length with a request without a body do not sign it.
  if (name === 'content-length' && (verb === 'GET' || verb === 'HEAD')) return '';
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** `/account/path`, then a line for each parameter, by name; repeated values share one line. */
function resource(target: string, account: string): string {
  const [path = '', query = ''] = splitOnce(target, '?');
  const values = new Map<string, string[]>();
  for (const [name, value] of queryPairs(query)) {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  const lines = [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `\n${name}:${all.sort().join(',')}`);
  return `/${account}${path}${lines.join('')}`;
}

export function queryPairs(query: string): readonly (readonly [string, string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = splitOnce(pair, '=');
      return [decoded(name), decoded(value)] as const;
    });
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

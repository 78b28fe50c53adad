import type { EntityVersion } from '../state/records';
import type { Call } from './call';
import { Refusal } from './refusals';

const PAIRS = new Map([
  ['if-match', 'if-unmodified-since'],
  ['if-none-match', 'if-modified-since'],
]);

const CONDITIONS = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
] as const;

/**
 * Refuses a request whose conditional header is not met: 412, or 304 for a read with a condition on
 * changes. Two conditions are refused except for the two natural pairs, where the ETag decides.
 */
export function checkConditions(call: Call<unknown, string>, version: EntityVersion): void {
  const given = CONDITIONS.filter((name) => call.headers[name] !== undefined);
  const [first, second] = given;
  if (first === undefined) return;
  if (given.length > 2 || (second !== undefined && PAIRS.get(first) !== second)) {
    throw new Refusal('MultipleConditionHeadersNotSupported');
  }
  const text = String(call.headers[first]);
  if (isMet[first](text, version)) return;
  const isRead = call.verb === 'GET' || call.verb === 'HEAD';
  const asksForNews = first === 'if-none-match' || first === 'if-modified-since';
  throw new Refusal('ConditionNotMet', [], isRead && asksForNews ? { status: 304 } : {});
}

const isMet: Record<
  (typeof CONDITIONS)[number],
  (text: string, version: EntityVersion) => boolean
> = {
  'if-match': (text, { eTag }) => text === '*' || unquoted(text) === eTag,
  'if-none-match': (text, { eTag }) => text !== '*' && unquoted(text) !== eTag,
  'if-modified-since': (text, { modifiedAt }) => wholeSeconds(modifiedAt) > dateOf(text),
  'if-unmodified-since': (text, { modifiedAt }) => wholeSeconds(modifiedAt) <= dateOf(text),
};

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}

/** HTTP dates have no fractions. */
function wholeSeconds(at: number): number {
  return Math.floor(at / 1000) * 1000;
}

function dateOf(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Refusal('InvalidHeaderValue', [{ key: 'Reason', value: text }]);
  return at;
}

import type { Instance } from './records';

/** The settings of orchestration versions in `host.json`. */
export interface Versioning {
  /** The version of instances that name none; '' for no versions at all. */
  readonly defaultVersion: string;
  readonly match: 'none' | 'strict' | 'currentorolder';
  readonly failure: 'reject' | 'fail';
}

/**
 * Returns the reason why this host does not run an instance of that version, or undefined:
 * https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-orchestration-versioning
 * Unconfirmed: without a default version, all are accepted.
 */
export function checkVersion(
  { id, version }: Instance,
  { defaultVersion, match }: Versioning,
): string | undefined {
  if (defaultVersion === '' || match === 'none') return undefined;
  const order = compareVersions(version, defaultVersion);
  if (match === 'strict' ? order === 0 : order <= 0) return undefined;
  return `The version '${version}' of orchestration '${id}' does not match the version '${defaultVersion}' of this app (${match}).`;
}

/**
 * No version precedes any; dotted numbers are compared by number, others as text, ignoring case.
 */
export function compareVersions(one: string, other: string): number {
  if (one === '' || other === '') return Number(one !== '') - Number(other !== '');
  const [parts, others] = [partsOf(one), partsOf(other)];
  if (parts === undefined || others === undefined)
    return order(one.toUpperCase(), other.toUpperCase());
  for (let i = 0; i < 4; i += 1) {
    const found = order(parts[i] ?? -1, others[i] ?? -1);
    if (found !== 0) return found;
  }
  return 0;
}

/** Parses .NET's `System.Version`: two to four numbers; a missing part is less than 0. */
function partsOf(version: string): readonly number[] | undefined {
  const parts = version.split('.');
  const isVersion =
    parts.length >= 2 && parts.length <= 4 && parts.every((one) => /^\d+$/.test(one));
  return isVersion ? parts.map(Number) : undefined;
}

function order<T extends number | string>(one: T, other: T): number {
  return one < other ? -1 : Number(one > other);
}

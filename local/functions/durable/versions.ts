import type { Instance } from './records';

/** The settings of orchestration versions in `host.json`. */
export interface Versioning {
  /** The version of the app, and of instances that name none; '' for none. */
  readonly defaultVersion: string;
  readonly match: 'none' | 'strict' | 'currentorolder';
  readonly failure: 'reject' | 'fail';
}

/**
 * Returns true when this host runs instances of that version. For an app without a default version
 * every version is newer:
 * https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-orchestration-versioning
 */
export function acceptsVersion(
  { defaultVersion, match }: Versioning,
  { version }: Pick<Instance, 'version'>,
): boolean {
  if (match === 'none') return true;
  const order = compareVersions(version, defaultVersion);
  return match === 'strict' ? order === 0 : order <= 0;
}

/** The failure of an instance that this host does not run, in the extension's words. */
export const VERSION_MISMATCH =
  'VersionMismatch: Orchestration version did not comply with Worker Versioning';

/** The warning about an instance that this host does not run. */
export function waitsForVersion(
  { defaultVersion, match }: Versioning,
  { id, version }: Instance,
): string {
  const own = defaultVersion === '' ? 'which has no version' : `of version '${defaultVersion}'`;
  return `The version '${version}' of orchestration '${id}' does not match this app, ${own} (${match}). It waits for an app of its version.`;
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

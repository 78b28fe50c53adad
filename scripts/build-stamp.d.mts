/** Hash of the sources in `folder`, by default of this repository. */
export function hashSources(folder?: string): string;
export function writeStamp(hash: string, folder?: string): void;
export function buildState(folder?: string): 'missing' | 'stale' | 'current';

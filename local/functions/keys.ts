import type http from 'node:http';

/** The keys of a host that requires them, as `func start --enableAuth` and Azure do. */
export interface HostKeys {
  readonly master: string;
  readonly host: string;
  /** For the extension endpoints: Durable and blob notifications. */
  readonly system: string;
  /** Keys of single functions, by name. */
  readonly functions?: Readonly<Record<string, string>>;
}

export type AuthLevel = 'anonymous' | 'function' | 'admin' | 'system';

/** Returns whether a request has a key for `level`. Without keys every request is allowed. */
export function isAllowed(
  request: http.IncomingMessage,
  url: URL,
  level: AuthLevel,
  keys: HostKeys | undefined,
  functionName = '',
): boolean {
  if (keys === undefined || level === 'anonymous') return true;
  const header = request.headers['x-functions-key'];
  const key = (Array.isArray(header) ? header[0] : header) ?? url.searchParams.get('code');
  if (key === null || key === undefined || key === '') return false;
  return opening(level, keys, functionName).includes(key);
}

function opening(level: AuthLevel, keys: HostKeys, functionName: string): readonly string[] {
  switch (level) {
    case 'function': {
      const own = keys.functions?.[functionName];
      return [keys.master, keys.host, ...(own === undefined ? [] : [own])];
    }
    case 'system':
      return [keys.master, keys.system];
    default:
      return [keys.master];
  }
}

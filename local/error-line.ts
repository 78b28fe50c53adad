import { formatError, stackOf } from './errors';

/** An error that a person can fix. Its message is complete: no stack is printed. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

/** Errors of the operating system that a person can fix, by code. */
const sentences: Readonly<Record<string, (error: SystemError) => string>> = {
  ENOENT: ({ path }) => `${path ?? 'a file'} does not exist`,
  EACCES: ({ path, port }) =>
    port === undefined
      ? `${path ?? 'a file'} cannot be opened: permission denied`
      : `port ${port} cannot be opened: permission denied; choose a port above 1023`,
  EISDIR: ({ path }) => `${path ?? 'the target'} is a folder; a file is needed`,
  ENOTDIR: ({ path }) => `${path ?? 'the target'} is not a folder`,
  ENOSPC: () => 'the disk is full',
  EADDRINUSE: ({ port }) =>
    `port ${port ?? ''} is in use; stop the program that uses it, or choose another port`,
  ECONNREFUSED: ({ address, port }) => `nothing answers at ${address ?? ''}:${port ?? ''}`,
  ECONNRESET: () => 'the connection was reset',
  ENOTFOUND: (error) => `no host has this name: ${error.message.split(' ').at(-1) ?? ''}`,
};

/** The text that a command prints for an error. Only bugs are printed with their stack. */
export function errorLine(error: unknown): string {
  const system = systemErrorIn(error);
  if (system !== undefined) return sentences[system.code]?.(system) ?? system.message;
  return isBug(error) ? stackOf(error) : formatError(error);
}

/** The first system error among an error and its causes: `fetch` wraps it twice. */
export function systemErrorIn(error: unknown): SystemError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof UserError) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code in sentences)
    return error as SystemError;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error.cause;
  return systemErrorIn(inner);
}

const BUGS: readonly (new (...args: never[]) => Error)[] = [
  TypeError,
  RangeError,
  ReferenceError,
  SyntaxError,
];

function isBug(error: unknown): boolean {
  return BUGS.some((bug) => error instanceof bug);
}

import { inspect } from 'node:util';

/** What was thrown, which may be anything, in the words that Azure's worker finds for it (`ensureErrorType`). */
export function formatError(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'string') return error;
  try {
    return JSON.stringify(error) ?? inspect(error);
  } catch {
    return inspect(error);
  }
}

/** The same, and where it was thrown, if that is known. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : formatError(error);
}

import { inspect } from 'node:util';

/**
 * The message of a thrown value, which may be anything, in the form of Azure's worker
 * (`ensureErrorType`).
 */
export function formatError(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'string') return error;
  try {
    return JSON.stringify(error) ?? inspect(error);
  } catch {
    return inspect(error);
  }
}

/** The stack of a thrown value, or its message where there is no stack. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : formatError(error);
}

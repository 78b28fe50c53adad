import { formatError } from '../errors';

interface ServiceError {
  readonly code?: string;
  readonly statusCode?: number;
}

/** The code and status of a service's refusal, or the text of another error, as a part of a sentence. */
export function refusalOf(error: unknown): string {
  const { code, statusCode } = (error ?? {}) as ServiceError;
  if (typeof code === 'string' && typeof statusCode === 'number') return `${code} (${statusCode})`;
  return formatError(error).split('\n', 1)[0] ?? '';
}

/** The code of a service's refusal; empty for another error. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as ServiceError;
  return typeof code === 'string' ? code : '';
}

/** The message of a service's refusal, or of another error. */
export function messageOf(error: unknown): string {
  const { body } = (error ?? {}) as {
    readonly body?: { readonly message?: { readonly value?: string } };
  };
  return body?.message?.value ?? formatError(error);
}

import { RestError, type BlobServiceClient } from '@azure/storage-blob';
import { Failure, formatError } from '../failure';
import { deniedBy, remedyFor, rightFor, type Caller } from './rights';

/** Runs one operation; `doing` completes "cannot …". */
export type ErrorMessage = <Result>(
  doing: string,
  operation: () => Promise<Result>,
) => Promise<Result>;

/** What storage refuses becomes a Failure that says what was being done, and what is missing for it. */
export function messageFor(service: BlobServiceClient, caller: Caller): ErrorMessage {
  return async (doing, operation) => {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof Failure) throw error;
      const said = wordsOf(error);
      const status = error instanceof RestError ? error.statusCode : undefined;
      if (status !== 401 && status !== 403) {
        throw new Failure('serviceUnavailable', `cannot ${doing} just now: ${said}`);
      }
      const refused = deniedBy(`storage account ${service.accountName}`, caller, said);
      const remedy = remedyFor('storage', caller, rightOf(error, service), said);
      throw new Failure('accessDenied', `cannot ${doing}: ${refused}; ${remedy}`);
    }
  };
}

/** An answer to HEAD has no body; its code is in a header, as that of every other refusal. */
function wordsOf(error: unknown): string {
  const first = formatError(error).split('\n')[0] ?? '';
  if (!(error instanceof RestError)) return first;
  const code = error.code ?? error.response?.headers.get('x-ms-error-code') ?? '';
  const words = [code, first].filter((text) => text !== '').join(' ');
  return words === '' ? `HTTP ${error.statusCode ?? 'error'}` : words;
}

function rightOf(error: unknown, { url }: BlobServiceClient): string | null {
  if (!(error instanceof RestError) || error.request === undefined) return null;
  // The service that copies reads its source in the name of who signed for it.
  const isOfSource = error.code === 'CannotVerifyCopySource';
  const method = isOfSource ? 'GET' : error.request.method;
  return rightFor('storage', { method, url: error.request.url, base: url });
}

/** Undefined when the answer was one of these statuses. */
export async function ignoringCode<Result>(
  statuses: readonly number[],
  request: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof RestError && statuses.includes(error.statusCode ?? 0)) return undefined;
    throw error;
  }
}

import { RestError, type BlobServiceClient } from '@azure/storage-blob';
import { Failure, formatError } from '../failure';
import { deniedBy, remedyFor, rightFor, type Caller } from './rights';

/** Runs one operation and converts its errors. `doing` completes "cannot …". */
export type MapErrors = <Result>(
  doing: string,
  operation: () => Promise<Result>,
) => Promise<Result>;

/** Converts errors of storage into a Failure that names the operation and the missing permission. */
export function mapErrorsFor(service: BlobServiceClient, caller: Caller): MapErrors {
  return async (doing, operation) => {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof Failure) throw error;
      const message = messageOf(error);
      const status = error instanceof RestError ? error.statusCode : undefined;
      if (status !== 401 && status !== 403) {
        throw new Failure('serviceUnavailable', `cannot ${doing} at the moment: ${message}`);
      }
      const denial = deniedBy(`storage account ${service.accountName}`, caller, message);
      const remedy = remedyFor('storage', caller, rightOf(error, service), message);
      throw new Failure('accessDenied', `cannot ${doing}: ${denial}; ${remedy}`);
    }
  };
}

/** A response to HEAD has no body, so its error code is read from the header. */
function messageOf(error: unknown): string {
  const first = formatError(error).split('\n')[0] ?? '';
  if (!(error instanceof RestError)) return first;
  const code = error.code ?? error.response?.headers.get('x-ms-error-code') ?? '';
  const message = [code, first].filter((text) => text !== '').join(' ');
  return message === '' ? `HTTP ${error.statusCode ?? 'error'}` : message;
}

function rightOf(error: unknown, { url }: BlobServiceClient): string | null {
  if (!(error instanceof RestError) || error.request === undefined) return null;
  // The service reads the source of a copy with the permissions of the identity that signed its URL.
  const isOfSource = error.code === 'CannotVerifyCopySource';
  const method = isOfSource ? 'GET' : error.request.method;
  return rightFor('storage', { method, url: error.request.url, base: url });
}

/** Returns undefined for an error with one of these statuses. */
export async function ignoringStatus<Result>(
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

import { Failure, httpStatusOf, type FailureCode } from '../failure';
import type { HttpHandler } from './handler';
import { ValidationError } from '../workload/validation';

/** Turns a Failure into a problem document (RFC 9457). A bug is left to the host, which logs it and returns 500. */
export function withProblemDocuments(handler: HttpHandler): HttpHandler {
  return async (request, client, context) => {
    try {
      return await handler(request, client, context);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const status = httpStatusOf(error.code);
      return {
        status,
        headers: { 'Content-Type': 'application/problem+json', ...retryAfter(error.code, status) },
        body: JSON.stringify({
          type: `urn:nightshift:${error.code}`,
          title: error.code,
          status,
          detail: error.message,
          ...(error instanceof ValidationError && { errors: error.errors }),
        }),
      };
    }
  };
}

/** Seconds after which the same request may succeed: sooner for a bound of a minute than for one of a month. */
const RETRY_SECONDS: Partial<Record<FailureCode, number>> = {
  budgetReached: 3600,
  admissionClosed: 300,
};
const DEFAULT_RETRY_SECONDS = 60;

/** A response that asks to come again names the time: https://www.rfc-editor.org/rfc/rfc6585#section-4 */
function retryAfter(code: FailureCode, status: number): Readonly<Record<string, string>> {
  if (status !== 429 && status !== 503) return {};
  return { 'Retry-After': String(RETRY_SECONDS[code] ?? DEFAULT_RETRY_SECONDS) };
}

import { Failure, httpStatusOf } from '../failure';
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
        headers: { 'Content-Type': 'application/problem+json' },
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

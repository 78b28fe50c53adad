import { DefaultHttpClient, type HttpClient } from '@azure/ms-rest-js';

/**
 * Wraps the client's HTTP to clear the timeout timer of each request. The client (ms-rest-js 2.7.0,
 * `fetchHttpClient.ts`) leaves the timer running after the response, and the timer keeps the request
 * body in memory until it fires, so all tasks of a large run would be held at once.
 */
export function httpWithClearedTimers(http: HttpClient = new DefaultHttpClient()): HttpClient {
  return {
    sendRequest: async (request) => {
      // A streamed body is read after the response, and the timeout has to cover that too.
      if (request.timeout === 0 || request.streamResponseBody === true) {
        return http.sendRequest(request);
      }
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), request.timeout);
      request.timeout = 0;
      // Both are the standard AbortSignal; the client's type declares browser events as well.
      request.abortSignal = timeout.signal as unknown as NonNullable<typeof request.abortSignal>;
      try {
        return await http.sendRequest(request);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

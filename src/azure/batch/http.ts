import { DefaultHttpClient, type HttpClient } from '@azure/ms-rest-js';

/**
 * The client's own HTTP, without its habit (ms-rest-js 2.7.0, `fetchHttpClient.ts`) of leaving the
 * timer of each request running when the request is done: the timer keeps the request and its body
 * in memory for as long as it might have taken, so that all tasks of a large run would be held at
 * once. Here the timer ends with the request.
 */
export function httpWithoutOwnRetries(http: HttpClient = new DefaultHttpClient()): HttpClient {
  return {
    sendRequest: async (request) => {
      // The body of a stream is read after the answer, and the timer has to see to that too.
      if (request.timeout === 0 || request.streamResponseBody === true) {
        return http.sendRequest(request);
      }
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), request.timeout);
      request.timeout = 0;
      // Both are the same standard; the client's own type of it asks for the events of a browser.
      request.abortSignal = patience.signal as unknown as NonNullable<typeof request.abortSignal>;
      try {
        return await http.sendRequest(request);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

import { messageOf } from '../invoke';
import type { HttpRequestAction } from './actions';
import type { HttpAnswer } from './http-call';

/** Makes the request of a `callHttp` and returns the answer as JSON text. */
export async function sendHttp(input: unknown): Promise<string> {
  const request = input as HttpRequestAction;
  const response = await fetch(request.uri, {
    method: request.method,
    headers: { ...request.headers, ...(await authorization(request.tokenSource)) },
    ...(request.content === undefined ? {} : { body: request.content }),
  }).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: unknown };
    throw new Error(`The HTTP request failed: ${messageOf(cause ?? error)}`, { cause: error });
  });
  const answer: HttpAnswer = {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    content: await response.text(),
  };
  return JSON.stringify(answer);
}

async function authorization(tokenSource: unknown): Promise<Record<string, string>> {
  if (typeof tokenSource !== 'object' || tokenSource === null) return {};
  const { resource } = tokenSource as { readonly resource?: string };
  if (resource === undefined) return {};
  const scope = `${resource.replace(/\/$/, '')}/.default`;
  const { DefaultAzureCredential } = await import('@azure/identity');
  const token = await new DefaultAzureCredential().getToken(scope);
  return { authorization: `Bearer ${token.token}` };
}

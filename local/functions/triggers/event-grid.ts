import type http from 'node:http';
import { readBody, reply } from '../body';
import type { Triggers } from './triggers';
import { decode } from './route';

/** The endpoint for Event Grid's blob events: `?functionName=Host.Functions.<name>`. */
export const BLOB_WEBHOOK = '/runtime/webhooks/blobs';

/** Accepts notifications in both schemas, Event Grid's own and CloudEvents, and the handshakes. */
export async function blobNotification(
  triggers: Triggers,
  url: URL,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  // The handshake of CloudEvents: the allowed origin, and the rate.
  const origin = request.headers['webhook-request-origin'];
  if (request.method === 'OPTIONS')
    return reply(response, 200, undefined, {
      'webhook-allowed-origin': String(origin ?? '*'),
      'webhook-allowed-rate': '*',
    });
  if (request.method !== 'POST') return reply(response, 404);

  const events = eventsIn((await readBody(request)).toString('utf8'));
  if (events === undefined) return reply(response, 400);
  const code = validationCode(events);
  if (code !== undefined) return reply(response, 200, { validationResponse: code });

  const name = /^Host\.Functions\.(.+)$/i.exec(url.searchParams.get('functionName') ?? '')?.[1];
  if (name === undefined) return reply(response, 400);
  for (const event of events) {
    const place = blobIn(event);
    if (place === undefined) continue;
    const isKnown = await triggers.blobArrived(name, place.container, place.blob);
    if (!isKnown) return reply(response, 404);
  }
  reply(response, 202);
}

interface GridEvent {
  readonly eventType?: string;
  /** CloudEvents' name for the same event. */
  readonly type?: string;
  readonly data?: { readonly url?: string; readonly validationCode?: string };
}

function eventsIn(body: string): readonly GridEvent[] | undefined {
  try {
    const parsed = JSON.parse(body) as GridEvent | readonly GridEvent[];
    return Array.isArray(parsed) ? (parsed as readonly GridEvent[]) : [parsed as GridEvent];
  } catch {
    return undefined;
  }
}

function validationCode(events: readonly GridEvent[]): string | undefined {
  return events.find(
    ({ eventType }) => eventType === 'Microsoft.EventGrid.SubscriptionValidationEvent',
  )?.data?.validationCode;
}

/** `https://account/container/blob`, or with the account as the first segment, as in Azurite. */
function blobIn(
  event: GridEvent,
): { readonly container: string; readonly blob: string } | undefined {
  if ((event.eventType ?? event.type) !== 'Microsoft.Storage.BlobCreated') return undefined;
  const { url } = event.data ?? {};
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, pathname } = new URL(url);
  const isByPath = /^(localhost|[\d.]+)$/.test(hostname);
  const [container = '', ...blob] = pathname.split('/').slice(isByPath ? 2 : 1);
  return { container, blob: decode(blob.join('/')) };
}

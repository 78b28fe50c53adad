import type http from 'node:http';
import { adminRequest } from './admin';
import { BodyTooLarge, readBody, reply } from './body';
import type { DurableApi } from './durable/client-api';
import { WEBHOOK_PATH } from './durable/client-urls';
import { isAllowed, type AuthLevel, type HostKeys } from './keys';
import type { Log } from './log';
import { BLOB_WEBHOOK, blobNotification } from './triggers/event-grid';
import { httpBindingData, httpInput, sendHttpOutput } from './triggers/http';
import { httpRoutes } from './triggers/http-routes';
import { stackOf } from '../errors';
import type { HostParts, OpenHost } from './host-parts';

/** The port that callers use: the app's functions, the extensions' endpoints, `/admin`. */
export class HttpFrontEnd {
  #opened: OpenHost | undefined;

  constructor(readonly options: FrontEndOptions) {}

  /** Before this call, every request is answered with 503. */
  open(parts: HostParts): void {
    this.#opened = {
      ...parts,
      routes: httpRoutes(parts.catalog.withTrigger('http'), parts.settings.routePrefix),
    };
  }

  /** From now on every request is answered with 503 again. */
  shut(): void {
    this.#opened = undefined;
  }

  get descriptions(): readonly string[] {
    return this.#opened?.routes.descriptions ?? [];
  }

  readonly handle: http.RequestListener = (request, response) => {
    void this.#answer(request, response).catch((error: unknown) =>
      this.#failed(error, request, response),
    );
  };

  /** A listener for an API under `base`. */
  serveApi(base: string, api: DurableApi): http.RequestListener {
    return (request, response) => {
      const url = urlOf(request);
      void this.#sendApi(api, url.pathname.slice(base.length), url, request, response).catch(
        (error: unknown) => this.#failed(error, request, response),
      );
    };
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return reply(response, 503);
    const url = urlOf(request);
    const may = (level: AuthLevel, name?: string) =>
      isAllowed(request, url, level, this.options.keys, name);
    const path = url.pathname;

    if (path.startsWith(`${WEBHOOK_PATH}/`)) {
      if (!may('system')) return reply(response, 401);
      const rest = path.slice(WEBHOOK_PATH.length);
      return this.#sendApi(opened.api, rest, url, request, response);
    }
    if (path === BLOB_WEBHOOK) {
      if (!may('system')) return reply(response, 401);
      return blobNotification(opened.triggers, url, request, response);
    }
    if (path.startsWith('/admin/')) {
      if (!may('admin')) return reply(response, 401);
      return adminRequest(opened, path, request, response);
    }
    return this.#callFunction(opened, url, request, response, may);
  }

  async #callFunction(
    { routes, runner, streams, settings }: OpenHost,
    url: URL,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    may: (level: AuthLevel, name?: string) => boolean,
  ): Promise<void> {
    const found = routes.find(request.method ?? 'GET', url.pathname);
    if (found === undefined) return reply(response, 404);
    const { fn, params } = found;
    const { authLevel = 'anonymous' } = fn.trigger as { readonly authLevel?: AuthLevel };
    if (!may(authLevel, fn.name)) return reply(response, 401);

    if (streams !== undefined) return streams.call(found, runner, request, response);
    const body = await readBody(request, settings.maxBodyBytes);
    const input = httpInput(request, url, params, body);
    const subject = `${request.method} ${url.pathname}`;
    const bindingData = () => httpBindingData(request, url, params, body);
    const result = await runner.run(fn, { input, subject, bindingData }).catch(() => undefined);
    // A handler that throws is answered with 500 and nothing else; its error is in the log.
    if (result === undefined) return reply(response, 500);
    sendHttpOutput(response, fn, result);
  }

  async #sendApi(
    api: DurableApi,
    path: string,
    url: URL,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { status, json, headers } = await api(request, path, url);
    reply(response, status, json, headers);
  }

  #failed(error: unknown, request: http.IncomingMessage, response: http.ServerResponse): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof BodyTooLarge)
      return reply(response, 413, undefined, { connection: 'close' });
    const text = stackOf(error);
    this.options.log('error', `${request.method} ${request.url}: ${text}`);
    reply(response, 500);
  }
}

export interface FrontEndOptions {
  readonly log: Log;
  readonly keys: HostKeys | undefined;
}

function urlOf(request: http.IncomingMessage): URL {
  return new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
}

import type http from 'node:http';
import { readBody, reply } from '../../local/functions/body';
import { httpBindingData, httpInput, sendHttpOutput } from '../../local/functions/triggers/http';
import { httpRoutes } from '../../local/functions/triggers/http-routes';
import type { Worker } from './worker';

/** Serves the HTTP functions of an app: the extension has no part in them. */
export function appRequests(
  { catalog, runner }: Worker,
  routePrefix: string,
  maxBodyBytes: number,
): http.RequestListener {
  const routes = httpRoutes(catalog.withTrigger('http'), routePrefix);
  return (request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const found = routes.find(request.method ?? 'GET', url.pathname);
    if (found === undefined) return reply(response, 404);
    const { fn, params } = found;
    const answer = async () => {
      const body = await readBody(request, maxBodyBytes);
      const input = httpInput(request, url, params, body);
      const bindingData = () => httpBindingData(request, url, params, body);
      sendHttpOutput(response, fn, await runner.run(fn, { input, bindingData }));
    };
    void answer().catch(() => reply(response, 500));
  };
}

import type http from 'node:http';
import { readBody, reply } from './body';
import type { Call } from './runner';
import { decode } from './triggers/route';
import type { OpenHost } from './host-parts';
import type { HostedFunction } from './hosted-function';

/** `/admin`: the host's status, and running a function now. */
export async function adminRequest(
  opened: OpenHost,
  path: string,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  if (path === '/admin/host/status' && request.method === 'GET')
    return reply(response, 200, { state: 'Running', version: '4.local' });
  if (path === '/admin/functions' && request.method === 'GET')
    return reply(
      response,
      200,
      opened.catalog.functions.map((fn) => describe(fn, opened)),
    );

  if (path === '/admin/warmup') {
    for (const fn of opened.catalog.withTrigger('warmup'))
      void opened.runner.run(fn, { input: { json: '{}' } }).catch(() => undefined);
    return reply(response, 200);
  }
  const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
  const fn = name === undefined ? undefined : opened.catalog.find(decode(name));
  if (fn === undefined || request.method !== 'POST') return reply(response, 404);
  // The real host cannot run an HTTP function from here either.
  if (fn.triggerType === 'http') return reply(response, 404);

  const input = inputOf((await readBody(request)).toString('utf8'));
  if (input === undefined) return reply(response, 400);
  const call = await callOf(fn, input, opened);
  // The response does not depend on the result of the function, which is logged.
  void opened.runner.run(fn, { ...call, subject: 'by hand' }).catch(() => undefined);
  reply(response, 202);
}

/** `config.bindings` is as in Azure; `trigger` and `nextDue` are in addition. */
function describe({ name, triggerType, trigger }: HostedFunction, { triggers }: OpenHost): object {
  const nextDue = triggers.nextDue(name);
  return {
    name,
    trigger: triggerType,
    config: { name, bindings: [trigger] },
    ...(nextDue !== undefined && { nextDue: nextDue.toISOString() }),
  };
}

/** `{ "input": "…" }`, or nothing at all. */
function inputOf(body: string): string | undefined {
  if (body === '') return '';
  try {
    const { input } = JSON.parse(body) as { readonly input?: unknown };
    if (input === undefined || input === null) return '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return undefined;
  }
}

async function callOf(fn: HostedFunction, input: string, { triggers }: OpenHost): Promise<Call> {
  switch (fn.triggerType) {
    case 'timer':
      return { input: triggers.manualTimerInput() };
    case 'blob':
      return triggers.manualBlobCall(fn, input);
    default:
      return { input: { string: input } };
  }
}

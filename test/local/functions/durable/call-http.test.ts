import type http from 'node:http';
import * as df from 'durable-functions';
import type { Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, type Listening } from '../../../../local/http';
import { readBody } from '../../../../local/functions/body';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

let hub: TestHub;
let server: Listening;
const seen: object[] = [];

beforeAll(async () => {
  server = await listen((request, response) => void serve(request, response));
  hub = await startTestHub({ register });
});
afterAll(async () => {
  await hub.close();
  await server.close();
});

let polls = 0;

/** `/echo` tells what it got; `/job` takes three polls; `/slow` says 202 and nowhere to look. */
async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const body = (await readBody(request)).toString('utf8');
  const { method, url } = request;
  const { 'x-functions-key': key, 'x-colour': colour } = request.headers;
  seen.push({ method, url, key, colour, at: hub.clock.now().toISOString().slice(11, 19) });
  if (url === '/echo') {
    const type = request.headers['content-type'];
    response.setHeader('x-answer', 'yes').setHeader('content-type', 'application/json');
    response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('retry-after', '9');
    response.end(JSON.stringify({ method, body, colour, type }));
  } else if (url === '/moved' || url === '/kept') {
    response.writeHead(url === '/moved' ? 302 : 308, { location: '/echo' }).end();
  } else if (url === '/slow') response.writeHead(202).end('later');
  else if (url === '/job') response.writeHead(202, { location: `${server.url}/poll` }).end();
  else if (++polls < 3)
    response.writeHead(202, { location: `${server.url}/poll`, 'retry-after': '7' }).end();
  else response.end('done');
}

interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly enablePolling?: boolean;
}

function register(): void {
  df.app.orchestration('asks', function* (context): Generator<Task, unknown, never> {
    const { path, ...rest } = context.df.getInput<Ask>();
    const url = path.startsWith('http') ? path : `${server.url}${path}`;
    const headers = { 'X-Colour': 'red', 'x-functions-key': 'secret' };
    const body = { n: 1 };
    try {
      return yield context.df.callHttp({ method: 'POST', url, body, headers, ...rest });
    } catch (error) {
      return { error: (error as Error).message.split('\n')[0] };
    }
  });
}

const echoed = { method: 'POST', body: '{"n":1}', colour: 'red', type: 'text/plain' };

test('a request is sent by the host, and its response is stored in the form of .NET', async () => {
  const { output } = await hub.run('asks', 'h1', { path: '/echo' });

  expect(output).toEqual({
    statusCode: 200,
    headers: {
      'x-answer': 'yes',
      'Set-Cookie': ['a=1', 'b=2'],
      'Retry-After': '9',
      Date: expect.any(String) as string,
      Connection: expect.any(String) as string,
      'Keep-Alive': expect.any(String) as string,
    },
    content: JSON.stringify(echoed),
  });
});

test('a redirection is followed, with the body or as a GET depending on its status', async () => {
  const moved = await hub.run('asks', 'h6', { path: '/moved' });
  const kept = await hub.run('asks', 'h7', { path: '/kept' });

  expect([moved.output, kept.output]).toEqual([
    expect.objectContaining({
      content: JSON.stringify({ method: 'GET', body: '', colour: 'red' }),
    }),
    expect.objectContaining({ content: JSON.stringify(echoed) }),
  ]);
});

test('a GET may have a body', async () => {
  const { output } = await hub.run('asks', 'h8', { path: '/echo', method: 'GET' });

  expect(output).toMatchObject({ content: JSON.stringify({ ...echoed, method: 'GET' }) });
});

test('a 202 is polled at its location, at its intervals, without the key', async () => {
  seen.length = 0;
  const { output } = await hub.run('asks', 'h2', { path: '/job' });

  expect(output).toMatchObject({ statusCode: 200, content: 'done' });
  const poll = { method: 'GET', url: '/poll', key: undefined, colour: 'red' };
  expect(seen).toEqual([
    { method: 'POST', url: '/job', key: 'secret', colour: 'red', at: '00:00:00' },
    { ...poll, at: '00:00:30' },
    { ...poll, at: '00:00:37' },
    { ...poll, at: '00:00:44' },
  ]);
});

test('a 202 without a location is a response after the interval, one that is not polled at once', async () => {
  const before = hub.clock.now().getTime();
  const nowhere = await hub.run('asks', 'h3', { path: '/slow' });
  const waitedMs = hub.clock.now().getTime() - before;
  const off = await hub.run('asks', 'h4', { path: '/job', enablePolling: false });

  expect([nowhere.output, off.output]).toEqual([
    expect.objectContaining({ statusCode: 202, content: 'later' }),
    expect.objectContaining({ statusCode: 202 }),
  ]);
  expect([waitedMs, hub.clock.now().getTime() - before]).toEqual([30_000, 30_000]);
});

test('an unreachable server fails the task', async () => {
  const { output } = await hub.run('asks', 'h5', { path: 'http://127.0.0.1:1/' });

  expect(output).toEqual({
    error: 'Connection refused (127.0.0.1:1) ',
  });
});

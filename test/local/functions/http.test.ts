import http from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appOf } from './app-of';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from './host-process';

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess({ app: fixture('sample'), data: temporaryFolder() });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
});

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${host.url}${path}`, init);
}

test('a function gets parameters, query, headers and body, and all parts of its response are sent', async () => {
  const response = await get('/api/MIRROR/Ada/12?q=1&q=2&r=x%20y', {
    method: 'POST',
    headers: { 'X-Question': 'why' },
    body: 'some text',
  });

  expect(response.status).toBe(201);
  expect(response.headers.get('x-answer')).toBe('yes');
  expect(response.headers.get('set-cookie')).toBe(
    'k=v; max-age=60; path=/; samesite=lax; httponly',
  );
  expect(await response.json()).toEqual({
    method: 'POST',
    url: `${host.url}/api/MIRROR/Ada/12?q=1&q=2&r=x%20y`,
    params: { name: 'Ada', number: '12' },
    query: { q: '1,2', r: 'x y' },
    header: 'why',
    body: 'some text',
  });
});

test.each([
  ['an optional parameter may be left out', '/api/mirror/Ada', 201],
  ['a parameter that does not meet its constraint is another path', '/api/mirror/Ada/x', 404],
  ['so is one that is no letters', '/api/mirror/4', 404],
  ['a path without a function is 404', '/api/nobody', 404],
  ['functions are under the prefix only', '/mirror/Ada', 404],
  ['a function that returns nothing answers 204', '/api/nothing', 204],
  ['a function that throws answers 500', '/api/explode', 500],
])('%s', async (_, path, status) => {
  expect((await get(path)).status).toBe(status);
});

test('a path with another method is 404', async () => {
  expect((await get('/api/nothing', { method: 'DELETE' })).status).toBe(404);
});

test('the response of a function that throws has an empty body', async () => {
  expect(await (await get('/api/explode')).text()).toBe('');
});

test.each([
  ['/api/files/a/b%20c.txt', 'a/b c.txt'],
  ['/api/files', 'none'],
])('the rest of the path %s is %s', async (path, text) => {
  expect(await (await get(path)).text()).toBe(text);
});

test('bytes are unchanged in both directions', async () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
  const response = await get('/api/bytes', { method: 'POST', body: bytes });

  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(bytes).reverse());
});

test('hooks run before and after a function and may change its input and result', async () => {
  expect(await (await get('/api/hooked')).json()).toEqual({ replaced: true, began: 'before' });
});

test('without keys no request needs one, as under func start', async () => {
  expect(await (await get('/api/guarded')).text()).toBe('in');
});

test('the host reports its status, in JSON that ends with a newline', async () => {
  const text = await (await get('/admin/host/status')).text();
  expect(text).toBe('{"state":"Running","version":"4.local"}\n');
  expect((await get('/admin/functions/%zz')).status).toBe(404);
});

test('an app with HTTP streams receives and sends bodies piece by piece', async () => {
  const streaming = await startHostProcess({ app: fixture('streams'), data: temporaryFolder() });
  const { url } = streaming;
  let send: (text: string) => void = () => {};
  let end = () => {};
  const body = new ReadableStream({
    start(controller) {
      send = (text) => controller.enqueue(Buffer.from(text));
      end = () => controller.close();
    },
  });
  const answer = fetch(`${url}/api/shout/a%20b?q=1`, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'x-question': 'why' },
  });
  // The library sends the head with the first piece.
  send('one');
  const response = await answer;
  const pieces = response.body?.getReader();
  const next = async () => Buffer.from((await pieces?.read())?.value ?? []).toString('utf8');
  const first = await next();
  send('two');
  const second = await next();
  end();

  expect(response.status).toBe(201);
  expect(JSON.parse(response.headers.get('x-seen') ?? '')).toEqual({
    name: 'a b',
    url: `${url}/api/shout/a%20b?q=1`,
    question: 'why',
  });
  expect([first, second, await next()]).toEqual(['ONE', 'TWO', '']);
  expect((await fetch(`${url}/api/nothing`)).status).toBe(204);
  expect((await fetch(`${url}/api/explode`)).status).toBe(500);
  streaming.kill('SIGTERM');
  expect(await streaming.ended).toBe(0);
});

test('with HTTP streams the parameters are those of the route and of the query, except the key', async () => {
  const streaming = await startHostProcess({ app: fixture('streams'), data: temporaryFolder() });
  const query = '?input=a%20b&n=1&n=2&ID=other&Code=secret';
  const response = await fetch(`${streaming.url}/api/params/7${query}`, {
    headers: { 'x-question': 'why' },
  });

  expect(await response.json()).toEqual({
    // A name keeps its first spelling; the route's value replaces that of the query.
    params: { input: 'a b', n: '1,2', ID: '7' },
    question: 'why',
  });
  streaming.kill('SIGTERM');
  expect(await streaming.ended).toBe(0);
});

test('a caller who disconnects during a stream leaves no function waiting for the rest', async () => {
  const streaming = await startHostProcess({
    app: appOf({
      'app.js': `const { app } = require('@azure/functions');
        app.setup({ enableHttpStream: true });
        const tell = (what) => process.send({ kind: 'told', what });
        app.http('read', { methods: ['POST'], handler: async (request) => {
          try { for await (const _ of request.body) tell('a part'); tell('all'); }
          catch { tell('an error'); }
        } });`,
    }),
    data: temporaryFolder(),
  });
  const told = (what: string) =>
    until(() => Promise.resolve(streaming.told.find((message) => message['what'] === what)));
  const post = http.request(`${streaming.url}/api/read`, {
    method: 'POST',
    headers: { 'content-length': 100 },
  });
  post.on('error', () => {}).write('a part');
  await told('a part');
  post.destroy();
  await told('an error');

  expect(streaming.told.map(({ what }) => what).filter(Boolean)).toEqual(['a part', 'an error']);
  streaming.kill('SIGTERM');
  expect(await streaming.ended).toBe(0);
});

test.each(['http://elsewhere.example', 'http://localhost:5173'])(
  'a page of %s runs no function, by its route or by /admin',
  async (origin) => {
    const post = async (path: string) =>
      (await get(path, { method: 'POST', headers: { origin }, body: '{}' })).status;

    expect([
      await post('/api/mirror/Ada'),
      await post('/admin/functions/echoes'),
      await post('/runtime/webhooks/durabletask/orchestrators/echoes'),
    ]).toEqual([403, 403, 403]);
  },
);

test('forms of both kinds are read, with files of any size', async () => {
  const forms = await startHostProcess({
    app: appOf({
      'app.js': `const { app } = require('@azure/functions');
        app.http('form', { methods: ['POST'], handler: async (request) => {
          const entries = [...(await request.formData())];
          const read = async ([name, value]) => [name, typeof value === 'string' ? value
            : { name: value.name, type: value.type, sum: new Uint8Array(await value.arrayBuffer()).reduce((a, b) => a + b, 0) }];
          return { jsonBody: await Promise.all(entries.map(read)) };
        } });`,
    }),
    data: temporaryFolder(),
  });
  const parts = new FormData();
  parts.append('title', 'é');
  parts.append('file', new File([new Uint8Array(2_000_000).fill(1)], 'a.bin', { type: 'x/y' }));
  const post = async (body: FormData | URLSearchParams) =>
    (await fetch(`${forms.url}/api/form`, { method: 'POST', body })).json();

  expect(await post(parts)).toEqual([
    ['title', 'é'],
    ['file', { name: 'a.bin', type: 'x/y', sum: 2_000_000 }],
  ]);
  expect(await post(new URLSearchParams('a=1&b=2%203&a=%26'))).toEqual([
    ['a', '1'],
    ['b', '2 3'],
    ['a', '&'],
  ]);
  forms.kill('SIGTERM');
  expect(await forms.ended).toBe(0);
});

import http from 'node:http';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { listen, type Listening } from '../../local/http';

let server: Listening;

beforeAll(async () => {
  server = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1');
    response.end(pathname);
  });
});
afterAll(() => server.close());

function ask(path: string, headers: Readonly<Record<string, string>> = {}, port = server.port) {
  return new Promise<readonly [status: number | undefined, body: string]>((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, headers }, (response) => {
        let body = '';
        response.on('data', (part: Buffer) => (body += part.toString()));
        response.on('end', () => resolve([response.statusCode, body]));
      })
      .on('error', reject);
  });
}

test("a server of the local environment accepts requests to each of its machine's names", async () => {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${server.port}`);

  expect(await Promise.all(hosts.map((host) => ask('/a?b', { host })))).toEqual(
    hosts.map(() => [200, '/a']),
  );
});

test('a request to another name, or from a page of another origin, is refused', async () => {
  const otherName = 'This server answers requests to 127.0.0.1 or localhost only.\n';

  expect([
    await ask('/a', { host: 'rebound.example' }),
    await ask('/a', { origin: 'https://page.example' }),
    await ask('/a', { origin: 'null' }),
  ]).toEqual([
    [403, otherName],
    [403, OTHER_PAGE],
    [403, OTHER_PAGE],
  ]);
});

const OTHER_PAGE = 'This server answers no requests of pages from another address or port.\n';

test('a page of another port of this machine is refused, one of the own port is not', async () => {
  const own = `http://127.0.0.1:${server.port}`;

  expect([
    await ask('/a', { origin: 'http://localhost:5173' }),
    await ask('/a', { origin: 'http://127.0.0.1' }),
    await ask('/a', { origin: own }),
    await ask('/a', { origin: own.replace('127.0.0.1', 'localhost') }),
    // A forwarded port: the browser's address is another one than the server's.
    await ask('/a', { host: 'localhost:9000', origin: 'http://localhost:9000' }),
  ]).toEqual([
    [403, OTHER_PAGE],
    [403, OTHER_PAGE],
    [200, '/a'],
    [200, '/a'],
    [200, '/a'],
  ]);
});

test('a request of another site without an origin is refused, except a link that opens a page', async () => {
  const from = (site: string, mode: string, dest: string) =>
    ask('/a', { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest });

  expect([
    await from('cross-site', 'no-cors', 'image'),
    await from('same-site', 'no-cors', 'empty'),
    await from('cross-site', 'navigate', 'iframe'),
    await from('cross-site', 'navigate', 'document'),
    await from('same-origin', 'cors', 'empty'),
    await from('none', 'navigate', 'document'),
  ]).toEqual([
    [403, OTHER_PAGE],
    [403, OTHER_PAGE],
    [403, OTHER_PAGE],
    [200, '/a'],
    [200, '/a'],
    [200, '/a'],
  ]);
});

test.each(['//', '//[', 'http://'])(
  'an invalid address (%s) does not stop the server',
  async (path) => {
    expect(await ask(path)).toEqual([400, 'The address of the request cannot be read.\n']);
    expect(await ask('/after')).toEqual([200, '/after']);
  },
);

test('a server that allows a name accepts it at every port, and pages of it at its own', async () => {
  const named = await listen((_, response) => void response.end('ok'), {
    host: '0.0.0.0',
    allowHosts: ['Batch'],
  });
  onTestFinished(() => named.close());
  const askNamed = (headers: Readonly<Record<string, string>>) => ask('/', headers, named.port);

  expect(named.url).toBe(`http://127.0.0.1:${named.port}`);
  expect([
    await askNamed({ host: 'batch:10100' }),
    await askNamed({ host: `localhost:${named.port}` }),
    await askNamed({ host: 'batch:10100', origin: 'http://batch:10100' }),
    await askNamed({ host: 'batch:10100', origin: 'http://batch:8080' }),
    await askNamed({ host: 'batch.example' }),
  ]).toEqual([
    [200, 'ok'],
    [200, 'ok'],
    [200, 'ok'],
    [403, OTHER_PAGE],
    [403, 'This server answers requests to 127.0.0.1, Batch or localhost only.\n'],
  ]);
});

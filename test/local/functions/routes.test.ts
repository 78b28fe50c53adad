import { expect, test } from 'vitest';
import { HTTP, seenBeside, textAt, withHost } from './app-of';
import type { HostProcess } from './host-process';

// Which function answers a call.

test('an empty route is the name of the function', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.http('hi', { route: '', handler: () => ({ body: 'hi' }) });`,
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/api/hi'))).toBe('hi');
});

test('of two routes that match a call the first by name handles it, not the closest match', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      const named = (name, route, methods) =>
        app.http(name, { route, methods, handler: ({ params }) => ({ jsonBody: [name, params] }) });
      named('c-lists', 'q', ['GET']);
      named('b-Literal', 'q/last', ['GET']);
      named('A-any', 'q/{id?}', ['GET']);
      named('d-posts', 'q/{id}', ['POST']);`,
  };
  const paths = ['/api/q', '/api/q/last', '/api/q/a%2Fb%20c'];

  const seen = await withHost(files, {}, async (host) => {
    const got = await Promise.all(paths.map((path) => textAt(host, path)));
    const posted = await fetch(`${host.url}/api/q/last`, { method: 'POST' });
    return [...got, await posted.text()].map((text) => JSON.parse(text) as unknown);
  });
  expect(seen).toEqual([
    ['A-any', {}],
    ['A-any', { id: 'last' }],
    ['A-any', { id: 'a%2Fb c' }],
    ['d-posts', { id: 'last' }],
  ]);
});

test('a trigger without methods accepts all of them', async () => {
  const files = {
    'a.js': `const { app, output, trigger } = require('@azure/functions');
      app.generic('any', {
        trigger: trigger.generic({ type: 'httpTrigger', authLevel: 'anonymous' }),
        return: output.http(),
        handler: ({ method }) => ({ body: method }) });`,
  };
  const method = (host: HostProcess) =>
    fetch(`${host.url}/api/any`, { method: 'PATCH' }).then((response) => response.text());

  expect(await withHost(files, {}, method)).toBe('PATCH');
});

test('an empty route prefix and a setting that overrides host.json are applied', async () => {
  const overruled = { AzureFunctionsJobHost__extensions__http__routePrefix: 'v1' };
  const files = {
    'a.js': HTTP,
    'host.json': '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }',
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/hi'))).toBe('hi');
  expect(await withHost(files, overruled, (host) => textAt(host, '/v1/hi'))).toBe('hi');
});

test.each([
  [
    'one of two functions with the same route and method, whatever the case',
    `app.http('b', { route: '/Dup/{id}', methods: ['GET'], handler() {} });
     app.http('a', { route: 'dup/{id}', handler() {} });`,
    "a: the route 'dup/{id}' is already that of 'b'.",
  ],
  [
    'a route that starts like one of the host, whatever the prefix',
    `app.http('a', { route: 'Administration', handler() {} });`,
    "a: the route 'Administration' is reserved for the host: it starts with admin or runtime.",
  ],
  [
    'a route of the extensions',
    `app.http('b', { route: 'runtime/x', handler() {} });`,
    "b: the route 'runtime/x' is reserved for the host: it starts with admin or runtime.",
  ],
  [
    'a route that cannot be read',
    `app.http('a', { route: 'x/{id:odd}', handler() {} });`,
    "a: The route constraint 'odd' does not exist.",
  ],
])('a function is left out with a warning, and the others run: %s', async (_, bad, error) => {
  const seen = await seenBeside(bad);

  expect(seen.text).toBe('hi');
  expect(seen.output).toContain(`warning: A function is left out, the others run: ${error}`);
});

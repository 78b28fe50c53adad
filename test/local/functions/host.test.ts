import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { HTTP, seenBeside, start, textAt, withHost } from './app-of';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from './host-process';

// Loading an app, and the host's own beginning and end.

test('entry points are found by a pattern with braces and stars', async () => {
  const files = {
    'package.json': '{ "main": "dist/{index,functions/*}.js" }',
    'dist/index.js': 'globalThis.loaded = ["index"];',
    'dist/functions/a.js': `${HTTP} globalThis.loaded?.push('a');`,
    'dist/functions/b.txt': 'not JavaScript',
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/api/hi'))).toBe('hi');
});

test('an app of ES modules is loaded', async () => {
  const files = {
    'package.json': '{ "type": "module", "main": "*.js" }',
    'app.js': `import { app } from '@azure/functions';
      await Promise.resolve();
      app.http('hi', { handler: () => ({ body: import.meta.url.slice(-6) }) });`,
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/api/hi'))).toBe('app.js');
});

test.each([
  [
    'an entry point that matches nothing is named',
    { 'package.json': '{ "main": "dist/{a,b}.js" }' },
    'Worker was unable to load entry point "dist/{a,b}.js"',
  ],
  ['an app without main is refused', { 'package.json': '{}' }, 'has no "main"'],
  [
    'an error while loading is shown with its stack',
    { 'a.js': 'const x = 1;\nthrow new Error("cannot start");' },
    'a.js:2:7',
  ],
  [
    'a second function of the same name is refused',
    { 'a.js': HTTP, 'b.js': HTTP },
    'A function with id "hi" has already been registered.',
  ],
  [
    'names that differ only in case are refused',
    { 'a.js': `${HTTP} app.http('HI', { handler() {} });` },
    "'hi' and 'HI' differ only in case, which the host ignores.",
  ],
  [
    'an unsupported output is named with the options',
    {
      'a.js': `const { app, output } = require('@azure/functions');
        app.http('o', { handler() {}, extraOutputs: [output.serviceBusQueue({ queueName: 'q', connection: 'x' })] });`,
    },
    /o: this host has no binding of type 'serviceBus', direction out. With --pretend serviceBus [^]*AzureWebJobs.<its name>.Disabled=true/,
  ],
  [
    'unsupported bindings are all named',
    {
      'a.js': `const { app } = require('@azure/functions');
        app.cosmosDB('c', { handler() {} });
        app.serviceBusQueue('s', { queueName: 'q', connection: 'x', handler() {} });`,
    },
    /c: this host has no binding of type 'cosmosDBTrigger'[^]*s: this host has no binding of type 'serviceBusTrigger'/,
  ],
  ['a folder without host.json is no app', { 'host.json': '' }, 'is not JSON'],
  [
    'a task hub name that Azure refuses is refused',
    { 'host.json': '{ "version": "2.0", "extensions": { "durableTask": { "hubName": "a-b" } } }' },
    "The task hub name 'a-b' cannot be used",
  ],
])('%s', async (_, files: Record<string, string>, words) => {
  await expect(start(files)).rejects.toThrow(words);
});

test.each([
  [
    'a setting that is missing',
    `app.timer('t', { schedule: '%SCHEDULE%', handler() {} });`,
    "'%SCHEDULE%' in schedule of function t does not resolve: the app setting does not exist.",
  ],
  [
    'a schedule that cannot be read',
    `app.timer('t', { schedule: '0 0 0 * * 7', handler() {} });`,
    'The schedule of t cannot be used: 7 is not a valid weekday: 0 to 6.',
  ],
  [
    'a connection that is missing',
    `app.storageQueue('q', { queueName: 'x', connection: 'NOWHERE', handler() {} });`,
    "The connection 'NOWHERE'",
  ],
])('a function with %s is left out with a warning, and the others run', async (_, bad, error) => {
  const seen = await seenBeside(bad);

  expect(seen.text).toBe('hi');
  expect(seen.output).toContain(`warning: A function is left out, the others run: ${error}`);
});

test('entry points of a folder are loaded before those of its subfolders, then by name', async () => {
  const noted = (name: string) => `(globalThis.loaded ??= []).push('${name}');`;
  const files = {
    'package.json': '{ "main": "src/{z-index.js,functions/**/*.js}" }',
    'src/functions/a/b.js': noted('b'),
    'src/functions/d.js': noted('d'),
    'src/functions/c.js': noted('c'),
    'src/z-index.js': `${noted('index')} const { app } = require('@azure/functions');
      app.http('order', { handler: () => ({ jsonBody: globalThis.loaded }) });`,
  };

  expect(JSON.parse(await withHost(files, {}, (host) => textAt(host, '/api/order')))).toEqual([
    'index',
    'c',
    'd',
    'b',
  ]);
});

test('without a worker runtime an app runs as one of node, with a warning', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.http('hi', { handler: () => ({ body: process.env.FUNCTIONS_WORKER_RUNTIME }) });`,
  };

  const seen = await withHost(files, { FUNCTIONS_WORKER_RUNTIME: '' }, async (host) => ({
    text: await textAt(host, '/api/hi'),
    output: host.output(),
  }));
  expect(seen.text).toBe('node');
  expect(seen.output).toContain('warning: FUNCTIONS_WORKER_RUNTIME is not set');
});

test('the worker runtime must be node', async () => {
  await expect(start({ 'a.js': HTTP }, { FUNCTIONS_WORKER_RUNTIME: 'python' })).rejects.toThrow(
    "FUNCTIONS_WORKER_RUNTIME is 'python'; it must be 'node'",
  );
});

test('registering after the start is refused', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.http('late', { handler() {
        try { app.http('x', { handler() {} }); } catch (error) { return { body: error.message }; }
      } });`,
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/api/late'))).toBe(
    'A function can only be registered during app startup.',
  );
});

test('local settings apply where the environment has no value', async () => {
  const files = {
    'local.settings.json': JSON.stringify({
      Values: {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        FROM_FILE: 'a',
        FROM_BOTH: 'a',
        EMPTY: 'a',
        NONE: null,
      },
    }),
    'a.js': `const { app } = require('@azure/functions');
      const { env } = process;
      app.http('env', { route: '%FROM_FILE%/env', handler: () => ({ jsonBody: [env.FROM_FILE, env.FROM_BOTH,
        env.EMPTY, env.NONE ?? 'unset', env.AZURE_FUNCTIONS_ENVIRONMENT, env.WEBSITE_HOSTNAME] }) });`,
  };
  const environment = { FROM_BOTH: 'b', EMPTY: '', AZURE_FUNCTIONS_ENVIRONMENT: 'Production' };

  const seen = await withHost(files, environment, async (host) => ({
    values: JSON.parse(await textAt(host, '/api/a/env')) as unknown,
    hostname: new URL(host.url).host,
  }));
  expect(seen.values).toEqual(['a', 'b', 'a', 'unset', 'Development', seen.hostname]);
});

test.each(['AzureWebJobs.hi.Disabled', 'azurewebjobs.HI.disabled', 'AzureWebJobs_hi_Disabled'])(
  'a function that %s disables is absent, whatever it requires',
  async (setting) => {
    const files = {
      'a.js': `const { app } = require('@azure/functions');
        app.http('hi', { route: '%MISSING%', handler: () => ({ body: 'hi' }) });`,
    };
    const status = (host: HostProcess) =>
      fetch(`${host.url}/api/hi`).then((response) => response.status);

    expect(await withHost(files, { [setting]: 'True' }, status)).toBe(404);
  },
);

test('a warm-up function runs on request', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.warmup('warm', { handler: (_, context) => context.log('is warm') });`,
  };
  const output = await withHost(files, {}, async (host) => {
    const { status } = await fetch(`${host.url}/admin/warmup`);
    return until(() => Promise.resolve(/is warm/.exec(host.output())?.[0].concat(` ${status}`)));
  });

  expect(output).toBe('is warm 200');
});

test('comments and trailing commas are accepted, and main may start with a full stop', async () => {
  const files = {
    'package.json': '{ "main": "./src/*.js" }',
    'src/a.js': `const { app } = require('@azure/functions');
      app.http('note', { handler: () => ({ body: process.env.NOTE }) });`,
    'host.json': `{ // the host
      "version": "2.0", /* not
        1.0 */ }`,
    'local.settings.json': '{ "Values": { "NOTE": "https://a, }\\" // /* b */", }, }',
  };

  expect(await withHost(files, {}, (host) => textAt(host, '/api/note'))).toBe(
    'https://a, }" // /* b */',
  );
});

test('the shutdown of the host runs the app’s last hooks and is not a failure', async () => {
  const host = await startHostProcess({ app: fixture('sample'), data: temporaryFolder() });
  host.kill('SIGTERM');

  expect(await host.ended).toBe(0);
  expect(host.told.map(({ hook }) => hook).filter(Boolean)).toEqual(['appStart', 'appTerminate']);
});

test('a host whose parent has ended exits', async () => {
  const host = await startHostProcess({ app: fixture('sample'), data: temporaryFolder() });
  host.child.disconnect();

  expect(await host.ended).toBe(0);
});

test('the log names the functions and contains no secrets', async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.http('leaks', { handler: (_, context) => {
        context.log('to https://x/?sig=abc%3D&x=1 with AccountKey=k+/=; and Bearer eyJhbGciOi.eyJzdWIiOi.c2ln');
        return {};
      } });`,
  };
  const output = await withHost(files, {}, async (host) => {
    await fetch(`${host.url}/api/leaks`);
    return host.output().replaceAll(/^\S+ /gm, '');
  });

  expect(output).toContain('leaks: [GET,POST] /api/leaks');
  expect(output).toContain('[leaks] to https://x/?sig=***&x=1 with AccountKey=***; and Bearer ***');
  expect(output).toMatch(/^leaks GET \/api\/leaks succeeded \(\d+ ms\)$/m);
});

test('two hosts do not share a data folder', async () => {
  const data = temporaryFolder();
  const first = await startHostProcess({ app: fixture('sample'), data });
  const second = startHostProcess({ app: fixture('sample'), data });

  await expect(second).rejects.toThrow(`Another Functions host runs on ${data};`);
  first.kill('SIGKILL');
  await first.ended;
  const third = await startHostProcess({ app: fixture('sample'), data });
  third.kill('SIGTERM');
  expect(await third.ended).toBe(0);
});

test('a function that takes longer than functionTimeout fails', async () => {
  const files = {
    'host.json': '{ "version": "2.0", "functionTimeout": "00:00:01" }',
    'a.js': `const { app } = require('@azure/functions');
      app.http('slow', { handler: () => new Promise(() => {}) });`,
  };
  const seen = await withHost(files, {}, async (host) => {
    const { status } = await fetch(`${host.url}/api/slow`);
    return { status, output: host.output() };
  });

  expect(seen.status).toBe(500);
  expect(seen.output).toContain('Timeout value of 00:00:01 exceeded by function: slow');
});

test('a body over 100 MB is refused', { timeout: 600_000 }, async () => {
  const files = {
    'a.js': `const { app } = require('@azure/functions');
      app.http('size', { handler: async (request) => ({ body: String((await request.arrayBuffer()).byteLength) }) });`,
  };
  const bytes = 100 * 1024 * 1024;
  const post = (host: HostProcess, size: number) =>
    fetch(`${host.url}/api/size`, { method: 'POST', body: zeros(size), duplex: 'half' });
  const results = await withHost(files, {}, async (host) => [
    await (await post(host, bytes)).text(),
    (await post(host, bytes + 1)).status,
  ]);

  expect(results).toEqual([String(bytes), 413]);
});

/** A body that is produced while it is sent, so that the test holds one piece of it at a time. */
function zeros(size: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(1024 * 1024);
  let left = size;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      const next = piece.subarray(0, Math.min(left, piece.length));
      left -= next.length;
      controller.enqueue(next);
    },
  });
}

test('with keys, each level requires its own', async () => {
  const data = temporaryFolder();
  const args = ['--enable-auth'];
  const first = await startHostProcess({ app: fixture('sample'), data, args });
  first.kill('SIGKILL');
  await first.ended;
  const host = await startHostProcess({ app: fixture('sample'), data, args });
  const keys = JSON.parse(fs.readFileSync(path.join(data, 'keys.json'), 'utf8')) as Record<
    'master' | 'host' | 'system',
    string
  >;
  const ask = async (url: string, key: string, header?: string) => {
    const query = key === '' ? '' : `?code=${key}`;
    const headers = header === undefined ? {} : { 'x-functions-key': header };
    return (await fetch(`${host.url}${url}${query}`, { headers })).status;
  };
  const row = async (url: string) => [
    await ask(url, ''),
    await ask(url, 'wrong'),
    await ask(url, keys.host),
    await ask(url, keys.system),
    await ask(url, keys.master),
    await ask(url, 'wrong', keys.master),
  ];

  expect({
    anonymous: await row('/api/nothing'),
    function: await row('/api/guarded'),
    admin: await row('/api/master'),
    durable: await row('/runtime/webhooks/durabletask/instances'),
    administration: await row('/admin/host/status'),
  }).toEqual({
    anonymous: [204, 204, 204, 204, 204, 204],
    function: [401, 401, 200, 401, 200, 200],
    admin: [401, 401, 401, 401, 200, 200],
    durable: [401, 401, 401, 200, 200, 200],
    administration: [401, 401, 401, 401, 200, 200],
  });
  const started = await fetch(`${host.url}/api/orchestrators/echoes/k1?code=${keys.host}`, {
    method: 'POST',
    body: '1',
  });
  const { statusQueryGetUri } = (await started.json()) as { statusQueryGetUri: string };
  expect(statusQueryGetUri).toContain(`&code=${keys.system}`);
  expect(host.output()).not.toContain(keys.host);
  host.kill('SIGTERM');
  expect(await host.ended).toBe(0);
  expect(fs.statSync(path.join(data, 'keys.json')).mode & 0o777).toBe(0o600);
});

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { appOf } from './app-of';
import { startProgram, temporaryFolder, until, type HostProcess } from './host-process';

// The host as a program: what its command line, its folders and the app's settings make of it.

const HI = `const { app } = require('@azure/functions');
app.http('hi', { handler: () => ({ body: 'hi' }) });`;

const FREE = ['--port', '0', '--rpc-port', '0'];

async function within<T>(
  options: Parameters<typeof startProgram>[0],
  look: (host: HostProcess) => Promise<T>,
): Promise<T> {
  const host = await startProgram({ folder: temporaryFolder(), ...options });
  const seen = await look(host);
  host.kill('SIGTERM');
  await host.ended;
  return seen;
}

async function textAt(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test('a folder is the only required argument, and each app has a separate state', async () => {
  const folder = temporaryFolder();
  const apps = [appOf({ 'a.js': HI }), appOf({ 'a.js': HI })];
  for (const app of apps)
    await within({ args: [app, ...FREE], folder }, async ({ url }) => textAt(`${url}/api/hi`));

  const states = fs.readdirSync(path.join(folder, '.nightshift', 'functions'));
  expect(states.map((name) => name.replace(/-[0-9a-f]{8}$/, '')).sort()).toEqual(
    apps.map((app) => path.basename(app)).sort(),
  );
});

test('an app opens files relative to its own folder', async () => {
  const app = appOf({
    'a.txt': 'a text',
    'a.js': `const { app } = require('@azure/functions');
      const fs = require('node:fs/promises');
      app.http('file', { handler: async () => ({ body: await fs.readFile('./a.txt') }) });`,
  });

  expect(
    await within({ args: ['--app', app, ...FREE] }, ({ url }) => textAt(`${url}/api/file`)),
  ).toBe('a text');
});

test('the port of local.settings.json is used, unless --port is given', async () => {
  const port = await within({ args: [appOf({ 'a.js': HI }), ...FREE] }, ({ url }) =>
    Promise.resolve(Number(new URL(url).port)),
  );
  // Free a moment ago.
  const settings = JSON.stringify({ IsEncrypted: false, Host: { LocalHttpPort: port } });
  const args = [appOf({ 'a.js': HI, 'local.settings.json': settings }), '--rpc-port', '0'];
  const url = (host: HostProcess) => Promise.resolve(host.url);

  expect(await within({ args }, url)).toBe(`http://localhost:${port}`);
  expect(await within({ args: [...args, '--port', '0'] }, url)).not.toBe(
    `http://localhost:${port}`,
  );
});

test('an uncaught error of the app ends the host, with its stack', async () => {
  const app = appOf({
    'a.js': `const { app } = require('@azure/functions');
      app.http('bad', { handler: () => { setImmediate(() => { throw new Error('nobody catches this'); }); return {}; } });
      app.http('worse', { handler: () => { void Promise.reject(new Error('nor this')); return {}; } });`,
  });
  const end = async (name: string) => {
    const host = await startProgram({ args: [app, ...FREE], folder: temporaryFolder() });
    await fetch(`${host.url}/api/${name}`).catch(() => undefined);
    return { code: await host.ended, output: host.output() };
  };

  for (const [name, message] of [
    ['bad', 'nobody catches this'],
    ['worse', 'nor this'],
  ] as const) {
    const { code, output } = await end(name);
    expect(code).toBe(1);
    expect(output).toContain(
      'error: The host is ending because of an error that the app did not catch.',
    );
    expect(output).toMatch(new RegExp(`error: Error: ${message}\\n\\s+at .*a\\.js:`));
  }
});

test('an activity that crashes the process has failed at the next start, and is not run again', async () => {
  const app = appOf({
    'a.js': `const { app } = require('@azure/functions');
      const df = require('durable-functions');
      df.app.orchestration('o', function* (context) { return yield context.df.callActivity('boom'); });
      df.app.activity('boom', { handler: () => new Promise(() => {
        console.log('boom runs'); setTimeout(() => { throw new Error('nobody catches this'); }, 1); }) });
      app.http('start', { extraInputs: [df.input.durableClient()], handler: async (_, context) =>
        ({ body: await df.getClient(context).startNew('o', { instanceId: 'x' }) }) });
      app.http('status', { extraInputs: [df.input.durableClient()], handler: async (_, context) =>
        ({ jsonBody: await df.getClient(context).getStatus('x') }) });`,
  });
  const folder = temporaryFolder();
  const first = await startProgram({ args: [app, ...FREE], folder });
  await fetch(`${first.url}/api/start`).catch(() => undefined);
  const code = await first.ended;

  const seen = await within({ args: [app, ...FREE], folder }, async (host) => {
    const status = await until(async () => {
      const now = (await (await fetch(`${host.url}/api/status`)).json()) as Ended;
      return now.runtimeStatus === 'Failed' ? now : undefined;
    });
    return { output: status.output, log: host.output() };
  });
  expect(code).toBe(1);
  expect(seen.output).toContain("Activity function 'boom' failed:  node exited with code 1 (0x1)");
  expect(seen.log).not.toContain('boom runs');
});

interface Ended {
  readonly runtimeStatus: string;
  readonly output: string;
}

test('an app that ends the process is named in the log', async () => {
  const app = appOf({
    'a.js': `const { app } = require('@azure/functions');
      app.http('leaves', { handler: () => process.exit(3) });`,
  });
  const host = await startProgram({ args: [app, ...FREE], folder: temporaryFolder() });
  await fetch(`${host.url}/api/leaves`).catch(() => undefined);

  expect(await host.ended).toBe(3);
  expect(host.output()).toContain('The host is ending because the app called process.exit(3).');
});

test('the log has details with --verbose', async () => {
  const app = appOf({
    'a.js': `const { app } = require('@azure/functions');
      app.http('fails', { handler: (_, context) => { context.debug('a detail'); throw new Error('on purpose'); } });`,
  });
  const output = (args: readonly string[]) =>
    within({ args: [app, ...FREE, ...args] }, async (host) => {
      await fetch(`${host.url}/api/fails`);
      return host.output();
    });

  const short = await output([]);
  expect(short).toMatch(/error: fails GET \/api\/fails failed: on purpose \(\d+ ms\)\n/);
  expect(short).not.toContain('a detail');
  const long = await output(['--verbose']);
  expect(long).toContain(`loaded ${path.join(app, 'a.js')}`);
  expect(long).toContain('[fails] a detail');
  expect(long).toMatch(/Error: on purpose\n\s+at .*a\.js:2:/);
});

test('the maximum body size can be set, also with streams', async () => {
  const environment = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10' };
  const size = `app.http('size', { handler: async (request) => ({ body: String((await request.arrayBuffer()).byteLength) }) });`;
  const appWith = (setup: string) =>
    appOf({ 'a.js': `const { app } = require('@azure/functions'); ${setup} ${size}` });
  const chunked = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(11));
        controller.close();
      },
    });
  const post = async (url: string, init: RequestInit) =>
    (await fetch(`${url}/api/size`, { method: 'POST', ...init })).status;

  for (const setup of ['', 'app.setup({ enableHttpStream: true });'])
    expect(
      await within({ args: [appWith(setup), ...FREE], environment }, async ({ url }) => [
        await post(url, { body: Buffer.alloc(10) }),
        await post(url, { body: Buffer.alloc(11) }),
        await post(url, { body: chunked(), duplex: 'half' }),
      ]),
    ).toEqual([200, 413, 413]);
});

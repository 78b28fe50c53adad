import { HttpRequest, InvocationContext, type HttpResponseInit } from '@azure/functions';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { consoleHandler } from '../../src/api/console';

const PAGE = '<!doctype html><title>Nightshift</title>';
const SCRIPT = 'document.title = "up";';

/** Returns a function that requests an address below /api/console of an app with these two files. */
function consoleOf() {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-console-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'assets', 'main-ABC.js'), SCRIPT);
  const handler = consoleHandler(folder);
  return async (path: string, headers: Record<string, string> = {}): Promise<HttpResponseInit> => {
    const url = `http://app/api/console/${path}`;
    const request = new HttpRequest({ method: 'GET', url, params: { path }, headers });
    return handler(request, new InvocationContext());
  };
}

function headersOf({ headers }: HttpResponseInit): Readonly<Record<string, string>> {
  return headers as Record<string, string>;
}

test.each(['', 'runs', 'runs/a-20261130t000000-0123456789', 'workloads/render'])(
  'the address console/%s is the page, which asks for its newest version each time',
  async (path) => {
    const answer = await consoleOf()(path);

    expect(answer.status).toBe(200);
    expect((answer.body as Buffer).toString()).toBe(PAGE);
    expect(headersOf(answer)).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
  },
);

test('a script is compressed for a browser that can read it, and kept for a year', async () => {
  const answer = await consoleOf()('assets/main-ABC.js', { 'accept-encoding': 'gzip, br' });

  expect(gunzipSync(answer.body as Buffer).toString('utf8')).toBe(SCRIPT);
  expect(headersOf(answer)).toMatchObject({
    'Content-Type': 'text/javascript; charset=utf-8',
    'Content-Encoding': 'gzip',
    'Cache-Control': 'public, max-age=31536000, immutable',
  });
});

test.each(['assets/missing.js', 'assets/../../host.json', 'assets/..%2f..%2fhost.json'])(
  'no other file than those of the console is served: %s',
  async (path) => {
    expect(await consoleOf()(path)).toMatchObject({ status: 404 });
  },
);

test('the page runs scripts and styles of its own files only, asks its own origin only, and is in no frame', async () => {
  const ask = consoleOf();
  const policies = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  for (const path of ['', 'assets/main-ABC.js', 'assets/missing.js']) {
    expect([path, headersOf(await ask(path))]).toEqual([
      path,
      expect.objectContaining({
        'Content-Security-Policy': policies.join('; '),
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
        'Referrer-Policy': 'no-referrer',
        'Cross-Origin-Opener-Policy': 'same-origin',
      }),
    ]);
  }
});

test('a browser that has the page already is answered with 304', async () => {
  const ask = consoleOf();
  const { ETag: etag = '' } = headersOf(await ask(''));

  expect(await ask('', { 'if-none-match': etag })).toMatchObject({ status: 304 });
  expect(await ask('', { 'if-none-match': '"another"' })).toMatchObject({ status: 200 });
});

import { HttpRequest, InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import { linkHandler, PREVIEW_BYTES, previewHandler } from '../../src/api/previews';
import { outputContainerOf } from '../../src/run/names';
import { whole } from '../run/given';
import { answerTo, testApp } from './given';

/** An app with a run that has one output. */
async function appWith(name: string, content: string) {
  const { app, files, hub, start } = testApp([whole]);
  const id = await start('hello', 'a');
  files.put(outputContainerOf(id), name, content);
  const preview = async (params: Record<string, string>) => {
    const request = new HttpRequest({ method: 'GET', url: 'http://app/api/runs', params });
    return previewHandler(app)(request, hub.client, new InvocationContext());
  };
  return { app, hub, id, preview };
}

test('an output is read through the app as bytes that no browser renders or runs', async () => {
  const name = 'results/<img src=x onerror=alert(1)>.html';
  const { id, preview } = await appWith(name, '<script>alert(1)</script>');

  const answer = await preview({ id, name });

  expect(answer.status).toBe(200);
  expect((answer.body as Buffer).toString()).toBe('<script>alert(1)</script>');
  expect(answer.headers).toEqual({
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': 'attachment',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'private, no-store',
  });
});

test('a preview has the first 4 MiB of a larger output', async () => {
  const { id, preview } = await appWith('results/big.txt', 'a'.repeat(PREVIEW_BYTES + 10));

  const { body } = await preview({ id, name: 'results/big.txt' });

  expect((body as Buffer).length).toBe(4 * 1024 * 1024);
});

test('an output that does not exist has neither a preview nor an address', async () => {
  const { app, hub, id, preview } = await appWith('results/a.txt', 'a');
  const params = { id, name: 'results/b.txt' };

  expect(await preview(params)).toMatchObject({ status: 404 });
  expect(await answerTo(linkHandler(app), hub, { params })).toMatchObject({
    status: 404,
    body: { title: 'unknownOutput' },
  });
});

test('the address of an output in storage is returned as JSON, for a page that cannot follow a redirect', async () => {
  const { app, hub, id } = await appWith('results/a.txt', 'a');

  const answer = await answerTo(linkHandler(app), hub, { params: { id, name: 'results/a.txt' } });

  expect(answer).toEqual({
    status: 200,
    headers: { 'Cache-Control': 'no-store' },
    body: {
      url: `memory://${outputContainerOf(id)}/results/a.txt?read-for=15`,
      minutes: 15,
    },
  });
});

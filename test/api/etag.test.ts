import { beforeAll, expect, test } from 'vitest';
import { openApiHandler } from '../../src/api/openapi-document';
import { listHandler, showHandler } from '../../src/api/runs';
import { workloadsHandler } from '../../src/api/workloads';
import { whole } from '../run/given';
import { answerTo, testApp } from './given';

const world = testApp([whole]);
const { app, hub } = world;
let runId = '';

beforeAll(async () => {
  runId = await world.start('hello', 'one');
});

test.each([
  ['a list of runs', listHandler(app)],
  ['a run', showHandler(app)],
  ['the list of workloads', workloadsHandler(app)],
  ['the OpenAPI document', openApiHandler(app)],
] as const)(
  '%s that the caller has already is answered with 304 and no body',
  async (_of, handler) => {
    const call = { params: { id: runId } };
    const first = await answerTo(handler, hub, call);
    const etag = first.headers['ETag'] ?? '';
    const again = await answerTo(handler, hub, { ...call, headers: { 'if-none-match': etag } });

    expect(etag).toMatch(/^W\/"[\w-]{27}"$/);
    expect({ ...again, headers: again.headers['ETag'] }).toEqual({
      status: 304,
      headers: etag,
      body: null,
    });
  },
);

test.each([
  ['*', 304],
  ['"other", ETAG', 304],
  ['STRONG', 304],
  ['W/"other"', 200],
  ['', 200],
])('a list asked for with If-None-Match: %s is answered with %i', async (known, status) => {
  const etag = (await answerTo(listHandler(app), hub)).headers['ETag'] ?? '';
  const sent = known.replace('ETAG', etag).replace('STRONG', etag.slice(2));
  const answer = await answerTo(listHandler(app), hub, { headers: { 'if-none-match': sent } });

  expect(answer.status).toBe(status);
});

test('a run that has changed is answered in full, with another ETag', async () => {
  const call = { params: { id: runId } };
  const before = (await answerTo(showHandler(app), hub, call)).headers['ETag'] ?? '';
  world.at(1);
  await world.end(runId);
  const after = await answerTo(showHandler(app), hub, {
    ...call,
    headers: { 'if-none-match': before },
  });

  expect(after.status).toBe(200);
  expect(after.headers['ETag']).not.toBe(before);
});

test('a problem has no ETag', async () => {
  const { status, headers } = await answerTo(showHandler(app), hub, { params: { id: 'none' } });

  expect([status, headers['ETag']]).toEqual([404, undefined]);
});

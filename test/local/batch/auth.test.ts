import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import { TokenCredentials } from '@azure/ms-rest-js';
import { expect, test } from 'vitest';
import { realClock } from '../../../local/clock';
import { ACCOUNT, standIn } from './stand';

const VERSION = 'api-version=2022-10-01.16.0';

test("a wrong key is refused with the service's message", async () => {
  const { batch } = await standIn();
  const credentials = new BatchSharedKeyCredentials(ACCOUNT.name, 'd3Jvbmc=');
  const stranger = new BatchServiceClient(credentials, batch.url, { noRetryPolicy: true });

  await expect(stranger.pool.list()).rejects.toMatchObject({
    statusCode: 403,
    code: 'AuthenticationFailed',
    body: {
      values: [
        {
          key: 'AuthenticationErrorDetail',
          value: expect.stringContaining('\n/nightly/pools\napi-version:2022-10-01.16.0') as string,
        },
      ],
    },
  });
});

test('signatures are valid for filters, encoded paths, non-ASCII bodies and next links', async () => {
  const { client } = await standIn();
  for (const id of ['a', 'b']) {
    await client.job.add({ id, displayName: 'Nächte & Tage', poolInfo: { poolId: 'pool' } });
  }

  const first = await client.job.list({
    jobListOptions: { filter: "startswith(id,'') and state ne 'completed'", maxResults: 1 },
  });
  const second = await client.job.listNext(first.odatanextLink ?? '');

  expect([...first, ...second].map(({ id, displayName }) => [id, displayName])).toEqual([
    ['a', 'Nächte & Tage'],
    ['b', 'Nächte & Tage'],
  ]);
  await expect(client.file.getPropertiesFromTask('a', 't', 'wd/x y.txt')).rejects.toMatchObject({
    statusCode: 404,
  });
});

test('a request without authorization is refused with the missing header', async () => {
  const { batch } = await standIn();

  const response = await fetch(`${batch.url}/pools?${VERSION}`);

  expect(response.status).toBe(400);
  // The service says it in the reason phrase as well.
  expect(response.statusText).toBe(
    'An HTTP header that is mandatory for this request is not specified.',
  );
  expect(await response.json()).toMatchObject({
    code: 'MissingRequiredHeader',
    message: { lang: 'en-US' },
    values: [{ key: 'HeaderName', value: 'Authorization' }],
  });
});

test('another version of the REST interface is refused', async () => {
  const { batch } = await standIn();
  const missing = await fetch(`${batch.url}/pools`);
  const unknown = await fetch(`${batch.url}/pools?api-version=2025-06-01`);

  expect([missing.status, unknown.status]).toEqual([400, 400]);
  expect(await missing.json()).toMatchObject({ code: 'MissingRequiredQueryParameter' });
  expect(await unknown.json()).toMatchObject({ code: 'UnsupportedRequestVersion' });
});

test('every response has its request id, a single resource its ETag', async () => {
  const { client } = await standIn();
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });

  const { _response, ...job } = await client.job.get('job');

  const { parsedHeaders } = _response;
  expect(parsedHeaders.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(_response.headers.get('etag')).toBe(job.eTag);
  expect(job.eTag).toMatch(/^0x[0-9A-F]{15}$/);
  expect(_response.headers.get('content-type')).toBe('application/json;odata=minimalmetadata');
});

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.signature`;
}

test.each([
  ['its audience', { aud: 'https://batch.core.windows.net/' }, 200],
  ['its audience without the slash', { aud: 'https://batch.core.windows.net' }, 200],
  ['the audience of Resource Manager', { aud: 'https://management.azure.com' }, 403],
  ['an unknown issuer', { iss: 'https://elsewhere' }, 403],
  ['an expiry that is past', { exp: 1 }, 403],
  ['a signature that is wrong', { forged: true }, 403],
])('a token with %s', async (_, claims, status) => {
  const verify = (token: string) =>
    !Buffer.from(token.split('.')[1] ?? '', 'base64url')
      .toString()
      .includes('forged');
  const { batch } = await standIn({ entra: { issuers: ['https://here'], verify } });
  const exp = realClock.now().getTime() / 1000 + 60;
  const token = tokenOf({
    aud: 'https://batch.core.windows.net/',
    iss: 'https://here',
    exp,
    ...claims,
  });
  const client = new BatchServiceClient(new TokenCredentials(token), batch.url, {
    noRetryPolicy: true,
  });

  const answered = await client.pool.list().then(
    () => 200,
    (error: { readonly statusCode: number }) => error.statusCode,
  );

  expect(answered).toBe(status);
});

test('an unmet ETag condition refuses the write, and is 304 for the read', async () => {
  const { client } = await standIn();
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const { eTag = '' } = await client.job.get('job');

  await client.job.patch('job', { priority: 5 }, { jobPatchOptions: { ifMatch: eTag } });

  await expect(
    client.job.patch('job', { priority: 6 }, { jobPatchOptions: { ifMatch: eTag } }),
  ).rejects.toMatchObject({ statusCode: 412, code: 'ConditionNotMet' });
  const { eTag: present = '' } = await client.job.get('job');
  await expect(
    client.job.get('job', { jobGetOptions: { ifNoneMatch: present } }),
  ).rejects.toMatchObject({ statusCode: 304 });
});

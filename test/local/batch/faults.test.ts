import { expect, test } from 'vitest';
import { standIn } from './stand';

const POOL = { poolInfo: { poolId: 'pool' } };

test('injected faults fail calls in their order, and the calls have no effect', async () => {
  const { client, control } = await standIn();
  await control('POST /faults', [
    { verb: 'POST', path: '/jobs', action: 'status', status: 429, retryAfterSeconds: 7 },
    { verb: 'POST', path: '/jobs', action: 'status', status: 503 },
  ]);

  const first = client.job.add({ id: 'job', ...POOL });
  await expect(first).rejects.toMatchObject({ statusCode: 429, code: 'TooManyRequests' });
  const retryAfter = await first.catch((error: { response: { headers: Headers } }) =>
    error.response.headers.get('retry-after'),
  );
  await expect(client.job.add({ id: 'job', ...POOL })).rejects.toMatchObject({
    statusCode: 503,
    code: 'ServerBusy',
  });

  expect(retryAfter).toBe('7');
  expect(await client.job.list()).toHaveLength(0);
  await client.job.add({ id: 'job', ...POOL });
});

test('a connection can be reset before the effect of a call, and after it', async () => {
  const { client, control } = await standIn();
  await control('POST /faults', [
    { path: '/jobs', verb: 'POST', action: 'cutBefore' },
    { path: '/jobs', verb: 'POST', action: 'cutAfter' },
  ]);

  await expect(client.job.add({ id: 'before', ...POOL })).rejects.toMatchObject({
    code: 'ECONNRESET',
  });
  await expect(client.job.add({ id: 'after', ...POOL })).rejects.toMatchObject({
    code: 'ECONNRESET',
  });

  expect((await client.job.list()).map(({ id }) => id)).toEqual(['after']);
});

test('a fault skips the calls that must succeed first', async () => {
  const { client, control } = await standIn();
  await control('POST /faults', {
    path: '/jobs/*',
    action: 'status',
    status: 500,
    after: 1,
    times: 2,
  });
  await client.job.add({ id: 'job', ...POOL });

  const answers = [];
  for (let call = 0; call < 4; call += 1) {
    answers.push(
      await client.job.get('job').then(
        () => 200,
        (error: { readonly statusCode: number }) => error.statusCode,
      ),
    );
  }

  expect(answers).toEqual([200, 500, 500, 200]);
});

test('a web page of another origin cannot use the control API', async () => {
  const { batch } = await standIn();

  const response = await fetch(`${batch.url}/_local/faults`, {
    method: 'DELETE',
    headers: { origin: 'https://example.com' },
  });

  expect(response.status).toBe(403);
});

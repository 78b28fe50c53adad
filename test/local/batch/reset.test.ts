import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, poolOf, printedPid, standIn } from './stand';

test('a reset ends every process, deletes everything, and returns to the settings of the start', async () => {
  const stand = await standIn();
  const { client, control, batch, folder } = stand;
  await poolOf(stand, 1);
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "echo $$; exec sleep 1000"',
  });
  await stand.until(async () => (await client.task.get('job', 'task')).state === 'running');
  const pid = await printedPid(stand, 'job', 'task');
  const pace = await control('GET /pace');
  await control('PUT /pace', { bootSeconds: 77 });
  await control('POST /faults', { verb: 'POST', path: '/jobs', action: 'status', status: 503 });

  expect(await control('POST /reset')).toEqual({});

  expect(isAlive(pid)).toBe(false);
  expect([...(await client.pool.list()), ...(await client.job.list())]).toEqual([]);
  expect(await control('GET /pace')).toEqual(pace);
  expect(await control('GET /faults')).toEqual([]);
  expect(readdirSync(path.join(folder, 'nodes'))).toEqual([]);
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await batch.close();
  const next = await standIn({ folder });
  expect((await next.client.job.list()).map(({ id }) => id)).toEqual(['job']);
});

test('two resets at once are one after the other, and requests wait for both', async () => {
  const { client, control, folder } = await standIn();
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });

  const [first, second, jobs] = await Promise.all([
    control('POST /reset'),
    control('POST /reset'),
    client.job.list(),
  ]);

  expect([first, second, [...jobs].length <= 1]).toEqual([{}, {}, true]);
  expect([...(await client.job.list())]).toEqual([]);
  expect(existsSync(path.join(folder, 'state'))).toBe(true);
});

test('a probe of /healthz needs no signature', async () => {
  const { batch } = await standIn();

  const response = await fetch(`${batch.url}/healthz`);

  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

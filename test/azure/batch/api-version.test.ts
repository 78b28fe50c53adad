import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../../local/http';
import { batchOn } from '../../../src/azure/batch/batch';
import { batchClientFor } from '../../../src/azure/connect';

/** The REST versions of the requests of some operations: reads, a list, a creation, a deletion. */
async function versionsWith(apiVersion: string | null): Promise<readonly (string | null)[]> {
  const versions: (string | null)[] = [];
  const server = await listen((request, response) => {
    versions.push(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('api-version'));
    const statuses: Readonly<Record<string, number>> = { POST: 201, DELETE: 202 };
    response.writeHead(statuses[request.method ?? ''] ?? 200, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify({ value: [], taskCounts: {}, taskSlotCounts: {} }));
  });
  onTestFinished(() => server.close());
  const credential = {
    getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
  };
  const settings = { batch: { endpoint: server.url, accountKey: null, apiVersion } };
  const client = batchClientFor(settings, credential, {
    read: () => Promise.reject(new Error('there is no vault')),
  });
  const batch = batchOn(client, { pause: async () => undefined, random: () => 0.5, retries: 0 });

  await batch.supportedImages();
  await batch.getPool('pool');
  await batch.countTasks('job');
  await batch.packageVersions('fit');
  await client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await client.pool.deleteMethod('pool');
  return versions;
}

test.each([
  [null, '2022-10-01.16.0'],
  ['2025-06-01', '2025-06-01'],
])('with the setting %s every request has the REST version %s', async (apiVersion, version) => {
  const versions = await versionsWith(apiVersion);

  expect(versions.length).toBeGreaterThanOrEqual(6);
  expect(versions).toEqual(versions.map(() => version));
});

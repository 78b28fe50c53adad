import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { certificateIn } from '../../../local/certificate';
import { ACCOUNT, newFolder, standIn } from './stand';

const CLIENT = `
const { BatchServiceClient, BatchSharedKeyCredentials } = require('@azure/batch');
const [url, name, key] = process.argv.slice(1);
const client = new BatchServiceClient(new BatchSharedKeyCredentials(name, key), url);
client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } })
  .then(() => client.job.get('job'))
  .then((job) => console.log(job.url), (error) => console.log(error.code));
`;

test('with a certificate the stand-in uses TLS, also in its links', async () => {
  const { cert, key, certFile } = await certificateIn(await newFolder());
  const { batch } = await standIn({ tls: { cert, key } });

  // Trust is given when a process starts, so the client is one of its own.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', CLIENT, batch.url, ACCOUNT.name, ACCOUNT.key],
    { env: { NODE_EXTRA_CA_CERTS: certFile } },
  );

  expect(stdout.trim()).toBe(`${batch.url}/jobs/job`);
  expect(batch.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
});

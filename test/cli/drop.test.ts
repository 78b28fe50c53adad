import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LOCAL_BATCH, LOCAL_STATE, LOCAL_STORAGE } from '../../src/cli/local-environment';
import { LOCAL_STATE as STATE_OF_ENVIRONMENT, ROOT } from '../../local/cli/folders';
import { FIXED_PORTS } from '../../local/ports';
import { AZURITE_ACCOUNT } from '../../local/storage';
import { apiWith, call } from './call';
import { newFolder } from './folder';
import { HOSTILE } from './sample-runs';

const NOWHERE = 'http://127.0.0.1:9';
const KEY = Buffer.from('a key').toString('base64');

/** Storage that accepts every upload, or answers with an error. */
async function storage(status = 201) {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent((request.url ?? '').split('?')[0] ?? '')}`);
    request.resume().on('end', () => {
      response.writeHead(status, { etag: '"1"', 'content-type': 'application/xml' });
      response.end(status < 300 ? '' : '<Error><Code>AuthorizationFailure</Code></Error>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acct`;
  const connection = `DefaultEndpointsProtocol=http;AccountName=acct;AccountKey=${KEY};BlobEndpoint=${url}`;
  return { asked, connection };
}

const environment = (url: string, connection: string) => ({
  NIGHTSHIFT_URL: url,
  NIGHTSHIFT_CONNECTION: connection,
});

test('files are uploaded under their names, and the workloads that they start are named', async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, `a${HOSTILE}.txt`), 'a');
  writeFileSync(path.join(folder, 'b.txt'), 'b');
  const { asked, connection } = await storage();
  const { url } = await apiWith({
    'GET /api/workloads': { workloads: [{ name: 'render', blobContainer: 'inbox' }] },
  });
  const args = ['drop', 'inbox', `a${HOSTILE}.txt`, 'b.txt', '--to', '/v2/'];
  const ended = await call(url, args, { folder, environment: environment(url, connection) });

  expect(ended).toMatchObject({
    code: 0,
    stdout: `inbox/v2/a\\u001b]0;owned\\u0007\\u001b[2J\\u202e.txt
inbox/v2/b.txt
Each new blob of inbox starts a run of render: nightshift runs
`,
    stderr: '',
  });
  expect(asked.filter((one) => one.endsWith('b.txt'))).toEqual(['PUT /acct/inbox/v2/b.txt']);
});

test('without a file a command for other clients is printed', async () => {
  const { connection } = await storage();
  const { stdout } = await call(NOWHERE, ['drop', 'inbox'], {
    environment: environment(NOWHERE, connection),
  });

  expect(stdout).toMatch(/^curl --fail-with-body .* '[^']*\/inbox\/FILE\?[^']*sig=[^']*'\n/);
  expect(stdout).toContain(`The app does not answer at ${NOWHERE}`);
});

test('a storage that refuses an upload is one sentence', async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'b.txt'), 'b');
  const { connection } = await storage(403);
  const ended = await call(NOWHERE, ['drop', 'inbox', 'b.txt'], {
    folder,
    environment: environment(NOWHERE, connection),
  });

  expect(ended).toMatchObject({
    code: 1,
    stderr: 'the storage refused the upload to inbox: AuthorizationFailure\n',
  });
});

test.each([
  [['inbox', 'no-such-file'], 1, 'no-such-file does not exist; nothing was uploaded\n'],
  [['inbox', '.'], 1, '. is not a file; nothing was uploaded\n'],
  [
    ['inbox', 'file', '--connection', 'nonsense'],
    1,
    'this is not a connection string of a storage account\n',
  ],
  [
    ['In_box'],
    2,
    'nightshift drop: "In_box" is not a container name: 3 to 63 lower-case letters, digits and single hyphens; nightshift drop --help lists the options\n',
  ],
  [
    ['inbox', 'file', '--connection', 'AccountKey=abc'],
    2,
    'nightshift drop: NIGHTSHIFT_CONNECTION has a connection string with a key, not --connection; nightshift drop --help lists the options\n',
  ],
  [
    ['inbox', 'file', '--url', 'https://night.example'],
    2,
    'nightshift drop: the storage of a deployed app is named with --storage; nightshift drop --help lists the options\n',
  ],
  [
    ['inbox', 'file', '--storage', 'http://storage.example'],
    2,
    'nightshift drop: --storage must be an https URL, not "http://storage.example"; nightshift drop --help lists the options\n',
  ],
])('drop %j is refused', async (args, code, stderr) => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'file'), 'x');

  expect(await call(NOWHERE, ['drop', ...args], { folder })).toMatchObject({ code, stderr });
});

test('an environment that was never started is one sentence', async () => {
  const folder = newFolder();
  mkdirSync(path.join(folder, 'state'));
  writeFileSync(path.join(folder, 'file'), 'x');
  const args = ['drop', 'inbox', 'file', '--folder', 'state'];

  expect((await call(NOWHERE, args, { folder })).stderr).toBe(
    `${path.join(folder, 'state', 'certificate', 'cert.pem')} does not exist: the environment was never started; run npm start\n`,
  );
});

test('the command line knows the addresses of the local environment', () => {
  expect([LOCAL_STORAGE, LOCAL_BATCH, path.join(ROOT, LOCAL_STATE)]).toEqual([
    {
      url: `https://127.0.0.1:${FIXED_PORTS.blob}/${AZURITE_ACCOUNT.name}`,
      account: AZURITE_ACCOUNT.name,
      key: AZURITE_ACCOUNT.key,
    },
    `http://127.0.0.1:${FIXED_PORTS.batch}`,
    STATE_OF_ENVIRONMENT,
  ]);
});

import http from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { listen, type Listening } from '../../../local/http';
import { signToken } from '../../../local/identity';
import type { Access, CheckedRequest } from '../../../local/roles/access';
import { allows, builtInRoles, type Right } from '../../../local/roles/built-in';
import { startGate } from '../../../local/roles/gate';
import { rightFor, type ServiceKind } from '../../../local/roles/requests';

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A service that answers whatever it is asked with what it was asked. */
async function gated(service: ServiceKind, access: Partial<Access>) {
  const behind = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(201, { 'x-seen': `${request.method ?? ''} ${request.url ?? ''}` });
      response.end(Buffer.concat(chunks));
    });
  });
  const gate = await startGate({
    service,
    upstream:
      service === 'batch' || service === 'management' ? behind.url : `${behind.url}/account`,
    access: { roles: [], without: new Set(), ...access },
    log: () => {},
  });
  servers.push(behind, gate);
  return gate;
}

function bearer(roles: readonly string[]): { readonly authorization: string } {
  return { authorization: `Bearer ${signToken({ roles }, Buffer.from('key'))}` };
}

function missing({ headers }: Response): string | null {
  return headers.get('x-nightshift-missing-right');
}

test('a request that a role allows is forwarded unchanged, and so is the response', async () => {
  const gate = await gated('blob', {});
  const response = await fetch(`${gate.url}/inbox/a.ply?comp=block`, {
    method: 'PUT',
    headers: bearer(['Storage Blob Data Contributor']),
    body: 'v 0 0 0',
  });
  expect([response.status, response.headers.get('x-seen'), await response.text()]).toEqual([
    201,
    'PUT /account/inbox/a.ply?comp=block',
    'v 0 0 0',
  ]);
});

test('an abort on one side of the gate aborts the other', async () => {
  let theClientIsGone = () => {};
  const gone = new Promise<string>((resolve) => (theClientIsGone = () => resolve('gone')));
  const behind = await listen((request, response) => {
    if (request.method === 'PUT') {
      request.once('close', theClientIsGone).resume();
      return;
    }
    response.writeHead(200, { 'content-length': 100 });
    response.write('a part', () => response.destroy());
  });
  const access: Access = { roles: [], without: new Set() };
  const gate = await startGate({ service: 'batch', upstream: behind.url, access, log: () => {} });
  servers.push(behind, gate);

  await expect(fetch(gate.url).then((answer) => answer.text())).rejects.toThrow(TypeError);
  const put = http.request(gate.url, { method: 'PUT', headers: { 'content-length': 100 } });
  put.on('error', () => {}).write('a part', () => put.destroy());
  expect(await gone).toBe('gone');
});

test('a response to a client that has disconnected is dropped, and the gate continues', async () => {
  let answerTheFirst = () => {};
  let theFirstIsThere = () => {};
  const there = new Promise<void>((resolve) => (theFirstIsThere = resolve));
  const behind = await listen((request, response) => {
    const answer = () => void response.end('late');
    if (request.url !== '/slow') return answer();
    answerTheFirst = answer;
    theFirstIsThere();
  });
  const access: Access = { roles: [], without: new Set() };
  const gate = await startGate({ service: 'batch', upstream: behind.url, access, log: () => {} });
  servers.push(behind, gate);
  const ask = async () => (await fetch(gate.url)).text();

  const first = http.get(`${gate.url}/slow`).on('error', () => {});
  await there;
  first.destroy();
  // By the time that others are answered, the gate has heard that the first one is gone.
  expect([await ask(), await ask()]).toEqual(['late', 'late']);
  answerTheFirst();
  expect([await ask(), await ask()]).toEqual(['late', 'late']);
});

test("a request that no role allows gets each service's own 403, and a header names the missing right", async () => {
  const blob = await gated('blob', {});
  const refused = await fetch(`${blob.url}/inbox/a.ply`, {
    method: 'DELETE',
    headers: bearer(['Storage Queue Data Contributor', 'no such role']),
  });
  expect([refused.status, refused.headers.get('x-ms-error-code'), missing(refused)]).toEqual([
    403,
    'AuthorizationPermissionMismatch',
    'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete',
  ]);
  expect(await refused.text()).toContain(
    '<Message>This request is not authorized to perform this operation using this permission.</Message>',
  );

  const management = await gated('management', {});
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a';
  const account = await fetch(`${management.url}${id}?api-version=1`, { headers: bearer([]) });
  expect([account.status, missing(account), await account.json()]).toEqual([
    403,
    'Microsoft.Batch/batchAccounts/read',
    {
      error: {
        code: 'AuthorizationFailed',
        message: `The client 'undefined' with object id 'undefined' does not have authorization to perform action 'Microsoft.Batch/batchAccounts/read' over scope '${id}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      },
    },
  ]);

  const batch = await gated('batch', {});
  const pool = await fetch(`${batch.url}/pools?api-version=1`, {
    method: 'POST',
    headers: bearer([]),
    body: '{}',
  });
  expect([pool.status, missing(pool), await pool.json()]).toEqual([
    403,
    'Microsoft.Batch/batchAccounts/pools/write',
    {
      code: 'PermissionDenied',
      message: {
        lang: 'en-US',
        value: 'This request is not authorized to perform this operation using this permission.',
      },
    },
  ]);
});

test('a withdrawn right is effective at once, and every decision is reported', async () => {
  const seen: CheckedRequest[] = [];
  const without = new Set<string>();
  const gate = await gated('batch', { without, onChecked: (one) => seen.push(one) });
  const ask = async () =>
    (await fetch(`${gate.url}/jobs/a`, { headers: bearer(['Azure Batch Data Contributor']) }))
      .status;
  const right: Right = { plane: 'dataAction', name: 'Microsoft.Batch/batchAccounts/jobs/read' };
  expect(await ask()).toBe(201);
  without.add(right.name);
  expect(await ask()).toBe(403);
  expect(seen).toEqual([
    { right, request: 'GET /jobs/a', isAllowed: true },
    { right, request: 'GET /jobs/a', isAllowed: false },
  ]);
});

test('a key and a signature are left to the service', async () => {
  const gate = await gated('blob', {});
  const signed = await fetch(`${gate.url}/inbox/a.ply?sv=1&sig=x`);
  const keyed = await fetch(`${gate.url}/inbox/a.ply`, {
    headers: { authorization: 'SharedKey a:b' },
  });
  expect([signed.status, keyed.status]).toEqual([201, 201]);
});

test.each([
  [
    'blob',
    'POST /?restype=service&comp=userdelegationkey',
    'blobServices/generateUserDelegationKey/action',
  ],
  ['blob', 'GET /?comp=list', 'blobServices/containers/read'],
  ['blob', 'PUT /inbox?restype=container', 'blobServices/containers/write'],
  ['blob', 'GET /inbox?restype=container', 'blobServices/containers/read'],
  ['blob', 'GET /inbox?restype=container&comp=list', 'blobServices/containers/blobs/read'],
  ['blob', 'DELETE /inbox?restype=container', 'blobServices/containers/delete'],
  ['blob', 'HEAD /inbox/a/b.ply', 'blobServices/containers/blobs/read'],
  ['queue', 'GET /q/messages?numofmessages=1', 'queueServices/queues/messages/process/action'],
  ['queue', 'GET /q/messages?peekonly=true', 'queueServices/queues/messages/read'],
  ['queue', 'POST /q/messages', 'queueServices/queues/messages/write'],
  ['table', 'POST /Tables', 'tableServices/tables/write'],
  ['table', "GET /history(PartitionKey='a',RowKey='b')", 'tableServices/tables/entities/read'],
  ['batch', 'GET /pools/a/nodes', 'batchAccounts/pools/read'],
  ['batch', 'POST /pools/a/evaluateautoscale', 'batchAccounts/pools/read'],
  ['batch', 'POST /pools/a/removenodes', 'batchAccounts/pools/write'],
  ['batch', 'DELETE /pools/a', 'batchAccounts/pools/delete'],
  ['batch', 'DELETE /jobs/a/tasks/b', 'batchAccounts/jobs/write'],
  ['batch', 'GET /jobs/a/tasks/b/files/stdout.txt', 'batchAccounts/jobs/read'],
  ['batch', 'GET /supportedimages', 'Microsoft.Batch/batchAccounts/read'],
  [
    'management',
    'GET /subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/b',
    'batchAccounts/applications/read',
  ],
  ['vault', 'GET /secrets/key/version', 'vaults/secrets/getSecret/action'],
  ['vault', 'PUT /secrets/key', 'vaults/secrets/setSecret/action'],
] as const)('%s: %s needs %s', (service, asked, right) => {
  const [method = '', address = ''] = asked.split(' ');
  const { pathname, searchParams } = new URL(address, 'http://127.0.0.1');
  const path = decodeURIComponent(pathname);
  expect(rightFor(service, { method, path, query: searchParams })?.name).toMatch(
    new RegExp(`${right}$`),
  );
});

test('a star in a role stands for any text, on its own plane only', () => {
  const owner = builtInRoles['Storage Blob Data Owner'];
  const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
  expect(allows(owner, { plane: 'dataAction', name: `${blobs}/tags/write` })).toBe(true);
  expect(
    allows(owner, {
      plane: 'dataAction',
      name: 'Microsoft.Storage/storageAccounts/queueServices/queues/messages/read',
    }),
  ).toBe(false);
  const batch = builtInRoles['Azure Batch Data Contributor'];
  expect(
    allows(batch, { plane: 'action', name: 'Microsoft.Batch/batchAccounts/pools/write' }),
  ).toBe(true);
  expect(
    allows(batch, { plane: 'dataAction', name: 'Microsoft.Batch/batchAccounts/pools/write' }),
  ).toBe(false);
  expect(allows(batch, { plane: 'action', name: 'microsoft.batch/batchaccounts/READ' })).toBe(true);
  expect(allows(batch, { plane: 'action', name: 'Microsoft.Batch/batchAccounts/write' })).toBe(
    false,
  );
});

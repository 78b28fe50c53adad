import { AnonymousCredential, BlobServiceClient } from '@azure/storage-blob';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '../../local/clock';
import { listen, type Listening } from '../../local/http';
import { allows, builtInRoles, isRoleName } from '../../local/roles/built-in';
import { rightFor as rightOfStandIn } from '../../local/roles/requests';
import { remedyFor, rightFor, UNKNOWN_IDENTITY, type Caller } from '../../src/azure/rights';
import { filesOn } from '../../src/azure/storage';
import type { Files } from '../../src/run/ports';
import { grantedIn } from '../infra/rights/grants';

const APP: Caller = { kind: 'identity', clientId: 'app-1' };

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** An account that lets nobody in; as in Azure, an answer to HEAD has a code in a header and no words. */
async function closedAccount(code: string, caller?: Caller): Promise<Files> {
  const server = await listen((request, response) => {
    const headers = { 'content-type': 'application/xml', 'x-ms-error-code': code };
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Not this.\nTime: now</Message></Error>`;
    response.writeHead(403, headers).end(request.method === 'HEAD' ? undefined : body);
  });
  servers.push(server);
  const service = new BlobServiceClient(`${server.url}/acc`, new AnonymousCredential());
  return filesOn(service, realClock.now, caller);
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';

test.each<[string, (files: Files) => Promise<unknown>, string]>([
  ['find c/a', (files) => files.find('c', 'a'), `${BLOBS}/containers/blobs/read`],
  ['write c/a', (files) => files.writeText('c', 'a', '1'), `${BLOBS}/containers/blobs/write`],
  ['claim c/a', (files) => files.claim('c', 'a', '1'), `${BLOBS}/containers/blobs/write`],
  ['delete c/a', (files) => files.remove('c', 'a'), `${BLOBS}/containers/blobs/delete`],
  ['make container c', (files) => files.makeContainer('c', {}), `${BLOBS}/containers/write`],
  ['delete container c', (files) => files.removeContainer('c', {}), `${BLOBS}/containers/read`],
  ['list containers', (files) => files.listContainers('run-'), `${BLOBS}/containers/read`],
  [
    'list container c',
    (files) => files.list('c')[Symbol.asyncIterator]().next(),
    `${BLOBS}/containers/blobs/read`,
  ],
  [
    'open c/a for reading',
    (files) => files.readUrl('c', 'a', 5),
    `${BLOBS}/generateUserDelegationKey/action`,
  ],
])(
  'storage that refuses to %s fails with the identity, the account and the required action',
  async (doing, ask, right) => {
    const files = await closedAccount('AuthorizationPermissionMismatch', APP);
    const failure: unknown = await ask(files).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'accessDenied',
      message: expect.stringMatching(
        new RegExp(
          `^cannot ${doing}: storage account acc denied access to the identity app-1: AuthorizationPermissionMismatch( Not this\\.)?; this requires the action ${right}; assign it the role Storage Blob Data Owner there$`,
        ),
      ),
    });
  },
);

test('a denial by network rules is named beside the role', async () => {
  const files = await closedAccount('AuthorizationFailure');
  await expect(files.find('c', 'a')).rejects.toMatchObject({
    message: `cannot find c/a: storage account acc denied access to this identity: AuthorizationFailure; allow the app in the network rules there, or: this requires the action ${BLOBS}/containers/blobs/read; assign it the role Storage Blob Data Owner there`,
  });
});

const ACCOUNT_ID = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a';

/** What the app asks of each service, with the path of a local account before it where there is one. */
const asked = {
  blob: [
    'POST /?restype=service&comp=userdelegationkey',
    'GET /?comp=list&prefix=run-',
    'GET /c?restype=container&comp=list',
    'GET /c?restype=container',
    'PUT /c?restype=container',
    'DELETE /c?restype=container',
    'HEAD /c/a/b.ply',
    'GET /c/a',
    'PUT /c/a',
    'PUT /c/a?comp=block&blockid=1',
    'DELETE /c/a',
  ],
  batch: [
    'POST /pools',
    'GET /pools?$select=id',
    'GET /pools/a',
    'GET /pools/a/nodes',
    'GET /pools/a/nodes/n/files/startup/stderr.txt',
    'POST /pools/a/enableautoscale',
    'DELETE /pools/a',
    'POST /jobs',
    'GET /jobs/a',
    'PATCH /jobs/a',
    'POST /jobs/a/addtaskcollection',
    'GET /jobs/a/tasks/t/files/stdout.txt',
    'DELETE /jobs/a',
    'GET /jobschedules/a',
    'GET /applications/x',
    'GET /supportedimages',
  ],
  management: ['GET ?api-version=1', 'GET /applications/x?api-version=1'],
  vault: ['GET /secrets/key', 'GET /secrets/key/version'],
} as const;

test.each(Object.entries(asked))(
  'what the app says that a request to %s needs is what the stand-in asks for, and what the named role has',
  (service, requests) => {
    const kind = service === 'blob' ? 'storage' : (service as 'batch' | 'management' | 'vault');
    const under = service === 'management' ? ACCOUNT_ID : '';
    const base = `https://127.0.0.1:1${service === 'blob' ? '/acc' : under}`;
    const given = new Set(
      grantedIn('plain').grants.flatMap(({ who, role }) => (who === 'app' ? [role] : [])),
    );
    for (const request of requests) {
      const [method = '', path = ''] = request.split(' ');
      const { pathname, searchParams } = new URL(`${under}${path}`, 'https://127.0.0.1:1');
      const right = rightOfStandIn(service as keyof typeof asked, {
        method,
        path: pathname,
        query: searchParams,
      });
      const said = rightFor(kind, { method, url: `${base}${path}`, base });
      expect([request, said]).toEqual([request, right?.name]);

      const role = /assign it the role (.+) there$/.exec(
        remedyFor(kind, UNKNOWN_IDENTITY, said, ''),
      )?.[1];
      if (role === undefined || !isRoleName(role) || right === undefined) throw new Error(request);
      expect([request, given.has(role), allows(builtInRoles[role], right)]).toEqual([
        request,
        true,
        true,
      ]);
    }
  },
);

test('a request without a known action fails without naming one', () => {
  const right = rightFor('batch', {
    method: 'GET',
    url: 'https://b/certificates',
    base: 'https://b',
  });
  expect(remedyFor('batch', UNKNOWN_IDENTITY, right, 'no')).toBe(
    'assign it the role Azure Batch Data Contributor there',
  );
});

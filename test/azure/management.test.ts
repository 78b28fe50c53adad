import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../local/clock';
import { listen } from '../../local/http';
import { isSigned, type IdentityAuthority } from '../../local/identity';
import type { Access } from '../../local/roles/access';
import { startGate } from '../../local/roles/gate';
import { cloudOf } from '../../src/azure/clouds';
import { connect } from '../../src/azure/connect';
import { accountOn } from '../../src/azure/management';
import type { BatchAccount } from '../../src/run/ports';
import { readSettings } from '../../src/settings';
import { ACCOUNT, standIn, type Stand } from '../local/batch/stand';
import { openIdentity } from './accounts';
import { packed, upload } from './batch/packages';

const SUBSCRIPTION = '/subscriptions/s-1/resourceGroups/night';
const ID = `${SUBSCRIPTION}/providers/Microsoft.Batch/batchAccounts/${ACCOUNT.name}`;
const SIZES =
  '/subscriptions/s-1/providers/Microsoft.Batch/locations/westeurope/virtualMachineSkus';
const RIGHT = 'Microsoft.Batch/batchAccounts';

// One for all tests: the client keeps its tokens for the life of the process.
let identity: IdentityAuthority;
beforeAll(async () => {
  identity = await openIdentity();
});
afterAll(() => identity.close());

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** As the app connects it from its settings. */
function accountFor(settings: Readonly<Record<string, string>>): BatchAccount | undefined {
  const environment = {
    BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:1',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    AZURE_CLIENT_ID: 'app-1',
    IDENTITY_ENDPOINT: identity.endpoint,
    ...settings,
  };
  return connect(readSettings(environment, new Map())).account;
}

function accountAt(endpoint: string, id = ID): BatchAccount {
  const account = accountFor({ BATCH_ACCOUNT_ID: id, MANAGEMENT_ENDPOINT: endpoint });
  if (account === undefined) throw new Error('it was not connected');
  return account;
}

/** A stand-in that believes the identity of these tests. */
function standFor(options: Parameters<typeof standIn>[0] = {}): Promise<Stand> {
  const key = Buffer.from(identity.signingKey, 'base64');
  const entra = { issuers: [identity.issuer], verify: (token: string) => isSigned(token, key) };
  return standIn({ entra, ...options });
}

test('the quotas of the account are read with a token of the identity for the management plane [GD15]', async () => {
  const stand = await standFor({ quotas: { dedicatedCores: 8 } });
  const account = accountAt(stand.batch.url);
  await stand.control('PUT /quotas', { lowPriorityCores: 20, pools: 3, activeJobsAndSchedules: 4 });

  expect(await account.quotas()).toEqual({
    spotCores: 20,
    dedicatedCores: 8,
    dedicatedCoresByFamily: null,
    pools: 3,
    jobs: 4,
  });
});

test('an application has the default version that was set, or none', async () => {
  const stand = await standFor();
  const account = accountAt(stand.batch.url);
  await upload(stand, 'fit-tool/versions/2.0', await packed('2.0'));

  const before = await account.defaultVersionOf('fit-tool');
  await stand.control('PATCH /applications/fit-tool', { defaultVersion: '2.0' });

  expect([before, await account.defaultVersionOf('Fit-Tool')]).toEqual([null, '2.0']);
  expect(await account.defaultVersionOf('other')).toBeNull();
});

test('the stand-in names the credential with which nodes get packages', async () => {
  const answers = ['StorageKeys', 'BatchAccountManagedIdentity'] as const;
  const stands = await Promise.all(answers.map((mode) => standFor({ autoStorageMode: mode })));

  expect(
    await Promise.all(stands.map(({ batch }) => accountAt(batch.url).packageAccess())),
  ).toEqual(['storageKeys', 'noIdentity']);
});

test.each([
  ['no linked storage account', undefined, 'storageKeys'],
  ['its keys', { authenticationMode: 'StorageKeys' }, 'storageKeys'],
  ['an unnamed mode, which means keys', { storageAccountId: '/s' }, 'storageKeys'],
  ['its identity', { authenticationMode: 'BatchAccountManagedIdentity' }, 'noIdentity'],
  [
    'an identity for nodes',
    {
      authenticationMode: 'BatchAccountManagedIdentity',
      nodeIdentityReference: { resourceId: '/i' },
    },
    'nodeIdentity',
  ],
])('an account with %s', async (_, autoStorage, access) => {
  const properties = { poolQuota: 1, activeJobAndJobScheduleQuota: 1, autoStorage };
  const server = await listen((__, response) => response.end(JSON.stringify({ properties })));
  onTestFinished(() => server.close());

  expect(await accountAt(server.url).packageAccess()).toBe(access);
});

test('the sizes of the region are those of the stand-in, with the end of their support, and added ones', async () => {
  const stand = await standFor();
  const account = accountAt(stand.batch.url);
  await stand.control('PUT /sizes', ['Standard_D2s_v9']);

  const sizes = (await account.vmSizes()) ?? [];

  const named = (name: string) => sizes.filter((size) => size.name === name);
  expect([named('Standard_D2s_v5'), named('Standard_F2s_v2'), named('Standard_D2s_v9')]).toEqual([
    [{ name: 'Standard_D2s_v5', endOfLife: null }],
    [{ name: 'Standard_F2s_v2', endOfLife: '2028-11-15T00:00:00Z' }],
    [{ name: 'Standard_D2s_v9', endOfLife: null }],
  ]);
  expect(new Set(sizes.map(({ name }) => name)).size).toBe(sizes.length);
});

test.each([
  ['on this address', (url: string) => url, ['Standard_A', 'Standard_B']],
  ['on another address, where the token is not sent', () => 'https://example.invalid', null],
])('a second page of sizes %s', async (_, addressOf, names) => {
  const asked: string[] = [];
  const server = await listen((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(path);
    const next = `${addressOf(server.url)}/page-2?api-version=x`;
    const answers: Readonly<Record<string, object>> = {
      [ID]: {
        location: 'westeurope',
        properties: { poolQuota: 1, activeJobAndJobScheduleQuota: 1 },
      },
      [SIZES]: { value: [{ name: 'Standard_A' }], nextLink: next },
      '/page-2': { value: [{ name: 'Standard_B' }] },
    };
    response.end(JSON.stringify(answers[path]));
  });
  onTestFinished(() => server.close());

  const sizes = await accountAt(server.url).vmSizes();

  expect(sizes?.map(({ name }) => name) ?? null).toEqual(names);
  expect(asked.slice(0, 2)).toEqual([ID, SIZES]);
});

test('an identity without a right over the subscription knows no sizes, and is refused nothing else', async () => {
  const server = await listen((request, response) => {
    const isSizes = (request.url ?? '').includes('virtualMachineSkus');
    const error = { code: 'AuthorizationFailed', message: 'no' };
    const properties = { poolQuota: 1, activeJobAndJobScheduleQuota: 1 };
    response.writeHead(isSizes ? 403 : 200);
    response.end(JSON.stringify(isSizes ? { error } : { location: 'westeurope', properties }));
  });
  onTestFinished(() => server.close());
  const account = accountAt(server.url);

  expect([await account.vmSizes(), (await account.quotas()).pools]).toEqual([null, 1]);
});

test('a missing account fails with the setting that names it', async () => {
  const { batch } = await standFor();
  const id = `${SUBSCRIPTION}/providers/Microsoft.Batch/batchAccounts/other`;

  await expect(accountAt(batch.url, id).quotas()).rejects.toMatchObject({
    code: 'badSettings',
    message: `Batch account ${id} does not exist; set BATCH_ACCOUNT_ID to its resource id, as printed by az batch account show --query id`,
  });
});

test.each([
  ['read', (account: BatchAccount) => account.quotas(), `${RIGHT}/read`, ID],
  [
    'applications/read',
    (account: BatchAccount) => account.defaultVersionOf('fit'),
    `${RIGHT}/applications/read`,
    `${ID}/applications/fit`,
  ],
])(
  'without the right %s the failure names it, who lacks it, where, and the role that has it',
  async (_, ask, right, scope) => {
    const { batch } = await standFor();
    const access: Access = { roles: [], without: new Set([right]) };
    const gate = await startGate({
      service: 'management',
      upstream: batch.url,
      access,
      log: () => {},
    });
    stops.push(() => gate.close());

    await expect(ask(accountAt(gate.url))).rejects.toMatchObject({
      code: 'accessDenied',
      message: `cannot read quotas and default versions: Batch account ${ID} denied access to the identity app-1: The client 'app-1' with object id '22222222-2222-4222-8222-222222222222' does not have authorization to perform action '${right}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials. [AuthorizationFailed]; this requires the action ${right}; assign it the role Azure Batch Data Contributor there`,
    });
  },
);

test("the management plane is not used with an account key or without the account's id", () => {
  const key = { BATCH_ACCOUNT_NAME: 'nightly', BATCH_ACCOUNT_KEY: 'a2V5' };
  expect([accountFor({}), accountFor({ BATCH_ACCOUNT_ID: ID, ...key })]).toEqual([
    undefined,
    undefined,
  ]);
});

interface Scripted {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An account behind a server that answers as scripted, the last answer again and again. */
async function scripted(answers: readonly Scripted[]) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const scopes: unknown[] = [];
  const server = await listen((request, response) => {
    const { status, headers, body } = answers[Math.min(asked.length, answers.length - 1)] ?? {
      status: 500,
    };
    asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization}`);
    response.writeHead(status, headers).end(body);
  });
  onTestFinished(() => server.close());
  const account = accountOn({
    endpoint: server.url,
    accountId: ID,
    credential: {
      getToken: async (scope) => {
        scopes.push(scope);
        return { token: 'token-1', expiresOnTimestamp: realClock.now().getTime() + 60_000 };
      },
    },
    scope: 'https://management.azure.com/.default',
    caller: { kind: 'identity', clientId: null },
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
    },
  });
  return { account, asked, pauses, scopes };
}

const ENOUGH: Scripted = {
  status: 200,
  body: JSON.stringify({
    properties: {
      poolQuota: 1,
      activeJobAndJobScheduleQuota: 2,
      lowPriorityCoreQuota: 3,
      dedicatedCoreQuota: 4,
      dedicatedCoreQuotaPerVMFamilyEnforced: true,
      dedicatedCoreQuotaPerVMFamily: [{ name: 'standardDSv5Family', coreQuota: 2 }],
    },
  }),
};

test('what is asked is one address of one version, and quotas by family count where the account enforces them', async () => {
  const { account, asked, scopes } = await scripted([ENOUGH]);

  expect(await account.quotas()).toEqual({
    spotCores: 3,
    dedicatedCores: 4,
    dedicatedCoresByFamily: { standarddsv5family: 2 },
    pools: 1,
    jobs: 2,
  });
  expect(asked).toEqual([`GET ${ID}?api-version=2024-07-01 Bearer token-1`]);
  expect(scopes).toEqual(['https://management.azure.com/.default']);
});

test('an account whose pools are of its subscription has no quotas of cores', async () => {
  const body = JSON.stringify({ properties: { poolQuota: 1, activeJobAndJobScheduleQuota: 2 } });
  const { account } = await scripted([{ status: 200, body }]);

  expect(await account.quotas()).toEqual({
    spotCores: null,
    dedicatedCores: null,
    dedicatedCoresByFamily: null,
    pools: 1,
    jobs: 2,
  });
});

test.each<[string, Scripted, number[]]>([
  ['is busy and says for how long', { status: 429, headers: { 'retry-after': '3' } }, [3000]],
  ['is busy', { status: 503 }, [1000]],
])('a plane that %s is asked once more, after that time', async (_, busy, waited) => {
  const { account, asked, pauses } = await scripted([busy, ENOUGH]);

  expect((await account.quotas()).pools).toBe(1);
  expect([asked.length, pauses]).toEqual([2, waited]);
});

test.each<[string, Scripted, number, string]>([
  ['stays busy', { status: 429 }, 2, 'HTTP 429'],
  ['is busy for longer than a plan waits', busyFor('60'), 1, 'HTTP 429'],
  [
    'answers with half of an answer',
    { status: 200, body: '{"prop' },
    1,
    'the response has an unknown',
  ],
  ['sends the token elsewhere', { status: 302, headers: { location: '/x' } }, 2, 'redirect'],
])('a plane that %s is reported, without the token', async (_, answer, times, said) => {
  const { account, asked } = await scripted([answer]);
  const failure: unknown = await account.quotas().catch((error: unknown) => error);

  expect(failure).toMatchObject({
    code: 'serviceUnavailable',
    message: expect.stringContaining(said) as string,
  });
  expect(String(failure)).not.toContain('token-1');
  expect(asked).toHaveLength(times);
});

function busyFor(seconds: string): Scripted {
  return { status: 429, headers: { 'retry-after': seconds } };
}

test.each([
  ['https://a.westeurope.batch.azure.com', 'management.azure.com', 'batch.core.windows.net'],
  [
    'https://a.usgovvirginia.batch.usgovcloudapi.net',
    'management.usgovcloudapi.net',
    'batch.core.usgovcloudapi.net',
  ],
  [
    'https://a.chinanorth3.batch.chinacloudapi.cn',
    'management.chinacloudapi.cn',
    'batch.chinacloudapi.cn',
  ],
  ['https://batch.chinacloudapi.cn.example.com', 'management.azure.com', 'batch.core.windows.net'],
])('the Batch account %s is of the cloud of %s', (endpoint, management, batch) => {
  expect(cloudOf(endpoint)).toEqual({
    management: `https://${management}`,
    batchScope: `https://${batch}/.default`,
  });
});

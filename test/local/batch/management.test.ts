import { expect, test } from 'vitest';
import { realClock } from '../../../local/clock';
import { ACCOUNT, standIn } from './stand';

const GROUP = '/subscriptions/s/resourceGroups/Night';
const ID = `${GROUP}/providers/Microsoft.Batch/batchAccounts/${ACCOUNT.name}`;

function tokenFor(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = realClock.now().getTime() / 1000 + 60;
  return `${part({ alg: 'none' })}.${part({ exp, ...claims })}.signature`;
}

async function plane(options: Parameters<typeof standIn>[0] = { entra: { verify: () => true } }) {
  const stand = await standIn(options);
  const ask = async (
    path: string,
    method = 'GET',
    aud = 'https://management.azure.com',
  ): Promise<readonly [number, unknown]> => {
    const headers = { authorization: `Bearer ${tokenFor({ aud })}` };
    const response = await fetch(`${stand.batch.url}${path}`, { method, headers });
    return [response.status, await response.json()];
  };
  return { stand, ask };
}

test('the account has the form of Resource Manager, with its present quotas', async () => {
  const { stand, ask } = await plane();
  await stand.control('PUT /quotas', { lowPriorityCores: 20, pools: 3 });

  expect(await ask(`${ID}?api-version=2024-07-01`)).toEqual([
    200,
    {
      id: ID,
      name: ACCOUNT.name,
      type: 'Microsoft.Batch/batchAccounts',
      location: 'local',
      properties: {
        accountEndpoint: new URL(stand.batch.url).host,
        provisioningState: 'Succeeded',
        poolAllocationMode: 'BatchService',
        poolQuota: 3,
        activeJobAndJobScheduleQuota: 300,
        dedicatedCoreQuota: 1000,
        dedicatedCoreQuotaPerVMFamily: [],
        dedicatedCoreQuotaPerVMFamilyEnforced: false,
        lowPriorityCoreQuota: 20,
        autoStorage: {
          storageAccountId: `${GROUP}/providers/Microsoft.Storage/storageAccounts/local`,
          authenticationMode: 'StorageKeys',
        },
      },
    },
  ]);
});

test("a missing resource is refused with Resource Manager's message", async () => {
  const { ask } = await plane();
  const other = `${GROUP}/providers/Microsoft.Batch/batchAccounts/other`;

  expect(await ask(`${other}?api-version=2024-07-01`)).toEqual([
    404,
    {
      error: {
        code: 'ResourceNotFound',
        message:
          "The Resource 'Microsoft.Batch/batchAccounts/other' under resource group 'Night' was not found.",
      },
    },
  ]);
  expect(await ask(`${ID}/applications/none?api-version=2024-07-01`)).toMatchObject([
    404,
    { error: { code: 'ApplicationNotFound' } },
  ]);
});

test.each([
  ['https://management.core.windows.net/', 200],
  ['https://batch.core.windows.net/', 401],
])('a token for %s answers %i', async (audience, status) => {
  const { ask } = await plane();
  expect((await ask(`${ID}?api-version=2024-07-01`, 'GET', audience))[0]).toBe(status);
});

test('a request without a token, or without a trusted authority, is refused', async () => {
  const { stand, ask } = await plane({});
  const bare = await fetch(`${stand.batch.url}${ID}?api-version=2024-07-01`);

  expect([bare.status, (await ask(`${ID}?api-version=2024-07-01`))[0]]).toEqual([401, 401]);
});

test.each([
  ['GET', `${ID}?api-version=2025-06-01`],
  ['GET', `${ID}/pools?api-version=2024-07-01`],
  ['GET', '/subscriptions/s?api-version=2024-07-01'],
  ['DELETE', `${ID}?api-version=2024-07-01`],
])('%s %s is not imitated and says so', async (method, path) => {
  const { ask } = await plane();
  expect(await ask(path, method)).toMatchObject([
    501,
    { error: { message: expect.stringContaining(`${method} ${path.split('?')[0]}`) as string } },
  ]);
});

import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../local/http';
import { accountOn } from '../../src/azure/management';
import { DEFAULT_VM_SIZE } from '../../src/workload/node-defaults';
import { coresOf } from '../../src/workload/vm-sizes';
import type { PlannedResource } from './bicep/plan';
import { jsonAt, planFor, planting, profiles, textAt } from './deployment';
import type { Value } from './bicep/values';

const plain = profiles['plain'] ?? {};
const everything = profiles['everything'] ?? {};

function ofType(params: Readonly<Record<string, Value>>, type: string): PlannedResource[] {
  return planFor(params).resources.filter((resource) => resource.type === type);
}

function bodyOf(params: Readonly<Record<string, Value>>, type: string): Record<string, Value> {
  const [first] = ofType(params, type);
  return (first?.body['properties'] ?? {}) as Record<string, Value>;
}

/** Names of these are taken by the first who asks, in the region or in all of Azure. */
const TAKEN_ONCE = [
  'Microsoft.Storage/storageAccounts',
  'Microsoft.Batch/batchAccounts',
  'Microsoft.KeyVault/vaults',
  'Microsoft.Web/sites',
  'Microsoft.ContainerRegistry/registries',
  'Microsoft.DurableTask/schedulers',
];

test('globally unique names are derived from subscription, environment and region [RS9]', () => {
  const names = (params: Readonly<Record<string, Value>>) =>
    planFor(params)
      .resources.filter(({ type }) => TAKEN_ONCE.includes(type))
      .map(({ name }) => name);
  const here = names(everything);
  const elsewhere = names({ ...everything, location: 'northeurope' });
  const another = names({ ...everything, environmentName: 'other' });
  expect(here).toHaveLength(TAKEN_ONCE.length);
  expect(new Set([...here, ...elsewhere, ...another]).size).toBe(3 * TAKEN_ONCE.length);
});

test('storage account, Batch account and VM size are parameters with defaults and an allowed list [RS9]', () => {
  const chosen = {
    ...plain,
    storageAccountName: 'mystore',
    batchAccountName: 'mybatch',
    poolVmSize: 'standard_d4ls_v5',
  };
  expect(ofType(chosen, 'Microsoft.Storage/storageAccounts').map(({ name }) => name)).toEqual([
    'mystore',
  ]);
  expect(ofType(chosen, 'Microsoft.Batch/batchAccounts').map(({ name }) => name)).toEqual([
    'mybatch',
  ]);
  expect(bodyOf(chosen, 'Microsoft.Web/sites/config')['POOL_VM_SIZE']).toBe('standard_d4ls_v5');
  expect(bodyOf(plain, 'Microsoft.Web/sites/config')['POOL_VM_SIZE']).toBe('standard_d2s_v5');
  expect(() => planFor({ ...plain, poolVmSize: 'standard_m416ms_v2' })).toThrow(
    'parameter poolVmSize: standard_m416ms_v2 is none of standard_d2ls_v5,',
  );
});

test('no offered size of nodes is on the list of sizes that Azure retires, nor is the default', () => {
  const sizes = /@allowed\(\[([^\]]*)\]\)\n@description\('The size of nodes/.exec(
    textAt('infra/main.bicep'),
  )?.[1];
  const offered = [...(sizes ?? '').matchAll(/'([^']+)'/g)].map(([, size]) => size ?? '');

  expect(offered).toContain(DEFAULT_VM_SIZE);
  // Of all series, those before v5, and Fsv2, are retired.
  expect(offered.filter((size) => !/^standard_[de]\d+(ls|s|as)_v[56]$/.test(size))).toEqual([]);
  expect(offered.map((size) => coresOf(size))).not.toContain(null);
});

test('a second deployment plans the same as the first one, and nothing is planned twice [RS8, RS12]', () => {
  for (const params of Object.values(profiles)) {
    const first = planFor(params).resources;
    expect(planFor(params).resources).toEqual(first);
    const ids = first.map(({ id }) => id.toLowerCase());
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  }
});

test('everything is in one resource group, which azd finds by its tag, and is deleted with it', () => {
  const { resources, outputs } = planFor(everything);
  const [group, ...others] = resources;
  expect(group?.body).toEqual({
    name: 'rg-try',
    location: 'westeurope',
    tags: { 'azd-env-name': 'try' },
  });
  for (const { id } of others) expect(id.startsWith(`${group?.id}/`)).toBe(true);
  expect(outputs['AZURE_RESOURCE_GROUP']).toBe('rg-try');
});

test('the function app carries the name of the one service in azure.yaml', () => {
  const services = [...textAt('azure.yaml').matchAll(/^ {2}(\w+):\n {4}project:/gm)].map(
    ([, name]) => name,
  );
  const tagged = planFor(plain).resources.flatMap(({ body }) => {
    const tags = (body['tags'] ?? {}) as Record<string, Value>;
    return tags['azd-service-name'] === undefined ? [] : [tags['azd-service-name']];
  });
  expect(tagged).toEqual(services);
  expect(services).toEqual(['app']);
});

test('the app runs on Node 24, on Flex Consumption, with its package read by its identity', () => {
  const [site] = ofType(plain, 'Microsoft.Web/sites');
  const identity = ofType(plain, 'Microsoft.ManagedIdentity/userAssignedIdentities')[0]?.id ?? '';
  expect(site?.body['identity']).toEqual({
    type: 'UserAssigned',
    userAssignedIdentities: { [identity]: {} },
  });
  const config = bodyOf(plain, 'Microsoft.Web/sites')['functionAppConfig'] as Record<string, Value>;
  expect(config['runtime']).toEqual({ name: 'node', version: '24' });
  expect(config['deployment']).toEqual({
    storage: {
      type: 'blobContainer',
      value: expect.stringMatching(/primaryEndpoints\.blob\}app-package$/),
      authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity },
    },
  });
  expect(ofType(plain, 'Microsoft.Web/serverfarms')[0]?.body['sku']).toEqual({
    name: 'FC1',
    tier: 'FlexConsumption',
  });
  expect(
    ofType(plain, 'Microsoft.Storage/storageAccounts/blobServices/containers').map(
      ({ name }) => name,
    ),
  ).toContain('app-package');
});

test('storage and a linked Batch account are created, and no pool: each run creates its own, which scales itself [RS10]', () => {
  const [storage, batch] = [
    ofType(plain, 'Microsoft.Storage/storageAccounts'),
    ofType(plain, 'Microsoft.Batch/batchAccounts'),
  ];
  expect([storage.length, batch.length]).toEqual([1, 1]);
  expect(bodyOf(plain, 'Microsoft.Batch/batchAccounts')['autoStorage']).toMatchObject({
    storageAccountId: storage[0]?.id,
  });
  expect(ofType(plain, 'Microsoft.Batch/batchAccounts/pools')).toEqual([]);
});

test('one deployment creates the registry, storage, Batch account, vault, app and identity [GD13]', () => {
  const types = new Set(planFor(everything).resources.map(({ type }) => type));

  expect(
    [
      'Microsoft.ContainerRegistry/registries',
      'Microsoft.Storage/storageAccounts',
      'Microsoft.Batch/batchAccounts',
      'Microsoft.KeyVault/vaults',
      'Microsoft.Web/sites',
      'Microsoft.ManagedIdentity/userAssignedIdentities',
    ].filter((type) => !types.has(type)),
  ).toEqual([]);
});

test('no resource accepts a key or a password [GD14, GD16, GD19]', () => {
  const storage = bodyOf(plain, 'Microsoft.Storage/storageAccounts');
  expect([storage['allowSharedKeyAccess'], storage['allowBlobPublicAccess']]).toEqual([
    false,
    false,
  ]);
  const batch = bodyOf(plain, 'Microsoft.Batch/batchAccounts');
  expect(batch['allowedAuthenticationModes']).toEqual(['AAD']);
  expect(batch['poolAllocationMode']).toBe('BatchService');
  expect(batch['autoStorage']).toEqual({
    storageAccountId: ofType(plain, 'Microsoft.Storage/storageAccounts')[0]?.id,
    authenticationMode: 'BatchAccountManagedIdentity',
  });
  expect(bodyOf(plain, 'Microsoft.KeyVault/vaults')['enableRbacAuthorization']).toBe(true);
  expect(bodyOf(plain, 'Microsoft.Insights/components')['DisableLocalAuth']).toBe(true);
  expect(bodyOf(everything, 'Microsoft.ContainerRegistry/registries')['adminUserEnabled']).toBe(
    false,
  );
  const ways = ofType(plain, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
  expect(ways.map(({ name, body }) => [name, body['properties']])).toEqual([
    ['ftp', { allow: false }],
    ['scm', { allow: false }],
  ]);
});

test('the app that reads the deployed account delivers packages itself, as its nodes have no identity [RS20]', async () => {
  const { autoStorage } = bodyOf(plain, 'Microsoft.Batch/batchAccounts');
  const quotas = { poolQuota: 1, activeJobAndJobScheduleQuota: 1 };
  const server = await listen((_, response) =>
    response.end(JSON.stringify({ properties: { ...quotas, autoStorage } })),
  );
  onTestFinished(() => server.close());
  const account = accountOn({
    endpoint: server.url,
    accountId: '/subscriptions/s',
    credential: { getToken: async () => ({ token: 'token', expiresOnTimestamp: 0 }) },
    scope: 'management',
    caller: { kind: 'identity', clientId: null },
    pause: async () => undefined,
  });

  expect(await account.packageAccess()).toBe('noIdentity');
});

test('with the network, storage, vault and Batch are reachable through endpoints only, and nodes not at all', () => {
  for (const type of [
    'Microsoft.Storage/storageAccounts',
    'Microsoft.KeyVault/vaults',
    'Microsoft.Batch/batchAccounts',
  ]) {
    expect([type, bodyOf(plain, type)['publicNetworkAccess']]).toEqual([type, 'Enabled']);
    expect([type, bodyOf(everything, type)['publicNetworkAccess']]).toEqual([type, 'Disabled']);
  }
  const joined = ofType(everything, 'Microsoft.Network/privateEndpoints').map(({ body }) => {
    const { privateLinkServiceConnections } = body['properties'] as {
      privateLinkServiceConnections: readonly { properties: { groupIds: readonly string[] } }[];
    };
    return privateLinkServiceConnections[0]?.properties.groupIds[0];
  });
  expect(joined).toEqual(['blob', 'queue', 'table', 'vault', 'batchAccount', 'nodeManagement']);
  const subnet = bodyOf(everything, 'Microsoft.Web/sites/config')['POOL_SUBNET_ID'];
  expect(subnet).toMatch(/\/virtualNetworks\/vnet-\w+\/subnets\/nodes$/);
  expect(bodyOf(plain, 'Microsoft.Web/sites/config')).not.toHaveProperty('POOL_SUBNET_ID');
});

test('an output of a module that is not deployed is found before the deployment', () => {
  const planted = planting(
    'infra/main.bicep',
    "vnetEnabled ? network!.outputs.appSubnetId : ''",
    'network!.outputs.appSubnetId',
  );
  expect(() => planFor(plain, planted)).toThrow(
    'infra/main.bicep: {"notDeployed":"network"} has no outputs',
  );
  expect(() => planFor(everything, planted)).not.toThrow();
});

test('Spot nodes that stay for hours raise an alert [RS3]', () => {
  const windows = [1, 6, 12, 24].map((spotAlertHours) => {
    const rules = ofType({ ...plain, spotAlertHours }, 'Microsoft.Insights/metricAlerts');
    const rule = rules.find(({ name }) => name === 'SpotNodesLeft')?.body['properties'];
    const { windowSize, criteria } = rule as {
      windowSize: string;
      criteria: { allOf: readonly object[] };
    };
    expect(criteria.allOf).toEqual([
      expect.objectContaining({
        metricName: 'TotalLowPriorityNodeCount',
        timeAggregation: 'Minimum',
        operator: 'GreaterThan',
        threshold: 0,
      }),
    ]);
    return windowSize;
  });
  expect(windows).toEqual(['PT1H', 'PT6H', 'PT12H', 'P1D']);
  expect(() => planFor({ ...plain, spotAlertHours: 3 })).toThrow(
    'spotAlertHours: 3 is none of 1, 6, 12, 24',
  );
});

test("the baseline alerts for Batch exist with Azure Monitor's own metric names", () => {
  const names = ofType(plain, 'Microsoft.Insights/metricAlerts').map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'OfflineNodeCount',
      'PreemptedNodeCount',
      'RebootingNodeCount',
      'TaskFailEvent',
      'UnusableNodeCount',
    ]),
  );
});

test('a budget needs an amount, a start and a receiver', () => {
  const budgets = (extra: Readonly<Record<string, Value>>) =>
    ofType({ ...plain, ...extra }, 'Microsoft.Consumption/budgets').length;
  const all = { budgetAmount: 50, budgetStart: '2027-01-01', alertEmail: 'a@b.example' };
  expect(budgets(all)).toBe(1);
  expect([
    budgets({ ...all, budgetAmount: 0 }),
    budgets({ ...all, budgetStart: '' }),
    budgets({ ...all, alertEmail: '' }),
  ]).toEqual([0, 0, 0]);
});

test('logs and metrics of Batch, app, vault and storage go to the workspace', () => {
  const scopes = ofType(plain, 'Microsoft.Insights/diagnosticSettings').map(({ scopeId }) =>
    scopeId?.split('/').at(-2),
  );
  expect(scopes).toEqual(['blobServices', 'vaults', 'batchAccounts', 'sites']);
});

interface Description {
  readonly containers: readonly string[];
  readonly keepDays: number;
}

test('every container that a workload names is created, and the lifecycle rule waits longer than any retention of outputs', () => {
  const app = jsonAt<Description>('infra/app.json');
  const made = ofType(plain, 'Microsoft.Storage/storageAccounts/blobServices/containers').map(
    ({ name }) => name,
  );
  expect(made).toEqual([...app.containers, 'app-package']);
  const policy = JSON.stringify(
    bodyOf(plain, 'Microsoft.Storage/storageAccounts/managementPolicies'),
  );
  expect(policy).toContain(`"daysAfterModificationGreaterThan":${app.keepDays + 7}`);
});

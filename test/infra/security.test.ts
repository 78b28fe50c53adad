import { expect, test } from 'vitest';
import { planFor, textAt } from './deployment';
import { ofType, profile, theOne, type PlainObject } from './planned';

/** Open to the internet, or behind private endpoints: the same but for these. */
const accesses = [
  ['plain', { publicNetworkAccess: 'Enabled', defaultAction: 'Allow' }],
  ['everything', { publicNetworkAccess: 'Disabled', defaultAction: 'Deny' }],
] as const;

const STORAGE = 'Microsoft.Storage/storageAccounts';

test.each(accesses)('storage accepts no key and has no public access: %s', (name, access) => {
  const { body, properties } = theOne(profile(name), STORAGE);
  expect([body['kind'], body['sku']]).toEqual(['StorageV2', { name: 'Standard_LRS' }]);
  expect(properties).toEqual({
    accessTier: 'Hot',
    allowBlobPublicAccess: false,
    allowCrossTenantReplication: false,
    allowSharedKeyAccess: false,
    defaultToOAuthAuthentication: true,
    minimumTlsVersion: 'TLS1_2',
    supportsHttpsTrafficOnly: true,
    publicNetworkAccess: access.publicNetworkAccess,
    // Event Grid and Batch are let in.
    networkAcls: { defaultAction: access.defaultAction, bypass: 'AzureServices' },
  });
});

test('a deleted container with the secrets of a run cannot be restored, in no account; a deleted input can, for a week', () => {
  for (const name of ['plain', 'everything'] as const) {
    const services = ofType(profile(name), `${STORAGE}/blobServices`);
    expect(services.map(({ properties }) => properties)).toEqual([
      {
        deleteRetentionPolicy: { enabled: true, days: 7 },
        containerDeleteRetentionPolicy: { enabled: false },
      },
    ]);
  }
});

test('what the documents say about secrets after a run is what is deployed', () => {
  const text = textAt('docs/runs.md').replaceAll(/\s+/g, ' ');
  expect(text).toContain(
    'The container is deleted at the end of the run, and cannot be restored: the deployed storage account has no soft delete for containers.',
  );
  for (const file of [
    'README.md',
    'SECURITY.md',
    'docs/runs.md',
    'docs/operate.md',
    'docs/deploy.md',
  ])
    expect(textAt(file)).not.toMatch(/soft-deleted container|keeps deleted containers/);
});

test('no container has public access', () => {
  const containers = ofType(profile('everything'), `${STORAGE}/blobServices/containers`);
  expect(containers.map(({ properties }) => properties)).toEqual(
    containers.map(() => ({ publicAccess: 'None' })),
  );
});

test.each(accesses)(
  'the vault is accessed by roles, and its name is free a week after deletion: %s',
  (name, access) => {
    expect(theOne(profile(name), 'Microsoft.KeyVault/vaults').properties).toEqual({
      tenantId: '11111111-1111-4111-8111-111111111111',
      sku: { family: 'A', name: 'standard' },
      enableRbacAuthorization: true,
      // Purge protection, once on, cannot be taken off, and so is not named at all.
      enableSoftDelete: true,
      softDeleteRetentionInDays: 7,
      publicNetworkAccess: access.publicNetworkAccess,
      networkAcls: { defaultAction: access.defaultAction, bypass: 'AzureServices' },
    });
  },
);

test.each(accesses)(
  'Batch accepts no key, and allocates the machines itself: %s',
  (name, access) => {
    expect(theOne(profile(name), 'Microsoft.Batch/batchAccounts').properties).toEqual({
      poolAllocationMode: 'BatchService',
      allowedAuthenticationModes: ['AAD'],
      autoStorage: {
        storageAccountId: 'Microsoft.Storage/storageAccounts/st*',
        authenticationMode: 'BatchAccountManagedIdentity',
      },
      publicNetworkAccess: access.publicNetworkAccess,
    });
  },
);

test('logs are kept for a month, limited to a gigabyte a day, and sent with an identity', () => {
  const plain = profile('plain');
  expect(theOne(plain, 'Microsoft.OperationalInsights/workspaces').properties).toEqual({
    sku: { name: 'PerGB2018' },
    retentionInDays: 30,
    workspaceCapping: { dailyQuotaGb: 1 },
    features: { disableLocalAuth: true },
  });
  const { body, properties } = theOne(plain, 'Microsoft.Insights/components');
  expect(body['kind']).toBe('web');
  expect(properties).toEqual({
    Application_Type: 'web',
    WorkspaceResourceId: 'Microsoft.OperationalInsights/workspaces/log-*',
    DisableLocalAuth: true,
  });
});

const all = {
  logs: [{ categoryGroup: 'allLogs', enabled: true }],
  metrics: [{ category: 'AllMetrics', enabled: true }],
};

/** What is logged of each; of storage what was changed, as reads would outnumber it. */
const logged: Readonly<Record<string, PlainObject>> = {
  'Microsoft.Storage/storageAccounts/st*/blobServices/default': {
    logs: [
      { category: 'StorageWrite', enabled: true },
      { category: 'StorageDelete', enabled: true },
    ],
    metrics: [{ category: 'Transaction', enabled: true }],
  },
  'Microsoft.KeyVault/vaults/kv-*': all,
  'Microsoft.Batch/batchAccounts/ba*': all,
  // Application Insights has its lines, in the same workspace, whose day has a limit.
  'Microsoft.Web/sites/func-*': { metrics: all.metrics },
};

test('storage, vault, Batch and app have diagnostic logs, by categories that each supports', () => {
  const settings = ofType(profile('everything'), 'Microsoft.Insights/diagnosticSettings');
  const found = settings.map(({ scope, properties }) => [scope, properties]);
  const workspaceId = 'Microsoft.OperationalInsights/workspaces/log-*';
  const expected = Object.entries(logged).map(([scope, rest]) => [scope, { workspaceId, ...rest }]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(settings.map(({ version }) => version)).toEqual(settings.map(() => '2021-05-01-preview'));
});

test.each([
  ['private', 'Basic', false],
  // Basic has no anonymous pull.
  ['anonymousPull', 'Standard', true],
])('a registry that is %s has neither a key nor more than it needs', (registry, sku, anonymous) => {
  const params = profile('plain', { registry });
  const { body, properties } = theOne(params, 'Microsoft.ContainerRegistry/registries');
  expect(body['sku']).toEqual({ name: sku });
  expect(properties).toEqual({ adminUserEnabled: false, anonymousPullEnabled: anonymous });
});

test('by default there is no registry, and one of another kind is refused', () => {
  const registries = ofType(profile('plain'), 'Microsoft.ContainerRegistry/registries');
  expect(registries).toEqual([]);
  expect(() => planFor(profile('plain', { registry: 'public' }))).toThrow('public is none of');
});

test('the scheduler is billed by use, authorizes callers by roles, and has the task hub of the app', () => {
  const everything = profile('everything');
  const scheduler = theOne(everything, 'Microsoft.DurableTask/schedulers');
  expect(scheduler.version).toBe('2025-11-01');
  // An empty list of addresses lets nobody in, whatever their role.
  expect(scheduler.properties).toEqual({
    sku: { name: 'Consumption' },
    ipAllowlist: ['0.0.0.0/0'],
  });
  const hub = theOne(everything, 'Microsoft.DurableTask/schedulers/taskHubs');
  expect([hub.name, hub.version, hub.properties]).toEqual(['Nightshift', '2025-11-01', {}]);
});

test('the topic receives the events of a storage account', () => {
  expect(theOne(profile('plain'), 'Microsoft.EventGrid/systemTopics').properties).toEqual({
    source: 'Microsoft.Storage/storageAccounts/st*',
    topicType: 'Microsoft.Storage.StorageAccounts',
  });
});

/**
 * Names that the tables say nothing of, as Azure takes them
 * (learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
 * Unconfirmed: schedulers are not on that page; letters, digits and hyphens are safe.
 */
const nameRules: Readonly<Record<string, RegExp>> = {
  'Microsoft.KeyVault/vaults': /^(?!.*--)[a-z][a-z0-9-]{1,22}[a-z0-9]$/i,
  'Microsoft.DurableTask/schedulers': /^[a-z0-9][a-z0-9-]{1,62}[a-z0-9]$/i,
  'Microsoft.Web/sites': /^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$/i,
  'Microsoft.EventGrid/systemTopics': /^[a-z0-9-]{3,128}$/i,
};

test('names consist of characters that Azure accepts, and are not too long', () => {
  for (const [type, rule] of Object.entries(nameRules)) {
    const { resources } = planFor(profile('everything'));
    const names = resources.filter((one) => one.type === type).map(({ name }) => name);
    expect(names).toEqual([expect.stringMatching(rule)]);
  }
});

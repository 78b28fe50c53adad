import { expect, test } from 'vitest';
import { planFor, planting, root, textAt } from './deployment';
import { plain, plannedFor, profile, type Plain, type Planned } from './planned';
import { globSync } from 'tinyglobby';

const account = 'Microsoft.Storage/storageAccounts/st*';
const batch = 'Microsoft.Batch/batchAccounts/ba*';
const vault = 'Microsoft.KeyVault/vaults/kv-*';
const workspace = 'Microsoft.OperationalInsights/workspaces/log-*';
const insights = 'Microsoft.Insights/components/appi-*';
const appIdentity = 'Microsoft.ManagedIdentity/userAssignedIdentities/id-app-*';
const batchIdentity = 'Microsoft.ManagedIdentity/userAssignedIdentities/id-batch-*';
const appPlan = 'Microsoft.Web/serverfarms/plan-*';
const site = 'Microsoft.Web/sites/func-*';
const network = 'Microsoft.Network/virtualNetworks/vnet-*';
const gateway = 'Microsoft.Network/natGateways/ng-*';
const securityGroup = 'Microsoft.Network/networkSecurityGroups/nsg-*';
const scheduler = 'Microsoft.DurableTask/schedulers/dts-*';
const people = 'Microsoft.Insights/actionGroups/ag-*';

type Wires = Readonly<Record<string, string>>;

/** What the resources of every profile are told of each other, by resource and place in its body. */
const always: Wires = {
  [`${insights} WorkspaceResourceId`]: workspace,
  [`${batch} identity.userAssignedIdentities`]: batchIdentity,
  [`${batch} autoStorage.storageAccountId`]: account,
  [`Microsoft.EventGrid/systemTopics/evgt-* source`]: account,
  [`${site} identity.userAssignedIdentities`]: appIdentity,
  [`${site} keyVaultReferenceIdentity`]: appIdentity,
  [`${site} serverFarmId`]: appPlan,
  [`${site} functionAppConfig.deployment.storage.value`]: `{${account}.properties.primaryEndpoints.blob}app-package`,
  [`${site} functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId`]:
    appIdentity,
  ...diagnostics(`${account}/blobServices/default`),
  ...diagnostics(vault),
  ...diagnostics(batch),
  ...diagnostics(site),
  ...settings({
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId={${appIdentity}.properties.clientId};Authorization=AAD`,
    APPLICATIONINSIGHTS_CONNECTION_STRING: `{${insights}.properties.ConnectionString}`,
    AZURE_CLIENT_ID: `{${appIdentity}.properties.clientId}`,
    AzureWebJobsStorage__clientId: `{${appIdentity}.properties.clientId}`,
    AzureWebJobsStorage__blobServiceUri: `{${account}.properties.primaryEndpoints.blob}`,
    AzureWebJobsStorage__queueServiceUri: `{${account}.properties.primaryEndpoints.queue}`,
    AzureWebJobsStorage__tableServiceUri: `{${account}.properties.primaryEndpoints.table}`,
    BATCH_ACCOUNT_ENDPOINT: `https://{${batch}.properties.accountEndpoint}`,
    BATCH_ACCOUNT_ID: batch,
    KEY_VAULT_URI: `{${vault}.properties.vaultUri}`,
  }),
  ...alertScopes(),
  ...logAlertScopes(),
};

/** The alert on an app that is silent counts passes of the default schedule, which `everything` changes. */
const withDefaultSchedule: Wires = {
  ...always,
  [logAlert('AppSilent')]: workspace,
};

const withEverything: Wires = {
  ...always,
  [`${site} virtualNetworkSubnetId`]: `${network}/subnets/app`,
  [`${gateway} publicIpAddresses[0].id`]: 'Microsoft.Network/publicIPAddresses/pip-*',
  ...Object.fromEntries(
    [0, 1, 2].map((subnet) => [
      `${network} subnets[${subnet}].properties.networkSecurityGroup.id`,
      securityGroup,
    ]),
  ),
  // The endpoints send nothing out.
  [`${network} subnets[0].properties.natGateway.id`]: gateway,
  [`${network} subnets[2].properties.natGateway.id`]: gateway,
  ...settings({
    POOL_SUBNET_ID: `${network}/subnets/nodes`,
    OTEL_EXPORTER_OTLP_HEADERS: `@Microsoft.KeyVault(SecretUri={${vault}.properties.vaultUri}secrets/otlp-headers)`,
    DURABLE_TASK_SCHEDULER_CONNECTION_STRING: `Endpoint={${scheduler}.properties.endpoint};Authentication=ManagedIdentity;ClientID={${appIdentity}.properties.clientId}`,
  }),
  ...Object.fromEntries(
    Object.keys(alertScopes()).map((place) => [
      place.replace('scopes[0]', 'actions[0].actionGroupId'),
      people,
    ]),
  ),
  ...Object.fromEntries(
    Object.keys(logAlertScopes()).map((place) => [
      place.replace('scopes[0]', 'actions.actionGroups[0]'),
      people,
    ]),
  ),
};

function diagnostics(of: string): Wires {
  const setting = `${of}/providers/Microsoft.Insights/diagnosticSettings/nightshift`;
  return { [`${setting} scope`]: of, [`${setting} workspaceId`]: workspace };
}

function settings(values: Wires): Wires {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${site}/config/appsettings ${name}`, value]),
  );
}

function alertScopes(): Wires {
  const ofBatch = [
    'OfflineNodeCount',
    'UnusableNodeCount',
    'RebootingNodeCount',
    'StartTaskFailedNodeCount',
    'TaskFailEvent',
    'PreemptedNodeCount',
    'SpotNodesLeft',
  ];
  const place = (name: string) => `Microsoft.Insights/metricAlerts/${name} scopes[0]`;
  return {
    ...Object.fromEntries(ofBatch.map((name) => [place(name), batch])),
    [place('StepsFailing')]: insights,
  };
}

function logAlertScopes(): Wires {
  const names = ['RunFailed', 'RunMissed', 'OccurrenceDelayed'];
  return Object.fromEntries(names.map((name) => [logAlert(name), workspace]));
}

function logAlert(name: string): string {
  return `Microsoft.Insights/scheduledQueryRules/${name} scopes[0]`;
}

/** Roles and private endpoints have tables of their own. */
const TABLED = /^Microsoft\.Authorization\/|^Microsoft\.Network\/private/;
const RESOURCE = /Microsoft\.\w+\/\w+\/[\w*-]+(\.(?!properties)[\w*-]+)*(\/[a-z]\w+\/[\w*-]+)?/;

function* wiresOf({ id, scope, body }: Planned): Generator<[string, string]> {
  const { properties = {}, ...others } = body;
  if (scope !== null) yield [`${id} scope`, scope];
  for (const part of [others, properties])
    for (const [place, text] of textsIn(part)) {
      if (RESOURCE.test(text)) yield [`${id} ${place}`, text];
    }
}

/** Texts by their place; a key that is an id is a text as well. */
function* textsIn(value: Plain, at = ''): Generator<[string, string]> {
  if (typeof value === 'string') yield [at, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    if (key.includes('/')) yield [at, key];
    const place = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`;
    yield* textsIn(one, place.replace(/^\./, ''));
  }
}

function wiresIn(
  params: Parameters<typeof plannedFor>[0],
  planted: Readonly<Record<string, string>> = {},
): Wires {
  const resources = plannedFor(params, planted).filter(({ type }) => !TABLED.test(type));
  return Object.fromEntries(resources.flatMap((resource) => [...wiresOf(resource)]));
}

test('every resource refers to the right others: identities, accounts, endpoints, subnets', () => {
  expect(wiresIn(profile('everything'))).toEqual(withEverything);
  expect(wiresIn(profile('plain'))).toEqual(withDefaultSchedule);
  expect(wiresIn(profile('nobody'))).toEqual(withDefaultSchedule);
});

test('every resource that another one refers to is created by the same deployment', () => {
  const resources = plannedFor(profile('everything'));
  const subnets = resources.flatMap(({ id, properties }) =>
    ((properties['subnets'] ?? []) as readonly { name: string }[]).map(
      ({ name }) => `${id}/subnets/${name}`,
    ),
  );
  const made = new Set([...resources.map(({ id }) => id), ...subnets]);
  const named = resources.flatMap((resource) =>
    [...wiresOf(resource)].flatMap(([, text]) => RESOURCE.exec(text)?.[0] ?? []),
  );
  const roles = 'Microsoft.Authorization/roleDefinitions';
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((id) => !made.has(id) && !id.startsWith(roles))).toEqual([]);
});

test.each([
  [
    'the identity of another',
    [
      'identityClientId: appIdentity.outputs.clientId',
      'identityClientId: batchIdentity.outputs.clientId',
    ],
    `${site}/config/appsettings AZURE_CLIENT_ID`,
  ],
  [
    'the subnet of nodes for the app',
    ["network!.outputs.appSubnetId : ''", "network!.outputs.nodeSubnetId : ''"],
    `${site} virtualNetworkSubnetId`,
  ],
  [
    'events of an account that has none',
    [
      'storageAccountId: storage.outputs.id\n    location',
      'storageAccountId: batch.outputs.id\n    location',
    ],
    'Microsoft.EventGrid/systemTopics/evgt-* source',
  ],
] as const)('found: %s', (_, [from, to], place) => {
  const wires = wiresIn(profile('everything'), planting('infra/main.bicep', from, to));
  expect(wires[place]).toBeDefined();
  expect(wires[place]).not.toBe(withEverything[place]);
});

const outputs = {
  AZURE_LOCATION: 'westeurope',
  AZURE_TENANT_ID: '11111111-1111-4111-8111-111111111111',
  AZURE_RESOURCE_GROUP: 'rg-try',
  SERVICE_APP_NAME: 'func-*',
  SERVICE_APP_URL: `https://{${site}.properties.defaultHostName}`,
  BATCH_ACCOUNT_ENDPOINT: `https://{${batch}.properties.accountEndpoint}`,
  NIGHTSHIFT_BATCH_ACCOUNT: 'ba*',
  NIGHTSHIFT_STORAGE_ACCOUNT: 'st*',
  NIGHTSHIFT_VAULT: 'kv-*',
  NIGHTSHIFT_EVENT_TOPIC: 'evgt-*',
  NIGHTSHIFT_REGISTRY: '',
};

test('the deployment outputs names, addresses and ids, and no secret', () => {
  expect(plain(planFor(profile('plain')).outputs)).toEqual(outputs);
  expect(plain(planFor(profile('everything')).outputs)).toEqual({
    ...outputs,
    NIGHTSHIFT_REGISTRY: '{Microsoft.ContainerRegistry/registries/cr*.properties.loginServer}',
  });
});

test('every variable of the hooks is an output of the deployment, or set by azd', () => {
  const asked = globSync('infra/hooks/*.mjs', { cwd: root }).flatMap((file) =>
    [...textAt(file).matchAll(/'((?:SERVICE|NIGHTSHIFT|BATCH)_[A-Z_]+)'/g)].map(
      ([, name = '']) => name,
    ),
  );
  expect(asked).toContain('NIGHTSHIFT_VAULT');
  expect(asked.filter((name) => !(name in outputs))).toEqual([]);
});

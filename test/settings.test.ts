import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeSettings } from '../src/describe-settings';
import { type WorkloadDeclaration, type Workloads } from '../src/workload/workload';
import { scheduleSetting } from '../src/schedules-in-force';
import { readSettings, settingRows } from '../src/settings';
import { nightlyReport } from '../src/workloads/nightly-report';
import { render } from '../src/workloads/render';
import { checkWorkloads } from '../src/workload/check-workloads';
import { whole } from './run/given';

const none: Workloads = new Map();
const shipped = checkWorkloads([nightlyReport, render]);

const CANARY = Buffer.from('canary-7c5b2d4f60').toString('base64');
const connection = `DefaultEndpointsProtocol=https;AccountName=mystore;AccountKey=${CANARY};EndpointSuffix=core.windows.net`;

/** Settings as deployed: a managed identity for everything. */
const azure = {
  BATCH_ACCOUNT_ENDPOINT: 'https://mybatch.westeurope.batch.azure.com/',
  AzureWebJobsStorage__blobServiceUri: 'https://mystore.blob.core.windows.net/',
  KEY_VAULT_URI: 'https://myvault.vault.azure.net/',
  AZURE_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
  IDENTITY_ENDPOINT: 'http://127.0.0.1:41/msi/token',
  BLOB_TRIGGER_SOURCE: 'EventGrid',
};

/** Settings of a developer's machine. */
const keys = {
  BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:10100',
  BATCH_ACCOUNT_NAME: 'mybatch',
  BATCH_ACCOUNT_KEY: CANARY,
  AzureWebJobsStorage: connection,
  KEY_VAULT_URI: 'https://myvault.vault.azure.net',
};

function errorsIn(
  environment: Readonly<Record<string, string | undefined>>,
  workloads = none,
): readonly string[] {
  try {
    readSettings(environment, workloads);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.trim());
  }
}

test('settings are read once, with defaults, and cannot be changed [GD18]', () => {
  const settings = readSettings(azure, shipped);

  expect(settings).toMatchObject({
    batch: {
      endpoint: 'https://mybatch.westeurope.batch.azure.com',
      accountKey: null,
      apiVersion: null,
    },
    storage: { kind: 'identity', blobServiceUri: 'https://mystore.blob.core.windows.net' },
    nodes: { vmSize: 'standard_d2s_v5', subnetId: null },
    vaultUri: 'https://myvault.vault.azure.net/',
    identity: { clientId: '33333333-3333-4333-8333-333333333333', managed: true },
    blobTriggerSource: 'EventGrid',
    serviceRetries: 3,
    schedules: { 'nightly-report': [{ cron: '0 0 2 * * *', timeZone: 'UTC' }] },
  });
  expect(Object.isFrozen(settings)).toBe(true);
});

test('an account key is used when it is set, directly or as the name of its secret [GD16]', () => {
  const { BATCH_ACCOUNT_KEY: _key, ...rest } = keys;
  const secret = { ...rest, BATCH_ACCOUNT_KEY_SECRET: 'batch-key' };

  expect(readSettings(keys, none).batch.accountKey).toEqual({
    name: 'mybatch',
    kind: 'key',
    key: CANARY,
  });
  expect(readSettings(secret, none).batch.accountKey).toEqual({
    name: 'mybatch',
    kind: 'secret',
    secret: 'batch-key',
  });
  expect(readSettings(keys, none).storage).toEqual({ kind: 'connectionString', text: connection });
});

test('every missing setting is reported at once, with its description', () => {
  const empty = Object.fromEntries(Object.keys(settingRows).map((name) => [name, '']));
  const errors = [
    'BATCH_ACCOUNT_ENDPOINT: missing; it is the Batch account, such as https://myaccount.westeurope.batch.azure.com',
    'AzureWebJobsStorage__blobServiceUri: missing; it is the blob endpoint of the storage account, such as https://mystorage.blob.core.windows.net (or set AzureWebJobsStorage to a connection string)',
    'KEY_VAULT_URI: missing; it is the vault, such as https://myvault.vault.azure.net, from which nightly-report reads a secret',
  ];

  expect(errorsIn({}, shipped)).toEqual(errors);
  expect(errorsIn(empty, shipped)).toEqual(errors);
});

test('a key without its account, and a secret without a vault, are reported', () => {
  const { AzureWebJobsStorage, BATCH_ACCOUNT_ENDPOINT } = keys;
  const bare = { AzureWebJobsStorage, BATCH_ACCOUNT_ENDPOINT };

  expect(errorsIn({ ...bare, BATCH_ACCOUNT_KEY: CANARY })).toEqual([
    'BATCH_ACCOUNT_NAME: missing; it is the name of the Batch account, when a key is used',
  ]);
  expect(errorsIn({ ...bare, BATCH_ACCOUNT_KEY_SECRET: 'batch-key' })).toEqual([
    'BATCH_ACCOUNT_NAME: missing; it is the name of the Batch account, when a key is used',
    'KEY_VAULT_URI: missing; it is the vault, such as https://myvault.vault.azure.net, from which the Batch account key is read',
  ]);
});

test('every setting that is not valid is reported at once, and no value is shown [GD19]', () => {
  const wrong = `wrong ${CANARY}`;
  const everything = Object.fromEntries(Object.keys(settingRows).map((name) => [name, wrong]));
  const errors = errorsIn({ ...everything, SCHEDULE_NIGHTLY_REPORT: '0 99 2 * * *' }, shipped);

  const names = errors.map((line) => line.split(':')[0]);
  expect(new Set(names).size).toBe(names.length);
  expect(errors).toEqual(
    expect.arrayContaining([
      'BATCH_ACCOUNT_ENDPOINT: not valid; it is the Batch account, such as https://myaccount.westeurope.batch.azure.com',
      'BATCH_ACCOUNT_KEY: not valid; it is the account key, when no identity is used',
      'POOL_VM_SIZE: not valid; it is the VM size of nodes for workloads that name none, such as standard_d2s_v5',
      'POOL_SUBNET_ID: not valid; it is the resource id of the subnet that nodes join',
      'AzureWebJobsStorage: not valid; it is a connection string with an account key, or UseDevelopmentStorage=true',
      'AzureWebJobsStorage__blobServiceUri: not valid; it is the blob endpoint of the storage account, such as https://mystorage.blob.core.windows.net',
      'KEY_VAULT_URI: not valid; it is the vault, such as https://myvault.vault.azure.net',
      'BLOB_TRIGGER_SOURCE: not valid; it is EventGrid on Flex Consumption, LogsAndContainerScan elsewhere',
      'SCHEDULE_NIGHTLY_REPORT: "99" is not a valid minute; it must be 0 to 59, *, a-b, */n, or a list of these with commas',
    ]),
  );
  expect(errors.join()).not.toContain(CANARY);
});

test.each([
  'UseDevelopmentStorage=true',
  connection,
  `AccountName=a;AccountKey=${CANARY};DefaultEndpointsProtocol=http;BlobEndpoint=http://127.0.0.1:1/a`,
])('the connection string %# is valid', (AzureWebJobsStorage) => {
  expect(errorsIn({ ...keys, AzureWebJobsStorage })).toEqual([]);
});

test.each([
  'BlobEndpoint=https://mystore.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x',
  'AccountName=mystore;EndpointSuffix=core.windows.net',
])('the connection string %# cannot sign and is a validation error', (AzureWebJobsStorage) => {
  expect(errorsIn({ ...keys, AzureWebJobsStorage })).toHaveLength(1);
});

test('the resource id of the Batch account names it in the management plane', () => {
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/mybatch';
  const set = { ...azure, BATCH_ACCOUNT_ID: id };

  expect(readSettings(azure, none).management).toBeNull();
  expect(readSettings(set, none).management).toEqual({ accountId: id, endpoint: null });
  expect(
    readSettings({ ...set, MANAGEMENT_ENDPOINT: 'http://127.0.0.1:1/' }, none).management,
  ).toEqual({ accountId: id, endpoint: 'http://127.0.0.1:1' });
});

test.each([
  ['BATCH_ACCOUNT_ID', 'mybatch'],
  [
    'BATCH_ACCOUNT_ID',
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/pools/b',
  ],
  ['MANAGEMENT_ENDPOINT', 'http://management.example.com'],
  ['MANAGEMENT_ENDPOINT', 'http://localhost:1@management.example.com'],
])('the setting %s must not be %s', (name, value) => {
  expect(errorsIn({ ...azure, [name]: value })).toEqual([
    `${name}: not valid; it is ${settingRows[name as keyof typeof settingRows][1]}`,
  ]);
});

const nightly = { workload: 'nightly-report', index: 0, timeZone: 'UTC', catchUp: 'last' } as const;

test('the app setting of a schedule overrides the declared one [RS1]', () => {
  const set = { ...azure, SCHEDULE_NIGHTLY_REPORT: '0 30 23 1 * *' };

  expect(scheduleSetting('nightly-report')).toBe('SCHEDULE_NIGHTLY_REPORT');
  expect(readSettings(set, shipped).schedules).toEqual({
    'nightly-report': [{ ...nightly, cron: '0 30 23 1 * *' }],
  });
  expect(readSettings({ ...azure, SCHEDULE_RENDER: '0 0 2 * * *' }, shipped).schedules).toEqual({
    'nightly-report': [{ ...nightly, cron: '0 0 2 * * *' }],
  });
});

test('a schedule in force has the zone of the app unless it names one, and a delay of its own [RS25]', () => {
  const of = (
    triggers: NonNullable<WorkloadDeclaration['triggers']>,
    environment: Readonly<Record<string, string>>,
  ) => {
    const workloads = checkWorkloads([{ ...whole, name: 'report', triggers }]);
    return readSettings(environment, workloads).schedules['report'];
  };
  const berlin = { ...azure, WEBSITE_TIME_ZONE: 'Europe/Berlin' };
  const schedule = ['0 2 * * *', { cron: '0 3 * * *', timeZone: 'Asia/Tokyo', jitterMinutes: 600 }];

  const [first, second] = of({ schedule }, berlin) ?? [];
  expect(first).toEqual({
    ...nightly,
    workload: 'report',
    cron: '0 2 * * *',
    timeZone: 'Europe/Berlin',
  });
  expect(second).toMatchObject({ index: 1, timeZone: 'Asia/Tokyo' });
  expect(second?.delayMinutes).toBeGreaterThan(0);
  expect(second?.delayMinutes).toBeLessThanOrEqual(600);
  expect(of({ schedule }, berlin)).toEqual([first, second]);
  expect(of({ schedule }, { ...berlin, SCHEDULE_REPORT: '0 4 * * *' })).toEqual([
    { ...first, cron: '0 4 * * *' },
  ]);
});

/** Read by the host, not by the app. */
const hostSettings = ['FUNCTIONS_WORKER_RUNTIME', 'AzureFunctionsWebHost__hostid'];

test('every setting of the example is known, and the example is valid', () => {
  const file = join(__dirname, '..', 'local.settings.example.json');
  const { Values } = JSON.parse(readFileSync(file, 'utf8')) as { Values: Record<string, string> };
  const known = [
    ...Object.keys(settingRows),
    ...hostSettings,
    ...[...shipped.keys()].map(scheduleSetting),
  ];

  expect(Object.keys(Values).filter((name) => !known.includes(name))).toEqual([]);
  expect(errorsIn(Values, shipped)).toEqual([]);
});

test('the settings in effect are logged when the app starts, with every secret masked [PY2]', () => {
  const nodes = { POOL_SUBNET_ID: '/subscriptions/s/resourceGroups/g/x/subnets/nodes' };
  const budget = { MONTHLY_NODE_MINUTES: '900', MONTHLY_BUDGET: '12.5' };
  const schedules = { SCHEDULE_NIGHTLY_REPORT: '0 0 4 * * *' };
  const lines = (environment: Readonly<Record<string, string>>) =>
    describeSettings(readSettings(environment, shipped), shipped);

  expect(lines(azure)).toEqual([
    'Batch: https://mybatch.westeurope.batch.azure.com, as the managed identity 33333333-3333-4333-8333-333333333333',
    'storage: https://mystore.blob.core.windows.net, as the managed identity 33333333-3333-4333-8333-333333333333',
    'Key Vault: https://myvault.vault.azure.net, as the managed identity 33333333-3333-4333-8333-333333333333',
    'nodes: standard_d2s_v5 by default, in a network of Batch',
    'blob events: EventGrid',
    'bounds: 50 active runs, 30 starts a minute',
    'workload nightly-report: at "0 0 2 * * *" in UTC, on request; at most 1 × default size for 120 minutes',
    'workload render: for each blob in inbox, on request; at most 3 × default size for 240 minutes',
  ]);
  expect(lines({ ...keys, ...nodes, ...budget, ...schedules })).toEqual([
    'Batch: http://127.0.0.1:10100, with the key of account mybatch (***)',
    'storage: with the key of account mystore (***)',
    'Key Vault: https://myvault.vault.azure.net, as the user who is signed in',
    'nodes: standard_d2s_v5 by default, in /subscriptions/s/resourceGroups/g/x/subnets/nodes',
    'blob events: LogsAndContainerScan',
    'bounds: 50 active runs, 30 starts a minute, 900 node-minutes a month, a cost of 12.5 a month',
    'workload nightly-report: at "0 0 4 * * *" in UTC (app setting; declared: "0 0 2 * * *"), on request; at most 1 × default size for 120 minutes',
    'workload render: for each blob in inbox, on request; at most 3 × default size for 240 minutes',
  ]);
});

test('no line shows a secret, wherever it was put [PY2, GD19]', () => {
  const { BATCH_ACCOUNT_KEY: _key, ...rest } = keys;
  const settings = readSettings(
    {
      ...rest,
      BATCH_ACCOUNT_KEY_SECRET: 'batch-key',
      BATCH_ACCOUNT_ENDPOINT: `https://me:${CANARY}@127.0.0.1/?sig=${CANARY}`,
      KEY_VAULT_URI: `https://127.0.0.1/?code=${CANARY}#${CANARY}`,
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
    none,
  );

  expect(describeSettings(settings, none)).toEqual([
    'Batch: https://127.0.0.1, with the key of account mybatch, which is the secret batch-key in the vault',
    'storage: the emulator on this machine',
    'Key Vault: https://127.0.0.1, as the user who is signed in',
    'nodes: standard_d2s_v5 by default, in a network of Batch',
    'blob events: LogsAndContainerScan',
    'bounds: 50 active runs, 30 starts a minute',
  ]);
});

test('prices of nodes may name a VM size in any case', () => {
  const NODE_PRICES = '{"Standard_D2s_v5": {"spot": 0.02, "dedicated": 0.1}, "STANDARD_F4": 0.3}';

  expect(readSettings({ ...azure, NODE_PRICES }, none).nodes.prices).toEqual({
    standard_d2s_v5: { spot: 0.02, dedicated: 0.1 },
    standard_f4: 0.3,
  });
});

test('bounds on sums, the time zone and the hub of the ledger have defaults that settings replace [GD18]', () => {
  const { sums, timeZone, reconcileSchedule, taskHub } = readSettings(azure, none);
  expect({ sums, timeZone, reconcileSchedule, taskHub }).toEqual({
    sums: {
      maxActiveRuns: 50,
      maxStartsPerMinute: 30,
      monthlyNodeMinutes: null,
      monthlyCost: null,
    },
    timeZone: 'UTC',
    reconcileSchedule: '30 */5 * * * *',
    taskHub: 'nightshift',
  });

  const set = readSettings(
    {
      ...azure,
      MAX_ACTIVE_RUNS: '3',
      MAX_STARTS_PER_MINUTE: '2',
      MONTHLY_NODE_MINUTES: '1000',
      MONTHLY_BUDGET: '12.5',
      WEBSITE_TIME_ZONE: 'Europe/Berlin',
      RECONCILE_SCHEDULE: '0 */2 * * * *',
      AzureFunctionsJobHost__extensions__durableTask__hubName: 'second',
      AzureWebJobsStorage__tableServiceUri: 'https://mystore.table.example.com/',
    },
    none,
  );
  expect(set).toMatchObject({
    sums: { maxActiveRuns: 3, maxStartsPerMinute: 2, monthlyNodeMinutes: 1000, monthlyCost: 12.5 },
    timeZone: 'Europe/Berlin',
    reconcileSchedule: '0 */2 * * * *',
    taskHub: 'second',
    storage: { tableServiceUri: 'https://mystore.table.example.com' },
  });
});

test('NOTIFY names targets with their events, and their addresses need a vault', () => {
  const NOTIFY = '{"on-call": {"lateMinutes": 20}, "team": {"on": ["failed"], "form": "slack"}}';
  const { KEY_VAULT_URI, ...withoutVault } = azure;

  expect(readSettings({ ...azure, NOTIFY }, none).notify).toEqual([
    {
      to: 'on-call',
      on: ['failed', 'timedOut', 'missed', 'recovered'],
      form: 'cloudevents',
      lateMinutes: 20,
      capacityMinutes: 60,
    },
    { to: 'team', on: ['failed'], form: 'slack', lateMinutes: 30, capacityMinutes: 60 },
  ]);
  expect(describeSettings(readSettings({ ...azure, NOTIFY }, none), none)).toContain(
    'notices to team (slack): failed',
  );
  expect(errorsIn({ ...withoutVault, NOTIFY }, none)).toEqual([
    'KEY_VAULT_URI: missing; it is the vault, such as https://myvault.vault.azure.net, from which the addresses of NOTIFY are read',
  ]);
  expect(KEY_VAULT_URI).toMatch(/^https:/);
});

test('a workload that notifies a target needs a vault', () => {
  const { KEY_VAULT_URI: _, ...withoutVault } = azure;
  const workload: WorkloadDeclaration = { ...whole, notify: [{ to: 'on-call' }] };

  expect(errorsIn(withoutVault, checkWorkloads([workload]))).toEqual([
    'KEY_VAULT_URI: missing; it is the vault, such as https://myvault.vault.azure.net, from which the address of a target of hello is read',
  ]);
});

test('the table endpoint follows from the blob endpoint where it is not set', () => {
  expect(readSettings(azure, none).storage).toEqual({
    kind: 'identity',
    blobServiceUri: 'https://mystore.blob.core.windows.net',
    tableServiceUri: 'https://mystore.table.core.windows.net',
  });
});

test.each([
  ['MAX_ACTIVE_RUNS', '0'],
  ['MAX_STARTS_PER_MINUTE', 'many'],
  ['MONTHLY_NODE_MINUTES', '-1'],
  ['MONTHLY_BUDGET', '10 EUR'],
  ['WEBSITE_TIME_ZONE', 'Europe/Nowhere'],
  ['RECONCILE_SCHEDULE', '5m'],
  ['NOTIFY', 'on-call'],
  ['NOTIFY', '["on-call"]'],
  ['NOTIFY', '{"On Call": {}}'],
  ['NOTIFY', '{"on-call": {"on": ["ended"]}}'],
  ['NOTIFY', '{"on-call": {"url": "https://example.com"}}'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=%'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'api-key=a%0Ahost: b'],
  ['OTEL_EXPORTER_OTLP_HEADERS', '@Microsoft.KeyVault(SecretUri=https://v/secrets/missing)'],
  ['BATCH_API_VERSION', 'latest'],
  ['AzureWebJobsStorage__tableServiceUri', 'mystore'],
])('the setting %s must not be %s either', (name, value) => {
  expect(errorsIn({ ...azure, [name]: value })).toEqual([
    `${name}: not valid; it is ${settingRows[name as keyof typeof settingRows][1]}`,
  ]);
});

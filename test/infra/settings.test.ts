import { expect, test } from 'vitest';
import { scheduleSetting } from '../../src/schedules-in-force';
import { readSettings, settingRows } from '../../src/settings';
import { nightlyReport } from '../../src/workloads/nightly-report';
import { render } from '../../src/workloads/render';
import { planFor, planting, profiles } from './deployment';
import type { Value } from './bicep/values';
import { checkWorkloads } from '../../src/workload/check-workloads';

const workloads = checkWorkloads([nightlyReport, render]);

/** What the host reads of these and the app does not. */
const HOST_SETTINGS = [
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__queueServiceUri',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];

/** What src/settings.ts reads and this deployment does not set, and why. */
const NOT_SET: Readonly<Record<string, string>> = {
  BATCH_ACCOUNT_NAME: 'goes with a key, and the account takes none',
  BATCH_ACCOUNT_KEY: 'the account takes no key',
  BATCH_ACCOUNT_KEY_SECRET: 'the account takes no key',
  AzureWebJobsStorage: 'a connection string holds a key, and the account takes none',
  IDENTITY_ENDPOINT: 'the platform sets it',
  MANAGEMENT_ENDPOINT: 'that of the cloud of the account is right',
  SPOT_CORE_QUOTA: 'the app looks it up',
  DEDICATED_CORE_QUOTA: 'the app looks it up',
  SERVICE_RETRIES: 'three are right for most',
  WEBSITE_SITE_NAME: 'the platform sets it',
  AZURE_FUNCTIONS_ENVIRONMENT: 'the platform is in production without it',
  CLOCK_PACE: 'the clock is real time',
  WEBSITE_TIME_ZONE: 'Flex Consumption has no time zones',
};

function settingsOf(
  params: Readonly<Record<string, Value>>,
  planted: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const config = planFor(params, planted).resources.find(
    ({ type }) => type === 'Microsoft.Web/sites/config',
  );
  return config?.body['properties'] as Record<string, string>;
}

/** The settings that nobody reads, and those that nobody sets. */
function disagreement(settings: Readonly<Record<string, string>>) {
  const durable = Object.keys(settings).filter((name) =>
    /^(AzureFunctionsJobHost__|DURABLE_)/.test(name),
  );
  const schedules = [...workloads.values()].map(({ name }) => scheduleSetting(name));
  const read = [...Object.keys(settingRows), ...schedules, ...HOST_SETTINGS, ...durable];
  const mustBeSet = [...Object.keys(settingRows), ...HOST_SETTINGS].filter(
    (name) => !(name in NOT_SET),
  );
  return {
    readByNobody: Object.keys(settings).filter((name) => !read.includes(name)),
    setByNobody: mustBeSet.filter((name) => !(name in settings)),
  };
}

test('the deployment sets every app setting that is read, and no other', () => {
  expect(disagreement(settingsOf(profiles['everything'] ?? {}))).toEqual({
    readByNobody: [],
    setByNobody: [],
  });
  // A subnet, prices, budgets and schedules are left out where there are none.
  expect(disagreement(settingsOf(profiles['plain'] ?? {}))).toEqual({
    readByNobody: [],
    setByNobody: [
      'BATCH_API_VERSION',
      'POOL_SUBNET_ID',
      'NODE_PRICES',
      'PRICE_CURRENCY',
      'MONTHLY_NODE_MINUTES',
      'MONTHLY_BUDGET',
      'NOTIFY',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_HEADERS',
      'RECONCILE_SCHEDULE',
    ],
  });
});

test('every setting that is left unset has a reason', () => {
  const settings = settingsOf(profiles['everything'] ?? {});
  for (const name of Object.keys(NOT_SET)) {
    expect(settings).not.toHaveProperty([name]);
    expect(settingRows).toHaveProperty([name]);
  }
});

test('without bounds of its own a deployment has those of the app', () => {
  const settings = filledIn(settingsOf(profiles['plain'] ?? {}));
  const { sums, reconcileSchedule } = readSettings(settings, workloads);
  const minimal = {
    BATCH_ACCOUNT_ENDPOINT: 'https://ba.westeurope.batch.azure.com',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    KEY_VAULT_URI: 'https://kv.vault.azure.net',
  };
  const byDefault = readSettings(minimal, workloads);
  expect({ sums, reconcileSchedule }).toEqual({
    sums: byDefault.sums,
    reconcileSchedule: byDefault.reconcileSchedule,
  });
});

test('a misspelt setting is found from both sides', () => {
  const planted = planting(
    'infra/app/functions.bicep',
    'BATCH_ACCOUNT_ENDPOINT:',
    'BATCH_ENDPOINT:',
  );
  expect(disagreement(settingsOf(profiles['everything'] ?? {}, planted))).toEqual({
    readByNobody: ['BATCH_ENDPOINT'],
    setByNobody: ['BATCH_ACCOUNT_ENDPOINT'],
  });
});

/** As Azure would fill them in. */
function filledIn(settings: Readonly<Record<string, string>>): Record<string, string> {
  const known: Readonly<Record<string, string>> = {
    'primaryEndpoints.blob': 'https://sttoken.blob.core.windows.net/',
    'primaryEndpoints.queue': 'https://sttoken.queue.core.windows.net/',
    'primaryEndpoints.table': 'https://sttoken.table.core.windows.net/',
    'properties.accountEndpoint': 'batoken.westeurope.batch.azure.com',
    'properties.vaultUri': 'https://kv-token.vault.azure.net/',
    'properties.clientId': '44444444-4444-4444-8444-444444444444',
  };
  const fill = (text: string) =>
    text.replaceAll(/\{\/[^}]*\}/g, (open) => {
      const found = Object.entries(known).find(([end]) => open.endsWith(`${end}}`));
      return found?.[1] ?? open;
    });
  const resolve = (text: string) =>
    text === '@Microsoft.KeyVault(SecretUri=https://kv-token.vault.azure.net/secrets/otlp-headers)'
      ? 'api-key=s3cret'
      : text;
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, resolve(fill(planText(value)))]),
  );
}

function planText(value: unknown): string {
  return typeof value === 'string' ? value : `{/${(value as { path: string[] }).path.join('.')}}`;
}

test('the app accepts the settings of the deployment: identity, Event Grid, no key', () => {
  const environment: Record<string, string> = {
    ...filledIn(settingsOf(profiles['everything'] ?? {})),
    IDENTITY_ENDPOINT: 'http://169.254.255.2:8081/msi/token',
  };
  const subnet = environment['POOL_SUBNET_ID'] ?? '';
  const accountId = environment['BATCH_ACCOUNT_ID'] ?? '';
  expect(accountId).toMatch(/\/providers\/Microsoft\.Batch\/batchAccounts\/ba\w+$/);
  expect(readSettings(environment, workloads)).toEqual({
    batch: {
      endpoint: 'https://batoken.westeurope.batch.azure.com',
      accountKey: null,
      apiVersion: '2025-06-01',
    },
    nodes: {
      vmSize: 'standard_d2s_v5',
      subnetId: subnet,
      prices: { standard_d2s_v5: 0.02 },
    },
    management: { accountId, endpoint: null },
    about: { name: 'nightshift', environment: null, currency: 'EUR' },
    limits: { spotCoreQuota: null, dedicatedCoreQuota: null },
    sums: {
      maxActiveRuns: 20,
      maxStartsPerMinute: 10,
      monthlyNodeMinutes: 30000,
      monthlyCost: 40,
    },
    storage: {
      kind: 'identity',
      blobServiceUri: 'https://sttoken.blob.core.windows.net',
      tableServiceUri: 'https://sttoken.table.core.windows.net',
    },
    taskHub: 'nightshift',
    clockPace: null,
    timeZone: 'UTC',
    reconcileSchedule: '30 */10 * * * *',
    vaultUri: 'https://kv-token.vault.azure.net/',
    identity: { clientId: '44444444-4444-4444-8444-444444444444', managed: true },
    blobTriggerSource: 'EventGrid',
    serviceRetries: 3,
    collector: {
      endpoint: 'https://collector.example.com:4318',
      headers: { 'api-key': 's3cret' },
    },
    notify: [
      {
        to: 'on-call',
        on: ['failed'],
        form: 'cloudevents',
        lateMinutes: 30,
        capacityMinutes: 60,
      },
    ],
    schedules: {
      'nightly-report': [
        {
          workload: 'nightly-report',
          index: 0,
          cron: '0 30 1 * * *',
          timeZone: 'UTC',
          catchUp: 'last',
        },
      ],
    },
  });
});

test('with the scheduler, the setting that overrides host.json names an existing setting', () => {
  const settings = settingsOf(profiles['everything'] ?? {});
  const prefix = 'AzureFunctionsJobHost__extensions__durableTask__storageProvider__';
  expect(settings[`${prefix}type`]).toBe('azureManaged');
  expect(settings[settings[`${prefix}connectionStringName`] ?? '']).toMatch(
    /^Endpoint=\{.*\};Authentication=ManagedIdentity;ClientID=\{.*clientId\}$/,
  );
});

import { z } from 'zod';
import { aboutOf, type AboutApp } from './about';
import { Failure } from './failure';
import type { SchedulesInForce } from './ledger/schedules';
import { readSchedules } from './schedules-in-force';
import { checkSchedule } from './workload/checks/schedule';
import { collectorIn, collectorRows, unsafeHeaders, type Collector } from './telemetry/collector';
import { json } from './workload/fields';
import { isTimeZone } from './workload/schedule-schema';
import { appTargets, type NotifyTarget } from './workload/notify-schema';
import { DEFAULT_VM_SIZE, type NodeDefaults } from './workload/node-defaults';
import { priceTable, pricesFor } from './workload/price-table';
import type { Quotas } from './run/forecast/quotas';
import type { AppLimits } from './ledger/admission';
import type { Workloads } from './workload/workload';
import { registrySecretsOf, secretsOf } from './workload/programs';

/** The app settings. They are read once, checked together and frozen. */
export interface Settings {
  readonly batch: {
    readonly endpoint: string;
    /** The account key that signs requests; null to use the identity. */
    readonly accountKey: AccountKey | null;
    /** The REST version of requests; null for that of the client library. */
    readonly apiVersion: string | null;
  };
  /** The Batch account in the management plane; null when BATCH_ACCOUNT_ID is not set. */
  readonly management: {
    /** The resource id. */
    readonly accountId: string;
    /** Null for the endpoint of the cloud that the Batch endpoint belongs to. */
    readonly endpoint: string | null;
  } | null;
  readonly storage:
    | { readonly kind: 'connectionString'; readonly text: string }
    | {
        readonly kind: 'identity';
        readonly blobServiceUri: string;
        readonly tableServiceUri: string;
      };
  /** Defaults for the nodes of every pool. */
  readonly nodes: NodeDefaults;
  readonly vaultUri: string | null;
  readonly identity: {
    readonly clientId: string | null;
    /** True where the platform provides a managed identity; a developer's machine has none. */
    readonly managed: boolean;
  };
  readonly blobTriggerSource: 'EventGrid' | 'LogsAndContainerScan';
  /** Retries of one request to Batch, storage or the vault; steps are retried in addition. */
  readonly serviceRetries: number;
  readonly about: AboutApp;
  /** Quotas that plans calculate with. */
  readonly limits: Quotas;
  /** Bounds on sums over all runs. */
  readonly sums: AppLimits;
  /** The name of the task hub, which names the ledger and the owner id of this app too. */
  readonly taskHub: string;
  /** IANA time zone of the schedules. */
  readonly timeZone: string;
  /** A clock that runs faster than real time; null for real time. */
  readonly clockPace: ClockPace | null;
  /** NCRONTAB of the reconciler. */
  readonly reconcileSchedule: string;
  /** The targets that are notified of events of all workloads. */
  readonly notify: readonly NotifyTarget[];
  /** Receives traces and metrics of runs; null when telemetry is switched off. */
  readonly collector: Collector | null;
  /** The schedules in force by workload: that of the app setting, or else the declared ones. */
  readonly schedules: SchedulesInForce;
}

/** At the real time `realEpoch` the clock showed `clockEpoch`; both in milliseconds since 1970. */
export type ClockPace = Readonly<z.output<typeof clockPaceSchema>>;
const clockPaceSchema = z.strictObject({
  realEpoch: z.number(),
  clockEpoch: z.number(),
  /** Seconds of the clock for each real second. */
  speed: z.number().positive(),
});

export type AccountKey =
  | { readonly name: string; readonly kind: 'key'; readonly key: string }
  | { readonly name: string; readonly kind: 'secret'; readonly secret: string };

/** A connection string that the storage client accepts and can sign with. */
const CONNECTION_STRING =
  /^(?:UseDevelopmentStorage=true\b|(?=.*DefaultEndpointsProtocol=https?;)(?=.*AccountName=[^;])(?=.*AccountKey=[^;]))/i;
const API_VERSION = /^\d{4}-\d{2}-\d{2}(\.\d+\.\d+)?$/;
const webAddress = z.url({ protocol: /^https?$/ });

/** A token for the management plane grants more than this app needs: it is sent over TLS, or to this machine. */
function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || hostname === '127.0.0.1' || hostname === 'localhost';
}

/** Every setting with its schema and its description. An empty value counts as missing. */
export const settingRows = {
  BATCH_ACCOUNT_ENDPOINT: [
    webAddress,
    'the Batch account, such as https://myaccount.westeurope.batch.azure.com',
  ],
  BATCH_ACCOUNT_ID: [
    z
      .string()
      .regex(
        /^\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/Microsoft\.Batch\/batchAccounts\/[^/?#]+$/i,
      )
      .optional(),
    'the resource id of the Batch account, so that plans can look up quotas and default versions',
  ],
  MANAGEMENT_ENDPOINT: [
    webAddress.refine(isSafe).optional(),
    'the endpoint of Azure Resource Manager, over https, if it differs from that of the cloud of the Batch account',
  ],
  BATCH_ACCOUNT_NAME: [z.string().optional(), 'the name of the Batch account, when a key is used'],
  BATCH_ACCOUNT_KEY: [z.base64().optional(), 'the account key, when no identity is used'],
  BATCH_ACCOUNT_KEY_SECRET: [
    z.string().optional(),
    'the name of the Key Vault secret that holds the account key',
  ],
  BATCH_API_VERSION: [
    z.string().regex(API_VERSION).optional(),
    'the REST version of the Batch service, such as 2025-06-01; 2022-10-01.16.0 by default, whose retirement Azure has announced',
  ],
  POOL_VM_SIZE: [
    z
      .string()
      .regex(/^standard_[a-z0-9_-]+$/i)
      .default(DEFAULT_VM_SIZE),
    'the VM size of nodes for workloads that name none, such as standard_d2s_v5',
  ],
  POOL_SUBNET_ID: [
    z
      .string()
      .regex(/^\/subscriptions\/[^/]+\/resourceGroups\/.+\/subnets\/[^/]+$/i)
      .optional(),
    'the resource id of the subnet that nodes join',
  ],
  AzureWebJobsStorage: [
    z.string().regex(CONNECTION_STRING).optional(),
    'a connection string with an account key, or UseDevelopmentStorage=true',
  ],
  AzureWebJobsStorage__blobServiceUri: [
    webAddress.optional(),
    'the blob endpoint of the storage account, such as https://mystorage.blob.core.windows.net',
  ],
  AzureWebJobsStorage__tableServiceUri: [
    webAddress.optional(),
    'the table endpoint of the storage account; by default that of the blob endpoint with .table. in place of .blob.',
  ],
  KEY_VAULT_URI: [webAddress.optional(), 'the vault, such as https://myvault.vault.azure.net'],
  AZURE_CLIENT_ID: [z.string().optional(), 'the client id of the user-assigned identity'],
  IDENTITY_ENDPOINT: [
    z.string().optional(),
    'set by the platform where there is a managed identity',
  ],
  NODE_PRICES: [
    json(priceTable).default({}),
    'prices of a node for an hour by VM size, as JSON: {"standard_d2s_v5": {"spot": 0.02, "dedicated": 0.1}}',
  ],
  PRICE_CURRENCY: [
    z
      .string()
      .regex(/^[A-Z]{3}$/)
      .default('USD'),
    'the currency of NODE_PRICES, of the prices in workloads and of budgets, such as EUR; USD by default. The list prices of this version are in USD, and are used with no other currency',
  ],
  WEBSITE_SITE_NAME: [
    z.string().optional(),
    'set by the platform: the name of the function app, which the overview shows',
  ],
  AZURE_FUNCTIONS_ENVIRONMENT: [
    z.string().optional(),
    'the environment that the overview names, such as Development',
  ],
  SPOT_CORE_QUOTA: [
    z.coerce.number().int().min(0).optional(),
    'the Spot core quota of the Batch account, if plans cannot look it up or should use another number',
  ],
  DEDICATED_CORE_QUOTA: [
    z.coerce.number().int().min(0).optional(),
    'the dedicated core quota of the Batch account, if plans cannot look it up or should use another number',
  ],
  SERVICE_RETRIES: [
    z.coerce.number().int().min(0).max(10).default(3),
    'the number of retries of one request to Batch, storage or the vault, 0 to 10',
  ],
  MAX_ACTIVE_RUNS: [
    z.coerce.number().int().min(1).max(1000).default(50),
    'the most runs of all workloads that are active at once, 1 to 1000; further ones wait',
  ],
  MAX_STARTS_PER_MINUTE: [
    z.coerce.number().int().min(1).max(1000).default(30),
    'the most runs that start within a minute, 1 to 1000; further ones wait',
  ],
  MONTHLY_NODE_MINUTES: [
    z.coerce.number().min(0).optional(),
    'the node-minutes of a month beyond which no run starts, with what active runs may still take',
  ],
  MONTHLY_BUDGET: [
    z.coerce.number().min(0).optional(),
    'the same as a sum of money, in the currency of the prices',
  ],
  NOTIFY: [
    json(appTargets).default([]),
    'the targets that are notified of events of all workloads, as JSON by name: {"on-call": {"on": ["failed", "missed"], "form": "slack"}}',
  ],
  ...collectorRows,
  RECONCILE_SCHEDULE: [
    z
      .string()
      .refine((text) => checkSchedule(text) === undefined)
      .default('30 */5 * * * *'),
    'the NCRONTAB schedule of the reconciler, every five minutes by default',
  ],
  WEBSITE_TIME_ZONE: [
    z.string().refine(isTimeZone).default('UTC'),
    'the IANA time zone of the schedules, such as Europe/Berlin, where the platform supports one',
  ],
  CLOCK_PACE: [
    json(clockPaceSchema).optional(),
    'a clock that runs faster than real time, as JSON: {"realEpoch": ms, "clockEpoch": ms, "speed": 60}; for trying out schedules, never in production',
  ],
  BLOB_TRIGGER_SOURCE: [
    z.enum(['EventGrid', 'LogsAndContainerScan']).default('LogsAndContainerScan'),
    'EventGrid on Flex Consumption, LogsAndContainerScan elsewhere',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

type SettingName = keyof typeof settingRows;
type SettingValues = { readonly [Name in SettingName]: z.output<(typeof settingRows)[Name][0]> };

/** @throws Failure badSettings with every setting that is missing or not valid, never with its value */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  workloads: Workloads,
): Settings {
  const { values, errors } = readRows(environment);
  const taskHub = taskHubIn(environment);
  const zone = values.WEBSITE_TIME_ZONE;
  const schedules = readSchedules({ environment, taskHub, zone }, workloads, errors);
  errors.push(...missingTogether(environment, workloads), ...unsafeHeaders(values));
  if (errors.length > 0) {
    throw new Failure(
      'badSettings',
      `the app settings have validation errors:\n  ${errors.join('\n  ')}`,
    );
  }
  return Object.freeze({
    batch: {
      endpoint: withoutSlash(values.BATCH_ACCOUNT_ENDPOINT),
      accountKey: accountKey(values),
      apiVersion: values.BATCH_API_VERSION ?? null,
    },
    management: management(values),
    storage: storage(values),
    nodes: nodes(values),
    about: aboutOf(values, taskHub),
    limits: quotas(values),
    sums: sums(values),
    taskHub,
    timeZone: values.WEBSITE_TIME_ZONE,
    reconcileSchedule: values.RECONCILE_SCHEDULE,
    clockPace: values.CLOCK_PACE ?? null,
    vaultUri: values.KEY_VAULT_URI ?? null,
    identity: identity(values),
    blobTriggerSource: values.BLOB_TRIGGER_SOURCE,
    serviceRetries: values.SERVICE_RETRIES,
    notify: values.NOTIFY,
    collector: collectorIn(values),
    schedules,
  });
}

function nodes(values: SettingValues): NodeDefaults {
  return {
    vmSize: values.POOL_VM_SIZE,
    subnetId: values.POOL_SUBNET_ID ?? null,
    prices: pricesFor(values.BATCH_ACCOUNT_ENDPOINT, {
      currency: values.PRICE_CURRENCY,
      named: values.NODE_PRICES,
    }),
  };
}

function identity(values: SettingValues): Settings['identity'] {
  return {
    clientId: values.AZURE_CLIENT_ID ?? null,
    managed: values.IDENTITY_ENDPOINT !== undefined,
  };
}

function quotas(values: SettingValues): Quotas {
  return {
    spotCoreQuota: values.SPOT_CORE_QUOTA ?? null,
    dedicatedCoreQuota: values.DEDICATED_CORE_QUOTA ?? null,
  };
}

function sums(values: SettingValues): AppLimits {
  return {
    maxActiveRuns: values.MAX_ACTIVE_RUNS,
    maxStartsPerMinute: values.MAX_STARTS_PER_MINUTE,
    monthlyNodeMinutes: values.MONTHLY_NODE_MINUTES ?? null,
    monthlyCost: values.MONTHLY_BUDGET ?? null,
  };
}

function readRows(environment: Readonly<Record<string, string | undefined>>): {
  values: SettingValues;
  errors: string[];
} {
  const values: Record<string, unknown> = {};
  const errors: string[] = [];
  for (const [name, [schema, meaning]] of Object.entries(settingRows)) {
    const text = environment[name];
    const checked = schema.safeParse(text === '' ? undefined : text);
    if (checked.success) values[name] = checked.data;
    else
      errors.push(
        `${name}: ${text === undefined || text === '' ? 'missing' : 'not valid'}; it is ${meaning}`,
      );
  }
  return { values: values as unknown as SettingValues, errors };
}

/** Settings that are required because of others. A setting that is not valid has been reported already. */
function* missingTogether(
  environment: Readonly<Record<string, string | undefined>>,
  workloads: Workloads,
): Generator<string> {
  const isSet = (name: SettingName): boolean => (environment[name] ?? '') !== '';
  if (!isSet('AzureWebJobsStorage') && !isSet('AzureWebJobsStorage__blobServiceUri')) {
    yield `AzureWebJobsStorage__blobServiceUri: missing; it is ${settingRows.AzureWebJobsStorage__blobServiceUri[1]} (or set AzureWebJobsStorage to a connection string)`;
  }
  const hasKey = isSet('BATCH_ACCOUNT_KEY') || isSet('BATCH_ACCOUNT_KEY_SECRET');
  if (hasKey && !isSet('BATCH_ACCOUNT_NAME')) {
    yield `BATCH_ACCOUNT_NAME: missing; it is ${settingRows.BATCH_ACCOUNT_NAME[1]}`;
  }
  const reader = [...workloads.values()].find(
    (workload) => secretsOf(workload).length + registrySecretsOf(workload).length > 0,
  );
  const notifies = [...workloads.values()].find(({ notify }) => notify.length > 0);
  const reads = [
    ...(reader === undefined ? [] : [`${reader.name} reads a secret`]),
    ...(isSet('BATCH_ACCOUNT_KEY_SECRET') ? ['the Batch account key is read'] : []),
    ...(notifies === undefined ? [] : [`the address of a target of ${notifies.name} is read`]),
    ...(isSet('NOTIFY') ? ['the addresses of NOTIFY are read'] : []),
  ];
  if (!isSet('KEY_VAULT_URI') && reads[0] !== undefined) {
    yield `KEY_VAULT_URI: missing; it is ${settingRows.KEY_VAULT_URI[1]}, from which ${reads[0]}`;
  }
}

function taskHubIn(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['AzureFunctionsJobHost__extensions__durableTask__hubName'] ?? 'nightshift';
}

function accountKey(values: SettingValues): AccountKey | null {
  const name = values.BATCH_ACCOUNT_NAME ?? '';
  if (values.BATCH_ACCOUNT_KEY !== undefined)
    return { name, kind: 'key', key: values.BATCH_ACCOUNT_KEY };
  const secret = values.BATCH_ACCOUNT_KEY_SECRET;
  return secret === undefined ? null : { name, kind: 'secret', secret };
}

function management(values: SettingValues): Settings['management'] {
  const { BATCH_ACCOUNT_ID: accountId, MANAGEMENT_ENDPOINT: endpoint } = values;
  if (accountId === undefined) return null;
  return { accountId, endpoint: endpoint === undefined ? null : withoutSlash(endpoint) };
}

function storage(values: SettingValues): Settings['storage'] {
  const uri = values.AzureWebJobsStorage__blobServiceUri;
  return uri === undefined
    ? { kind: 'connectionString', text: values.AzureWebJobsStorage ?? '' }
    : {
        kind: 'identity',
        blobServiceUri: withoutSlash(uri),
        tableServiceUri: withoutSlash(
          values.AzureWebJobsStorage__tableServiceUri ?? uri.replace('.blob.', '.table.'),
        ),
      };
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

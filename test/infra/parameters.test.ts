import { expect, test } from 'vitest';
import { textOf, type Value } from './bicep/values';
import { PERSON, planFor, planting, sourcesWith, textAt } from './deployment';

/**
 * What azd makes of the parameters file and its environment, as its source has it
 * (Azure/azure-dev, cli/azd/pkg/infra/provisioning/bicep/bicep_provider.go, `loadParameters` and
 * `armParameterFileValue`). Variables are put into text that is JSON already, quotation marks and
 * all; only where one text stands for a whole object is it read as JSON afterwards.
 */
function parametersOf(
  environment: Readonly<Record<string, string>>,
  planted: Readonly<Record<string, string>> = {},
): Record<string, Value> {
  const types = new Map(
    sourcesWith(planted)
      .template('infra/main.bicep')
      .params.map(({ name, type }) => [name, type]),
  );
  const { parameters } = JSON.parse(textAt('infra/main.parameters.json')) as {
    parameters: Record<string, { value: unknown }>;
  };
  const found = Object.entries(parameters).flatMap(([name, parameter]): [string, Value][] => {
    const isWhole = types.get(name) === 'object' && typeof parameter.value === 'string';
    const written = isWhole ? String(parameter.value) : JSON.stringify(parameter);
    let isUnset = false;
    const filled = written.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => {
      isUnset ||= !(variable in environment);
      return environment[variable] ?? '';
    });
    if (isWhole) return filled === '' && isUnset ? [] : [[name, JSON.parse(filled) as Value]];
    const { value } = JSON.parse(filled) as { value: Value };
    return value === '' && isUnset ? [] : typed(name, value, types.get(name));
  });
  return Object.fromEntries(found);
}

/** Text for a number or a truth value becomes one; what does not is left to the template's default. */
function typed(name: string, value: Value, type: string | undefined): [string, Value][] {
  if (type === 'bool')
    return value === 'true' || value === 'false' ? [[name, value === 'true']] : [];
  if (type === 'int') return /^\d+$/.test(textOf(value)) ? [[name, Number(value)]] : [];
  return [[name, value]];
}

const asked = { AZURE_ENV_NAME: 'try', AZURE_LOCATION: 'westeurope' };
const signedIn = { ...asked, AZURE_PRINCIPAL_ID: PERSON, AZURE_PRINCIPAL_TYPE: 'User' };

/** As the guide shows them. */
const everything = {
  ...signedIn,
  STORAGE_ACCOUNT_NAME: 'stmine',
  BATCH_ACCOUNT_NAME: 'bamine',
  POOL_VM_SIZE: 'standard_d2ls_v5',
  NODE_PRICES: '{"standard_d2s_v5": {"spot": 0.02, "dedicated": 0.1}}',
  PRICE_CURRENCY: 'EUR',
  ALERT_EMAIL: 'owner@example.com',
  SPOT_ALERT_HOURS: '12',
  BUDGET_AMOUNT: '50',
  BUDGET_START: '2027-01-01',
  MAX_ACTIVE_RUNS: '20',
  MAX_STARTS_PER_MINUTE: '10',
  MONTHLY_NODE_MINUTES: '30000',
  MONTHLY_BUDGET: '40',
  NOTIFY: '{"on-call": {"on": ["failed"]}}',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com:4318',
  OTLP_HEADERS_SECRET: 'otlp-headers',
  RECONCILE_SCHEDULE: '30 */10 * * * *',
  BATCH_API_VERSION: '2025-06-01',
  VNET_ENABLED: 'true',
  CONTAINER_REGISTRY: 'private',
  DURABLE_BACKEND: 'DurableTaskScheduler',
  DURABLE_ALWAYS_READY: '1',
  FUNCTIONS_NODE_VERSION: '22',
  SCHEDULE_NIGHTLY_REPORT: '0 30 1 * * *',
};

function settingsOf(params: Readonly<Record<string, Value>>) {
  const { resources } = planFor(params);
  return resources.find(({ type }) => type === 'Microsoft.Web/sites/config')?.body['properties'];
}

test('with only a name and a region everything else has a default', () => {
  expect(parametersOf(signedIn)).toEqual({
    environmentName: 'try',
    location: 'westeurope',
    principalId: PERSON,
    principalType: 'User',
    schedules: { SCHEDULE_NIGHTLY_REPORT: '' },
  });
  expect(settingsOf(parametersOf(signedIn))).not.toHaveProperty('NODE_PRICES');
  expect(settingsOf(parametersOf(signedIn))).not.toHaveProperty('SCHEDULE_NIGHTLY_REPORT');
});

test('every variable of the guide has the type that the template requires, including prices as JSON', () => {
  const params = parametersOf(everything);
  expect(params).toMatchObject({
    nodePrices: { standard_d2s_v5: { spot: 0.02, dedicated: 0.1 } },
    priceCurrency: 'EUR',
    spotAlertHours: 12,
    budgetAmount: 50,
    maxActiveRuns: 20,
    maxStartsPerMinute: 10,
    monthlyNodeMinutes: 30000,
    monthlyBudget: 40,
    notify: { 'on-call': { on: ['failed'] } },
    otlpEndpoint: 'https://collector.example.com:4318',
    otlpHeadersName: 'otlp-headers',
    reconcileSchedule: '30 */10 * * * *',
    batchApiVersion: '2025-06-01',
    vnetEnabled: true,
    durableAlwaysReady: 1,
    nodeVersion: '22',
    schedules: { SCHEDULE_NIGHTLY_REPORT: '0 30 1 * * *' },
  });
  expect(settingsOf(params)).toMatchObject({
    NODE_PRICES: '{"standard_d2s_v5":{"spot":0.02,"dedicated":0.1}}',
    PRICE_CURRENCY: 'EUR',
    SCHEDULE_NIGHTLY_REPORT: '0 30 1 * * *',
    MAX_ACTIVE_RUNS: '20',
    MAX_STARTS_PER_MINUTE: '10',
    MONTHLY_NODE_MINUTES: '30000',
    MONTHLY_BUDGET: '40',
    NOTIFY: '{"on-call":{"on":["failed"]}}',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com:4318',
    RECONCILE_SCHEDULE: '30 */10 * * * *',
    BATCH_API_VERSION: '2025-06-01',
    POOL_VM_SIZE: 'standard_d2ls_v5',
  });
});

test('a chosen name that is removed is derived from the environment again', () => {
  const names = (environment: Readonly<Record<string, string>>) =>
    planFor(parametersOf(environment))
      .resources.filter(({ type }) => type === 'Microsoft.Storage/storageAccounts')
      .map(({ name }) => name);
  expect(names({ ...signedIn, STORAGE_ACCOUNT_NAME: 'stmine' })).toEqual(['stmine']);
  expect(names({ ...signedIn, STORAGE_ACCOUNT_NAME: '' })).toEqual(names(signedIn));
});

test('found: a text parameter whose value has quotation marks', () => {
  const planted = planting(
    'infra/main.bicep',
    'param nodePrices object = {}',
    "param nodePrices string = ''",
  );
  expect(() => parametersOf(everything, planted)).toThrow('JSON');
});

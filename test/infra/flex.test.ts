import { expect, test } from 'vitest';
import { jsonAt, planFor, planting } from './deployment';
import { ofType, profile, theOne, type Plain } from './planned';

const SITE = 'Microsoft.Web/sites';
const PLAN = 'Microsoft.Web/serverfarms';

type Params = Parameters<typeof theOne>[0];

interface Scale {
  readonly instanceMemoryMB: number;
  readonly maximumInstanceCount: number;
  readonly alwaysReady: readonly { readonly name: string; readonly instanceCount: number }[];
}

function configOf(params: Params): Readonly<Record<string, Plain>> {
  return theOne(params, SITE).properties['functionAppConfig'] as Readonly<Record<string, Plain>>;
}

function scaleOf(params: Params): Scale {
  return configOf(params)['scaleAndConcurrency'] as unknown as Scale;
}

/** Groups that Flex Consumption scales by, and single functions (learn.microsoft.com/azure/azure-functions/flex-consumption-plan, "Per-function scaling"). */
const GROUPS = ['http', 'blob', 'durable'];

test('an instance has a size that Flex Consumption offers, and the maximum count is one it allows', () => {
  const { instanceMemoryMB, maximumInstanceCount } = scaleOf(profile('plain'));
  expect([512, 2048, 4096]).toContain(instanceMemoryMB);
  expect(maximumInstanceCount).toBeGreaterThanOrEqual(40);
  expect(maximumInstanceCount).toBeLessThanOrEqual(1000);
});

test('no instance is always ready unless configured, and then for an existing group of functions', () => {
  expect(scaleOf(profile('plain')).alwaysReady).toEqual([]);
  for (const durableAlwaysReady of [1, 5]) {
    const { alwaysReady } = scaleOf(profile('plain', { durableAlwaysReady }));
    expect(alwaysReady).toEqual([{ name: expect.any(String), instanceCount: durableAlwaysReady }]);
    for (const { name } of alwaysReady) expect(GROUPS).toContain(name);
  }
  expect(() => planFor(profile('plain', { durableAlwaysReady: 6 }))).toThrow('6 is too large');
});

test('plan and app run on Linux, and the app accepts HTTPS only', () => {
  const { body, properties } = theOne(profile('plain'), PLAN);
  expect([body['kind'], properties]).toEqual(['functionapp', { reserved: true }]);
  const site = theOne(profile('plain'), SITE);
  expect(site.body['kind']).toBe('functionapp,linux');
  expect(site.properties['httpsOnly']).toBe(true);
});

/** Flex Consumption refuses settings of other plans (functions-app-settings, "Flex Consumption plan deprecations"). */
test('the app is configured as Flex Consumption requires: no package address, no image, no second runtime', () => {
  const { properties } = theOne(profile('everything'), SITE);
  expect(Object.keys(properties).sort()).toEqual([
    'functionAppConfig',
    'httpsOnly',
    'keyVaultReferenceIdentity',
    'serverFarmId',
    'siteConfig',
    'virtualNetworkSubnetId',
  ]);
  expect(properties['siteConfig']).toEqual({ minTlsVersion: '1.2' });
  expect(Object.keys(configOf(profile('everything'))).sort()).toEqual([
    'deployment',
    'runtime',
    'scaleAndConcurrency',
  ]);
  const settings = theOne(profile('everything'), `${SITE}/config`).properties;
  const refused = /^(WEBSITES?_|FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION)|SCM_|ENABLE_ORYX)/;
  expect(Object.keys(settings).filter((name) => refused.test(name))).toEqual([]);
});

test('the version of Node follows its parameter, and is supported by the app', () => {
  const { engines } = jsonAt<{ engines: { node: string } }>('package.json');
  const [, oldest = '0'] = /^>=(\d+)/.exec(engines.node) ?? [];
  for (const nodeVersion of ['22', '24']) {
    const { runtime } = configOf(profile('plain', { nodeVersion }));
    expect(runtime).toEqual({ name: 'node', version: nodeVersion });
    expect(Number(nodeVersion)).toBeGreaterThanOrEqual(Number(oldest));
  }
  // Support for Node 20 on Azure Functions ended in April 2026.
  expect(() => planFor(profile('plain', { nodeVersion: '20' }))).toThrow('20 is none of 22, 24');
});

test('the app joins the network if there is one, and none otherwise', () => {
  expect(theOne(profile('plain'), SITE).properties['virtualNetworkSubnetId']).toBeNull();
  expect(theOne(profile('everything'), SITE).properties['virtualNetworkSubnetId']).toBe(
    'Microsoft.Network/virtualNetworks/vnet-*/subnets/app',
  );
});

/** These have no region. */
const GLOBAL = [
  'Microsoft.Network/privateDnsZones',
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks',
  'Microsoft.Insights/actionGroups',
  'Microsoft.Insights/metricAlerts',
];

function misplaced(planted: Readonly<Record<string, string>> = {}): string[] {
  const { resources } = planFor(profile('everything', { location: 'japaneast' }), planted);
  return resources
    .filter(({ body }) => 'location' in body)
    .filter(
      ({ type, body }) => body['location'] !== (GLOBAL.includes(type) ? 'global' : 'japaneast'),
    )
    .map(({ type }) => type);
}

test('every resource is in the chosen region, except those without a region', () => {
  expect(misplaced()).toEqual([]);
});

test('found: a region that does not follow its parameter', () => {
  const planted = planting('infra/app/functions.bicep', 'location: location', `location: 'eastus'`);
  expect(misplaced(planted)).toEqual([PLAN]);
});

test('by default nothing costs money between runs: no instance, no network, no registry, no budget', () => {
  const standing = [
    'Microsoft.Network/natGateways',
    'Microsoft.Network/privateEndpoints',
    'Microsoft.ContainerRegistry/registries',
    'Microsoft.DurableTask/schedulers',
    'Microsoft.Consumption/budgets',
  ];
  const asked = { environmentName: 'try', location: 'westeurope' };
  expect(standing.flatMap((type) => ofType(asked, type))).toEqual([]);
  expect(scaleOf(asked).alwaysReady).toEqual([]);
});

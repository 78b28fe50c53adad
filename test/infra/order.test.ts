import { expect, test } from 'vitest';
import { doneBefore } from './bicep/order';
import { textOf } from './bicep/values';
import { planFor, planting, profiles } from './deployment';
import { plannedFor, profile, type Planned } from './planned';

type Planting = Readonly<Record<string, string>>;

/** Resources that are told of another one and do not wait for it. */
function tooEarly(params: Parameters<typeof planFor>[0], planted: Planting = {}): string[] {
  const resources = plannedFor(params, planted);
  const { waits } = planFor(params, planted);
  return resources.flatMap((resource) => {
    const done = doneBefore(resource.path, waits);
    return resources
      .filter((other) => other.path !== resource.path && isToldOf(resource, other))
      .filter(({ path }) => !done.has(path))
      .map(({ path, name }) => `${resource.path} does not wait for ${path} ${name}`);
  });
}

function isToldOf({ scope, body }: Planned, { id }: Planned): boolean {
  const said = JSON.stringify([scope, body]);
  return [`${id}"`, `${id}/`, `${id}.`].some((text) => said.includes(text));
}

test('a resource that refers to another one is created after it', () => {
  for (const params of Object.values(profiles)) expect(tooEarly(params)).toEqual([]);
});

test.each([
  [
    'a zone that may not be there yet, as its id is put together from texts',
    planting('infra/app/private-endpoints.bicep', '    dependsOn: [zones]\n', ''),
    'endpoints/zoneGroups does not wait for endpoints/zones privatelink.vaultcore.azure.net',
  ],
  [
    'an account that may not be there yet, as its id is put together from texts',
    planting(
      'infra/main.bicep',
      'storageAccountId: storage.outputs.id\n    isPrivate',
      "storageAccountId: '${group.id}/providers/Microsoft.Storage/storageAccounts/${abbreviations.storage}${token}'\n    isPrivate",
    ),
    'batch/account does not wait for storage/account st*',
  ],
])('found: %s', (_, planted, mistake) => {
  expect(tooEarly(profile('everything'), planted)).toContain(mistake);
});

function pathsOf(type: string, who = ''): string[] {
  return plannedFor(profile('everything'))
    .filter((resource) => resource.type === type && JSON.stringify(resource.body).includes(who))
    .map(({ path }) => path);
}

const ASSIGNMENTS = 'Microsoft.Authorization/roleAssignments';

/** What needs something that no property of it names, why, and all of that. */
const needed: readonly (readonly [string, string, readonly string[]])[] = [
  ['batch/account', 'Batch tries its identity', pathsOf(ASSIGNMENTS, 'id-batch-')],
  ['functions/app', 'the app uses its roles', pathsOf(ASSIGNMENTS, 'id-app-')],
  [
    'functions/app',
    'the app looks for private addresses',
    pathsOf('Microsoft.Network/privateEndpoints/privateDnsZoneGroups'),
  ],
  [
    'functions/app',
    'the app asks for private names',
    pathsOf('Microsoft.Network/privateDnsZones/virtualNetworkLinks'),
  ],
  [
    'functions/app',
    'the host fetches its package',
    pathsOf('Microsoft.Storage/storageAccounts/blobServices/containers'),
  ],
  [
    'functions/app',
    'Durable Functions opens its task hub',
    pathsOf('Microsoft.DurableTask/schedulers/taskHubs'),
  ],
];

test.each(needed)('%s is created late enough: %s', (path, _, before) => {
  const done = doneBefore(path, planFor(profile('everything')).waits);
  expect(before.length).toBeGreaterThan(0);
  expect(before.filter((one) => !done.has(one))).toEqual([]);
});

test('found: an app that starts before its endpoints exist', () => {
  const planted = planting('infra/main.bicep', '  dependsOn: [endpoints]\n', '');
  const { waits } = planFor(profile('everything'), planted);
  expect(doneBefore('functions/app', waits)).not.toContain('endpoints/zoneGroups');
});

test('every resource has the parent that its type names', () => {
  const wrong = planFor(profile('everything')).resources.filter(({ type, parentType }) => {
    const segments = type.split('/');
    return parentType !== (segments.length > 2 ? segments.slice(0, -1).join('/') : null);
  });
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

test('no two modules share a deployment: Azure would run them as one', () => {
  for (const params of Object.values(profiles)) {
    const { modules } = planFor(params);
    const names = modules.map(({ name, resourceGroup }) =>
      `${resourceGroup}/${name}`.toLowerCase(),
    );
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(modules.map(({ resourceGroup }) => resourceGroup)).toEqual(
      modules.map(() => `rg-${textOf(params['environmentName'] ?? '')}`),
    );
  }
});

test.each([
  [
    'an output of another type than it says',
    planting('infra/main.bicep', 'output AZURE_LOCATION string', 'output AZURE_LOCATION bool'),
    'infra/main.bicep: output AZURE_LOCATION: westeurope is no bool',
  ],
  [
    'an output of a module of another type than it says',
    planting('infra/app/storage.bicep', 'output endpoints object', 'output endpoints string'),
    'infra/app/storage.bicep: output endpoints:',
  ],
  [
    'a list where a module takes text',
    planting('infra/main.bicep', 'email: alertEmail', 'email: [alertEmail]'),
    'infra/app/alerts.bicep: parameter email:',
  ],
])('found: %s', (_, planted, words) => {
  expect(() => planFor(profile('plain'), planted)).toThrow(words);
});

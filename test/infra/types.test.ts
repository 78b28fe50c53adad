import { expect, test } from 'vitest';
import { misreadOf, mistakesOf, type TypeTables } from './bicep/types';
import { bicepFiles, jsonAt, planFor, planting, profiles, sourcesWith, textAt } from './deployment';

const tables = jsonAt<TypeTables>('test/infra/bicep/types.json');

function mistakesWith(planted: Readonly<Record<string, string>> = {}): string[] {
  const found = Object.values(profiles).flatMap((params) => {
    const { resources, reads } = planFor(params, planted);
    return [
      ...resources.flatMap((resource) => mistakesOf(resource, tables)),
      ...reads.flatMap((read) => misreadOf(read, tables)),
    ];
  });
  return [...new Set(found)];
}

test("every resource conforms to Microsoft's own type tables [GD13]", () => {
  expect(tables.source).toBe('@azure/mcp-linux-x64 2.0.5, bicepschema get');
  expect(mistakesWith()).toEqual([]);
});

test('the profiles together deploy every declared resource and module', () => {
  const used = new Set(Object.values(profiles).flatMap((params) => [...planFor(params).used]));
  const { template } = sourcesWith();
  const declared = bicepFiles.flatMap((file) => {
    const { resources, modules } = template(file);
    return [...resources, ...modules].map(({ name }) => `${file} ${name}`);
  });
  expect(declared.filter((name) => !used.has(name))).toEqual([]);
});

test('types without a table are listed by name, and every other type is checked', () => {
  const types = new Set(planFor(profiles['everything'] ?? {}).resources.map(({ type }) => type));
  const without = [...types].filter((type) => !(type in tables.resources)).sort();
  expect(without).toEqual(tables.unchecked);
  for (const type of tables.unchecked) expect(textAt('infra/README.md')).toContain(`\`${type}\``);
  expect(tables.unchecked).toEqual([
    'Microsoft.DurableTask/schedulers',
    'Microsoft.DurableTask/schedulers/taskHubs',
    'Microsoft.Insights/actionGroups',
    'Microsoft.Insights/diagnosticSettings',
    'Microsoft.Insights/metricAlerts',
    'Microsoft.Insights/scheduledQueryRules',
    'Microsoft.Network/privateDnsZones',
    'Microsoft.Network/privateDnsZones/virtualNetworkLinks',
  ]);
});

test.each([
  [
    'a property that is spelt wrong',
    planting('infra/app/batch.bicep', 'poolAllocationMode:', 'poolAlocationMode:'),
    ['infra/app/batch.bicep account.properties.poolAlocationMode: there is no such property'],
  ],
  [
    'a value that is not on the list',
    planting('infra/app/batch.bicep', "['AAD']", "['Entra']"),
    [
      'infra/app/batch.bicep account.properties.allowedAuthenticationModes[0]: Entra is none of SharedKey, AAD, TaskAuthenticationToken',
    ],
  ],
  [
    'a required property that is missing, deep inside',
    planting('infra/app/batch.bicep', 'storageAccountId: storageAccountId', ''),
    ['infra/app/batch.bicep account.properties.autoStorage.storageAccountId: missing'],
  ],
  [
    'a property that only Azure sets',
    planting('infra/app/batch.bicep', "poolAllocationMode: 'BatchService'", 'poolQuota: 3'),
    ['infra/app/batch.bicep account.properties.poolQuota: only Azure sets it'],
  ],
  [
    'text where a number belongs',
    planting('infra/app/functions.bicep', 'instanceMemoryMB: 2048', "instanceMemoryMB: '2048'"),
    [
      'infra/app/functions.bicep app.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB: 2048 is no int',
    ],
  ],
  [
    'a number that is too small',
    planting(
      'infra/app/storage.bicep',
      'deleteRetentionPolicy: { enabled: true, days: 7 }',
      'deleteRetentionPolicy: { enabled: true, days: 0 }',
    ),
    ['infra/app/storage.bicep blobs.properties.deleteRetentionPolicy.days: 0 is too small'],
  ],
  [
    'a number that is too large',
    planting(
      'infra/app/storage.bicep',
      'deleteRetentionPolicy: { enabled: true, days: 7 }',
      'deleteRetentionPolicy: { enabled: true, days: 366 }',
    ),
    ['infra/app/storage.bicep blobs.properties.deleteRetentionPolicy.days: 366 is too large'],
  ],
  [
    'another version than that of the table',
    planting('infra/app/identity.bicep', '@2024-11-30', '@2018-11-30'),
    ['infra/app/identity.bicep identity: version 2018-11-30, the table is of 2024-11-30'],
  ],
  [
    'a name that Azure does not take',
    planting('infra/abbreviations.json', '"batch": "ba"', '"batch": "ba-"'),
    [
      'infra/app/batch.bicep account.name: "ba-a1a9105a0594a" does not match ^[a-z0-9]+$',
      'infra/app/batch.bicep account.name: "ba-a87affedba391" does not match ^[a-z0-9]+$',
    ],
  ],
  [
    'a name that is none of those that the type has',
    planting('infra/app/functions.bicep', "name: 'scm'", "name: 'sftp'"),
    ['infra/app/functions.bicep scmPublishing.name: sftp is no case of it'],
  ],
  [
    'a wrong value that comes through a file, a variable, a module and a loop',
    planting('infra/app.json', '"inbox"', '"in"'),
    ['infra/app/storage.bicep blobContainers.name: "in" is too short'],
  ],
  [
    'a property read that Azure does not give',
    planting('infra/app/vault.bicep', 'vault.properties.vaultUri', 'vault.properties.uri'),
    ['Microsoft.KeyVault/vaults has no properties.uri'],
  ],
])('found: %s', (_, planted, expected) => {
  expect(mistakesWith(planted)).toEqual(expected);
});

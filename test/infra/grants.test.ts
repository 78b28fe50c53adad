import { expect, test } from 'vitest';
import { builtInRoles } from '../../local/roles/built-in';
import { PERSON, planFor, planting } from './deployment';
import { ofType, profile } from './planned';

const ASSIGNMENTS = 'Microsoft.Authorization/roleAssignments';
const ROLES =
  '/subscriptions/00000000-0000-4000-8000-000000000000/providers/Microsoft.Authorization/roleDefinitions';

const identity = (name: string) =>
  `{Microsoft.ManagedIdentity/userAssignedIdentities/id-${name}-*.properties.principalId}`;

const account = 'Microsoft.Storage/storageAccounts/st*';
const batch = 'Microsoft.Batch/batchAccounts/ba*';
const vault = 'Microsoft.KeyVault/vaults/kv-*';
const insights = 'Microsoft.Insights/components/appi-*';
const nodes = 'Microsoft.Network/virtualNetworks/vnet-*/subnets/nodes';
const scheduler = 'Microsoft.DurableTask/schedulers/dts-*';
const registry = 'Microsoft.ContainerRegistry/registries/cr*';

type Row = readonly [role: keyof typeof builtInRoles, on: string];

/** Who is given what, on what and no more. */
const toApp: readonly Row[] = [
  ['Monitoring Metrics Publisher', insights],
  ['Storage Blob Data Owner', account],
  ['Storage Queue Data Contributor', account],
  ['Storage Table Data Contributor', account],
  ['Key Vault Secrets User', vault],
  ['Azure Batch Data Contributor', batch],
];
const toBatch: readonly Row[] = [['Storage Blob Data Contributor', account]];
const toPerson: readonly Row[] = [
  ['Storage Blob Data Contributor', account],
  ['Key Vault Secrets Officer', vault],
  ['Azure Batch Data Contributor', batch],
];
const toAppWithEverything: readonly Row[] = [
  ['Network Contributor', nodes],
  ['Durable Task Data Contributor', scheduler],
];
const toPersonWithEverything: readonly Row[] = [
  ['Durable Task Data Contributor', scheduler],
  ['AcrPush', registry],
];

interface Assignment {
  readonly principalId: string;
  readonly principalType: string;
  readonly roleDefinitionId: string;
}

function assignmentsWith(
  params: Parameters<typeof ofType>[0],
  planted: Readonly<Record<string, string>> = {},
): string[] {
  return ofType(params, ASSIGNMENTS, planted)
    .map(({ scope, properties }) => {
      const { principalId, principalType, roleDefinitionId } = properties as unknown as Assignment;
      return [principalType, principalId, roleDefinitionId, scope ?? 'nothing'].join(' ');
    })
    .sort();
}

function expected(principalType: string, principalId: string, rows: readonly Row[]): string[] {
  return rows.map(([role, on]) =>
    [principalType, principalId, `${ROLES}/${builtInRoles[role].id}`, on].join(' '),
  );
}

const identities = [
  ...expected('ServicePrincipal', identity('app'), toApp),
  ...expected('ServicePrincipal', identity('batch'), toBatch),
];

test('each identity has each role on exactly one resource, as a service principal', () => {
  expect(assignmentsWith(profile('nobody'))).toEqual([...identities].sort());
});

test('the deploying principal gets its roles by its type: a user, or a pipeline', () => {
  for (const principalType of ['User', 'ServicePrincipal'])
    expect(assignmentsWith(profile('plain', { principalType }))).toEqual(
      [...identities, ...expected(principalType, PERSON, toPerson)].sort(),
    );
  expect(() => planFor(profile('plain', { principalType: 'Group' }))).toThrow(
    'principalType: Group is none of User, ServicePrincipal',
  );
});

test('with network, scheduler and registry come their roles, on the subnet of nodes alone', () => {
  expect(assignmentsWith(profile('everything', { principalType: 'ServicePrincipal' }))).toEqual(
    [
      ...identities,
      ...expected('ServicePrincipal', identity('app'), toAppWithEverything),
      ...expected('ServicePrincipal', PERSON, [...toPerson, ...toPersonWithEverything]),
    ].sort(),
  );
});

const another = '88888888-8888-4888-8888-888888888888';

/** Azure refuses an assignment whose name stands for another one. */
test('each assignment has a unique name: another scope, principal or role gives another one', () => {
  const namesWith = (changes: Parameters<typeof profile>[1], planted = {}) =>
    ofType(profile('everything', changes), ASSIGNMENTS, planted).map(({ name }) => name);
  const here = namesWith({});
  const elsewhere = namesWith({ environmentName: 'other' });
  expect(new Set([...here, ...elsewhere]).size).toBe(2 * here.length);

  const mine = new Set(here);
  const shared = namesWith({ principalId: another }).filter((name) => mine.has(name));
  expect(shared).toHaveLength(identities.length + toAppWithEverything.length);

  const publisher = builtInRoles['Monitoring Metrics Publisher'].id;
  const planted = planting('infra/roles.json', publisher, another);
  expect(namesWith({}, planted).filter((name) => !mine.has(name))).toHaveLength(1);
});

test.each([
  [
    'a role on the whole network',
    planting('infra/app/network.bicep', 'scope: nodes', 'scope: network'),
    `ServicePrincipal ${identity('app')} ${ROLES}/${builtInRoles['Network Contributor'].id} Microsoft.Network/virtualNetworks/vnet-*`,
  ],
  [
    'a role by its name alone',
    planting(
      'infra/app/monitoring.bicep',
      "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[entry.role])",
      'roles[entry.role]',
    ),
    `ServicePrincipal ${identity('app')} ${builtInRoles['Monitoring Metrics Publisher'].id} ${insights}`,
  ],
])('found: %s', (_, planted, found) => {
  expect(assignmentsWith(profile('everything'), planted)).toContain(found);
  expect(assignmentsWith(profile('everything'))).not.toContain(found);
});

import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { builtInRoles, type Right } from '../../local/roles/built-in';
import { jsonAt, planting, root, textAt } from './deployment';
import { callsIn } from './rights/calls';
import { calls, excessive, idle, isCovered, uncovered } from './rights/coverage';
import { grantedIn } from './rights/grants';

test('every call that the app makes is covered by an assigned role, and no assigned role is unused [GD17]', () => {
  for (const [profile, hasPerson] of [
    ['plain', true],
    ['nobody', false],
    ['everything', true],
  ] as const) {
    const granted = grantedIn(profile);
    expect([profile, uncovered(granted, hasPerson), idle(granted, hasPerson)]).toEqual([
      profile,
      [],
      [],
    ]);
  }
});

test('no role is assigned where a weaker one is sufficient', () => {
  for (const [profile, hasPerson] of [
    ['plain', true],
    ['nobody', false],
    ['everything', true],
  ] as const)
    expect([profile, excessive(grantedIn(profile), hasPerson)]).toEqual([profile, []]);
});

test('the calls are found in the source, including those that every run depends on', () => {
  const names = new Set(calls.map(({ call }) => call));
  expect([...names]).toEqual(
    expect.arrayContaining([
      'pool.add',
      'pool.deleteMethod',
      'pool.enableAutoScale',
      'job.add',
      'job.deleteMethod',
      'task.addCollection',
      'file.getFromTask',
      'createIfNotExists',
      'getUserDelegationKey',
      'uploadFile',
      'signature cw',
      'signature rl',
      'getSecret',
      'management ',
      'management /applications/*',
    ]),
  );
});

test('the ids in infra/roles.json match the names of the roles', () => {
  const written = jsonAt<Record<string, string>>('infra/roles.json');
  const known = Object.fromEntries(
    Object.entries(builtInRoles).map(([name, { id }]) => [name, id]),
  );
  expect(written).toEqual(known);
});

test.each([
  [
    'a weaker role for Batch',
    planting(
      'infra/main.bicep',
      `    role: 'Azure Batch Data Contributor'`.trim(),
      `role: 'Key Vault Secrets User'`,
    ),
    'app: Microsoft.Batch/batchAccounts/pools/write',
  ],
  [
    'no role on the vault',
    planting('infra/main.bicep', `role: 'Key Vault Secrets User'`, `role: 'AcrPush'`),
    'app: Microsoft.KeyVault/vaults/secrets/getSecret/action',
  ],
  [
    'a role for blobs that does not do for the host',
    planting(
      'infra/main.bicep',
      `role: 'Storage Blob Data Owner'`,
      `role: 'Storage Blob Data Contributor'`,
    ),
    'app: Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*',
  ],
])('found: %s', (_, planted, right) => {
  const missing = uncovered(grantedIn('plain', planted), true);
  expect(missing).toContain(right);
});

test('found: a role that is not needed', () => {
  const planted = planting(
    'infra/main.bicep',
    `role: 'Monitoring Metrics Publisher'`,
    `role: 'Network Contributor'`,
  );
  expect(idle(grantedIn('plain', planted), true)).toEqual(['app: Network Contributor']);
});

test('found: a role that allows more than is needed', () => {
  const planted = planting(
    'infra/main.bicep',
    `principalType: principalType, role: 'Storage Blob Data Contributor'`,
    `principalType: principalType, role: 'Storage Blob Data Owner'`,
  );
  expect(excessive(grantedIn('plain', planted), true)).toEqual([
    'person: Storage Blob Data Owner, where Storage Blob Data Contributor would do',
  ]);
});

test('found: a new call that no role covers, and one without a row', () => {
  const granted = grantedIn('plain');
  const [found] = [
    ...callsIn("import '@azure/batch'; from '@azure/batch'; client.jobSchedule.add({})"),
  ];
  expect(found).toEqual({
    call: 'jobSchedule.add',
    rights: [{ plane: 'dataAction', name: 'Microsoft.Batch/batchAccounts/jobSchedules/write' }],
  });
  const right: Right = {
    plane: 'action',
    name: 'Microsoft.Storage/storageAccounts/listKeys/action',
  };
  expect(isCovered({ who: 'app', right }, granted.grants)).toBe(false);
  expect(() => [
    ...callsIn("interface Management {}; await read(management, '/pools', form)"),
  ]).toThrow('no row says what /pools of the account needs');
  expect(() => [
    ...callsIn("import x from '@azure/storage-blob'; blob.setLegalHold(true)"),
  ]).toThrow('no row says what setLegalHold of storage needs');
});

test('the Azure clients are used in src/azure only, which is where the calls are searched', () => {
  const users = globSync('src/**/*.ts', { cwd: root }).filter((file) =>
    /from '@azure\/(batch|storage-blob|keyvault-secrets|identity|ms-rest-js)'/.test(textAt(file)),
  );
  expect(users.filter((file) => !file.startsWith('src/azure/'))).toEqual([]);
  // The client and the command line are not deployed, and the console runs in a browser.
  const ignore = ['src/client/**', 'src/cli/**', 'src/console/**'];
  const fetchers = globSync('src/**/*.ts', { cwd: root, ignore }).filter((file) =>
    /\bfetch\(|node:https?'/.test(textAt(file)),
  );
  // Notices are sent to the receivers of the settings; a host key is read as the person at the command line.
  const other = ['src/notify/send.ts', 'src/azure/host-key.ts'];
  expect(fetchers.filter((file) => !other.includes(file))).toEqual(['src/azure/management.ts']);
});

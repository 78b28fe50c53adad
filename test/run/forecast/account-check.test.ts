import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import { checkAccount } from '../../../src/run/forecast/account-check';
import type { AccountQuotas, BatchAccount, OfferedSize } from '../../../src/run/ports';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { MemoryBatch } from '../../fakes';
import { MemoryFiles } from '../../memory-files';
import { checked, echo, split, STARTED, whole } from '../given';

/** A Batch account that may have all that a small run takes. */
function accountWith(
  quotas: Partial<AccountQuotas> = {},
  defaults: Readonly<Record<string, string>> = {},
): BatchAccount {
  return {
    quotas: async () => ({
      spotCores: 100,
      dedicatedCores: 100,
      dedicatedCoresByFamily: null,
      pools: 10,
      jobs: 10,
      ...quotas,
    }),
    defaultVersionOf: async (application) => defaults[application] ?? null,
    packageAccess: async () => 'storageKeys',
    packageUrl: async (application, version) => `memory://app-${application}/${version}`,
    vmSizes: async () => null,
  };
}

/** Packages of the pool and of its task, one of them with its version. */
const packaged: WorkloadDeclaration = {
  ...whole,
  pool: { packages: [{ application: 'fit' }, { application: 'tool', version: '1.0' }] },
  work: { kind: 'whole', jobManager: { ...echo, packages: [{ application: 'data' }] } },
};

interface Asked {
  readonly account?: BatchAccount;
  readonly spotCoreQuota?: number;
  readonly dedicatedCoreQuota?: number;
  /** Applications that are there. */
  readonly applications?: readonly string[];
}

function findingsOf(declaration: WorkloadDeclaration, { applications = [], ...asked }: Asked) {
  const batch = new MemoryBatch();
  for (const name of applications) batch.packages.set(name, ['1.0', '2.0']);
  const set = { spotCoreQuota: null, dedicatedCoreQuota: null };
  const files = new MemoryFiles();
  return checkAccount({ batch, files, ...set, ...asked }, checked(declaration), STARTED);
}

const applications = ['fit', 'tool', 'data'];

test('a plan shows the default version of each package that names none, and the quotas of the account [RS19]', async () => {
  const told = accountWith({}, { fit: '2.0', data: '1.0' });

  const { errors, account } = await findingsOf(packaged, { account: told, applications });

  expect([errors, account]).toEqual([
    [],
    {
      quotas: { spotCores: 100, dedicatedCores: 100, pools: 10, jobs: 10 },
      defaultVersions: { fit: '2.0', data: '1.0' },
      unavailableReason: null,
    },
  ]);
});

test('packages without a default version are errors of a plan, each with what to do [RS19]', async () => {
  const { errors } = await findingsOf(packaged, { account: accountWith(), applications });

  expect(errors).toEqual(
    [
      ['pool.packages', 'fit'],
      ['work.jobManager.packages', 'data'],
    ].map(
      ([field, name]) =>
        `${field}: the application package ${name} has no default version, and the declaration names none; name a version, or set a default: az batch application set --application-name ${name} --default-version <version>, or npm run pack with --default`,
    ),
  );
});

const undeliverable =
  'pool.packages: the application package fit cannot reach the nodes. The Batch account reads its storage with an identity (autoStorage.authenticationMode) that its nodes do not have, and the app cannot deliver the package: ';

const inContainer: WorkloadDeclaration = {
  ...whole,
  pool: { packages: [{ application: 'fit' }] },
  work: { kind: 'whole', jobManager: { ...echo, container: { image: 'busybox:1.36' } } },
};

test.each([
  ['with keys', packaged, { packageAccess: async () => 'storageKeys' }, []],
  ['delivered by the app', packaged, { packageAccess: async () => 'noIdentity' }, []],
  [
    'with tasks in containers',
    inContainer,
    { packageAccess: async () => 'noIdentity' },
    [
      `${undeliverable}tasks in containers cannot unpack it; put its files into the image, or leave the containers out`,
    ],
  ],
  [
    'in another storage account',
    packaged,
    {
      packageAccess: async () => 'nodeIdentity',
      packageUrl: async () => 'https://other.blob.core.windows.net/app-fit/2.0',
    },
    [
      `${undeliverable}its archive is not in the storage account of the app; use programs, inputs or shared data instead`,
    ],
  ],
  [
    'without an archive',
    packaged,
    { packageAccess: async () => 'noIdentity', packageUrl: async () => null },
    [`${undeliverable}it has no archive; use programs, inputs or shared data instead`],
  ],
  [
    'while the account cannot be read',
    packaged,
    { packageAccess: () => Promise.reject(new Failure('serviceUnavailable', 'not now')) },
    [],
  ],
] as const satisfies readonly (readonly [
  string,
  WorkloadDeclaration,
  Partial<BatchAccount>,
  readonly string[],
])[])('a plan refuses packages that cannot reach the nodes: %s [RS20]', async (...given) => {
  const [, declaration, answers, expected] = given;
  const account: BatchAccount = { ...accountWith({}, { fit: '2.0', data: '1.0' }), ...answers };

  const { errors } = await findingsOf(declaration, { account, applications });

  expect(errors).toEqual(expected);
});

/** Sizes of a region, some with an end of their support. */
const region: readonly OfferedSize[] = [
  { name: 'Standard_D2s_v5', endOfLife: null },
  { name: 'Standard_D4s_v5', endOfLife: null },
  { name: 'Standard_E4s_v5', endOfLife: null },
  { name: 'Standard_D4as_v9', endOfLife: null },
  { name: 'Standard_F4s_v2', endOfLife: '2027-01-15T00:00:00Z' },
  { name: 'Standard_D4_v3', endOfLife: '2026-10-31T00:00:00Z' },
];

const others = 'choose another size, such as standard_d4s_v5, standard_e4s_v5, standard_d4as_v9';

test.each([
  ['standard_d2s_v5', region, [], []],
  ['standard_d4as_v9', region, [], []],
  [
    'standard_d4s_v4',
    region,
    [`pool.vmSize: Batch has no size standard_d4s_v4 in the region of the account; ${others}`],
    [],
  ],
  [
    'standard_d4_v3',
    region,
    [`pool.vmSize: Batch has created no new pools of standard_d4_v3 since 2026-10-31; ${others}`],
    [],
  ],
  [
    'standard_f4s_v2',
    region,
    [],
    [
      `pool.vmSize: Batch supports standard_f4s_v2 until 2027-01-15, 54 days from now; choose another size`,
    ],
  ],
  ['standard_d8s_v5', null, [], []],
  [
    'standard_d4as_v9',
    null,
    [],
    [
      'pool.vmSize: standard_d4as_v9 is not among the sizes that this version of the app knows, and those of the region could not be read; check it: az batch location list-skus --location <region> --query "[?name==\'standard_d4as_v9\']"',
    ],
  ],
] as const)(
  'a plan holds the size %s against what the region has, if it may be read',
  async (vmSize, sizes, errors, warnings) => {
    const account: BatchAccount = { ...accountWith(), vmSizes: async () => sizes };
    const declaration = { ...split, pool: { vmSize, maxNodes: 1 } };

    const findings = await findingsOf(declaration, { account });

    expect([findings.errors, findings.warnings]).toEqual([errors, warnings]);
  },
);

test('a region whose sizes cannot be read at the moment, and an existing pool, stop no plan', async () => {
  const account: BatchAccount = {
    ...accountWith(),
    vmSizes: () => Promise.reject(new Failure('serviceUnavailable', 'not now')),
  };

  const [unread, existing] = [
    await findingsOf(split, { account }),
    await findingsOf(
      { ...whole, pool: { existing: 'department' } },
      { account: { ...accountWith(), vmSizes: async () => [] } },
    ),
  ];

  expect(unread.errors).toEqual([]);
  expect(existing.errors).toEqual([
    'pool.existing "department" cannot be used: the pool does not exist',
  ]);
});

test('a missing application leads to a single error', async () => {
  const { errors } = await findingsOf(packaged, { account: accountWith() });

  expect(errors).toEqual([
    'pool.packages: the Batch account has no version of the application package fit (the application does not exist); upload it with npm run pack',
  ]);
});

test.each<[string, WorkloadDeclaration['pool'], Partial<AccountQuotas>, readonly RegExp[]]>([
  ['enough', {}, {}, []],
  ['no Spot cores', {}, { spotCores: 0 }, [/has a quota of 0 Spot cores, not enough for one node/]],
  [
    'dedicated cores of other families alone',
    { dedicatedNodes: 1 },
    { dedicatedCoresByFamily: { standarddsv5family: 2 } },
    [/has a quota of 2 dedicated cores, not enough for one node/],
  ],
  [
    'fewer dedicated cores in all than in the family',
    { dedicatedNodes: 1 },
    { dedicatedCores: 3, dedicatedCoresByFamily: { standarddsv5family: 4 } },
    [/has a quota of 3 dedicated cores, not enough for one node/],
  ],
  [
    'a family that is not listed',
    { dedicatedNodes: 1 },
    { dedicatedCoresByFamily: { standardav2family: 0 } },
    [],
  ],
  [
    'no pool and no job',
    {},
    { pools: 0, jobs: 0 },
    [/^the quota "Pools per Batch account" is 0/, /^the quota "Active jobs and job schedules/],
  ],
])('an account that may have %s is found by a plan [GD15]', async (...given) => {
  const [, pool, quotas, refusals] = given;
  const declaration = { ...split, pool: { vmSize: 'standard_d4s_v5', maxNodes: 2, ...pool } };

  const findings = await findingsOf(declaration, { account: accountWith(quotas) });

  expect(findings.errors).toEqual(refusals.map((words) => expect.stringMatching(words) as string));
});

test('a run in an existing pool needs no quota of pools and cores', async () => {
  const account = accountWith({ pools: 0, spotCores: 0, jobs: 0 });
  const declaration = { ...whole, pool: { existing: 'department' } };

  const { errors } = await findingsOf(declaration, { account });

  expect(errors).toEqual([
    'pool.existing "department" cannot be used: the pool does not exist',
    expect.stringMatching(/^the quota "Active jobs/),
  ]);
});

test('configured quotas take precedence over those of the account', async () => {
  const set = { spotCoreQuota: 1, dedicatedCoreQuota: 0 };

  const { errors, account } = await findingsOf(split, { account: accountWith(), ...set });

  expect(account.quotas).toEqual({ spotCores: 1, dedicatedCores: 0, pools: 10, jobs: 10 });
  expect(errors).toEqual([
    expect.stringMatching(/has a quota of 1 Spot cores, not enough for one node/),
  ]);
});

test('without an account a plan says so and uses the configured quotas', async () => {
  const { errors, account } = await findingsOf(packaged, { applications, spotCoreQuota: 40 });

  expect([errors, account]).toEqual([
    [],
    {
      quotas: { spotCores: 40, dedicatedCores: null, pools: null, jobs: null },
      defaultVersions: {},
      unavailableReason:
        'quotas and default versions of packages are unknown: reading them requires the setting BATCH_ACCOUNT_ID, and an identity instead of an account key',
    },
  ]);
});

test('reported quotas count even when default versions are unavailable', async () => {
  const account: BatchAccount = {
    ...accountWith({ spotCores: 0 }),
    defaultVersionOf: async () => {
      throw new Failure('accessDenied', 'it takes the right to');
    },
  };
  const findings = await findingsOf(packaged, { account, applications });

  expect(findings.errors).toEqual([expect.stringMatching(/has a quota of 0 Spot cores/)]);
  expect(findings.account.unavailableReason).toBe('it takes the right to');
});

test.each(['accessDenied', 'serviceUnavailable'] as const)(
  'an account that does not tell (%s) stops no plan, and the plan says why',
  async (code) => {
    const quotas = async () => {
      throw new Failure(code, 'it takes the right to');
    };
    const findings = await findingsOf(split, { account: { ...accountWith(), quotas } });

    expect([findings.errors, findings.account.unavailableReason]).toEqual([
      [],
      'it takes the right to',
    ]);
  },
);

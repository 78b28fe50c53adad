import { expect, test } from 'vitest';
import { withNodes } from '../../../src/workload/node-defaults';
import { type WorkloadDeclaration } from '../../../src/workload/workload';
import { checked, echo, perBlob, split, whole } from '../../run/given';
import { checkWorkloads } from '../../../src/workload/check-workloads';
import { validationErrorsOf } from '../validation-errors';

function errorsOf(declaration: WorkloadDeclaration): readonly string[] {
  return validationErrorsOf(declaration).map((line) => line.replace(`${declaration.name}, `, ''));
}

type PoolDeclaration = WorkloadDeclaration['pool'];

test.each<[string, PoolDeclaration, string]>([
  [
    'a size and needs',
    { vmSize: 'standard_d2s_v5', cores: 4 },
    'pool.vmSize: has fixed cores and memory; write either vmSize or cores and memoryGiB',
  ],
  [
    'more cores than any size has',
    { cores: 500 },
    'pool.cores: no known VM size has this many (at most 96 cores and 672 GiB); name a vmSize',
  ],
  [
    'more memory than any size has',
    { memoryGiB: 5000 },
    'pool.memoryGiB: no known VM size has this many (at most 96 cores and 672 GiB); name a vmSize',
  ],
  [
    'more slots than a node of its size may have',
    { vmSize: 'standard_d2s_v5', slotsPerNode: 9 },
    'pool.slotsPerNode: must be at most 8: Batch allows four slots for each core (standard_d2s_v5 has 2), and 256 at most',
  ],
  [
    'more slots than the smallest fitting node may have',
    { cores: 3, slotsPerNode: 17 },
    'pool.slotsPerNode: must be at most 16: Batch allows four slots for each core (standard_d4ls_v5 has 4), and 256 at most',
  ],
  [
    'more dedicated nodes than nodes',
    { maxNodes: 2, dedicatedNodes: 3 },
    'pool.dedicatedNodes: must be at most maxNodes (2), which counts all nodes; lower it or raise maxNodes',
  ],
  [
    'dedicated nodes after the run has failed',
    { maxWaitMinutes: 30, dedicatedAfterMinutes: 30 },
    'pool.dedicatedAfterMinutes: must be less than maxWaitMinutes (30), after which a run without a node fails; lower it or raise maxWaitMinutes',
  ],
  [
    'more nodes than can communicate with each other',
    { interNode: true, maxNodes: 101 },
    'pool.maxNodes: must be at most 100 where nodes communicate with each other (interNode)',
  ],
  [
    'a registry twice',
    {
      registries: [
        { server: 'a.azurecr.io', user: 'x', secret: 'one' },
        { server: 'A.azurecr.io', user: 'y', secret: 'two' },
      ],
    },
    'pool.registries: a.azurecr.io is listed twice; remove one',
  ],
  [
    'a registry with a URL',
    { registries: [{ server: 'https://a.azurecr.io', user: 'x', secret: 'one' }] },
    'pool.registries[0].server: must be a host name, without https://',
  ],
  [
    'a package twice',
    {
      packages: [
        { application: 'fit', version: '1' },
        { application: 'fit', version: '1' },
      ],
    },
    'pool.packages: fit 1 is listed twice; remove one',
  ],
  [
    'two mounts in one place',
    {
      mounts: [
        { of: 'outputs', at: 'here' },
        { of: { container: 'maps' }, at: 'here' },
      ],
    },
    'pool.mounts: two mounts are at "here"; choose another folder for one of them',
  ],
  [
    'a mount outside its folder',
    { mounts: [{ of: 'outputs', at: '../here' }] },
    'pool.mounts[0].at: must be a folder name: letters, digits, _ and -',
  ],
  [
    'a mount of nothing',
    { mounts: [{ of: 'everything' as 'inputs', at: 'here' }] },
    "pool.mounts[0].of: must be 'inputs', 'outputs' or { container: 'name' }",
  ],
  [
    'mount options with a command in them',
    { mounts: [{ of: 'outputs', at: 'here', options: '-o allow_other; reboot' }] },
    'pool.mounts[0].options: must be mount options such as "-o allow_other -o ro"',
  ],
  [
    'mounted inputs that do not exist',
    { mounts: [{ of: 'inputs', at: 'here' }] },
    'pool.mounts[0].of: the workload has no inputs; declare them, or mount a container by name',
  ],
  [
    'mounts in a retained pool',
    { keep: { days: 7 }, mounts: [{ of: 'outputs', at: 'here' }] },
    'pool.mounts: use credentials that expire with the run, and a retained pool outlives the run; leave out pool.keep, or read the data as shared',
  ],
  [
    'an unknown image',
    { image: 'ubuntu-12.04' as 'ubuntu-22.04' },
    'pool.image: must be one of ubuntu-24.04, ubuntu-24.04-arm64, ubuntu-22.04, ubuntu-hpc-24.04, ubuntu-hpc-22.04, debian-12, almalinux-9, or { publisher, offer, sku }, or { gallery, nodeAgent } for an image of your own',
  ],
  [
    'a network that is no subnet',
    { subnetId: 'my-net' },
    'pool.subnetId: must be the resource id of a subnet: /subscriptions/…/subnets/<name>',
  ],
  [
    'a shell step without a shell in the set-up',
    { setup: { command: 'apt-get update && apt-get install jq' } },
    'pool.setup.command: "&&" has no effect without a shell; write /bin/sh -c \'…\' or move the command into a script in the programs folder',
  ],
])('a pool with %s is a validation error', (_what, pool, error) => {
  expect(errorsOf({ ...whole, pool })).toEqual([error]);
});

test('the declaration of an existing pool must set no other field [PI6, PI14]', () => {
  const everything: PoolDeclaration = {
    existing: 'shared-pool',
    keep: { days: 7 },
    vmSize: 'standard_d2s_v5',
    fill: 'pack',
    maxNodes: 4,
    slotsPerNode: 2,
    dedicatedNodes: 1,
    interNode: true,
    setup: { command: '/bin/bash a.sh' },
    packages: [{ application: 'fit' }],
    pricePerNodeHour: 1,
  };

  const decided = 'was decided when the pool "shared-pool" was created; leave it out';
  expect(errorsOf({ ...whole, pool: everything })).toEqual(
    [
      'keep',
      'vmSize',
      'fill',
      'maxNodes',
      'slotsPerNode',
      'dedicatedNodes',
      'interNode',
      'setup',
      'packages',
      'pricePerNodeHour',
    ].map((field) => `pool.${field}: ${decided}`),
  );
  expect(errorsOf({ ...whole, pool: { existing: 'shared-pool' } })).toEqual([]);
});

test('a task may be wider than slotsPerNode in an existing pool, whose slots are checked when a run starts', () => {
  const wide = { kind: 'whole', jobManager: { ...echo, slots: 4 } } as const;

  expect(errorsOf({ ...whole, pool: { existing: 'shared-pool' }, work: wide })).toEqual([]);
});

test('a retained pool serves one run at a time', () => {
  expect(errorsOf({ ...whole, overlap: 'allow', pool: { keep: { days: 7 } } })).toEqual([
    'overlap: a retained pool (pool.keep) serves one run at a time, and a run that ends would take the nodes of another; write "forbid" or "replace", or leave out pool.keep',
  ]);
});

test('inputs must not be mounted beside secrets, which every task of the run could then read', () => {
  const jobManager = { ...echo, secrets: ['signing-key'] };
  const inputs = { container: 'reports-in' };
  const pool: PoolDeclaration = { mounts: [{ of: 'inputs', at: 'in' }] };

  expect(errorsOf({ ...whole, inputs, pool, work: { kind: 'whole', jobManager } })).toEqual([
    'pool.mounts[0].of: every task could read the secrets of the others (signing-key), which are stored beside the inputs; mount { container: "reports-in" }',
  ]);
});

test('tasks of one template must not overwrite each other’s blob', () => {
  const of = (files: string, to: string) =>
    errorsOf({
      ...perBlob,
      work: { kind: 'perBlob', task: { ...echo, outputs: [{ files, to }] } },
    });

  expect(of('outputs/result.json', 'results')).toEqual([
    'work.task.outputs[0].to: every task would write outputs/result.json to the same blob; write "results/{task}", or a pattern for names that differ',
  ]);
  expect([of('outputs/result.json', 'results/{task}'), of('outputs/*.tile', 'tiles')]).toEqual([
    [],
    [],
  ]);
});

test('the option --gpus is left to Batch, which adds it to containers itself', () => {
  const container = { image: 'busybox:1.36', runOptions: '--workdir /app --gpus all' };

  expect(
    errorsOf({ ...whole, work: { kind: 'whole', jobManager: { ...echo, container } } }),
  ).toEqual([
    'work.jobManager.container.runOptions: must not contain --gpus: Batch adds it on nodes with GPUs, and rejects a second one',
  ]);
});

test('preparation and release are checked like tasks [PI3, PY12]', () => {
  const container = { image: 'busybox:1.36' };

  expect(
    errorsOf({
      ...split,
      prepare: { command: 'make && make install' },
      release: { command: 'echo done', container, maxMinutes: 16 },
    }),
  ).toEqual([
    'release.maxMinutes: must be at most 15',
    'prepare.command: "&&" has no effect without a shell; write /bin/sh -c \'…\' or move the command into a script in the programs folder',
    'release.container: needs a pool that runs containers; make the tasks containers, or leave this out',
  ]);
});

test('a locale must be one with UTF-8 [PY16]', () => {
  expect(errorsOf({ ...whole, locale: 'en_US' })).toEqual([
    'locale: must be C.UTF-8 or a locale such as en_US.UTF-8',
  ]);
});

test('nodes have the size, subnet and price of the settings by default', () => {
  const subnetId = '/subscriptions/s/resourceGroups/g/x/subnets/nodes';
  const workloads = checkWorkloads([
    { ...whole, name: 'a' },
    { ...whole, name: 'b', pool: { cores: 3, subnetId: `${subnetId}-own` } },
    { ...whole, name: 'c', pool: { existing: 'shared-pool' } },
    { ...whole, name: 'd', pool: { pricePerNodeHour: 7 } },
  ]);
  const prices = { standard_e2s_v5: { spot: 0.02, dedicated: 0.1 } };

  const settled = withNodes(workloads, { vmSize: 'standard_e2s_v5', subnetId, prices });

  const nodes = [...settled.values()].map(({ pool }) => [
    pool.vmSize,
    pool.subnetId,
    pool.pricePerNodeHour,
  ]);
  expect(nodes).toEqual([
    ['standard_e2s_v5', subnetId, { spot: 0.02, dedicated: 0.1 }],
    ['standard_d4ls_v5', `${subnetId}-own`, undefined],
    [undefined, undefined, undefined],
    ['standard_e2s_v5', subnetId, 7],
  ]);
});

test('slots that do not fit the default VM size are a validation error that names the setting', () => {
  const workloads = new Map([['hello', checked({ ...whole, pool: { slotsPerNode: 10 } })]]);

  expect(() =>
    withNodes(workloads, { vmSize: 'standard_d2s_v5', subnetId: null, prices: {} }),
  ).toThrow(
    'the workloads do not fit the app setting POOL_VM_SIZE:\n  workload hello (src/workloads/hello.ts), pool.slotsPerNode: must be at most 8: Batch allows four slots for each core (standard_d2s_v5 has 2), and 256 at most',
  );
});

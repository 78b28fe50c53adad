import { expect, test } from 'vitest';
import { withNodes } from '../../../src/workload/node-defaults';
import { type WorkloadDeclaration } from '../../../src/workload/workload';
import { checked, echo, perBlob, split, whole } from '../../run/given';
import { checkWorkloads } from '../../../src/workload/check-workloads';

function mistakesOf(declaration: WorkloadDeclaration): readonly string[] {
  try {
    checkWorkloads([declaration]);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.trim().replace(`workload ${declaration.name}, `, ''));
  }
}

type PoolDeclaration = WorkloadDeclaration['pool'];

test.each<[string, PoolDeclaration, string]>([
  [
    'a size said twice',
    { vmSize: 'standard_d2s_v5', cores: 4 },
    'pool.vmSize: says cores and memory already; write either it or cores and memoryGiB',
  ],
  [
    'more cores than any size has',
    { cores: 500 },
    'pool.cores: no size that is known here has so much (at most 96 cores and 672 GiB); name a vmSize',
  ],
  [
    'more memory than any size has',
    { memoryGiB: 5000 },
    'pool.memoryGiB: no size that is known here has so much (at most 96 cores and 672 GiB); name a vmSize',
  ],
  [
    'more slots than the node of the size takes',
    { vmSize: 'standard_d2s_v5', slotsPerNode: 9 },
    'pool.slotsPerNode: 9 slots are more than Batch takes on a node of 2 cores (standard_d2s_v5): at most 8, four for each core and never more than 256',
  ],
  [
    'more slots than the node that fits takes',
    { cores: 3, slotsPerNode: 17 },
    'pool.slotsPerNode: 17 slots are more than Batch takes on a node of 4 cores (standard_d4ls_v5): at most 16, four for each core and never more than 256',
  ],
  [
    'more dedicated nodes than nodes',
    { maxNodes: 2, dedicatedNodes: 3 },
    'pool.dedicatedNodes: 3 are more than all nodes together (maxNodes 2); lower it or raise maxNodes',
  ],
  [
    'dedicated nodes after the run has given up',
    { maxWaitMinutes: 30, dedicatedAfterMinutes: 30 },
    'pool.dedicatedAfterMinutes: the run gives up after 30 minutes without a node (maxWaitMinutes); lower it or raise that',
  ],
  [
    'more nodes than can talk to each other',
    { interNode: true, maxNodes: 101 },
    'pool.maxNodes: nodes that talk to each other (interNode) are at most 100 in a pool',
  ],
  [
    'a registry twice',
    {
      registries: [
        { server: 'a.azurecr.io', user: 'x', secret: 'one' },
        { server: 'A.azurecr.io', user: 'y', secret: 'two' },
      ],
    },
    'pool.registries: a.azurecr.io is there twice; leave one',
  ],
  [
    'a registry with an address',
    { registries: [{ server: 'https://a.azurecr.io', user: 'x', secret: 'one' }] },
    'pool.registries[0].server: must be a host, without https://',
  ],
  [
    'a package twice',
    {
      packages: [
        { application: 'fit', version: '1' },
        { application: 'fit', version: '1' },
      ],
    },
    'pool.packages: fit 1 is there twice; leave one',
  ],
  [
    'two mounts in one place',
    {
      mounts: [
        { of: 'outputs', at: 'here' },
        { of: { container: 'maps' }, at: 'here' },
      ],
    },
    'pool.mounts: two mounts are at "here"; give one another place',
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
    'pool.mounts[0].options: must be mount options: "-o allow_other -o ro"',
  ],
  [
    'inputs mounted that there are not',
    { mounts: [{ of: 'inputs', at: 'here' }] },
    'pool.mounts[0].of: the workload has no inputs; say them, or name a container',
  ],
  [
    'mounts that a kept pool would outlive',
    { keep: { days: 7 }, mounts: [{ of: 'outputs', at: 'here' }] },
    'pool.mounts: are made with credentials that end with a run, and the pool would outlive them; leave out pool.keep, or read the data as shared',
  ],
  [
    'an image by another name',
    { image: 'ubuntu-12.04' as 'ubuntu-22.04' },
    'pool.image: must be one of ubuntu-24.04, ubuntu-24.04-arm64, ubuntu-22.04, ubuntu-hpc-24.04, ubuntu-hpc-22.04, debian-12, almalinux-9, or { publisher, offer, sku }, or { gallery, nodeAgent } of an image of your own',
  ],
  [
    'a network that is no subnet',
    { subnetId: 'my-net' },
    'pool.subnetId: must be the resource id of a subnet: /subscriptions/…/subnets/<name>',
  ],
  [
    'a shell step without a shell in the set-up',
    { setup: { command: 'apt-get update && apt-get install jq' } },
    'pool.setup.command: "&&" means nothing without a shell; write /bin/sh -c \'…\' or move it into a script of the programs folder',
  ],
])('%s is refused', (_what, pool, mistake) => {
  expect(mistakesOf({ ...whole, pool })).toEqual([mistake]);
});

test('of a pool that somebody else made nothing is decided here [PI6, PI14]', () => {
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

  const decided = 'whoever made the pool "shared-pool" has decided this; leave it out';
  expect(mistakesOf({ ...whole, pool: everything })).toEqual(
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
  expect(mistakesOf({ ...whole, pool: { existing: 'shared-pool' } })).toEqual([]);
});

test('a task may be wider than slotsPerNode where the pool is somebody else’s: it is looked at then', () => {
  const wide = { kind: 'whole', jobManager: { ...echo, slots: 4 } } as const;

  expect(mistakesOf({ ...whole, pool: { existing: 'shared-pool' }, work: wide })).toEqual([]);
});

test('a kept pool serves one run at a time', () => {
  expect(mistakesOf({ ...whole, overlap: 'allow', pool: { keep: { days: 7 } } })).toEqual([
    'overlap: a pool that is kept serves one run at a time, and the end of one would take its nodes from another; write "forbid" or "replace", or leave out pool.keep',
  ]);
});

test('inputs are not mounted beside secrets, which every task of the run could read then', () => {
  const jobManager = { ...echo, secrets: ['signing-key'] };
  const inputs = { container: 'reports-in' };
  const pool: PoolDeclaration = { mounts: [{ of: 'inputs', at: 'in' }] };

  expect(mistakesOf({ ...whole, inputs, pool, work: { kind: 'whole', jobManager } })).toEqual([
    'pool.mounts[0].of: every task could read the secrets of the others (signing-key), which lie beside the inputs; mount { container: "reports-in" }',
  ]);
});

test('many tasks do not write one blob over and over', () => {
  const of = (files: string, to: string) =>
    mistakesOf({
      ...perBlob,
      work: { kind: 'perBlob', task: { ...echo, outputs: [{ files, to }] } },
    });

  expect(of('outputs/result.json', 'results')).toEqual([
    'work.task.outputs[0].to: every task would write outputs/result.json to the same place; write "results/{task}", or a pattern for names that differ',
  ]);
  expect([of('outputs/result.json', 'results/{task}'), of('outputs/*.tile', 'tiles')]).toEqual([
    [],
    [],
  ]);
});

test('GPUs are left to Batch, which adds them to a container itself', () => {
  const container = { image: 'busybox:1.36', runOptions: '--workdir /app --gpus all' };

  expect(
    mistakesOf({ ...whole, work: { kind: 'whole', jobManager: { ...echo, container } } }),
  ).toEqual([
    'work.jobManager.container.runOptions: leave out --gpus: Batch adds it where the node has any, and refuses it twice',
  ]);
});

test('preparation and release are held to what tasks are [PI3, PY12, NB6]', () => {
  const container = { image: 'busybox:1.36' };

  expect(
    mistakesOf({
      ...split,
      prepare: { command: 'make && make install' },
      release: { command: 'echo done', container, maxMinutes: 16 },
    }),
  ).toEqual([
    'release.maxMinutes: Too big: expected number to be <=15',
    'prepare.command: "&&" means nothing without a shell; write /bin/sh -c \'…\' or move it into a script of the programs folder',
    'release.container: needs a pool that runs containers; make the tasks containers, or leave it out',
  ]);
});

test('a locale is one that says UTF-8 [PY16]', () => {
  expect(mistakesOf({ ...whole, locale: 'en_US' })).toEqual([
    'locale: must be C.UTF-8 or like en_US.UTF-8',
  ]);
});

test('nodes get their size, subnet and price from the settings where the workload says none', () => {
  const subnetId = '/subscriptions/s/resourceGroups/g/x/subnets/nodes';
  const workloads = checkWorkloads([
    { ...whole, name: 'a' },
    { ...whole, name: 'b', pool: { cores: 3, subnetId: `${subnetId}-own` } },
    { ...whole, name: 'c', pool: { existing: 'shared-pool' } },
    { ...whole, name: 'd', pool: { pricePerNodeHour: 7 } },
  ]);
  const prices = { standard_e2s_v5: { spot: 0.02, dedicated: 0.1 } };

  const settled = withNodes(workloads, { vmSize: 'standard_e2s_v5', subnetId, prices });

  const said = [...settled.values()].map(({ pool }) => [
    pool.vmSize,
    pool.subnetId,
    pool.pricePerNodeHour,
  ]);
  expect(said).toEqual([
    ['standard_e2s_v5', subnetId, { spot: 0.02, dedicated: 0.1 }],
    ['standard_d4ls_v5', `${subnetId}-own`, undefined],
    [undefined, undefined, undefined],
    ['standard_e2s_v5', subnetId, 7],
  ]);
});

test('slots that the default size has not are refused with the setting named', () => {
  const workloads = new Map([['hello', checked({ ...whole, pool: { slotsPerNode: 10 } })]]);

  expect(() =>
    withNodes(workloads, { vmSize: 'standard_d2s_v5', subnetId: null, prices: {} }),
  ).toThrow(
    'the workloads do not fit the app setting POOL_VM_SIZE:\n  workload hello, pool.slotsPerNode: 10 slots are more than Batch takes on a node of 2 cores (standard_d2s_v5): at most 8, four for each core and never more than 256',
  );
});

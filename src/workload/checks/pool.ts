import { isDeepStrictEqual } from 'node:util';
import { poolSchema, type Pool } from '../pool-schema';
import { checkShell } from './shell';
import { coresOf, largestChoice, mostSlots, smallestFitting } from '../vm-sizes';
import type { Workload } from '../workload';
import type { FieldError } from '../validation';

/** What each field of a pool allows alone, and the service would refuse or the run would miss. */
export function* checkPool(workload: Workload, secrets: readonly string[]): Generator<FieldError> {
  const { pool } = workload;
  if (pool.existing !== undefined) yield* checkExistingPool(pool);
  if (pool.keep !== undefined) yield* checkRetainedPool(workload);
  yield* checkSize(pool);
  yield* checkDedicated(pool);
  yield* checkMounts(workload, secrets);
  if (pool.setup !== undefined) {
    yield* checkShell(['pool', 'setup', 'command'], pool.setup.command);
  }
  if (pool.interNode && pool.maxNodes > MOST_NODES_THAT_TALK) {
    yield {
      path: ['pool', 'maxNodes'],
      message: `nodes that talk to each other (interNode) are at most ${MOST_NODES_THAT_TALK} in a pool`,
    };
  }
  for (const server of repeated(pool.registries.map(({ server }) => server.toLowerCase()))) {
    yield { path: ['pool', 'registries'], message: `${server} is there twice; leave one` };
  }
  for (const application of repeated(pool.packages.map(packageKey))) {
    yield { path: ['pool', 'packages'], message: `${application} is there twice; leave one` };
  }
}

/** In the allocation mode of Azure's own default; 80 where the subscription owns the nodes. */
const MOST_NODES_THAT_TALK = 100;

/** What is decided where a pool is made. */
const makersFields = [
  'keep',
  'vmSize',
  'cores',
  'memoryGiB',
  'fill',
  'maxNodes',
  'slotsPerNode',
  'dedicatedNodes',
  'dedicatedAfterMinutes',
  'subnetId',
  'interNode',
  'setup',
  'containerImages',
  'registries',
  'mounts',
  'packages',
  'pricePerNodeHour',
] as const satisfies readonly (keyof Pool)[];

function* checkExistingPool(pool: Pool): Generator<FieldError> {
  for (const field of makersFields) {
    if (isDeepStrictEqual(pool[field], unsaid[field])) continue;
    yield {
      path: ['pool', field],
      message: `whoever made the pool "${pool.existing ?? ''}" has decided this; leave it out`,
    };
  }
}

/** A pool of which nothing was said: a default says nothing. */
const unsaid = poolSchema.parse({});

function* checkRetainedPool({ pool, overlap }: Workload): Generator<FieldError> {
  if (overlap === 'allow') {
    yield {
      path: ['overlap'],
      message:
        'a pool that is kept serves one run at a time, and the end of one would take its nodes from another; write "forbid" or "replace", or leave out pool.keep',
    };
  }
  if (pool.mounts.length > 0) {
    yield {
      path: ['pool', 'mounts'],
      message:
        'are made with credentials that end with a run, and the pool would outlive them; leave out pool.keep, or read the data as shared',
    };
  }
}

function* checkSize(pool: Pool): Generator<FieldError> {
  const { vmSize, cores, memoryGiB, slotsPerNode } = pool;
  const needsSaid = cores !== undefined || memoryGiB !== undefined;
  if (vmSize !== undefined && needsSaid) {
    yield {
      path: ['pool', 'vmSize'],
      message: 'says cores and memory already; write either it or cores and memoryGiB',
    };
    return;
  }
  const fitting = needsSaid ? smallestFitting(pool) : undefined;
  if (needsSaid && fitting === undefined) {
    yield {
      path: ['pool', cores === undefined ? 'memoryGiB' : 'cores'],
      message: `no size that is known here has so much (at most ${largestChoice.cores} cores and ${largestChoice.memoryGiB} GiB); name a vmSize`,
    };
    return;
  }
  const size = vmSize ?? fitting?.name;
  if (size !== undefined) yield* checkSlots(size, slotsPerNode);
}

export function* checkSlots(vmSize: string, slotsPerNode: number): Generator<FieldError> {
  const cores = coresOf(vmSize);
  if (cores === null || slotsPerNode <= mostSlots(cores)) return;
  yield {
    path: ['pool', 'slotsPerNode'],
    message: `${slotsPerNode} slots are more than Batch takes on a node of ${cores} cores (${vmSize}): at most ${mostSlots(cores)}, four for each core and never more than 256`,
  };
}

function* checkDedicated(pool: Pool): Generator<FieldError> {
  if (pool.dedicatedNodes > pool.maxNodes) {
    yield {
      path: ['pool', 'dedicatedNodes'],
      message: `${pool.dedicatedNodes} are more than all nodes together (maxNodes ${pool.maxNodes}); lower it or raise maxNodes`,
    };
  }
  const after = pool.dedicatedAfterMinutes;
  if (after !== undefined && after >= pool.maxWaitMinutes) {
    yield {
      path: ['pool', 'dedicatedAfterMinutes'],
      message: `the run gives up after ${pool.maxWaitMinutes} minutes without a node (maxWaitMinutes); lower it or raise that`,
    };
  }
}

function* checkMounts(
  { pool, inputs }: Workload,
  secrets: readonly string[],
): Generator<FieldError> {
  const { mounts } = pool;
  for (const at of repeated(mounts.map(({ at }) => at))) {
    yield {
      path: ['pool', 'mounts'],
      message: `two mounts are at "${at}"; give one another place`,
    };
  }
  const index = mounts.findIndex(({ of }) => of === 'inputs');
  if (index < 0) return;
  if (inputs === undefined) {
    yield {
      path: ['pool', 'mounts', index, 'of'],
      message: 'the workload has no inputs; say them, or name a container',
    };
  } else if (secrets.length > 0) {
    yield {
      path: ['pool', 'mounts', index, 'of'],
      message: `every task could read the secrets of the others (${secrets.join(', ')}), which lie beside the inputs; ${inputs.from === 'container' ? `mount { container: "${inputs.container}" }` : 'leave the mount out'}`,
    };
  }
}

function packageKey({ application, version }: Pool['packages'][number]): string {
  return version === undefined ? application : `${application} ${version}`;
}

function repeated(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

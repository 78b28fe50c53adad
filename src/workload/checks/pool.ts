import { isDeepStrictEqual } from 'node:util';
import { whereValid } from '../partly-valid';
import { poolSchema, type Pool } from '../pool-schema';
import { secretsOf } from '../programs';
import type { FieldError } from '../validation';
import { coresOf, largestChoice, mostSlots, smallestFitting } from '../vm-sizes';
import { overlapPolicy, type Workload } from '../workload';
import { checkShell } from './shell';

/** Pools whose fields are each valid alone, and that Batch would reject or a run could not use. */
export function* checkPool(workload: Workload): Generator<FieldError> {
  for (const check of poolChecks) yield* whereValid(() => check(workload));
}

const poolChecks: readonly ((workload: Workload) => Iterable<FieldError>)[] = [
  checkExistingPool,
  checkRetainedPool,
  checkRetainedMounts,
  checkSize,
  checkDedicatedNodes,
  checkDedicatedAfter,
  checkMountPoints,
  checkMountedInputs,
  checkSetup,
  checkInterNode,
  checkRepetitions,
];

/** Fields that are decided where a pool is created. */
const creationFields = [
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

function* checkExistingPool({ pool }: Workload): Generator<FieldError> {
  const { existing } = pool;
  if (existing === undefined) return;
  for (const field of creationFields) {
    yield* whereValid(function* () {
      if (isDeepStrictEqual(pool[field], defaults[field])) return;
      yield {
        path: ['pool', field],
        message: `was decided when the pool "${existing}" was created; leave it out`,
      };
    });
  }
}

/** A pool whose declaration sets no field. */
const defaults = poolSchema.parse({});

function* checkRetainedPool({ pool, overlap }: Workload): Generator<FieldError> {
  if (pool.keep === undefined || overlapPolicy(overlap).overlap !== 'allow') return;
  yield {
    path: ['overlap'],
    message:
      'a retained pool (pool.keep) serves one run at a time, and a run that ends would take the nodes of another; write "forbid" or "replace", or leave out pool.keep',
  };
}

function* checkRetainedMounts({ pool }: Workload): Generator<FieldError> {
  if (pool.keep === undefined || pool.mounts.length === 0) return;
  yield {
    path: ['pool', 'mounts'],
    message:
      'use credentials that expire with the run, and a retained pool outlives the run; leave out pool.keep, or read the data as shared',
  };
}

function* checkSize({ pool }: Workload): Generator<FieldError> {
  const { vmSize, cores, memoryGiB } = pool;
  const hasNeeds = cores !== undefined || memoryGiB !== undefined;
  if (vmSize !== undefined && hasNeeds) {
    yield {
      path: ['pool', 'vmSize'],
      message: 'has fixed cores and memory; write either vmSize or cores and memoryGiB',
    };
    return;
  }
  const fitting = hasNeeds ? smallestFitting(pool) : undefined;
  if (hasNeeds && fitting === undefined) {
    yield {
      path: ['pool', cores === undefined ? 'memoryGiB' : 'cores'],
      message: `no known VM size has this many (at most ${largestChoice.cores} cores and ${largestChoice.memoryGiB} GiB); name a vmSize`,
    };
    return;
  }
  const size = vmSize ?? fitting?.name;
  if (size !== undefined) yield* checkSlots(size, pool.slotsPerNode);
}

/** More task slots than Batch allows on a node of this size. */
export function* checkSlots(vmSize: string, slotsPerNode: number): Generator<FieldError> {
  const cores = coresOf(vmSize);
  if (cores === null || slotsPerNode <= mostSlots(cores)) return;
  yield {
    path: ['pool', 'slotsPerNode'],
    message: `must be at most ${mostSlots(cores)}: Batch allows four slots for each core (${vmSize} has ${cores}), and 256 at most`,
  };
}

function* checkDedicatedNodes({ pool }: Workload): Generator<FieldError> {
  if (pool.dedicatedNodes <= pool.maxNodes) return;
  yield {
    path: ['pool', 'dedicatedNodes'],
    message: `must be at most maxNodes (${pool.maxNodes}), which counts all nodes; lower it or raise maxNodes`,
  };
}

function* checkDedicatedAfter({ pool }: Workload): Generator<FieldError> {
  const after = pool.dedicatedAfterMinutes;
  if (after === undefined || after < pool.maxWaitMinutes) return;
  yield {
    path: ['pool', 'dedicatedAfterMinutes'],
    message: `must be less than maxWaitMinutes (${pool.maxWaitMinutes}), after which a run without a node fails; lower it or raise maxWaitMinutes`,
  };
}

function* checkMountPoints({ pool }: Workload): Generator<FieldError> {
  for (const at of repeated(pool.mounts.map(({ at }) => at))) {
    yield {
      path: ['pool', 'mounts'],
      message: `two mounts are at "${at}"; choose another folder for one of them`,
    };
  }
}

function* checkMountedInputs(workload: Workload): Generator<FieldError> {
  const { pool, inputs } = workload;
  const index = pool.mounts.findIndex(({ of }) => of === 'inputs');
  if (index < 0) return;
  const path = ['pool', 'mounts', index, 'of'];
  if (inputs === undefined) {
    yield {
      path,
      message: 'the workload has no inputs; declare them, or mount a container by name',
    };
    return;
  }
  const secrets = secretsOf(workload);
  if (secrets.length === 0) return;
  const advice =
    inputs.from === 'container'
      ? `mount { container: "${inputs.container}" }`
      : 'leave the mount out';
  yield {
    path,
    message: `every task could read the secrets of the others (${secrets.join(', ')}), which are stored beside the inputs; ${advice}`,
  };
}

function* checkSetup({ pool }: Workload): Generator<FieldError> {
  if (pool.setup !== undefined) {
    yield* checkShell(['pool', 'setup', 'command'], pool.setup.command);
  }
}

/**
 * The limit in the allocation mode that Azure defaults to; 80 where the subscription owns the
 * nodes.
 */
const MAX_INTER_NODE = 100;

function* checkInterNode({ pool }: Workload): Generator<FieldError> {
  if (!pool.interNode || pool.maxNodes <= MAX_INTER_NODE) return;
  yield {
    path: ['pool', 'maxNodes'],
    message: `must be at most ${MAX_INTER_NODE} where nodes communicate with each other (interNode)`,
  };
}

function* checkRepetitions({ pool }: Workload): Generator<FieldError> {
  for (const server of repeated(pool.registries.map(({ server }) => server.toLowerCase()))) {
    yield { path: ['pool', 'registries'], message: `${server} is listed twice; remove one` };
  }
  for (const application of repeated(pool.packages.map(packageKey))) {
    yield { path: ['pool', 'packages'], message: `${application} is listed twice; remove one` };
  }
}

function packageKey({ application, version }: Pool['packages'][number]): string {
  return version === undefined ? application : `${application} ${version}`;
}

function repeated(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

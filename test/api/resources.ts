import type { JobSpec, PoolSpec } from '../../src/run/ports';
import type { MemoryBatch } from '../fakes';
import { OWNER } from '../run/given';

/** Resources of a run in a Batch account in memory. */

/** Gives a run a pool and a job, as its orchestration would. */
export async function addResources(
  { batch }: { readonly batch: MemoryBatch },
  runId: string,
  workload: string,
  owner = OWNER,
): Promise<void> {
  const of = { owner, runId, workload };
  await batch.makePool({ ...poolSpec, id: runId }, of);
  await batch.makeJob({ ...jobSpec, id: runId, poolId: runId }, of);
}

const poolSpec: Omit<PoolSpec, 'id'> = {
  displayName: 'a run',
  vmSize: 'standard_d2s_v5',
  image: {
    kind: 'marketplace',
    publisher: 'canonical',
    offer: 'ubuntu-24_04-lts',
    sku: 'server',
    version: 'latest',
    nodeAgent: 'batch.node.ubuntu 24.04',
  },
  containers: null,
  slotsPerNode: 1,
  fill: 'pack',
  formula: '$TargetLowPriorityNodes = 1;',
  startTask: null,
  mounts: [],
  packages: [],
  subnetId: null,
  interNode: false,
  retainedUntil: null,
};

const jobSpec: Omit<JobSpec, 'id' | 'poolId'> = {
  displayName: 'a run',
  environment: {},
  maxMinutes: 60,
  priority: 0,
  maxParallelTasks: null,
  jobManager: null,
  preparation: null,
  release: null,
};

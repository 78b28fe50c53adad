import type { JobSpec, Owner, PoolSpec, TaskSpec } from '../../../src/run/ports';
import { OWNER } from '../../run/given';

/** Specifications as a run makes them, one of each. */

export const owner: Owner = { owner: OWNER, runId: 'hello-1', workload: 'hello' };

export const pool: PoolSpec = {
  id: 'hello-1',
  displayName: 'Nightshift hello-1',
  vmSize: 'Standard_D4s_v5',
  image: {
    kind: 'marketplace',
    publisher: 'canonical',
    offer: 'ubuntu-24_04-lts',
    sku: 'server',
    version: 'latest',
    nodeAgent: 'batch.node.ubuntu 24.04',
  },
  containers: null,
  slotsPerNode: 4,
  fill: 'pack',
  formula: '$TargetLowPriorityNodes = 1;',
  startTask: {
    command: '/bin/bash install.sh',
    resourceFiles: [{ url: 'https://in/install.sh?r', path: 'install.sh', mode: '0755' }],
    environment: { LC_ALL: 'C.UTF-8' },
    elevated: true,
    retries: 2,
  },
  mounts: [],
  packages: [],
  subnetId: null,
  interNode: false,
  retainedUntil: null,
};

export const task: TaskSpec = {
  id: 't1',
  command: 'node tile.mjs',
  environment: { X: '1' },
  resourceFiles: [
    { url: 'https://in/tile.mjs?r', path: 'tile.mjs', mode: '0755' },
    { containerUrl: 'https://out?rl', prefix: 'scene/' },
  ],
  outputFiles: [
    { pattern: 'outputs/*', containerUrl: 'https://out?cw', path: 'tiles', when: 'taskSuccess' },
    {
      pattern: '../std*.txt',
      containerUrl: 'https://out?cw',
      path: 'logs/t1',
      when: 'taskCompletion',
    },
  ],
  slots: 2,
  retries: 3,
  maxMinutes: 15,
  elevated: false,
  user: 'task',
  dependsOn: [],
  container: null,
  packages: [],
};

export const job: JobSpec = {
  id: 'hello-1',
  displayName: 'Nightshift hello-1',
  poolId: 'hello-1',
  environment: { LC_ALL: 'C.UTF-8' },
  maxMinutes: 180,
  priority: 0,
  maxParallelTasks: null,
  jobManager: { ...task, id: 'job-manager', endsJob: true },
  preparation: null,
  release: null,
};

export function tasks(count: number): TaskSpec[] {
  return Array.from({ length: count }, (_, index) => ({ ...task, id: `t${index + 1}` }));
}

/** Metadata as the service shows it. */
export function marked(runId: string, spec?: string, app = OWNER): object {
  return {
    metadata: [
      { name: 'nightshift-run', value: runId },
      { name: 'nightshift-owner', value: app },
      ...(spec === undefined ? [] : [{ name: 'nightshift-spec', value: spec }]),
    ],
  };
}

import { checkWorkloads } from '../workload/check-workloads';
import type { Workload, WorkloadDeclaration } from '../workload/workload';

/** Workloads that a world is made of: every shape of work, every overlap policy, every kind of pool. */

const task = { command: 'work', maxMinutes: 30, retries: 1 };
const outputs = [{ files: 'out.bin', to: 'results/{task}' }];
const reporting = { ...task, outputs: [{ files: 'report.txt', to: 'results' }] };
const splitting = { ...task, retries: 2 };

/** The manifest that the job manager of `tiles` writes. */
export const MANIFEST = ['a', 'b', 'c', 'd', 'e'].map((id) => `{"id":"tile-${id}"}`).join('\n');

export const SHARED_POOL = 'somebodys-pool';
export const SECRET = 'CANARYSECRET';

const declarations: readonly WorkloadDeclaration[] = [
  {
    name: 'nightly',
    description: 'The job manager is the job',
    triggers: { schedule: '0 0 * * * *' },
    overlap: 'forbid',
    deadlineMinutes: 90,
    pool: {},
    work: { kind: 'whole', jobManager: reporting },
    results: ['report.txt'],
  },
  {
    name: 'digest',
    description: 'Follows nightly and reads what it has left',
    triggers: { after: 'nightly' },
    inputs: { from: 'previous' },
    overlap: 'allow',
    deadlineMinutes: 60,
    pool: {},
    work: { kind: 'perBlob', task },
  },
  {
    name: 'tiles',
    description: 'Splits, works, merges',
    overlap: 'allow',
    deadlineMinutes: 120,
    startWithinMinutes: 45,
    pool: { maxNodes: 3, slotsPerNode: 2 },
    work: { kind: 'split', jobManager: splitting, task, merge: reporting },
    results: ['report.txt'],
  },
  {
    name: 'meshes',
    description: 'One run for each blob',
    triggers: { blob: { container: 'inbox' } },
    inputs: { container: 'inbox' },
    overlap: 'allow',
    deadlineMinutes: 60,
    pool: { maxNodes: 2 },
    work: { kind: 'perBlob', task: { ...task, outputs } },
  },
  {
    name: 'fit',
    description: 'A sweep whose merge needs most of its tasks, the newest run of which counts',
    triggers: { schedule: '0 0 * * * *' },
    overlap: 'replace',
    deadlineMinutes: 90,
    pool: { maxNodes: 4 },
    work: {
      kind: 'sweep',
      task,
      over: { SEED: { from: 1, to: 6 } },
      merge: { ...reporting, quorum: 0.5 },
    },
    results: ['report.txt'],
  },
  {
    name: 'graph',
    description: 'Tasks that wait for others, of which some may be missing',
    overlap: 'allow',
    deadlineMinutes: 120,
    maxParallelTasks: 2,
    pool: { maxNodes: 2 },
    work: {
      kind: 'tasks',
      task,
      tasks: [
        { id: 'a' },
        { id: 'b', after: ['a'] },
        { id: 'c', after: ['a'] },
        { id: 'd', after: ['b', 'c'] },
        { id: 'e' },
      ],
      tolerateFailed: 0.4,
    },
  },
  {
    name: 'warm',
    description: 'A pool that is kept from run to run',
    triggers: { schedule: '0 0 * * * *' },
    overlap: 'forbid',
    deadlineMinutes: 60,
    pool: { keep: { days: 2 }, setup: { command: 'install' } },
    work: { kind: 'sweep', task, over: { SEED: [1, 2, 3] } },
  },
  {
    name: 'guest',
    description: 'Works in a pool that another owner made',
    overlap: 'allow',
    deadlineMinutes: 90,
    pool: { existing: SHARED_POOL },
    work: { kind: 'sweep', task, over: { SEED: [1, 2] }, merge: { ...task, quorum: 0.5 } },
  },
  {
    name: 'standby',
    description: 'Dedicated nodes stand in; secrets, a set-up and a preparation',
    overlap: 'allow',
    deadlineMinutes: 120,
    pool: {
      maxNodes: 2,
      dedicatedAfterMinutes: 20,
      maxWaitMinutes: 30,
      setup: { command: 'install' },
    },
    prepare: { command: 'fetch', secrets: ['password'] },
    work: {
      kind: 'sweep',
      task: { ...task, secrets: ['password'] },
      over: { SEED: [1, 2, 3] },
      merge: reporting,
    },
    results: ['report.txt'],
  },
  {
    name: 'chunks',
    description:
      'Runs one after another; several units a task, some of which may fail, in containers',
    overlap: 'queue',
    deadlineMinutes: 60,
    startWithinMinutes: 20,
    keepFailedDays: 3,
    keepOutputsDays: 0,
    pool: { maxNodes: 2, registries: [{ server: 'docker.io', user: 'me', secret: 'password' }] },
    work: {
      kind: 'sweep',
      task: { ...task, container: { image: 'busybox:1.36' } },
      over: { SEED: { from: 1, to: 8 } },
      chunk: 2,
      tolerateFailed: 0.25,
    },
  },
  {
    name: 'marathon',
    description: 'Long enough for many generations',
    triggers: { schedule: '0 0 * * * *' },
    overlap: 'allow',
    deadlineMinutes: 360,
    pool: { maxNodes: 1 },
    work: {
      kind: 'sweep',
      task: { ...task, maxMinutes: 120 },
      over: { SEED: { from: 1, to: 12 } },
      maxTasks: 20,
    },
  },
];

/** Checked once for all worlds. */
export const catalogue: ReadonlyMap<string, Workload> = checkWorkloads(declarations);

/** Number of tasks of a run without job manager and merge, stated apart from the code that makes them. */
export const TASKS: Readonly<Record<string, number>> = {
  nightly: 0,
  digest: 1,
  tiles: 5,
  meshes: 1,
  fit: 6,
  graph: 5,
  warm: 3,
  guest: 2,
  standby: 3,
  chunks: 4,
  marathon: 12,
};

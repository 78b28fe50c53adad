import { runIdOf } from '../../src/ledger/keys';
import { planRun } from '../../src/run/plan';
import {
  NO_TASKS,
  type JobView,
  type NodeCounts,
  type Observation,
  type PoolView,
  type RunInput,
  type RunPlan,
  type RunRequest,
  type WatchState,
} from '../../src/run/run';
import { type Workload, type WorkloadDeclaration } from '../../src/workload/workload';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { Access } from '../../src/run/stage/access';

/** What the tests of a run begin from. */

/** The mark of the app under test. */
export const OWNER = 'owner-of-tests';
export const STARTED = '2026-11-21T02:00:00.000Z';

/** The instant a number of minutes after the start of the run. */
export function minute(minutes: number): Date {
  return new Date(Date.parse(STARTED) + minutes * 60_000);
}

export const echo = { command: 'echo hello' } as const;

/** The job manager is the whole job, and there is nothing else to it. */
export const whole = {
  name: 'hello',
  description: 'Says hello',
  pool: {},
  work: { kind: 'whole', jobManager: echo },
} satisfies WorkloadDeclaration;

export const split = {
  name: 'tiles',
  description: 'Splits, works, merges',
  pool: { maxNodes: 4, slotsPerNode: 2 },
  work: { kind: 'split', jobManager: echo, task: echo, merge: echo },
} satisfies WorkloadDeclaration;

export const perBlob = {
  name: 'meshes',
  description: 'One task for each mesh',
  inputs: { container: 'inbox', endsWith: ['.ply'] },
  pool: { maxNodes: 3, slotsPerNode: 2 },
  work: { kind: 'perBlob', task: echo },
} satisfies WorkloadDeclaration;

export function checked(declaration: WorkloadDeclaration): Workload {
  const [workload] = checkWorkloads([declaration]).values();
  if (workload === undefined) throw new Error('the declaration gave no workload');
  return workload;
}

export function planOf(workload: Workload, request: Partial<RunRequest> = {}): RunPlan {
  const whole: RunRequest = {
    workload: workload.name,
    occurrence: { kind: 'request', key: 'the-key' },
    parameters: {},
    ...request,
  };
  return planRun(workload, inputOf(whole), STARTED);
}

/** The input of the run of a request, as the ledger gives it at `STARTED`. */
export function inputOf(request: RunRequest, instant = STARTED): RunInput {
  const { workload, occurrence } = request;
  const runId = runIdOf({ owner: OWNER, workload, occurrence, instant, attempt: 0 });
  return { runId, owner: OWNER, term: 1, instant, request };
}

export const NO_NODES: NodeCounts = {
  starting: 0,
  waitingForStartTask: 0,
  startTaskFailed: 0,
  idle: 0,
  running: 0,
  unusable: 0,
  preempted: 0,
  leaving: 0,
};

export function poolWith(
  nodes: Partial<NodeCounts>,
  more: Partial<Omit<PoolView, 'nodes'>> = {},
): PoolView {
  return {
    state: 'active',
    resizing: false,
    targetNodes: 1,
    dedicatedNodes: 0,
    resizeErrors: [],
    nodeErrors: [],
    formulaError: null,
    failedNodes: [],
    nodesInSetup: [],
    allocatedAt: null,
    ...more,
    nodes: { ...NO_NODES, ...nodes },
  };
}

export function jobWith(
  jobManager: Partial<NonNullable<JobView['jobManager']>> | null,
  more: Partial<Omit<JobView, 'jobManager'>> = {},
): JobView {
  const waiting = {
    state: 'waiting',
    exitCode: null,
    cause: null,
    retries: 0,
    requeues: 0,
  } as const;
  return {
    state: 'active',
    terminateReason: null,
    ...more,
    jobManager: jobManager === null ? null : { ...waiting, ...jobManager },
  };
}

/** A job manager at work on the only node, unless the test says otherwise. */
export function seenWith(more: Partial<Observation> = {}): Observation {
  return {
    job: jobWith({ state: 'running' }),
    pool: poolWith({ running: 1 }),
    tasks: { ...NO_TASKS, running: 1 },
    unpreparedNodes: 0,
    blocked: 0,
    claim: { kind: 'claimed', cancelledBy: null },
    ...more,
  };
}

export function watchWith(more: Partial<WatchState> = {}): WatchState {
  return {
    startedAt: STARTED,
    timeline: [{ phase: 'watching', at: STARTED }],
    usage: {
      nodeMinutes: 0,
      dedicatedMinutes: 0,
      preemptions: 0,
      nodesAtLastPoll: 0,
      dedicatedAtLastPoll: 0,
      preemptedAtLastPoll: 0,
      lastPollAt: STARTED,
    },
    tasks: NO_TASKS,
    lastUsableNodeAt: STARTED,
    reboots: 0,
    formulaErrors: 0,
    formulaRepaired: false,
    plannedTasks: null,
    submittedUpTo: 0,
    submitted: false,
    warnings: [],
    merge: 'none',
    mergedWithout: null,
    ...more,
  };
}

/** URLs that say what they open. */
export const access: Access = {
  program: (name) => `https://in/programs/${name}?r`,
  secret: (name) => `https://in/secrets/${name}?r`,
  input: (file) => `https://in/${file}?r`,
  staging: 'https://in?rl',
  outputs: 'https://out?rl',
  shared: (container) => `https://${container}?rl`,
  upload: 'https://out?cw',
  packages: [],
};

/** One checked workload of each shape. */
export const hello = checked(whole);
export const tiles = checked(split);
export const meshes = checked(perBlob);

/** What differs from a run of `hello` in which nothing has been seen yet. */
export interface Case {
  readonly workload?: Workload;
  readonly watch?: Partial<WatchState>;
  readonly seen?: Partial<Observation>;
  /** Minutes since the run began. */
  readonly at?: number;
}

export function situationOf({ workload = hello, watch, seen }: Case) {
  return { workload, plan: planOf(workload), watch: watchWith(watch), seen: seenWith(seen) };
}

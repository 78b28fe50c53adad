import { expect, test } from 'vitest';
import { nextStep, type NextStep } from '../../src/run/progress';
import { NO_TASKS, type Observation } from '../../src/run/run';
import {
  hello,
  jobWith,
  meshes,
  minute,
  planOf,
  poolWith,
  situationOf,
  tiles,
  type Case,
} from './given';

function decide({ watch, at = 30, ...given }: Case): NextStep {
  const lastUsableNodeAt = minute(at).toISOString();
  return nextStep(situationOf({ ...given, watch: { lastUsableNodeAt, ...watch } }), minute(at));
}

/** The outcome in one line. */
function verdict(given: Case): string {
  const step = decide(given);
  if (step.kind !== 'finish') return step.kind;
  const { outcome } = step;
  return outcome.kind === 'succeeded'
    ? 'succeeded'
    : `${outcome.kind}, ${outcome.code}: ${outcome.cause}`;
}

const JOB = planOf(hello).jobId;
const done = jobWith({ state: 'succeeded' }, { state: 'completed', terminateReason: 'JMComplete' });
const allComplete = jobWith(
  { state: 'succeeded' },
  { state: 'completed', terminateReason: 'AllTasksComplete' },
);
const CANCELLED = { kind: 'claimed', cancelledBy: 'ada' } as const;
const submitted = { submitted: true, plannedTasks: 3 };
const allSucceeded = { ...NO_TASKS, succeeded: 4 };

test('a run whose job manager is the whole job succeeds with it [RS26]', () => {
  expect(verdict({ seen: { job: done, tasks: { ...NO_TASKS, succeeded: 1 } } })).toBe('succeeded');
});

test('a run of many tasks succeeds when its job has ended with all of them [RS28]', () => {
  expect(
    verdict({ workload: tiles, watch: submitted, seen: { job: allComplete, tasks: allSucceeded } }),
  ).toBe('succeeded');
});

test('a run with nothing to do succeeds without waiting for the job, which cannot end by itself', () => {
  const nothing = { submitted: true, plannedTasks: 0 };

  expect(verdict({ workload: tiles, watch: nothing })).toBe('succeeded');
});

test('success counts also when it is seen only after the deadline', () => {
  expect([
    verdict({ at: 180, seen: { job: done } }),
    verdict({
      workload: tiles,
      at: 200,
      watch: submitted,
      seen: { job: allComplete, tasks: allSucceeded },
    }),
  ]).toEqual(['succeeded', 'succeeded']);
});

test('a completed job is not judged by stale task counts', () => {
  const behind = { job: allComplete, tasks: { ...NO_TASKS, running: 1, succeeded: 3 } };

  expect(decide({ workload: tiles, watch: submitted, seen: behind })).toEqual({
    kind: 'wait',
    until: minute(33).toISOString(),
    waitingFor: 'task counts of the completed job',
  });
  expect(
    verdict({
      workload: tiles,
      watch: submitted,
      seen: { ...behind, tasks: { ...NO_TASKS, succeeded: 3, failed: 1 } },
    }),
  ).toBe('failed, taskFailed: 1 task failed after all retries');
});

test("a failure that only the counts show yet is the job manager's, and is looked at again", () => {
  const counted = { tasks: { ...NO_TASKS, failed: 1 } };

  expect([
    verdict({ seen: { ...counted, job: jobWith({ state: 'running' }) } }),
    verdict({ seen: { ...counted, job: jobWith({ state: 'failed', exitCode: 1 }) } }),
  ]).toEqual(['wait', 'failed, jobManagerFailed: the job manager failed with exit code 1']);
});

test.each([
  [
    'a request to cancel',
    { seen: { claim: CANCELLED } },
    'cancelled, cancelled: the run was cancelled on request',
  ],
  [
    'the deadline',
    { at: 180, seen: { tasks: { ...NO_TASKS, active: 5, running: 1 } } },
    'timedOut, deadlineExceeded: 6 tasks had not finished when the deadline of 180 minutes passed; raise deadlineMinutes or pool.maxNodes',
  ],
  [
    'a job that is gone',
    { seen: { job: null } },
    `failed, jobEndedEarly: the job ${JOB} was deleted by someone else while it was running`,
  ],
  [
    'a job that is being deleted',
    { seen: { job: jobWith(null, { state: 'deleting' }) } },
    `failed, jobEndedEarly: the job ${JOB} was deleted by someone else while it was running`,
  ],
  [
    'a job manager with an exit code',
    { seen: { job: jobWith({ state: 'failed', exitCode: 3, cause: 'FailureExitCode' }) } },
    'failed, jobManagerFailed: the job manager failed with exit code 3',
  ],
  [
    'a job manager that never began',
    {
      seen: { job: jobWith({ state: 'failed', cause: 'CommandProgramNotFound: no such program' }) },
    },
    'failed, jobManagerFailed: the job manager could not start (no such program); install the program in pool.setup, or call it by its path',
  ],
  [
    'a job manager of which nothing is said',
    { seen: { job: jobWith({ state: 'failed' }) } },
    'failed, jobManagerFailed: the job manager failed',
  ],
  [
    'a failed task',
    { seen: { tasks: { ...NO_TASKS, running: 1, failed: 2 } } },
    'failed, taskFailed: 2 tasks failed after all retries',
  ],
  [
    'a job that somebody terminated',
    {
      seen: {
        job: jobWith({ state: 'failed' }, { state: 'completed', terminateReason: 'UserTerminate' }),
        tasks: { ...NO_TASKS, failed: 1 },
      },
    },
    `failed, jobEndedEarly: the job ${JOB} was terminated before its tasks ended (reason: UserTerminate)`,
  ],
  [
    'a job that somebody is terminating',
    {
      seen: {
        job: jobWith({ state: 'failed' }, { state: 'ending', terminateReason: 'UserTerminate' }),
      },
    },
    `failed, jobEndedEarly: the job ${JOB} was terminated before its tasks ended (reason: UserTerminate)`,
  ],
  [
    'a job that ended for no reason',
    { seen: { job: jobWith({ state: 'running' }, { state: 'completed' }) } },
    `failed, jobEndedEarly: the job ${JOB} was terminated before its tasks ended (reason: none given)`,
  ],
  [
    'a job that has used up its time',
    {
      seen: {
        job: jobWith(
          { state: 'failed' },
          { state: 'completed', terminateReason: 'MaxWallClockTimeExpiry' },
        ),
      },
    },
    'timedOut, deadlineExceeded: Batch terminated the job after its 180 minutes; raise deadlineMinutes or pool.maxNodes',
  ],
  [
    'a pool that is gone',
    { seen: { pool: null } },
    `failed, jobEndedEarly: the pool ${JOB} was deleted by someone else while the job was running`,
  ],
  [
    'a pool that is being deleted',
    { seen: { pool: poolWith({ running: 1 }, { state: 'deleting' }) } },
    `failed, jobEndedEarly: the pool ${JOB} was deleted by someone else while the job was running`,
  ],
  [
    'a set-up that failed on every node',
    { seen: { pool: poolWith({ startTaskFailed: 2 }) } },
    'failed, startTaskFailed: the start task (pool.setup) failed on 2 nodes and no usable node is left',
  ],
] satisfies readonly (readonly [string, Case, string])[])(
  '%s ends the run',
  (_what, given, expected) => {
    expect(verdict(given)).toBe(expected);
  },
);

test('a job that ends early before the tasks were added is not given any', () => {
  const job = jobWith(
    { state: 'succeeded' },
    { state: 'completed', terminateReason: 'AllTasksComplete' },
  );

  expect(verdict({ workload: tiles, seen: { job } })).toBe(
    `failed, jobEndedEarly: the job ${planOf(tiles).jobId} was terminated before its tasks ended (reason: AllTasksComplete)`,
  );
});

test('causes are weighed in this order, the first that applies is the verdict', () => {
  const worse: readonly Partial<Observation>[] = [
    { pool: poolWith({ startTaskFailed: 1 }) },
    { pool: null },
    { tasks: { ...NO_TASKS, failed: 2 } },
    { job: jobWith({ state: 'failed' }) },
    { job: jobWith({ state: 'failed' }, { state: 'completed', terminateReason: 'UserTerminate' }) },
    { job: null },
  ];
  const layered = worse.map(
    (_, index) => Object.assign({}, ...worse.slice(0, index + 1)) as Partial<Observation>,
  );
  const all = layered.at(-1) ?? {};
  const codes = layered.map((seen) => verdict({ seen }).split(':')[0]);

  expect(codes).toEqual([
    'failed, startTaskFailed',
    'failed, jobEndedEarly',
    'failed, taskFailed',
    'failed, jobManagerFailed',
    'failed, jobEndedEarly',
    'failed, jobEndedEarly',
  ]);
  expect(verdict({ seen: all, at: 180 })).toMatch(/^timedOut, deadlineExceeded/);
  expect(verdict({ seen: { ...all, claim: CANCELLED }, at: 180 })).toMatch(/^cancelled/);
  expect(verdict({ seen: { job: done, claim: CANCELLED } })).toMatch(/^cancelled/);
});

test('tasks are added once: when the manifest is written, and by blob at once [PI7, RS26]', () => {
  const ready = jobWith({ state: 'succeeded' });
  const noNode = { pool: poolWith({}), job: jobWith(null) };

  expect([
    decide({ workload: tiles, seen: { job: ready } }).kind,
    decide({ workload: tiles, seen: { job: jobWith({ state: 'running' }) } }).kind,
    decide({ workload: tiles, seen: { job: ready }, watch: submitted }).kind,
    decide({ workload: meshes, seen: noNode }).kind,
    decide({ workload: meshes, seen: noNode, watch: submitted }).kind,
    decide({ workload: hello, seen: { job: ready } }).kind,
  ]).toEqual(['submitTasks', 'wait', 'wait', 'submitTasks', 'wait', 'wait']);
});

test('a run without a node fails after maxWaitMinutes with the reason [NB5, NB15]', () => {
  const since = (minutes: number) => ({ lastUsableNodeAt: minute(minutes).toISOString() });
  const none = { pool: poolWith({}) };
  const short = {
    pool: poolWith({ preempted: 1 }, { resizeErrors: ['AllocationFailed: no capacity'] }),
  };
  const broken = {
    pool: poolWith({ unusable: 2 }, { nodeErrors: ['ContainerInvalidImage: no such image'] }),
  };
  const formula = { pool: poolWith({}, { formulaError: 'InsufficientSampleData: none' }) };

  expect([
    verdict({ at: 119, watch: since(60), seen: none }),
    verdict({ at: 120, watch: since(60), seen: none }),
    verdict({ at: 120, watch: since(60), seen: short }),
    verdict({ at: 120, watch: since(60), seen: broken }),
    verdict({ at: 120, watch: since(60), seen: formula }),
    verdict({ at: 120, watch: since(60) }),
  ]).toEqual([
    'wait',
    'failed, noCapacity: no Spot node became available within 60 minutes; try another vmSize or region, or request more Spot quota',
    'failed, noCapacity: no Spot node became available within 60 minutes (AllocationFailed: no capacity); try another vmSize or region, or request more Spot quota',
    'failed, nodesUnusable: 2 nodes became unusable and no usable node is left (ContainerInvalidImage: no such image)',
    'failed, noCapacity: no Spot node became available within 60 minutes (InsufficientSampleData: none); try another vmSize or region, or request more Spot quota',
    'wait',
  ]);
});

test('a node that is left may still do the work when the set-up failed on another', () => {
  expect(verdict({ seen: { pool: poolWith({ startTaskFailed: 1, starting: 1 }) } })).toBe('wait');
});

import { expect, test } from 'vitest';
import { nextStep, waitingFor } from '../../src/run/progress';
import { NO_TASKS, type Observation, type TaskCounts, type WatchState } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { checked, echo, jobWith, minute, planOf, poolWith, seenWith, watchWith } from './given';

/** What happens next in runs that may go on without some of their tasks. */

const sweep = { kind: 'sweep', task: echo, over: { N: { from: 1, to: 100 } } } as const;
const base = { name: 'hello', description: 'many', pool: { maxNodes: 5 } };

function workloadWith(work: object) {
  return checked({ ...base, work } as unknown as WorkloadDeclaration);
}

const strict = workloadWith(sweep);
const stopping = workloadWith({ ...sweep, whenTaskFails: 'stop' });
const tolerant = workloadWith({ ...sweep, tolerateFailed: 0.07 });
const merging = workloadWith({ ...sweep, merge: { ...echo, quorum: 0.9 } });

function next(
  workload: ReturnType<typeof workloadWith>,
  tasks: Partial<TaskCounts>,
  watch: Partial<WatchState> = {},
  seen: Partial<Observation> = {},
) {
  return nextStep(
    {
      workload,
      plan: planOf(workload),
      watch: watchWith({ plannedTasks: 100, submitted: true, ...watch }),
      seen: seenWith({
        job: jobWith(null),
        pool: poolWith({ running: 1 }),
        tasks: { ...NO_TASKS, ...tasks },
        ...seen,
      }),
    },
    minute(20),
  );
}

const ended = { job: jobWith(null, { state: 'completed', terminateReason: 'AllTasksComplete' }) };
const failing = (cause: string) => ({
  kind: 'finish',
  outcome: { kind: 'failed', code: 'taskFailed', cause },
});

test('the share that may fail is exact where decimals are not: 7 of 100, and not 8', () => {
  expect(next(tolerant, { running: 93, failed: 7 }).kind).toBe('wait');
  expect(next(tolerant, { succeeded: 92, failed: 8 })).toEqual(
    failing('8 tasks failed after all retries; 7 of 100 may be missing'),
  );
  expect(next(tolerant, { succeeded: 93, failed: 7 }, {}, ended)).toEqual({
    kind: 'finish',
    outcome: { kind: 'succeeded' },
  });
});

test('while tasks are still being added, nobody knows how many a share is', () => {
  const adding = { plannedTasks: null, submitted: false };

  expect(next(tolerant, { active: 50, failed: 50 }, adding).kind).toBe('submitTasks');
  expect(next(strict, { active: 99, failed: 1 }, adding).kind).toBe('submitTasks');
  expect(next(stopping, { active: 99, failed: 1 }, adding)).toEqual(
    failing('1 task failed after all retries'),
  );
});

test('after a failure the other tasks finish, and only then the run fails', () => {
  expect(next(strict, { active: 50, running: 9, succeeded: 40, failed: 1 }).kind).toBe('wait');
  // Counts that are behind know nothing of the last tasks yet.
  expect(next(strict, { succeeded: 90, failed: 1 }).kind).toBe('wait');
  expect(next(strict, { succeeded: 99, failed: 1 })).toEqual(
    failing('1 task failed after all retries'),
  );
  expect(next(strict, { succeeded: 99, failed: 1 }, {}, ended)).toEqual(
    failing('1 task failed after all retries'),
  );
});

test('with whenTaskFails stop the run ends at the first failure', () => {
  expect(next(stopping, { active: 50, running: 9, succeeded: 40, failed: 1 })).toEqual(
    failing('1 task failed after all retries'),
  );
});

test('a run whose first ten tasks all failed ends early, and one success is enough to finish', () => {
  expect(next(strict, { active: 91, failed: 9 }).kind).toBe('wait');
  expect(next(strict, { active: 89, succeeded: 1, failed: 10 }).kind).toBe('wait');
  expect(next(strict, { active: 90, failed: 10 })).toEqual(
    failing('10 tasks failed after all retries; none succeeded, so the others were not run'),
  );
});

test('the success of a job manager does not count as one of a task', () => {
  const split = workloadWith({ kind: 'split', jobManager: echo, task: echo });
  const job = jobWith({ state: 'succeeded' });

  expect(next(split, { active: 90, succeeded: 1, failed: 10 }, {}, { job })).toEqual(
    failing('10 tasks failed after all retries; none succeeded, so the others were not run'),
  );
  expect(next(split, { active: 89, succeeded: 2, failed: 10 }, {}, { job }).kind).toBe('wait');
});

test('a merge that waits for a failed task keeps no run from its end', () => {
  const plain = workloadWith({ ...sweep, merge: echo });
  const waits = { merge: 'waits', plannedTasks: 101 } as const;

  expect(next(plain, { active: 2, succeeded: 98, failed: 1 }, waits).kind).toBe('wait');
  expect(next(plain, { active: 1, succeeded: 99, failed: 1 }, waits)).toEqual(
    failing('1 task failed after all retries'),
  );
});

test('a merge that is due is added when none is active or running and all are accounted for', () => {
  const due = { merge: 'due' } as const;

  expect(next(merging, { succeeded: 90, failed: 10 }, due)).toEqual({ kind: 'addMerge' });
  expect(next(merging, { succeeded: 90, failed: 9, running: 1 }, due).kind).toBe('wait');
  expect(next(merging, { succeeded: 90, failed: 9, active: 1 }, due).kind).toBe('wait');
  // Counts that are behind know nothing of the last tasks yet.
  expect(next(merging, { succeeded: 60 }, due).kind).toBe('wait');
  expect(next(merging, { succeeded: 89, failed: 11 }, due)).toEqual(
    failing('11 tasks failed after all retries; 10 of 100 may be missing'),
  );
});

test('once a merge is made of what there is, no further failure is tolerated', () => {
  const added = { merge: 'added', mergedWithout: 4, plannedTasks: 101 } as const;

  expect(next(merging, { succeeded: 96, failed: 4, running: 1 }, added).kind).toBe('wait');
  expect(next(merging, { succeeded: 96, failed: 5 }, added)).toEqual(
    failing('the merge failed after all retries'),
  );
});

test('the status counts blocked tasks', () => {
  const workload = workloadWith({
    kind: 'tasks',
    task: echo,
    tasks: [{ id: 'a' }, { id: 'b', after: ['a'] }, { id: 'c' }, { id: 'd' }],
    tolerateFailed: 0.5,
  });
  const seen = seenWith({
    job: jobWith(null),
    tasks: { active: 2, running: 1, succeeded: 0, failed: 1 },
    blocked: 1,
  });
  const watch = watchWith({ plannedTasks: 4, submitted: true });

  expect(waitingFor({ workload, plan: planOf(workload), watch, seen })).toBe(
    'tasks: 1 of 4 done, 1 running, 1 queued on 1 node, 1 blocked by failed tasks',
  );
});

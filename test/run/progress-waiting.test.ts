import { expect, test } from 'vitest';
import { nextStep, notePoll, waitingFor } from '../../src/run/progress';
import { NO_TASKS } from '../../src/run/run';
import {
  checked,
  jobWith,
  meshes,
  minute,
  poolWith,
  seenWith,
  situationOf,
  tiles,
  watchWith,
  whole,
  type Case,
} from './given';

const submitted = { submitted: true, plannedTasks: 3 };
const allSucceeded = { ...NO_TASKS, succeeded: 4 };

const waiting = jobWith({ state: 'waiting' });
const tasks = { active: 3, running: 2, succeeded: 4, failed: 0 };

test.each([
  ['the pool and the job', { workload: meshes, watch: submitted, seen: { pool: null, job: null } }],
  [
    'a valid autoscale formula (AutoScalingFormulaEvaluationError: no)',
    { seen: { pool: poolWith({}, { formulaError: 'AutoScalingFormulaEvaluationError: no' }) } },
  ],
  [
    'a Spot node: the next autoscale evaluation is at most five minutes away',
    { seen: { pool: poolWith({}) } },
  ],
  [
    'a Spot node: Batch is allocating 3 nodes',
    { seen: { pool: poolWith({}, { resizing: true, targetNodes: 3 }) } },
  ],
  [
    'a Spot node: Batch could not allocate a node (AllocationFailed: none)',
    { seen: { pool: poolWith({}, { resizeErrors: ['AllocationFailed: none'] }) } },
  ],
  ['a Spot node: 2 nodes unusable', { seen: { pool: poolWith({ unusable: 2 }) } }],
  [
    'a Spot node: 1 node unusable (ContainerInvalidImage: no such image)',
    {
      seen: {
        pool: poolWith({ unusable: 1 }, { nodeErrors: ['ContainerInvalidImage: no such image'] }),
      },
    },
  ],
  [
    'a Spot node: 1 node preempted, Batch is allocating a replacement',
    { seen: { pool: poolWith({ preempted: 1, unusable: 1 }) } },
  ],
  ['the start of 1 node', { seen: { pool: poolWith({ starting: 1 }), job: waiting } }],
  [
    'the start task on 2 nodes',
    { seen: { pool: poolWith({ waitingForStartTask: 2, starting: 1 }), job: waiting } },
  ],
  ['a free slot for the job manager', { seen: { pool: poolWith({ idle: 1 }), job: waiting } }],
  ['the job manager (running)', { seen: {} }],
  [
    'tasks: 4 of 9 done, 2 running, 3 queued on 2 nodes',
    {
      workload: tiles,
      watch: submitted,
      seen: {
        job: jobWith({ state: 'succeeded' }),
        pool: poolWith({ running: 1, idle: 1 }),
        tasks,
      },
    },
  ],
  ['tasks: 4 done, 2 running, 3 queued on 1 node', { seen: { job: jobWith(null), tasks } }],
  [
    'the end of the job (4 tasks done)',
    {
      workload: tiles,
      watch: submitted,
      seen: { job: jobWith({ state: 'succeeded' }), tasks: allSucceeded },
    },
  ],
  [
    'the end of the job (1 task done)',
    {
      seen: {
        job: jobWith({ state: 'succeeded' }, { state: 'ending' }),
        tasks: { ...NO_TASKS, succeeded: 1 },
      },
    },
  ],
] satisfies readonly (readonly [string, Case])[])(
  'a run says that it waits for %s [RS29]',
  (sentence, given) => {
    expect(waitingFor(situationOf(given))).toBe(sentence);
  },
);

test('polls are frequent at first, rarer later, and the last is at the deadline', () => {
  const until = (minutes: number) => {
    const watch = { lastUsableNodeAt: minute(minutes).toISOString() };
    const step = nextStep(situationOf({ watch }), minute(minutes));
    return step.kind === 'wait' && (Date.parse(step.until) - minute(minutes).getTime()) / 1000;
  };

  expect([0, 1, 5, 20, 50, 120, 176, 179.9].map(until)).toEqual([
    10, 10, 30, 120, 300, 300, 240, 6,
  ]);
});

test('while a merge waits to be added, polls are half a minute apart', () => {
  const until = (minutes: number) => {
    const watch = { lastUsableNodeAt: minute(minutes).toISOString(), merge: 'due' } as const;
    const step = nextStep(situationOf({ watch }), minute(minutes));
    return step.kind === 'wait' && (Date.parse(step.until) - minute(minutes).getTime()) / 1000;
  };

  expect([0, 1, 4, 5, 120, 179.9].map(until)).toEqual([10, 10, 24, 30, 30, 6]);
});

test('a run of 24 hours polls fewer than 350 times', () => {
  const long = checked({ ...whole, deadlineMinutes: 1440 });
  let looks = 0;
  for (let at = 0; at < 1440; looks++) {
    const step = nextStep(situationOf({ workload: long }), minute(at));
    if (step.kind !== 'wait') break;
    at = (Date.parse(step.until) - minute(0).getTime()) / 60_000;
  }

  expect(looks).toBeGreaterThan(290);
  expect(looks).toBeLessThan(350);
});

test('every node except a preempted one is billed, with the mean of two polls', () => {
  const nodes = {
    starting: 1,
    idle: 1,
    running: 1,
    unusable: 1,
    startTaskFailed: 1,
    leaving: 1,
    waitingForStartTask: 1,
    preempted: 5,
  };
  const pool = poolWith(nodes, { dedicatedNodes: 2 });

  const first = notePoll(watchWith(), seenWith({ pool }), minute(10));
  const second = notePoll(
    first,
    seenWith({ pool: poolWith({ running: 3, preempted: 2 }) }),
    minute(14),
  );
  const last = notePoll(second, seenWith({ pool: null }), minute(16));

  expect([first.usage, second.usage, last.usage]).toEqual([
    {
      nodeMinutes: 35,
      dedicatedMinutes: 10,
      preemptions: 5,
      nodesAtLastPoll: 7,
      dedicatedAtLastPoll: 2,
      preemptedAtLastPoll: 5,
      lastPollAt: minute(10).toISOString(),
    },
    {
      nodeMinutes: 55,
      dedicatedMinutes: 14,
      preemptions: 5,
      nodesAtLastPoll: 3,
      dedicatedAtLastPoll: 0,
      preemptedAtLastPoll: 2,
      lastPollAt: minute(14).toISOString(),
    },
    {
      nodeMinutes: 58,
      dedicatedMinutes: 14,
      preemptions: 5,
      nodesAtLastPoll: 0,
      dedicatedAtLastPoll: 0,
      preemptedAtLastPoll: 0,
      lastPollAt: minute(16).toISOString(),
    },
  ]);
});

test('a clock that goes back does not change the cost', () => {
  const first = notePoll(watchWith(), seenWith(), minute(10));
  const { usage } = notePoll(first, seenWith(), minute(5));

  expect(usage.nodeMinutes).toBe(first.usage.nodeMinutes);
});

test('a poll stores the task counts and when a usable node was last seen [NB5]', () => {
  const served = notePoll(watchWith(), seenWith({ tasks }), minute(10));
  const unserved = notePoll(
    served,
    seenWith({ pool: poolWith({ preempted: 1, unusable: 1, startTaskFailed: 1 }) }),
    minute(20),
  );

  expect([served.lastUsableNodeAt, unserved.lastUsableNodeAt]).toEqual([
    minute(10).toISOString(),
    minute(10).toISOString(),
  ]);
  expect(served.tasks).toEqual(tasks);
});

test('hours without a poll do not count as waiting for a node', () => {
  const waiting = { pool: poolWith({}) };
  const first = notePoll(watchWith(), seenWith(waiting), minute(10));
  const afterHours = notePoll(first, seenWith(waiting), minute(10 + 600));
  const later = notePoll(afterHours, seenWith(waiting), minute(10 + 600 + 5));

  expect(afterHours.lastUsableNodeAt).toBe(minute(600).toISOString());
  expect(later.lastUsableNodeAt).toBe(minute(600).toISOString());
});

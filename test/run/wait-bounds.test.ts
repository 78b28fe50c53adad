import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import { nextStep, notePoll } from '../../src/run/progress';
import { addUsage } from '../../src/run/finish/usage';
import type { NodeCounts, PoolView } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { checked, jobWith, minute, poolWith, seenWith, situationOf, watchWith } from './given';
import { stageForEach } from './stage';

const stage = stageForEach(afterEach);

const patient: WorkloadDeclaration = {
  name: 'patient',
  description: 'waits half an hour for a node',
  pool: { maxWaitMinutes: 40, setup: { command: 'setup', maxMinutes: 20 } },
  work: { kind: 'whole', jobManager: { command: 'work' } },
};
const workload = checked(patient);
const waiting = jobWith({ state: 'waiting' });

/** The step at a minute, for nodes that never change. */
function stepAt(minutes: number, pool: PoolView, watch: Parameters<typeof watchWith>[0] = {}) {
  return nextStep(situationOf({ workload, watch, seen: { job: waiting, pool } }), minute(minutes));
}

function inSetup(...starts: number[]) {
  return starts.map((start, index) => ({ id: `n${index}`, since: minute(start).toISOString() }));
}

test.each([
  ['starting', { starting: 1 }],
  ['unknown or offline', { unusable: 1 }],
] satisfies readonly (readonly [string, Partial<NodeCounts>])[])(
  'a run whose only node stays %s ends after maxWaitMinutes, however often it is polled [NB15]',
  (_, nodes) => {
    const seen = seenWith({ job: waiting, pool: poolWith(nodes) });
    const polls = [5, 10, 15, 20, 25, 30, 35, 39];
    const watch = polls.reduce((before, at) => notePoll(before, seen, minute(at)), watchWith());

    expect(stepAt(39, poolWith(nodes), watch).kind).toBe('wait');
    expect(stepAt(40, poolWith(nodes), watch)).toMatchObject({
      kind: 'finish',
      outcome: { kind: 'failed', code: 'nodesUnusable' },
    });
  },
);

test('a node that does not finish starting is named in the cause', () => {
  expect(stepAt(40, poolWith({ starting: 2 }))).toEqual({
    kind: 'finish',
    outcome: {
      kind: 'failed',
      code: 'nodesUnusable',
      cause: 'no Spot node became ready within 40 minutes: 2 nodes did not finish starting',
    },
  });
});

test('nodes that come at the end of the wait have their time to start, once', () => {
  const late = (minutes: number) =>
    poolWith({ starting: 1 }, { allocatedAt: minute(minutes).toISOString() });

  // 15 minutes, and the 20 of the set-up.
  expect([stepAt(40, late(39)).kind, stepAt(73, late(39)).kind]).toEqual(['wait', 'wait']);
  expect(stepAt(74, late(39))).toMatchObject({ outcome: { code: 'nodesUnusable' } });
  // Others that come after them, since Spot took the first away, do not begin again.
  expect(stepAt(75, late(74))).toMatchObject({ outcome: { code: 'nodesUnusable' } });
  expect(stepAt(40, late(4))).toMatchObject({ outcome: { code: 'nodesUnusable' } });
});

test('a set-up that hangs ends the run after pool.setup.maxMinutes', () => {
  const pool = poolWith({ waitingForStartTask: 1 }, { nodesInSetup: inSetup(5) });

  expect(stepAt(24, pool).kind).toBe('wait');
  expect(stepAt(25, pool)).toEqual({
    kind: 'finish',
    outcome: {
      kind: 'failed',
      code: 'startTaskFailed',
      cause:
        'the start task (pool.setup) was still running on 1 node after 20 minutes; raise pool.setup.maxMinutes if it needs longer',
    },
  });
});

test('a set-up that hangs on one node does not end a run whose other node may still succeed', () => {
  const both = poolWith({ waitingForStartTask: 2 }, { nodesInSetup: inSetup(5, 20) });
  const oneStarts = poolWith({ waitingForStartTask: 1, starting: 1 }, { nodesInSetup: inSetup(5) });

  expect([stepAt(30, both).kind, stepAt(30, oneStarts).kind]).toEqual(['wait', 'wait']);
});

test('a start task that runs for all of maxWaitMinutes is the cause, also without a limit of its own', () => {
  const pool = poolWith({ waitingForStartTask: 1 });

  expect(stepAt(40, pool)).toMatchObject({
    outcome: {
      code: 'startTaskFailed',
      cause: expect.stringContaining('the start task was still running on 1 node') as string,
    },
  });
});

test('failed nodes and hanging set-ups are rebooted while others work, three times in a run', () => {
  const pool = poolWith(
    { running: 1, startTaskFailed: 1, unusable: 1, waitingForStartTask: 1 },
    { failedNodes: ['f1', 'f2'], nodesInSetup: inSetup(0) },
  );

  expect(stepAt(25, pool)).toEqual({ kind: 'rebootNodes', nodes: ['f1', 'f2', 'n0'] });
  expect(stepAt(25, pool, { reboots: 2 })).toEqual({ kind: 'rebootNodes', nodes: ['f1'] });
  expect(stepAt(25, pool, { reboots: 3 }).kind).toBe('wait');
});

test('no node of an existing pool is rebooted', () => {
  const existing = checked({ ...patient, pool: { existing: 'shared' } });
  const pool = poolWith({ running: 1, unusable: 1 }, { failedNodes: ['f1'] });
  const seen = { job: waiting, pool };

  expect(nextStep(situationOf({ workload: existing, seen }), minute(1)).kind).toBe('wait');
});

test('a formula that Batch refuses at three polls is set again once, and then ends the run', () => {
  const pool = poolWith({ running: 1 }, { formulaError: 'AutoScalingFormulaEvaluationError: no' });
  const seen = seenWith({ pool });
  const polled = [1, 2, 3].reduce(
    (watch, minutes) => notePoll(watch, seen, minute(minutes)),
    watchWith(),
  );

  expect(stepAt(2, pool, { formulaErrors: 2 }).kind).toBe('wait');
  expect(stepAt(3, pool, { formulaErrors: polled.formulaErrors }).kind).toBe('repairFormula');
  expect(stepAt(6, pool, { formulaErrors: 3, formulaRepaired: true })).toMatchObject({
    outcome: {
      code: 'badSpecification',
      cause: expect.stringContaining('AutoScalingFormulaEvaluationError: no') as string,
    },
  });
  expect(notePoll(polled, seenWith(), minute(4)).formulaErrors).toBe(0);
});

test('node-minutes count from the allocation of the first nodes, also over a long gap between polls', () => {
  const pool = poolWith({ running: 2 }, { allocatedAt: minute(3).toISOString() });
  const first = addUsage(watchWith().usage, pool, minute(37));

  expect(first.nodeMinutes).toBe(68);
  expect(addUsage(first, pool, minute(40)).nodeMinutes).toBe(74);
});

test('the output of a start task that hangs is saved with the logs, and its end is in the cause', async () => {
  const { run, batch, files } = await stage([patient], { nodesAre: 'waitingForStartTask' });

  const record = await run('patient');

  expect(record.outcome).toMatchObject({
    code: 'startTaskFailed',
    cause: expect.stringMatching(
      /still running on 1 node after 20 minutes.*apt has no nodejs/,
    ) as string,
  });
  expect(record.logs).toEqual(
    expect.arrayContaining(['logs/start-task/stderr.txt', 'logs/start-task/stdout.txt']),
  );
  expect(files.text(record.outputContainer, 'logs/start-task/stdout.txt')).toBe('installing\n');
  expect(await batch.getPool()).toBeNull();
});

test('nodes are counted and tasks too when the job could never be created', async () => {
  const { run, batch } = await stage([patient]);
  const getPool = batch.getPool.bind(batch);
  batch.getPool = async () => {
    const view = await getPool();
    return view?.nodes.running === 1 ? { ...view, allocatedAt: '2030-01-01T02:03:00.000Z' } : view;
  };
  batch.makeJob = async () => {
    throw new Failure('serviceUnavailable', 'cannot create the job: busy');
  };

  const record = await run('patient');

  expect(record.outcome).toMatchObject({ code: 'serviceUnavailable' });
  expect(record.timeline.map(({ phase }) => phase)).not.toContain('watching');
  const minutes = (Date.parse(record.endedAt) - Date.parse('2030-01-01T02:03:00Z')) / 60_000;
  expect(record.nodeMinutes).toBeGreaterThan(minutes - 1);
  expect(record.nodeMinutes).toBeLessThanOrEqual(minutes);
});

test('the task counts of a record are those of the end and not of the last poll', async () => {
  const { run, batch } = await stage([patient], { jobManagerExit: 3 });
  const countTasks = batch.countTasks.bind(batch);
  let isHarvested = false;
  const failedTasks = batch.failedTasks.bind(batch);
  batch.failedTasks = async () => {
    isHarvested = true;
    return failedTasks();
  };
  batch.countTasks = async () =>
    isHarvested ? { active: 0, running: 0, succeeded: 34, failed: 1 } : countTasks();

  expect((await run('patient')).tasks).toEqual({ active: 0, running: 0, succeeded: 34, failed: 1 });
});

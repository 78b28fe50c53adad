import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { RunRecord } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { POLL_NOW } from '../../src/run/workflow';
import { leaveOutputs, minutesIn, START, stageForEach } from './stage';
import { requestCancel } from '../../src/ledger/claim';

/** The orchestrator and its activities on the real engine, with a clock that is stepped. */

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  inputs: { container: 'inputs' },
  pool: { pricePerNodeHour: 0.6 },
  work: { kind: 'whole', jobManager: { command: 'node work.mjs', programs: ['work.mjs'] } },
  deadlineMinutes: 60,
};

const split: WorkloadDeclaration = {
  name: 'split',
  description: 'the job manager splits, a merge joins',
  pool: { maxNodes: 4, slotsPerNode: 2 },
  work: {
    kind: 'split',
    jobManager: { command: 'node split.mjs' },
    task: { command: 'node part.mjs' },
    merge: { command: 'node merge.mjs', outputs: [{ files: 'all.txt', to: 'results' }] },
  },
  results: ['all.txt'],
};

const stage = stageForEach(afterEach);

test('a run of one task creates pool and job, watches them, and leaves only its outputs [RS2][GD20]', async () => {
  const { run, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(record.tasks).toEqual({ active: 0, running: 0, succeeded: 1, failed: 0 });
  expect(record.timeline.map(({ phase }) => phase)).toEqual([
    'admitting',
    'staging',
    'provisioning',
    'submitting',
    'watching',
    'harvesting',
    'cleaningUp',
    'ended',
  ]);
  expect(record.cleanedUp.map(({ resource, state }) => `${resource} ${state}`)).toEqual([
    'job deleted',
    'pool deleted',
    'staging deleted',
    'outputs kept',
  ]);
  expect([await batch.getPool(), await batch.getJob()]).toEqual([null, null]);
  expect([...files.containers.keys()].sort()).toEqual(
    ['inputs', record.outputContainer, 'runs'].sort(),
  );
});

test('one echo command without files gets a pool for it alone, is watched to its end, and the pool is deleted with its job [PY4]', async () => {
  const hello = {
    name: 'hello',
    description: 'Says hello',
    pool: {},
    work: { kind: 'whole', jobManager: { command: 'echo hello' } },
  } satisfies WorkloadDeclaration;
  const { begin, end, batch } = await stage([hello]);

  const record = await end(await begin('hello'));

  expect(record).toMatchObject({
    outcome: { kind: 'succeeded' },
    tasks: { active: 0, running: 0, succeeded: 1, failed: 0 },
  });
  const calls = batch.asked.filter((call) => /^(make|delete)(Pool|Job)/.test(call));
  expect([...new Set(calls)]).toEqual(['makePool', 'makeJob', 'deleteJob', 'deletePool']);
  expect([await batch.getPool(), await batch.getJob()]).toEqual([null, null]);
});

test('programs and inputs are staged before the first call of Batch [PI5]', async () => {
  const { run, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  const staged: string[][] = [];
  const makePool = batch.makePool.bind(batch);
  batch.makePool = async (spec, owner) => {
    const [container] = await files.listContainers(`run-${owner.runId}-in`);
    staged.push([...(files.containers.get(container?.name ?? '')?.blobs.keys() ?? [])].sort());
    await makePool(spec, owner);
  };

  await run('whole');

  expect(staged).toEqual([['inputs.json', 'inputs/0001.csv', 'programs/work.mjs']]);
  expect(batch.asked[0]).toBe('makePool');
});

test('a run whose input container is empty succeeds without a pool', async () => {
  const { run, batch, files } = await stage([whole]);

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(record.tasks).toEqual({ active: 0, running: 0, succeeded: 0, failed: 0 });
  expect(batch.pool).toBeUndefined();
  expect(batch.job).toBeUndefined();
  expect([...files.containers.keys()]).toEqual(['runs']);
});

test('tasks of the manifest are added, the merge depends on all, and only then may the job end [RS26][RS7]', async () => {
  const { run, batch, files } = await stage([split]);
  leaveOutputs({ files }, 'split', {
    'manifest/tasks.jsonl': '{"id":"p1"}\n{"id":"p2"}\n{"id":"p3"}\n',
    'results/all.txt': 'done',
  });

  const record = await run('split');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(batch.asked.filter((asked) => !asked.startsWith('delete'))).toEqual([
    'makePool',
    'makeJob',
    'addTasks p1 p2 p3 merge',
    'endWhenTasksEnd',
    'setFormula',
  ]);
  expect(batch.tasks.get('merge')?.spec.dependsOn).toEqual(['p1', 'p2', 'p3']);
  expect(record.results).toEqual([{ name: 'results/all.txt', bytes: 4 }]);
});

test('a missing result turns success into failure', async () => {
  const { run, files } = await stage([split]);
  leaveOutputs({ files }, 'split', { 'manifest/tasks.jsonl': '{"id":"p1"}\n' });

  expect((await run('split')).outcome).toEqual({
    kind: 'failed',
    code: 'outputMissing',
    cause: 'all tasks succeeded, but these results are missing or empty: results/all.txt',
  });
});

test('a failing job manager ends the run with the tail of its stderr, and everything is cleaned up [RS30]', async () => {
  const { run, batch, files } = await stage([whole], { jobManagerExit: 3 });
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.outcome).toEqual({
    kind: 'failed',
    code: 'jobManagerFailed',
    cause: 'the job manager failed with exit code 3: stderr.txt of job-manager',
  });
  expect(files.text(record.outputContainer, 'logs/job-manager/stderr.txt')).toBe(
    'stderr.txt of job-manager\n',
  );
  expect([await batch.getPool(), await batch.getJob()]).toEqual([null, null]);
});

test('a start task that fails on the only node ends the run with its stderr', async () => {
  const { run, files } = await stage([whole], { nodesAre: 'startTaskFailed' });
  files.put('inputs', 'a.csv', '1,2');

  expect((await run('whole')).outcome).toEqual({
    kind: 'failed',
    code: 'startTaskFailed',
    cause:
      'the start task (pool.setup) failed on 1 node and no usable node is left: apt has no nodejs',
  });
});

test('a run past its deadline is ended and cleaned up [NB15]', async () => {
  const { run, batch, files } = await stage([whole], { jobManagerMinutes: 500 });
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.outcome).toMatchObject({ kind: 'timedOut', code: 'deadlineExceeded' });
  expect(minutesIn(record)).toBeCloseTo(61, 0);
  expect([await batch.getPool(), await batch.getJob()]).toEqual([null, null]);
});

test('a run that gets no node within maxWaitMinutes fails and leaves no pool', async () => {
  const patient = { ...whole, pool: { maxWaitMinutes: 30 } };
  const { run, batch, files } = await stage([patient], { nodeMinutes: null });
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.outcome).toMatchObject({ kind: 'failed', code: 'noCapacity' });
  expect(await batch.getPool()).toBeNull();
});

test('a cancel request ends the run at its next poll, which the event makes sooner', async () => {
  const {
    begin,
    hub: opened,
    clock,
    batch,
    files,
    table,
  } = await stage([whole], { jobManagerMinutes: 50 });
  files.put('inputs', 'a.csv', '1,2');
  const runId = await begin('whole');
  await opened.settled();
  clock.stepTo(new Date('2030-01-01T02:30:00Z'));
  await opened.settled();

  await requestCancel(table, runId, 'ada', '2030-01-01T02:30:00.000Z');
  await opened.raiseEvent(runId, POLL_NOW, {});
  const record = (await opened.runToEnd(runId)).output as RunRecord;

  expect(record.outcome).toEqual({
    kind: 'cancelled',
    code: 'cancelled',
    cause: expect.stringContaining('the run was cancelled on request') as string,
  });
  expect(Date.parse(record.endedAt) - Date.parse('2030-01-01T02:30:00Z')).toBeLessThan(120_000);
  expect([await batch.getPool(), await batch.getJob()]).toEqual([null, null]);
  expect(table.values('active')).toEqual({ '!admission': expect.any(Object) as unknown });
});

test('an occurrence with a record is not run again', async () => {
  const { run, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  const record = await run('whole');
  const { length } = batch.asked;

  expect(await run('whole')).toEqual(record);
  expect(batch.asked).toHaveLength(length);
});

test('with overlap forbid a run is skipped while another is active, and names that run', async () => {
  const { begin, end, batchOf, hub: opened, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  const first = await begin('whole', 'a');
  await opened.settled();

  const second = await begin('whole', 'b');
  const record = await end(second);

  expect(record.outcome).toEqual({
    kind: 'skipped',
    code: 'overlapped',
    cause: `run ${first} of whole was active`,
  });
  expect(batchOf(second).asked).toEqual([]);
  expect((await end(first)).outcome).toEqual({ kind: 'succeeded' });
});

test('with overlap replace a run cancels the active one and starts when that has its record', async () => {
  const replacing = { ...whole, overlap: 'replace' } as const;
  const { begin, end, hub: opened, files } = await stage([replacing], { jobManagerMinutes: 50 });
  files.put('inputs', 'a.csv', '1,2');
  const first = await begin('whole', 'a');
  await opened.settled();
  const second = await begin('whole', 'b');

  const [replaced, record] = [await end(first), await end(second)];

  expect([replaced.outcome.kind, record.outcome.kind]).toEqual(['cancelled', 'succeeded']);
  expect(record.startedAt >= replaced.endedAt).toBe(true);
});

test('a long watch continues as new with a short history and an unchanged state', async () => {
  const {
    run,
    hub: opened,
    files,
  } = await stage([{ ...whole, deadlineMinutes: 24 * 60, pool: { maxWaitMinutes: 60 } }], {
    jobManagerMinutes: 20 * 60,
  });
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(minutesIn(record)).toBeGreaterThan(20 * 60);
  expect(record.timeline[0]).toEqual({ phase: 'admitting', at: START });
  // Nearly all of 20 h on one node: the looks before and after continuing are added up.
  expect(record.nodeMinutes).toBeGreaterThan(19.5 * 60);
  expect(record.nodeMinutes).toBeLessThan(20.5 * 60);
  expect(opened.history(record.runId).length).toBeLessThan(200);
});

test("the cost of a run is estimated from node-minutes and the workload's price", async () => {
  const { run, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');

  const record = await run('whole');

  expect(record.nodeMinutes).toBeGreaterThan(1);
  expect(record.estimatedCost).toBeCloseTo((record.nodeMinutes / 60) * 0.6, 3);
});

test('a step that Batch cannot accept at the moment is retried', async () => {
  const { run, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  let refusals = 3;
  const makePool = batch.makePool.bind(batch);
  batch.makePool = async (spec, owner) => {
    refusals -= 1;
    if (refusals >= 0)
      throw new Failure('serviceUnavailable', 'cannot make pool at the moment: busy');
    await makePool(spec, owner);
  };

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(batch.asked.filter((asked) => asked === 'makePool')).toEqual(['makePool']);
});

test('a step that fails permanently ends the run at once, and clean-up follows', async () => {
  const { run, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  batch.makePool = async () => {
    throw new Failure('quotaReached', 'cannot make pool: the pool quota is reached');
  };

  const record = await run('whole');

  expect(record.outcome).toEqual({
    kind: 'failed',
    code: 'quotaReached',
    cause: 'cannot make pool: the pool quota is reached',
  });
  expect(record.cleanedUp.map(({ state }) => state)).toEqual([
    'deleted',
    'deleted',
    'deleted',
    'kept',
  ]);
});

test('while a step is retried, the status shows its error [RS29]', async () => {
  const { begin, hub: opened, batch, files } = await stage([whole]);
  files.put('inputs', 'a.csv', '1,2');
  batch.makePool = async () => {
    throw new Failure('serviceUnavailable', 'cannot make pool at the moment: the service is busy');
  };

  const runId = await begin('whole');
  await opened.settled();

  expect(opened.status(runId).customStatus).toMatchObject({
    phase: 'provisioning',
    waitingFor: 'a retry: cannot make pool at the moment: the service is busy',
  });
});

test('a run that finds nothing to do says so in its record', async () => {
  const { run } = await stage([whole]);

  expect((await run('whole')).warnings).toEqual([
    'no input was found, so there was nothing to do and no pool was created',
  ]);
});

import { expect, test } from 'vitest';
import { readActive, readOccurrence } from '../../src/ledger/ledger';
import { labelsOf } from '../../src/run/activity-context';
import { findRecord } from '../../src/run/finish/record';
import { recordWithoutRun } from '../../src/run/finish/record-without-run';
import { outputContainerOf, stagingContainerOf, TASK_LIST } from '../../src/run/names';
import type { RunRecord } from '../../src/run/run';
import { requestOf, testApp } from '../api/given';
import { addResources } from '../api/resources';
import { MemoryFiles } from '../memory-files';
import { minute, OWNER, STARTED, whole } from '../run/given';
import { allowing, leftovers, NOTHING, passOf, running } from './passes';

test('a run whose orchestration is lost is cleaned up, recorded and made final', async () => {
  const { world, runId } = await running();
  world.hub.instances.delete(runId);
  expect(await passOf(world)).toEqual(NOTHING);
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(false);
  world.at(5);

  expect(await passOf(world)).toEqual({
    log: [`run ${runId} is being ended: its orchestration is no longer in the task hub`],
    errors: [],
  });
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(true);
  expect(await findRecord(world.files, runId)).toBeNull();
  world.batch.finishDeletions();
  world.at(10);

  expect(await passOf(world)).toEqual({
    log: [`run ${runId} has ended and left nothing`],
    errors: [],
  });
  const cause = 'the run could not end itself: its orchestration is no longer in the task hub';
  expect(await findRecord(world.files, runId)).toMatchObject({
    outcome: { kind: 'failed', code: 'internal', cause },
  });
  expect((await readOccurrence(world.table, runId))?.value).toMatchObject({
    state: 'failed',
    cause,
  });
  expect(await readActive(world.table, runId)).toBeNull();
  expect(await passOf(world)).toEqual(NOTHING);
});

test('the tasks of a lost run are listed before its job is deleted, so that it can be retried', async () => {
  const { world, runId } = await running();
  await world.files.makeContainer(outputContainerOf(runId), {});
  world.batch.taskEnds = async function* ends() {
    yield { id: 't1', end: 'succeeded' };
  };
  world.hub.become({ id: runId, status: 'Failed' });
  world.at(5);
  await passOf(world);
  world.batch.finishDeletions();
  world.at(10);
  await passOf(world);

  expect(await findRecord(world.files, runId)).toMatchObject({ outcome: { kind: 'failed' } });
  expect(world.files.text(outputContainerOf(runId), TASK_LIST)).toBe(
    '{"id":"t1","end":"succeeded"}\n',
  );
});

test('a lost run is recorded with the node-minutes that its orchestration showed last, also when its nodes are gone', async () => {
  const world = testApp([{ ...allowing, pool: { pricePerNodeHour: 0.5 } }]);
  const { runId } = await running(world);
  world.hub.become({ id: runId, status: 'Failed', customStatus: { nodeMinutes: 60 } });
  world.at(5);
  await passOf(world);
  world.hub.instances.delete(runId);
  world.batch.finishDeletions();

  await passOf(world);

  expect(await findRecord(world.files, runId)).toMatchObject({
    nodeMinutes: 60,
    estimatedCost: 0.5,
  });
});

test('the mark of a lost orchestration is taken back when it is found again', async () => {
  const { world, runId } = await running();
  const instance = world.hub.instances.get(runId);
  world.hub.instances.delete(runId);
  await passOf(world);
  expect((await readActive(world.table, runId))?.value.reason?.kind).toBe('lost');
  if (instance !== undefined) world.hub.instances.set(runId, instance);

  await passOf(world);
  world.hub.instances.delete(runId);
  await passOf(world);

  expect((await readActive(world.table, runId))?.value).toMatchObject({
    state: 'running',
    reason: { kind: 'lost' },
  });
});

test('the rows of runs that have a record are added again to a table that was lost', async () => {
  const world = testApp([allowing]);
  const posted = await world.post('hello', 'a');
  const [runId = ''] = world.hub.started;
  await recordWithoutRun(world.files, {
    runId,
    request: requestOf('hello', 'a'),
    outcome: { kind: 'failed', code: 'taskFailed', cause: 'it failed' },
    workload: null,
    startedAt: STARTED,
    endedAt: minute(3).toISOString(),
    usage: { nodeMinutes: 4, dedicatedMinutes: 0, preemptions: 0 },
  });
  world.hub.become({ id: runId, status: 'Completed' });
  world.table.partitions.clear();

  const { log, errors } = await passOf(world);

  expect([log, errors]).toEqual([['1 runs were added to the ledger from their records'], []]);
  expect((await readOccurrence(world.table, runId))?.value).toMatchObject({
    state: 'failed',
    code: 'taskFailed',
    nodeMinutes: 4,
  });
  const again = await world.post('hello', 'a');
  expect([posted.status, again.body]).toEqual([202, { ...(posted.body as object), isNew: false }]);
  expect(world.hub.started).toEqual([runId]);
});

test('a row that is added again from the record of a retry has its place in the chain', async () => {
  const world = testApp([allowing]);
  await world.post('hello', 'a');
  const [runId = ''] = world.hub.started;
  await recordWithoutRun(world.files, {
    runId,
    request: requestOf('hello', 'a'),
    outcome: { kind: 'failed', code: 'taskFailed', cause: 'it failed' },
    attempt: 2,
    retryOf: 'hello-20261121t020000-0123456789',
    workload: null,
    startedAt: STARTED,
    endedAt: minute(3).toISOString(),
  });
  world.hub.become({ id: runId, status: 'Completed' });
  world.table.partitions.clear();

  await passOf(world);

  expect((await readOccurrence(world.table, runId))?.value).toMatchObject({
    attempt: 2,
    retryOf: 'hello-20261121t020000-0123456789',
  });
});

test('a record that the orchestration returned and storage has lost is written again', async () => {
  const { world, runId } = await running();
  const record: RunRecord = await recordWithoutRun(new MemoryFiles(), {
    runId,
    request: requestOf('hello', 'a'),
    outcome: { kind: 'timedOut', code: 'deadlineExceeded', cause: '2 tasks did not finish' },
    workload: null,
    startedAt: STARTED,
    endedAt: minute(1).toISOString(),
    usage: { nodeMinutes: 42, dedicatedMinutes: 0, preemptions: 1 },
  });
  world.hub.become({ id: runId, status: 'Completed', output: record });

  const { errors } = await passOf(world);

  expect(errors).toEqual([]);
  expect(await findRecord(world.files, runId)).toEqual(record);
  expect((await readOccurrence(world.table, runId))?.value).toMatchObject({
    state: 'timedOut',
    code: 'deadlineExceeded',
    nodeMinutes: 42,
  });
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(true);
});

test.each(['Failed', 'Terminated', 'Completed'] as const)(
  'a run whose orchestration is %s without a record ends at the next pass, and lets the next one start',
  async (status) => {
    const { world, runId } = await running(testApp([{ ...whole, overlap: 'queue' }]));
    const next = await world.start('hello', 'next');
    world.hub.become({ id: runId, status });

    await passOf(world);
    world.batch.finishDeletions();
    const { log, errors } = await passOf(world);

    expect([log, errors]).toEqual([
      [`run ${runId} has ended and left nothing`, `run ${next} started`],
      [],
    ]);
    expect((await readOccurrence(world.table, runId))?.value).toMatchObject({ state: 'failed' });
  },
);

test('a run that was admitted by a host that died is started with its next term', async () => {
  const world = testApp([allowing]);
  const runId = await world.start('hello', 'a');
  world.hub.instances.delete(runId);
  expect(await passOf(world)).toEqual(NOTHING);
  world.at(11);

  expect(await passOf(world)).toEqual({
    log: [`run ${runId} was not started; its term 2 is`],
    errors: [],
  });
  expect(world.hub.started).toEqual([runId, `${runId}_2`]);
});

test.each(['Completed', 'Failed', 'Canceled', 'Terminated', null] as const)(
  'pool and job of a run without a row whose orchestration is %s are deleted',
  async (status) => {
    const { world, runId } = await leftovers(status);

    expect(await passOf(world)).toEqual({
      log: [
        `pool ${runId} had no active run and is being deleted`,
        `job ${runId} had no active run and is being deleted`,
      ],
      errors: [],
    });
    expect(world.batch.pools.get(runId)?.isDeleting).toBe(true);
    expect(world.batch.jobs.get(runId)?.isDeleting).toBe(true);
  },
);

test.each(['Pending', 'Running', 'Suspended', 'ContinuedAsNew'] as const)(
  'pool and job of a run without a row whose orchestration is %s are kept: it writes its row again',
  async (status) => {
    const { world, runId } = await leftovers(status);

    expect(await passOf(world)).toEqual(NOTHING);
    expect(world.batch.pools.get(runId)?.isDeleting).toBe(false);
    expect(world.batch.jobs.get(runId)?.isDeleting).toBe(false);
  },
);

test('what a run of a later term has is kept, too', async () => {
  const { world, runId } = await leftovers(null);
  world.hub.become({ id: `${runId}_2`, status: 'Running' });

  expect(await passOf(world)).toEqual(NOTHING);
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(false);
});

test('what another app has is left, whatever it is called', async () => {
  const world = testApp([allowing]);
  const runId = 'hello-20261121t010000-0123456789';
  await addResources(world, runId, 'hello', 'another-app');
  const labels = labelsOf({ owner: 'another-app', runId, workload: 'hello' });
  await world.files.makeContainer(stagingContainerOf(runId), labels);

  expect(await passOf(world)).toEqual(NOTHING);
  expect(world.batch.pools.get(runId)?.isDeleting).toBe(false);
  expect(world.batch.jobs.get(runId)?.isDeleting).toBe(false);
  expect(world.files.containers.has(stagingContainerOf(runId))).toBe(true);
});

test('a staging container without a run is deleted', async () => {
  const { world, runId } = await leftovers('Completed');
  const staging = stagingContainerOf(runId);
  await world.files.makeContainer(staging, labelsOf({ owner: OWNER, runId, workload: 'hello' }));

  const { log } = await passOf(world);

  expect(log.at(-1)).toBe(`container ${staging} had no active run and was deleted`);
  expect(world.files.containers.has(staging)).toBe(false);
});

test('history, rows and record of a run are deleted when its retention ends, and only once', async () => {
  const world = testApp([allowing]);
  const runId = await world.start('hello', 'a');
  await world.end(runId);
  world.hub.become({ id: runId, status: 'Completed' });
  const record = () =>
    recordWithoutRun(world.files, {
      runId,
      request: requestOf('hello', 'a'),
      outcome: { kind: 'cancelled', code: 'cancelled', cause: 'by a request' },
      workload: null,
      startedAt: STARTED,
      endedAt: STARTED,
    });
  await record();
  world.at(399 * 24 * 60);
  expect(await passOf(world)).toEqual(NOTHING);
  world.at(400 * 24 * 60);

  expect(await passOf(world)).toEqual({
    log: [`run ${runId} is past its retention and was forgotten`],
    errors: [],
  });
  await record();
  world.at(401 * 24 * 60);
  await passOf(world);

  expect(world.hub.purged).toEqual([runId]);
  expect(await findRecord(world.files, runId)).toBeNull();
  expect(await readOccurrence(world.table, runId)).toBeNull();
  expect(world.table.values('key')).toEqual({});
});

import { expect, test } from 'vitest';
import {
  formerRunIdOf,
  FORMER_ORCHESTRATION,
  formerWorkflow,
  NO_OWNER,
} from '../src/former-version';
import { outputsHandler } from '../src/api/outputs';
import { showHandler } from '../src/api/runs';
import { listActive } from '../src/ledger/list';
import { readOccurrence } from '../src/ledger/ledger';
import { findRecord } from '../src/run/finish/record';
import { recordBlob, RUNS_CONTAINER } from '../src/run/names';
import type { Occurrence, RunRecord, RunRequest } from '../src/run/run';
import { asActivity } from '../src/run/steps';
import { startRun } from '../src/start-run';
import { answerTo, testApp, type TestApp } from './api/given';
import { addResources } from './api/resources';
import { minute, STARTED } from './run/given';
import { allowing, NOTHING, passOf } from './triggers/passes';

/** State of the version without a ledger, as that version wrote it. */

const due = '2026-11-21T01:00:00.000Z';
const schedule: Occurrence = { kind: 'schedule', due };
const blob: Occurrence = { kind: 'blob', container: 'inbox', name: 'a.csv', etag: '0x8DD' };
const keyed: Occurrence = { kind: 'request', key: 'k1' };

function requestFor(occurrence: Occurrence): RunRequest {
  return { workload: 'hello', occurrence, parameters: { DAY: 'monday' } };
}

test.each([
  // Ids that the version without a ledger gave.
  ['nightly-report', { kind: 'request', key: 'k1' }, 'nightly-report-d5fb01278b05842d'],
] as const)('the former id of a run of %s is known', (workload, occurrence, id) => {
  expect(formerRunIdOf(workload, occurrence)).toBe(id);
});

/** A record as the former version wrote it. */
async function withRecord(world: TestApp, occurrence: Occurrence): Promise<RunRecord> {
  const runId = formerRunIdOf('hello', occurrence);
  const record: RunRecord = {
    runId,
    workload: 'hello',
    occurrence,
    outcome: { kind: 'succeeded' },
    startedAt: STARTED,
    endedAt: minute(12).toISOString(),
    timeline: [{ phase: 'ended', at: minute(12).toISOString() }],
    tasks: { active: 0, running: 0, succeeded: 3, failed: 0 },
    missingTasks: 0,
    nodeMinutes: 7,
    dedicatedMinutes: 0,
    preemptions: 0,
    estimatedCost: null,
    results: [{ name: 'results/report.txt', bytes: 6 }],
    logs: [],
    outputContainer: `run-${runId}-out`,
    outputsKeptUntil: minute(30 * 24 * 60).toISOString(),
    logsKeptUntil: null,
    cleanedUp: [],
    warnings: [],
    followers: [],
  };
  const labels = { nightshiftrun: runId, nightshiftworkload: 'hello' };
  await world.files.makeContainer(`run-${runId}-out`, labels);
  world.files.put(`run-${runId}-out`, 'results/report.txt', 'report');
  world.files.put(RUNS_CONTAINER, recordBlob(runId), JSON.stringify(record));
  return record;
}

/** A run of the former version in its watch: an orchestration, a pool, a job and two containers. */
async function activeRun(world: TestApp, occurrence: Occurrence): Promise<string> {
  const runId = formerRunIdOf('hello', occurrence);
  const request = requestFor(occurrence);
  world.hub.become({
    id: runId,
    status: 'Running',
    name: FORMER_ORCHESTRATION,
    input: { request, resume: { startedAt: STARTED } },
  });
  await addResources(world, runId, 'hello', NO_OWNER);
  for (const suffix of ['in', 'out']) {
    const labels = { nightshiftrun: runId, nightshiftworkload: 'hello' };
    await world.files.makeContainer(`run-${runId}-${suffix}`, labels);
    world.files.put(`run-${runId}-${suffix}`, 'file', 'content');
  }
  return runId;
}

test.each([
  ['Running', 'Terminated'],
  ['Failed', 'Failed'],
] as const)(
  'a run that was active at the upgrade (%s) ends in a record and leaves its outputs alone',
  async (status, then) => {
    const world = testApp([allowing]);
    const formerId = await activeRun(world, schedule);
    if (status === 'Failed') {
      // The engine was faster: the history of the run is not of this version's workflow.
      const input = world.hub.instances.get(formerId)?.input;
      world.hub.become({ id: formerId, status, name: FORMER_ORCHESTRATION, input });
    }

    await passOf(world);
    world.batch.finishDeletions();
    world.at(5);
    const { errors } = await passOf(world);

    expect(errors).toEqual([]);
    expect(world.hub.instances.get(formerId)?.runtimeStatus).toBe(then);
    expect([world.batch.pools.size, world.batch.jobs.size]).toEqual([0, 0]);
    expect(await listActive(world.table)).toEqual([]);
    const [runId = ''] = Object.values(world.table.values('run-hello')).flatMap((row) =>
      typeof row['runId'] === 'string' ? [row['runId']] : [],
    );
    const record = await findRecord(world.files, runId);
    expect(record).toMatchObject({
      runId,
      occurrence: schedule,
      outcome: {
        kind: 'failed',
        code: 'workloadChanged',
        cause:
          'the run could not end itself: the app was upgraded to a version that does not continue runs of the one before',
      },
      outputContainer: `run-${formerId}-out`,
      cleanedUp: [
        { resource: 'job', id: formerId, state: 'deleted' },
        { resource: 'pool', id: formerId, state: 'deleted' },
        { resource: 'staging', id: `run-${formerId}-in`, state: 'deleted' },
        { resource: 'outputs', id: `run-${formerId}-out`, state: 'kept' },
      ],
    });
    expect([...world.files.containers.keys()]).toEqual([`run-${formerId}-out`, RUNS_CONTAINER]);
    world.at(10);
    expect(await passOf(world)).toEqual(NOTHING);
  },
);

test.each([
  ['due time', schedule],
  ['blob', blob],
  ['key', keyed],
])(
  'an occurrence (%s) that was active at the upgrade does not run again',
  async (_, occurrence) => {
    const world = testApp([allowing]);
    await activeRun(world, occurrence);
    const workload = world.app.workloads.get('hello');
    if (workload === undefined) throw new Error('there is no workload');

    const { isNew } = await startRun(world.app, world.hub.client, workload, requestFor(occurrence));

    expect([isNew, world.hub.started]).toEqual([false, []]);
  },
);

test.each([
  ['due time', schedule],
  ['blob', blob],
  ['key', keyed],
])('an occurrence (%s) that ran under its former id does not run again', async (_, occurrence) => {
  const world = testApp([allowing]);
  const record = await withRecord(world, occurrence);
  const workload = world.app.workloads.get('hello');
  if (workload === undefined) throw new Error('there is no workload');
  const start = () => startRun(world.app, world.hub.client, workload, requestFor(occurrence));

  const first = await start();
  world.at(60);
  const second = await start();

  expect([first.isNew, second, world.hub.started]).toEqual([
    false,
    { runId: first.runId, isNew: false },
    [],
  ]);
  expect(await findRecord(world.files, first.runId)).toEqual({ ...record, runId: first.runId });
});

test('runs with a record of the former version are in the ledger after the first pass, with their outputs', async () => {
  const world = testApp([allowing]);
  await withRecord(world, schedule);
  await withRecord(world, keyed);

  expect(await passOf(world)).toEqual({
    log: ['2 runs were added to the ledger from their records'],
    errors: [],
  });

  const ids = Object.entries(world.table.values('run-hello'))
    .filter(([key]) => /^\d/.test(key))
    .map(([, row]) => String(row['runId']));
  expect(ids).toHaveLength(2);
  for (const id of ids) {
    const shown = await answerTo(showHandler(world.app), world.hub, { params: { id } });
    expect(shown.body).toMatchObject({ runId: id, status: 'succeeded', nodeMinutes: 7 });
    const listed = await answerTo(outputsHandler(world.app), world.hub, { params: { id } });
    expect(listed.body).toMatchObject({ files: [{ name: 'results/report.txt', bytes: 6 }] });
  }
  world.at(5);
  expect(await passOf(world)).toEqual(NOTHING);
});

test('a pool of the former version is deleted at the upgrade if its run has ended in this task hub', async () => {
  const world = testApp([allowing]);
  const mine = formerRunIdOf('hello', schedule);
  const another = formerRunIdOf('hello', keyed);
  await withRecord(world, schedule);
  world.hub.become({ id: mine, status: 'Completed', name: FORMER_ORCHESTRATION });
  await addResources(world, mine, 'hello', NO_OWNER);
  await addResources(world, another, 'hello', NO_OWNER);

  const { log } = await passOf(world);

  expect(log.slice(0, 2)).toEqual([
    `pool ${mine} had no active run and is being deleted`,
    `job ${mine} had no active run and is being deleted`,
  ]);
  expect(world.batch.pools.get(another)?.isDeleting).toBe(false);
});

test('the orchestration of the former version ends at once, and its activities do nothing', async () => {
  expect(formerWorkflow().next()).toEqual({ done: true, value: undefined });
  let isCalled = false;
  const activity = asActivity(async () => {
    isCalled = true;
    return null;
  });

  const plan = { runId: formerRunIdOf('hello', schedule), workload: 'hello' };
  expect([await activity({ plan }), isCalled]).toEqual([
    {
      kind: 'failed',
      code: 'workloadChanged',
      message: 'the app was upgraded since this step was scheduled',
    },
    false,
  ]);
});

test('while the engine cannot be asked at the first start, nothing starts', async () => {
  const world = testApp([allowing]);
  const getStatusBy = async (): Promise<never> => Promise.reject(new Error('500'));
  const client = Object.assign(world.hub.client, { getStatusBy });
  const workload = world.app.workloads.get('hello');
  if (workload === undefined) throw new Error('there is no workload');

  await expect(startRun(world.app, client, workload, requestFor(schedule))).rejects.toThrow('500');
  expect(await readOccurrence(world.table, 'hello-20261121t010000-0000000000')).toBeNull();
  expect(world.hub.started).toEqual([]);
});

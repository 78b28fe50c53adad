import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import { RUN_ORCHESTRATION } from '../../src/run/workflow';
import type { RunRecord } from '../../src/run/run';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { startRun } from '../../src/start-run';
import { partsOfRunId, runIdOf } from '../../src/ledger/keys';
import { present } from '../api/given';
import { inputOf, OWNER } from '../run/given';
import { clientOn, stageForEach, START, type Stage } from '../run/stage';

const stage = stageForEach(afterEach);

const task = { command: 'node work.mjs' };

const simulate = {
  name: 'simulate',
  description: 'comes first',
  pool: {},
  work: { kind: 'sweep', task, over: { SEED: [1, 2] } },
} satisfies WorkloadDeclaration;

const report = {
  name: 'report',
  description: 'follows, and reads what the first has left',
  triggers: { after: 'simulate' },
  inputs: { from: 'previous', prefix: 'curves', endsWith: ['.csv'] },
  pool: {},
  work: { kind: 'perBlob', task },
} satisfies WorkloadDeclaration;

const publish = {
  name: 'publish',
  description: 'follows the follower',
  triggers: { after: 'report' },
  pool: {},
  work: { kind: 'sweep', task, over: { PAGE: [1] } },
} satisfies WorkloadDeclaration;

/** A follower has the instant of the run that it follows. */
function followerOf(workload: string, runId: string): string {
  const { instant } = present(partsOfRunId(runId));
  const occurrence = { kind: 'after', runId } as const;
  return runIdOf({ owner: OWNER, workload, occurrence, instant, attempt: 0 });
}

/** What the tasks of the first run would have written. */
async function leaveCurves({ hub, files }: Stage, runId: string): Promise<void> {
  await hub.settled();
  for (const name of ['curves/1.csv', 'curves/2.csv', 'curves/readme.txt', 'other/3.csv']) {
    files.put(`run-${runId}-out`, name, '1,2');
  }
}

test('a run that succeeds starts its follower, which takes its outputs', async () => {
  const stand = await stage([simulate, report]);
  const runId = await stand.begin('simulate');
  await leaveCurves(stand, runId);

  const first = await stand.end(runId);
  const follower = followerOf('report', runId);
  const second = await stand.end(follower);

  expect(first.followers).toEqual([{ workload: 'report', runId: follower }]);
  expect([second.outcome, second.occurrence]).toEqual([
    { kind: 'succeeded' },
    { kind: 'after', runId },
  ]);
  const tasks = [...stand.batchOf(follower).tasks.values()];
  expect(tasks.map(({ spec }) => spec.environment['INPUT_NAME'])).toEqual([
    'curves/1.csv',
    'curves/2.csv',
  ]);
  expect(stand.batchOf(follower).job?.spec.environment).toMatchObject({ RUN_FOLLOWS: runId });
});

test('a follower takes nothing from a folder whose name only starts with the name of its input folder', async () => {
  const stand = await stage([simulate, report]);
  const runId = await stand.begin('simulate');
  await leaveCurves(stand, runId);
  stand.files.put(`run-${runId}-out`, 'curves-raw/4.csv', '1,2');

  await stand.end(runId);
  const follower = followerOf('report', runId);
  await stand.end(follower);

  const tasks = [...stand.batchOf(follower).tasks.values()];
  expect(tasks.map(({ spec }) => spec.environment['INPUT_NAME'])).toEqual([
    'curves/1.csv',
    'curves/2.csv',
  ]);
});

test('a run does not wait for the end of its follower', async () => {
  const stand = await stage([simulate, { ...publish, triggers: { after: 'simulate' } }]);

  const runId = await stand.begin('simulate');
  await stand.end(runId);

  expect(stand.hub.status(followerOf('publish', runId)).runtimeStatus).toBe('Running');
});

test('runs may follow each other in a chain', async () => {
  const stand = await stage([simulate, report, publish]);
  const runId = await stand.begin('simulate');
  await leaveCurves(stand, runId);
  await stand.end(runId);

  const second = followerOf('report', runId);
  await stand.end(second);
  const third = await stand.end(followerOf('publish', second));

  expect(third).toMatchObject({ outcome: { kind: 'succeeded' }, followers: [] });
});

test('a run that does not succeed starts no follower', async () => {
  const stand = await stage([simulate, report], { nodesAre: 'startTaskFailed' });

  const runId = await stand.begin('simulate');
  const record = await stand.end(runId);

  expect([record.outcome.kind, record.followers]).toEqual(['failed', []]);
  expect(stand.hub.host.hub.find(followerOf('report', runId))).toBeUndefined();
});

test('a run without tasks succeeds, and its follower starts', async () => {
  const idle = { ...simulate, work: { ...simulate.work, over: { SEED: [] } } };
  const stand = await stage([idle, report]);

  const runId = await stand.begin('simulate');
  const record = await stand.end(runId);
  const second = await stand.end(followerOf('report', runId));

  expect(record.followers).toHaveLength(1);
  // It has found nothing either, for the same reason.
  expect(second).toMatchObject({ outcome: { kind: 'succeeded' }, tasks: { succeeded: 0 } });
  expect(stand.batchOf(second.runId).pool).toBeUndefined();
});

test('an occurrence is one run: a follower that was started before a crash is not started again', async () => {
  const stand = await stage([simulate, { ...publish, triggers: { after: 'simulate' } }]);
  const runId = await stand.begin('simulate');
  const occurrence = { kind: 'after', runId } as const;
  const request = { workload: 'publish', occurrence, parameters: {} };
  const follower = followerOf('publish', runId);
  // The step was done, its result was lost, and the follower has ended meanwhile.
  const workload = present(stand.app.workloads.get('publish'));
  await startRun(stand.app, clientOn(stand.hub), workload, request);
  await stand.end(follower);
  const made = () => stand.batchOf(follower).asked.filter((asked) => asked.startsWith('make'));
  expect(made()).toEqual(['makePool', 'makeJob']);

  const record = await stand.end(runId);
  await stand.hub.settled();

  expect(record.followers).toEqual([{ workload: 'publish', runId: follower }]);
  expect(made()).toEqual(['makePool', 'makeJob']);
  expect((stand.hub.status(follower).output as RunRecord).outcome).toEqual({ kind: 'succeeded' });
});

test('a follower that cannot be started at the moment is retried until it can', async () => {
  const follows = { ...publish, triggers: { after: 'simulate' } };
  const stand = await stage([simulate, follows]);
  const runId = await stand.begin('simulate');
  await stand.hub.settled();
  const troubles = [new Failure('serviceUnavailable', 'storage is busy'), new Error('cut off')];
  const follower = followerOf('publish', runId);
  const write = stand.table.write.bind(stand.table);
  stand.table.write = async (partition, changes) => {
    const isOfFollower = changes.some(({ key }) => key === follower);
    const trouble = isOfFollower ? troubles.shift() : undefined;
    if (trouble !== undefined) throw trouble;
    return write(partition, changes);
  };

  const record = await stand.end(runId);

  expect([record.followers, troubles]).toEqual([[{ workload: 'publish', runId: follower }], []]);
  expect((await stand.end(follower)).outcome).toEqual({ kind: 'succeeded' });
});

test('a workload with the outputs of a previous run as inputs cannot be started directly', async () => {
  const stand = await stage([simulate, report]);
  const occurrence = { kind: 'request', key: 'a' } as const;

  await expect(stand.run('report')).rejects.toMatchObject({
    code: 'badRequest',
    message: 'report takes the outputs of a run of simulate; start that one, and report follows',
  });
  // Its run would not succeed either.
  const input = inputOf({ workload: 'report', occurrence, parameters: {} }, START);
  const { output } = await stand.hub.run(RUN_ORCHESTRATION, input.runId, input);
  expect((output as RunRecord).outcome).toMatchObject({
    kind: 'failed',
    code: 'inputRefused',
    cause: 'report reads the outputs of the run before it, and this run follows no run',
  });
});

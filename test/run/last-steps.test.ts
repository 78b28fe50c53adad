import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { RunRecord } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { minutesIn, stageForEach, type Stage } from './stage';
import { lockBlob, runIdOf, RUNS_CONTAINER } from '../../src/run/names';

/** What is decided after the watch, and what is waited for, on the real engine. */

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'node work.mjs', maxMinutes: 15 } },
  deadlineMinutes: 20,
};

const split: WorkloadDeclaration = {
  name: 'split',
  description: 'the job manager splits, and a result is promised',
  pool: {},
  work: {
    kind: 'split',
    jobManager: { command: 'node split.mjs' },
    task: { command: 'node part.mjs' },
    merge: { command: 'node merge.mjs', outputs: [{ files: 'all.txt', to: 'results' }] },
  },
  results: ['all.txt'],
};

const stage = stageForEach(afterEach);

/** What the job manager would have written. */
function leaveManifest({ files }: Stage, manifest: string): string {
  const runId = runIdOf('split', { kind: 'request', key: 'a' });
  files.put(`run-${runId}-out`, 'manifest/tasks.jsonl', manifest);
  Object.assign(files.containers.get(`run-${runId}-out`) ?? {}, {
    labels: { nightshiftrun: runId, nightshiftworkload: 'split' },
  });
  return runId;
}

function endOf({ cleanedUp }: RunRecord, what: string): string | undefined {
  return cleanedUp.find((item) => item.resource === what)?.state;
}

test('a run whose tasks succeed but which lacks its results starts no follower', async () => {
  const stand = await stage([split, { ...whole, triggers: { after: 'split' } }]);
  const runId = leaveManifest(stand, '{"id":"p1"}\n');

  const record = await stand.run('split');

  expect(record).toMatchObject({ outcome: { code: 'outputMissing' }, followers: [] });
  const follower = runIdOf('whole', { kind: 'after', runId });
  expect(stand.hub.host.hub.find(follower)).toBeUndefined();
});

test('what a run that lacks a result has left is kept like that of any run that failed', async () => {
  const stand = await stage([{ ...split, keepOutputsDays: 0, keepFailedDays: 3 }]);
  leaveManifest(stand, '{"id":"p1"}\n');

  const record = await stand.run('split');

  expect([record.outcome.kind, endOf(record, 'outputs')]).toEqual(['failed', 'kept']);
  expect(stand.files.containers.has(record.outputContainer)).toBe(true);
});

test('a run ends only when its staging container is gone, and asks for it again after a refusal', async () => {
  const { run, files } = await stage([whole]);
  const removeContainer = files.removeContainer.bind(files);
  let refusals = 20;
  files.removeContainer = async (name, labels) => {
    refusals -= 1;
    if (refusals >= 0)
      throw new Failure('serviceUnavailable', `cannot remove ${name} at the moment`);
    return removeContainer(name, labels);
  };

  const record = await run('whole');

  expect(endOf(record, 'staging')).toBe('deleted');
  expect([...files.containers.keys()].filter((name) => name.endsWith('-in'))).toEqual([]);
});

test('a pool that takes half an hour to go is waited for', async () => {
  const { run, batch } = await stage([whole], { removalSeconds: 30 * 60 });

  const record = await run('whole');

  expect([endOf(record, 'pool'), endOf(record, 'job')]).toEqual(['deleted', 'deleted']);
  expect(await batch.getPool()).toBeNull();
});

test('a run that would replace another is skipped when it has not got the lock by its deadline', async () => {
  const { run, batch, files } = await stage([{ ...whole, overlap: 'replace' }]);
  const holder = 'whole-0123456789abcdef';
  const lock = JSON.stringify({ runId: holder, until: '2030-01-02T00:00:00.000Z' });
  files.put(RUNS_CONTAINER, lockBlob('whole'), lock);

  const record = await run('whole');

  expect(record.outcome).toEqual({
    kind: 'skipped',
    code: 'overlapped',
    cause: `run ${holder} of whole was still active`,
  });
  expect(minutesIn(record)).toBeCloseTo(20, 0);
  expect([batch.pool, batch.job]).toEqual([undefined, undefined]);
});

test('a split of nothing succeeds without the results that its workload declares', async () => {
  const stand = await stage([split]);
  leaveManifest(stand, '');

  const record = await stand.run('split');

  expect(record).toMatchObject({ outcome: { kind: 'succeeded' }, results: [] });
  expect(stand.batch.tasks.size).toBe(0);
});

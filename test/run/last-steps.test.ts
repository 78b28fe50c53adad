import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { RunRecord } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { inputOf } from './given';
import { leaveOutputs, START, stageForEach, type Stage } from './stage';

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
function leaveManifest(stand: Stage, manifest: string): string {
  return leaveOutputs(stand, 'split', { 'manifest/tasks.jsonl': manifest });
}

function endOf({ cleanedUp }: RunRecord, what: string): string | undefined {
  return cleanedUp.find((item) => item.resource === what)?.state;
}

test('a run whose tasks succeed but which lacks its results starts no follower', async () => {
  const stand = await stage([split, { ...whole, triggers: { after: 'split' } }]);
  const runId = leaveManifest(stand, '{"id":"p1"}\n');

  const record = await stand.run('split');

  expect(record).toMatchObject({ outcome: { code: 'outputMissing' }, followers: [] });
  const occurrence = { kind: 'after', runId } as const;
  const follower = inputOf({ workload: 'whole', occurrence, parameters: {} }, START).runId;
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

test('a pool that is never deleted is waited for for two hours, and then recorded as left behind [NB15]', async () => {
  const { run } = await stage([whole], { removalSeconds: 24 * 3600 });

  const record = await run('whole');

  const cleaning = record.timeline.find(({ phase }) => phase === 'cleaningUp')?.at ?? '';
  const minutes = (Date.parse(record.endedAt) - Date.parse(cleaning)) / 60_000;
  expect([record.outcome, endOf(record, 'pool'), endOf(record, 'staging')]).toEqual([
    { kind: 'succeeded' },
    'leftBehind',
    'deleted',
  ]);
  expect(minutes).toBeGreaterThanOrEqual(120);
  expect(minutes).toBeLessThan(122);
});

test('a run whose results cannot be read is no success, and is cleaned up and recorded', async () => {
  const stand = await stage([whole]);
  const list = stand.files.list.bind(stand.files);
  stand.files.list = (container, prefix) => {
    if (prefix === 'results/') throw new Failure('accessDenied', 'the outputs cannot be listed');
    return list(container, prefix);
  };

  const record = await stand.run('whole');

  expect(record).toMatchObject({
    outcome: { kind: 'failed', code: 'accessDenied', cause: 'the outputs cannot be listed' },
    results: [],
  });
  expect([endOf(record, 'pool'), endOf(record, 'job')]).toEqual(['deleted', 'deleted']);
});

test('a run that would replace another is recorded as skipped when the other has not ended in its start window', async () => {
  const stand = await stage([{ ...whole, overlap: 'replace' }], { removalSeconds: 30 * 60 });
  const first = await stand.begin('whole', 'a');
  await stand.hub.settled();

  const late = await stand.begin('whole', 'b');
  await stand.end(first);
  const record = await stand.end(late);

  expect(record.outcome).toEqual({
    kind: 'skipped',
    code: 'startWindowEnded',
    cause: `the run could not start before 2030-01-01T02:20:00.000Z: run ${first}, which this run replaces, is ending`,
  });
  const { pool, job } = stand.batchOf(late);
  expect([pool, job]).toEqual([undefined, undefined]);
});

test('a split of nothing succeeds without the results that its workload declares', async () => {
  const stand = await stage([split]);
  leaveManifest(stand, '');

  const record = await stand.run('split');

  expect(record).toMatchObject({ outcome: { kind: 'succeeded' }, results: [] });
  expect(stand.batch.tasks.size).toBe(0);
});

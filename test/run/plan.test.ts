import { expect, test } from 'vitest';
import { planRun } from '../../src/run/plan';
import type { Occurrence } from '../../src/run/run';
import {
  checked,
  echo,
  inputOf,
  minute,
  OWNER,
  perBlob,
  planOf,
  split,
  STARTED,
  whole,
} from './given';
import { partsOfRunId, runIdOf } from '../../src/ledger/keys';
import { idFromText, recordBlob, stagedName } from '../../src/run/names';
import { firstNodes, nodesFor } from '../../src/run/provision/autoscale-formula';

const hello = checked(whole);

test('a plan has the ids and times of a run, all named after the run [GD21, GD22]', () => {
  const request = {
    workload: 'hello',
    occurrence: { kind: 'schedule', due: '2026-11-21T02:00:00.000Z' },
    parameters: {},
  } as const;

  expect(planRun(hello, { ...inputOf(request), term: 2 }, STARTED)).toEqual({
    owner: OWNER,
    term: 2,
    instant: '2026-11-21T02:00:00.000Z',
    runId: 'hello-20261121t020000-bad85fe518',
    workload: 'hello',
    request,
    startedAt: '2026-11-21T02:00:00.000Z',
    deadline: '2026-11-21T05:00:00.000Z',
    pool: 'own',
    poolId: 'hello-20261121t020000-bad85fe518',
    jobId: 'hello-20261121t020000-bad85fe518',
    stagingContainer: 'run-hello-20261121t020000-bad85fe518-in',
    outputContainer: 'run-hello-20261121t020000-bad85fe518-out',
  });
});

test('the plan of a run whose workload no longer exists names what the run may have made, with a deadline that has passed', () => {
  const plan = planOf(hello);

  expect(planRun(null, inputOf(plan.request), STARTED)).toEqual({ ...plan, deadline: STARTED });
});

const blob = { kind: 'blob', container: 'inbox', name: 'a.ply', etag: '0x1' } as const;

function runIdOfOccurrence(occurrence: Occurrence, workload = 'hello'): string {
  return inputOf({ workload, occurrence, parameters: {} }).runId;
}

test('the run id depends on every part of the occurrence and on nothing else', () => {
  const occurrences: readonly Occurrence[] = [
    { kind: 'schedule', due: '2026-11-21T02:00:00.000Z' },
    { kind: 'schedule', due: '2026-11-22T02:00:00.000Z' },
    blob,
    { ...blob, etag: '0x2' },
    { ...blob, name: 'b.ply' },
    { ...blob, container: 'outbox' },
    { kind: 'request', key: 'a.ply' },
    { kind: 'request', key: '2026-11-21T02:00:00.000Z' },
    { kind: 'after', runId: 'a.ply' },
  ];
  const ids = occurrences.map((occurrence) => runIdOfOccurrence(occurrence));

  expect(new Set(ids).size).toBe(occurrences.length);
  expect(occurrences.map((occurrence) => runIdOfOccurrence({ ...occurrence }))).toEqual(ids);
  expect(runIdOfOccurrence(blob, 'other')).not.toBe(ids[2]);
});

test('the run id of another app, instant or attempt is another one', () => {
  const identity = {
    owner: OWNER,
    workload: 'hello',
    occurrence: blob,
    instant: STARTED,
    attempt: 0,
  };
  const ids = [
    identity,
    { ...identity, owner: 'another-app' },
    { ...identity, instant: minute(1).toISOString() },
    { ...identity, attempt: 1 },
  ].map(runIdOf);

  expect(new Set(ids).size).toBe(4);
});

test('names that join to the same text are different occurrences', () => {
  const one: Occurrence = { ...blob, container: 'a', name: 'b/c' };
  const other: Occurrence = { ...blob, container: 'a/b', name: 'c' };

  expect(runIdOfOccurrence(one)).not.toBe(runIdOfOccurrence(other));
});

test('the longest names of pool, job and containers are valid [GD21]', () => {
  const longest = checked({ ...whole, name: 'a-workload-of-24-letters' });
  const plan = planOf(longest, {
    occurrence: { ...blob, name: "../'; rm -rf /;\n\u{1F600}".repeat(40) },
  });

  for (const id of [plan.poolId, plan.jobId]) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  for (const name of [plan.stagingContainer, plan.outputContainer]) {
    expect(name).toMatch(/^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
  }
  // The library takes instance ids of up to 100 characters without / \ # ?.
  expect(plan.runId).toBe(plan.poolId);
});

test('the record of a run is found by the id of the run alone [GD40]', () => {
  expect(recordBlob('hello-1')).toBe('records/hello-1.json');
});

test.each([
  ['meshes/bunny.ply', 'meshes-bunny-ply-c05857c3c0536907'],
  ["a'; touch x; '.ply", 'a-touch-x-ply-6d287591dbf184a2'],
  ['../../x.ply', 'x-ply-0888a1857eb995b6'],
  ['$(reboot)', 'reboot-796c4c55bc5daba3'],
  ['\u{1F600}', 'f0443a342c5ef547'],
])('the blob %j becomes a task id that is legible and safe [GD29]', (name, id) => {
  expect(idFromText(name)).toBe(id);
});

test('task ids of blobs are unique per name and valid [GD29]', () => {
  const names = ['a.ply', 'A.ply', 'a-ply', 'a_ply', 'a ply', `${'x'.repeat(1000)}.ply`];
  const ids = names.map(idFromText);

  expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(names.length);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});

test.each([
  [0, 'bunny.ply', 'inputs/0001.ply'],
  [9999, 'Bunny.PLY', 'inputs/10000.ply'],
  [1, "a'; touch x; '.ply", 'inputs/0002.ply'],
  [2, '../../x.ply', 'inputs/0003.ply'],
  [3, 'no-extension', 'inputs/0004'],
  [4, 'x.ply;rm', 'inputs/0005'],
  [5, 'x.averylongextension', 'inputs/0006'],
])('input %i is staged under a generated name, whatever %j contains', (index, name, staged) => {
  expect(stagedName(index, name)).toBe(staged);
});

test('nodes are counted by what a node holds, within the maximum [PI8]', () => {
  const { pool } = split;
  const wide = checked({
    ...split,
    pool: { ...pool, slotsPerNode: 4 },
    work: { ...split.work, task: { ...echo, slots: 3 } },
  });
  const counts = (workload: ReturnType<typeof checked>) =>
    [0, 1, 2, 3, 8, 9, 1000].map((tasks) => nodesFor(workload, tasks));

  expect(counts(checked(split))).toEqual([0, 1, 1, 2, 4, 4, 4]);
  expect(counts(wide)).toEqual([0, 1, 2, 3, 4, 4, 4]);
});

test('before its tasks are known a run requests one node, or the nodes for its blobs', () => {
  expect([
    firstNodes(hello, null),
    firstNodes(checked(split), 500),
    firstNodes(checked(perBlob), 1),
    firstNodes(checked(perBlob), 5),
    firstNodes(checked(perBlob), 500),
  ]).toEqual([1, 1, 1, 3, 3]);
});

test('workload and instant of a run are known from its id, whatever hyphens its name has', () => {
  const names = ['hello', 'nightly-report', 'a-b-c'];
  const parts = names.map((name) => partsOfRunId(runIdOfOccurrence(blob, name)));

  expect(parts.map((part) => [part?.workload, part?.instant])).toEqual(
    names.map((name) => [name, STARTED]),
  );
});

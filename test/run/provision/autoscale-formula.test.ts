import { expect, test } from 'vitest';
import type { Workload } from '../../../src/workload/workload';
import { every30Seconds, evaluate, steady } from '../../local/batch/autoscale/given';
import { checked, echo, minute, perBlob, planOf, split, STARTED, whole } from '../given';
import { autoscaleFormula } from '../../../src/run/provision/autoscale-formula';

/** The pool's size as the formula language itself evaluates it, a number of minutes after the start. */
function nodesAt(
  workload: Workload,
  minutes: number,
  pending: readonly number[],
  startNodes = 1,
): { spot: number; dedicated: number; leaving: string; error: unknown } {
  const now = minute(minutes);
  const formula = autoscaleFormula(workload, planOf(workload), startNodes, STARTED);
  const run = evaluate(formula, {
    now,
    taskSlotsPerNode: workload.pool.slotsPerNode,
    // A sample is seen a minute after it was taken.
    samples: { $PendingTasks: every30Seconds(pending, 60, now) },
  });
  return {
    spot: run.targetLowPriorityNodes,
    dedicated: run.targetDedicatedNodes,
    leaving: run.nodeDeallocationOption,
    error: run.error,
  };
}

function spotNodesAt(...given: Parameters<typeof nodesAt>): number {
  return nodesAt(...given).spot;
}

const hello = checked(whole);
const tiles = checked(split);

test('the formula of a run is this text', () => {
  expect(autoscaleFormula(tiles, planOf(tiles), 3, STARTED)).toBe(`\
// Nightshift run ${planOf(tiles).runId}
startup = time() < time("2026-11-21T02:10:00.000Z");
over = time() >= time("2026-11-21T05:05:00.000Z");
pending = max(0, $PendingTasks.GetSample(TimeInterval_Minute * 3, 0));
needed = (pending + 1) / 2;
wanted = startup ? max(3, needed) : needed;
$TargetLowPriorityNodes = over ? 0 : min(4, wanted);
$NodeDeallocationOption = over ? terminate : taskcompletion;`);
});

test('a new pool asks for its nodes at once, on Spot, without a sample [RS4, RS15]', () => {
  expect(nodesAt(hello, 0, [])).toEqual({
    spot: 1,
    dedicated: 0,
    leaving: 'taskcompletion',
    error: undefined,
  });
  expect(spotNodesAt(checked(perBlob), 0, [], 3)).toBe(3);
});

test('the nodes asked for at the start stay while the first samples still say zero', () => {
  expect([0, 5, 9.9].map((minutes) => spotNodesAt(tiles, minutes, [0, 0], 3))).toEqual([3, 3, 3]);
});

test('when the start is over, no sample means no node and no error [RS14, GD27]', () => {
  expect(nodesAt(hello, 10, [])).toEqual({
    spot: 0,
    dedicated: 0,
    leaving: 'taskcompletion',
    error: undefined,
  });
});

test('no pending task means no node: from none to one and back to none [RS2, RS3, RS13]', () => {
  expect([
    spotNodesAt(hello, 1, [], 1),
    spotNodesAt(hello, 20, steady(6, 1)),
    spotNodesAt(hello, 25, steady(6, 0)),
  ]).toEqual([1, 1, 0]);
});

test('pending tasks are counted by the slots of a node, rounded up [GD27, RS7]', () => {
  const sizes = [0, 1, 2, 3, 4, 5, 8].map((pending) => spotNodesAt(tiles, 20, steady(6, pending)));

  expect(sizes).toEqual([0, 1, 1, 2, 2, 3, 4]);
});

test('tasks of three slots on nodes of four are one a node', () => {
  const wide = checked({
    ...split,
    pool: { maxNodes: 9, slotsPerNode: 4 },
    work: { ...split.work, task: { ...echo, slots: 3 } },
  });

  expect([1, 4, 9].map((pending) => spotNodesAt(wide, 20, steady(6, pending)))).toEqual([1, 4, 9]);
});

test('the maximum holds however many tasks wait, also at the start [RS13, GD27]', () => {
  expect([
    spotNodesAt(tiles, 20, steady(6, 1_000_000)),
    spotNodesAt(tiles, 1, steady(2, 1_000_000), 4),
    spotNodesAt(hello, 20, steady(6, 1_000_000)),
  ]).toEqual([4, 4, 1]);
});

test('one lost or low sample does not shrink the pool [GD27]', () => {
  expect([
    spotNodesAt(tiles, 20, [8, 8, 0]),
    spotNodesAt(tiles, 20, [8]),
    spotNodesAt(tiles, 20, [8, 0, 0, 0, 0, 0, 0]),
  ]).toEqual([4, 4, 0]);
});

test('nodes leave when their tasks are done, and at once when the deadline and the time to read from them have passed [GD27, RS3, RS30]', () => {
  const before = [180, 184.9].map((minutes) => nodesAt(tiles, minutes, steady(6, 8)));
  const after = [185, 1000].map((minutes) => nodesAt(tiles, minutes, steady(6, 8)));

  const working = { spot: 4, dedicated: 0, leaving: 'taskcompletion', error: undefined };
  const gone = { spot: 0, dedicated: 0, leaving: 'terminate', error: undefined };
  expect({ before, after }).toEqual({ before: [working, working], after: [gone, gone] });
});

test('that end comes also to a start that has just been renewed [RS3]', () => {
  const plan = planOf(tiles);
  const formula = autoscaleFormula(tiles, plan, 4, minute(183).toISOString());
  const sizeAt = (minutes: number) =>
    evaluate(formula, { now: minute(minutes) }).targetLowPriorityNodes;

  expect([sizeAt(184), sizeAt(185)]).toEqual([4, 0]);
});

test('the longest formula keeps well below the 8192 characters that Batch takes', () => {
  const longest = checked({
    ...split,
    name: 'a-workload-of-24-letters',
    pool: { maxNodes: 1000, slotsPerNode: 256 },
  });

  expect(autoscaleFormula(longest, planOf(longest), 1000, STARTED).length).toBeLessThan(1000);
});

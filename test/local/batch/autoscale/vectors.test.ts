import { expect, test } from 'vitest';
import type { AutoscaleEvaluation } from '../../../../local/batch/autoscale/evaluate';
import { type Given, evaluate, every30Seconds, steady } from './given';

/** The two targets, as the evaluation gives them. */
function targets({ targetDedicatedNodes, targetLowPriorityNodes }: AutoscaleEvaluation) {
  return [targetDedicatedNodes, targetLowPriorityNodes];
}

test('a constant target gives the recorded results', () => {
  expect(evaluate('$TargetLowPriorityNodes=3')).toEqual({
    results: '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=3;$NodeDeallocationOption=requeue',
    targetDedicatedNodes: 0,
    targetLowPriorityNodes: 3,
    nodeDeallocationOption: 'requeue',
  });
});

test('a target that is not assigned stays the same', () => {
  expect(evaluate('$TargetDedicatedNodes=3', { targetDedicatedNodes: 2 }).results).toBe(
    '$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue',
  );
});

test('an unknown variable is an evaluation error, and the results are the present targets', () => {
  const { error, ...rest } = evaluate('$something_useless', { targetDedicatedNodes: 2 });

  expect(error?.code).toBe('AutoScalingFormulaEvaluationError');
  expect(rest).toEqual({
    results: '$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue',
    targetDedicatedNodes: 2,
    targetLowPriorityNodes: 0,
    nodeDeallocationOption: 'requeue',
  });
});

const workHours = `$curTime=time();
$workHours=$curTime.hour>=8 && $curTime.hour<18;
$isWeekday=$curTime.weekday>=1 && $curTime.weekday<=5;
$isWorkingWeekdayHour=$workHours && $isWeekday;
$TargetDedicatedNodes=$isWorkingWeekdayHour?20:10;`;

test('hours of work give the documented results', () => {
  const evaluation = evaluate(workHours, { now: new Date('2016-10-13T19:18:47.805Z') });

  expect(evaluation.results).toBe(
    '$TargetDedicatedNodes=10;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;$curTime=2016-10-13T19:18:47.805Z;$isWeekday=1;$isWorkingWeekdayHour=0;$workHours=0',
  );
});

test.each([
  ['2026-03-02T10:00:00Z', 20],
  ['2026-03-02T18:00:00Z', 10],
  ['2026-03-07T10:00:00Z', 10],
])('hours of work at %s want %i nodes', (now, nodes) => {
  expect(targets(evaluate(workHours, { now: new Date(now) }))).toEqual([nodes, 0]);
});

const pendingTasks = `s=1; m=25;
p=$PendingTasks.GetSamplePercent(180*TimeInterval_Second);
x=p<70?s:avg($PendingTasks.GetSample(180*TimeInterval_Second));
$TargetDedicatedNodes=min(m,x);
$NodeDeallocationOption=taskcompletion;`;

test.each([
  ['half of the samples', every30Seconds([9, 9, 9], 60), 1],
  ['five of six', every30Seconds([4, 6, 8, 10, 12]), 8],
  ['all six, and more tasks than nodes', every30Seconds(steady(6, 40)), 25],
])('pending tasks with %s', (_, samples, nodes) => {
  const evaluation = evaluate(pendingTasks, { samples: { $PendingTasks: samples } });

  expect(targets(evaluation)).toEqual([nodes, 0]);
  expect(evaluation.nodeDeallocationOption).toBe('taskcompletion');
});

const shrinking = `$s=$PendingTasks.GetSamplePercent(TimeInterval_Minute*15);
$t=$s<70?max(0,$PendingTasks.GetSample(1)):max($PendingTasks.GetSample(1),avg($PendingTasks.GetSample(TimeInterval_Minute*15)));
$v=$t>0?$t:max(0,$TargetDedicatedNodes/2);
$TargetDedicatedNodes=max(0,min($v,20));`;

test.each([
  ['a third of the samples: the newest counts', [...steady(9, 1), 7], 0, 7],
  ['all samples: the average counts when it is higher', [...steady(28, 5), 7, 3], 0, 5],
  ['no tasks: half of the nodes stay', steady(30, 0), 8, 4],
  ['many tasks: twenty nodes are the most', [...steady(29, 0), 50], 0, 20],
])('pending tasks with %s', (_, values, targetDedicatedNodes, nodes) => {
  const samples = { $PendingTasks: every30Seconds(values) };

  expect(targets(evaluate(shrinking, { samples, targetDedicatedNodes }))).toEqual([nodes, 0]);
});

const parallel = `$s=$ActiveTasks.GetSamplePercent(TimeInterval_Minute*15);
$t=$s<70?max(0,$ActiveTasks.GetSample(1)):max($ActiveTasks.GetSample(1),avg($ActiveTasks.GetSample(TimeInterval_Minute*15)));
$c=$TargetDedicatedNodes*4;
$e=(($t-$c)+3)/4;
$v=$TargetDedicatedNodes+$e;
$TargetDedicatedNodes=max(0,min($v,3));`;

test.each([
  ['more tasks than slots', [...steady(29, 0), 10], 1, 3, '3.25'],
  ['a fraction above one', steady(30, 2), 1, 1, '1.25'],
  ['a fraction below one, cut off', steady(30, 0), 2, 0, '0.75'],
])('four tasks a node with %s', (_, values, targetDedicatedNodes, nodes, shown) => {
  const samples = { $ActiveTasks: every30Seconds(values) };
  const evaluation = evaluate(parallel, { samples, targetDedicatedNodes });

  expect(targets(evaluation)).toEqual([nodes, 0]);
  expect(evaluation.results).toContain(`;$v=${shown}`);
});

const processors = `$n=(min($CPUPercent.GetSample(TimeInterval_Minute*10))>0.7)?($CurrentDedicatedNodes*1.1):$CurrentDedicatedNodes;
$n=(avg($CPUPercent.GetSample(TimeInterval_Minute*60))<0.2)?($CurrentDedicatedNodes*0.9):$n;
$TargetDedicatedNodes=min(400,$n)`;

test.each([
  ['busy', steady(120, 0.8), 11],
  ['idle', steady(120, 0.1), 9],
])('%s processors, without a last semicolon', (_, values, nodes) => {
  const samples = { $CPUPercent: every30Seconds(values) };

  expect(targets(evaluate(processors, { samples, currentDedicatedNodes: 10 }))).toEqual([nodes, 0]);
});

const preempted = `m=25;
$TargetDedicatedNodes=min(m,$PreemptedNodeCount.GetSample(180*TimeInterval_Second));
$TargetLowPriorityNodes=min(m,m-$TargetDedicatedNodes);`;

test.each([
  ['some of them', [0, 0, 2], [0, 25]],
  ['all of them', [2, 2, 2], [2, 23]],
])('the least preempted count of a window, in %s', (_, values, nodes) => {
  const samples = { $PreemptedNodeCount: every30Seconds(values, 60) };

  expect(targets(evaluate(preempted, { samples }))).toEqual(nodes);
});

test('too few samples end the evaluation and do not change the pool', () => {
  const formula = `$x=$RunningTasks.GetSample(60*TimeInterval_Second,120*TimeInterval_Second,75);
$TargetDedicatedNodes=avg($x);`;
  const samples = { $RunningTasks: every30Seconds([4], 60) };

  expect(evaluate(formula, { samples, targetDedicatedNodes: 6 })).toEqual({
    results: '$TargetDedicatedNodes=6;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue',
    targetDedicatedNodes: 6,
    targetLowPriorityNodes: 0,
    nodeDeallocationOption: 'requeue',
    error: {
      code: 'InsufficientSampleData',
      message: 'Autoscale evaluation failed due to insufficient sample data',
      values: [
        {
          name: 'Message',
          value:
            'Line 1, Col 27: Insufficient data from data set: $RunningTasks wanted 75%, received 50%',
        },
      ],
    },
  });
});

test('a time and an interval make a time', () => {
  const formula =
    '$t=time("2026-03-02T10:00:00Z")+6*TimeInterval_Hour; $TargetDedicatedNodes=$t.hour;';

  expect(targets(evaluate(formula))).toEqual([16, 0]);
});

test('the full name of a target has precedence over its alias, in any order', () => {
  expect(targets(evaluate('$TargetDedicatedNodes=5; $TargetDedicated=3;'))).toEqual([5, 0]);
  expect(targets(evaluate('$TargetDedicated=3; $TargetDedicatedNodes=5;'))).toEqual([5, 0]);
  expect(targets(evaluate('$TargetDedicated=3; $TargetLowPriority=4;'))).toEqual([3, 4]);
});

/** Half dedicated, half Spot, two tasks a node, 4 and 8 nodes at most. */
const balanced = `maxTasksPerNode = 2; minTargetDedicated = 0; minTargetLowPriority = 0;
maxTargetDedicated = 4; maxTargetLowPriority = 8;
sli = TimeInterval_Second * 600;
samplepercent = $PendingTasks.GetSamplePercent(sli);
lastsample = val($PendingTasks.GetSample(1), 0);
samplevecavg = avg($PendingTasks.GetSample(sli));
PendingTaskAvg = samplepercent < 70 ? max(0, lastsample) : (lastsample < samplevecavg ? avg(lastsample, samplevecavg) : max(lastsample, samplevecavg));
reqVMs = PendingTaskAvg / maxTasksPerNode;
preemptcount = 0;
rebalance = 0 == 1;
divisor = (maxTargetDedicated == 0 || maxTargetLowPriority == 0) ? 1 : 2;
dedicatedVMs = max(minTargetDedicated, reqVMs / divisor);
dedicatedVMs = min(maxTargetDedicated, (dedicatedVMs > 0 && dedicatedVMs < 1) ? 1 : dedicatedVMs);
remainingVMs = reqVMs - dedicatedVMs;
redistVMs = rebalance ? min(preemptcount, remainingVMs) : 0;
dedicatedVMs = min(maxTargetDedicated, dedicatedVMs + redistVMs);
lowPriVMs = min(maxTargetLowPriority, reqVMs - dedicatedVMs);
$TargetDedicatedNodes = dedicatedVMs;
$TargetLowPriorityNodes = max(minTargetLowPriority, lowPriVMs);
$NodeDeallocationOption = taskcompletion;`;

test('work is shared between dedicated and Spot nodes', () => {
  const values = [...steady(18, 6.8), 8.6, 9];
  const evaluation = evaluate(balanced, { samples: { $PendingTasks: every30Seconds(values) } });

  expect(targets(evaluation)).toEqual([2, 2]);
  expect(evaluation.results).toContain(';dedicatedVMs=2.25;divisor=2;lastsample=9;lowPriVMs=2.25;');
  expect(evaluation.results).toContain(';reqVMs=4.5;samplepercent=100;samplevecavg=7;');
});

/** The formula of the pools of Nightshift. */
function runFormula(window = 'TimeInterval_Minute * 3'): string {
  return `startup = time() < time("2026-11-21T02:10:00Z");
over = time() >= time("2026-11-21T04:00:00Z");
pending = max(0, $PendingTasks.GetSample(${window}));
needed = (pending * 2 + $TaskSlotsPerNode - 1) / $TaskSlotsPerNode;
wanted = startup ? max(3, needed) : needed;
$TargetLowPriorityNodes = over ? 0 : min(4, wanted);
$NodeDeallocationOption = over ? terminate : taskcompletion;`;
}

interface Moment extends Given {
  readonly at: string;
}

function runAt({ at, ...given }: Moment): AutoscaleEvaluation {
  return evaluate(runFormula(), { ...given, now: new Date(at) });
}

test.each([
  ['a new pool requests its nodes at once', '2026-11-21T02:00:00Z', [], 3],
  ['the pool of a run with no task left is empty', '2026-11-21T03:00:00Z', [0, 0, 0, 0], 0],
  ['a pool that has lost its samples after the start is empty', '2026-11-21T03:00:00Z', [], 0],
  ['one task of two slots needs one node', '2026-11-21T03:00:00Z', [1, 1, 1, 1], 1],
  ['three such tasks need two nodes', '2026-11-21T03:00:00Z', [3, 3, 3, 3], 2],
  ['the most tasks of the window count', '2026-11-21T03:00:00Z', [5, 3, 1, 0], 3],
  ['many tasks need as many nodes as there may be', '2026-11-21T03:00:00Z', [99, 99, 99, 99], 4],
  ['more tasks than the start has nodes for get more', '2026-11-21T02:05:00Z', [7, 7, 7, 7], 4],
  ['the pool is empty when its time is over', '2026-11-21T04:00:00Z', [9, 9, 9, 9], 0],
])('%s [RS13] [RS14]', (_, at, values, nodes) => {
  const samples = { $PendingTasks: every30Seconds(values, 60, new Date(at)) };
  const evaluation = runAt({ at, samples, targetLowPriorityNodes: 1 });

  expect(evaluation.error).toBeUndefined();
  expect(targets(evaluation)).toEqual([0, nodes]);
  expect(evaluation.nodeDeallocationOption).toBe(
    at === '2026-11-21T04:00:00Z' ? 'terminate' : 'taskcompletion',
  );
});

test('a service with a default of 70 percent refuses a window without a percentage', () => {
  const given = { targetLowPriorityNodes: 3, defaultSamplePercent: 70 };

  expect(evaluate(runFormula(), given).error?.values[0]?.value).toBe(
    'Line 3, Col 41: Insufficient data from data set: $PendingTasks wanted 70%, received 0%',
  );
  expect(targets(evaluate(runFormula('TimeInterval_Minute * 3, 0'), given))).toEqual([0, 0]);
});

import { expect, test } from 'vitest';
import { type Given, evaluate, every30Seconds, steady } from './given';

/** A published formula, its source, and its result here. */
interface PublicFormula {
  /** Repository and path; values that a program fills in are filled in. */
  readonly source: string;
  readonly formula: string;
  readonly given?: Given;
  /** Dedicated and low-priority targets, or the reason why the run fails. */
  readonly gives: readonly [number, number] | string;
}

const quarterHour = (value: number) => every30Seconds(steady(28, value), 60);

const shipyardHead = `maxTasksPerNode = 1; minTargetDedicated = 0; minTargetLowPriority = 0;
maxTargetDedicated = 4; maxTargetLowPriority = 8; maxIncDedicated = 2; maxIncLowPriority = 3;
sli = TimeInterval_Second * 600.0;`;

const formulas: readonly PublicFormula[] = [
  {
    source: 'MicrosoftDocs/azure-docs articles/batch/batch-automatic-scaling.md (sample ranges)',
    formula:
      '$runningTasksSample = $RunningTasks.GetSample(1 * TimeInterval_Minute, 6 * TimeInterval_Minute); $TargetDedicatedNodes = len($runningTasksSample);',
    given: { samples: { $RunningTasks: every30Seconds(steady(20, 1), 60) } },
    gives: [10, 0],
  },
  {
    source: 'MicrosoftDocs/azure-docs articles/batch/batch-automatic-scaling.md (initial size)',
    formula: `$TargetDedicatedNodes = 4;
      lifespan = time() - time("Sat, 21 Nov 2026 02:00:00 GMT");
      span = TimeInterval_Minute * 60; startup = TimeInterval_Minute * 10; ratio = 50;
      $TargetDedicatedNodes = (lifespan > startup ? (max($RunningTasks.GetSample(span, ratio), $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetDedicatedNodes) : 4);`,
    given: {
      samples: { $RunningTasks: quarterHour(0), $ActiveTasks: every30Seconds(steady(118, 0), 60) },
    },
    gives: 'Insufficient data from data set: $RunningTasks wanted 50%, received 23.3333%',
  },
  {
    source: 'Azure/BatchExplorer-data data/autoscale-formula/SettingInitialPoolSize.txt',
    formula: `initialPoolSize = 4; $TargetDedicatedNodes = initialPoolSize;
      lifespan = time() - time("Mon, 06 Oct 2014 10:20:00 GMT");
      span = TimeInterval_Minute * 60; startup = TimeInterval_Minute * 10; ratio = 50;
      $TargetDedicatedNodes = (lifespan > startup ? (max($RunningTasks.GetSample(span, ratio), $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetDedicatedNodes) : initialPoolSize );`,
    given: {
      samples: {
        $RunningTasks: every30Seconds(steady(118, 0), 60),
        $ActiveTasks: every30Seconds(steady(118, 2), 60),
      },
    },
    gives: [4, 0],
  },
  {
    source: 'Azure/BatchExplorer-data data/autoscale-formula/AccountingForParallelTasks.txt',
    formula: `percentage = 70; span = TimeInterval_Minute * 15;
      $samples = $ActiveTasks.GetSamplePercent(span);
      $tasks = $samples < percentage ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(span)));
      multiplier = 0.25; $cores = $TargetDedicatedNodes * 4;
      $extraVMs = (($tasks - $cores) + 3) * multiplier;
      $targetVMs = ($TargetDedicatedNodes + $extraVMs);
      $TargetDedicatedNodes = max(0, min($targetVMs, 3));
      $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $ActiveTasks: quarterHour(6) }, targetDedicatedNodes: 1 },
    gives: [2, 0],
  },
  {
    source: 'Azure/BatchExplorer-data data/autoscale-formula/TaskBasedAdjustment.txt',
    formula: `$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
      $tasks = $samples < 70 ? max(0, $ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
      $targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes / 2);
      cappedPoolSize = 20;
      $TargetDedicatedNodes = max(0, min($targetVMs, cappedPoolSize));
      $NodeDeallocationOption = taskcompletion;`,
    gives: [0, 0],
  },
  {
    source: 'Azure/BatchExplorer-data data/autoscale-formula/TimeBasedAdjustment.txt',
    formula: `$curTime = time();
      $workHours = $curTime.hour >= 8 && $curTime.hour < 18;
      $isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
      $isWorkingWeekdayHour = $workHours && $isWeekday;
      $TargetDedicatedNodes = $isWorkingWeekdayHour ? 20:10;`,
    given: { now: new Date('2026-11-20T09:30:00Z') },
    gives: [20, 0],
  },
  {
    source: 'Azure/batch-shipyard convoy/autoscale.py (pending_tasks, bias_last_sample, auto)',
    formula: `${shipyardHead}
      samplepercent = $PendingTasks.GetSamplePercent(sli);
      lastsample = val($PendingTasks.GetSample(1), 0);
      samplevecavg = samplepercent < 70 ? max(0, lastsample) : avg($PendingTasks.GetSample(sli));
      PendingTaskAvg = samplepercent < 70 ? max(0, lastsample) : (lastsample < samplevecavg ? avg(lastsample, samplevecavg) : max(lastsample, samplevecavg));
      reqVMs = PendingTaskAvg / maxTasksPerNode;
      preemptcount = 0; rebalance = 0 == 1;
      maxDedicatedVMs = min($CurrentDedicatedNodes + maxIncDedicated, maxTargetDedicated);
      maxLowPriVMs = min($CurrentLowPriorityNodes + maxIncLowPriority, maxTargetLowPriority);
      reqVMs = max(0, reqVMs - minTargetDedicated - minTargetLowPriority);
      divisor = (maxTargetDedicated == 0 || maxTargetLowPriority == 0) ? 1 : 2;
      dedicatedVMs = reqVMs / divisor;
      dedicatedVMs = (dedicatedVMs > 0 && dedicatedVMs < 1) ? 1 : dedicatedVMs;
      dedicatedVMs = max(minTargetDedicated, min(dedicatedVMs, maxDedicatedVMs));
      remainingVMs = max(0, reqVMs - dedicatedVMs);
      redistVMs = (rebalance && remainingVMs > 0) ? min(preemptcount, remainingVMs) : 0;
      dedicatedVMs = min(dedicatedVMs + redistVMs, maxDedicatedVMs);
      remainingVMs = max(0, reqVMs - dedicatedVMs);
      lowPriVMs = max(minTargetLowPriority, min(remainingVMs, maxLowPriVMs));
      $TargetDedicatedNodes = dedicatedVMs; $TargetLowPriorityNodes = lowPriVMs;
      $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $PendingTasks: quarterHour(12) }, currentLowPriorityNodes: 1 },
    gives: [2, 4],
  },
  {
    source: 'Azure/batch-shipyard convoy/autoscale.py (active_tasks, rebalance, low_priority)',
    formula: `${shipyardHead}
      ActiveTaskAvg = avg($ActiveTasks.GetSample(sli, 70));
      reqVMs = ActiveTaskAvg / maxTasksPerNode;
      reqVMs = (ActiveTaskAvg > 0 && reqVMs < 1) ? 1 : reqVMs;
      preemptcount = avg($PreemptedNodeCount.GetSample(sli, 70));
      currenttotal = $CurrentDedicatedNodes + $CurrentLowPriorityNodes;
      preemptedpercent = currenttotal > 0 ? preemptcount / currenttotal : 0;
      rebalance = preemptedpercent >= 0.5;
      lowPriVMs = min(maxTargetLowPriority, max(minTargetLowPriority, reqVMs));
      remainingVMs = min(maxTargetDedicated, reqVMs - lowPriVMs);
      redistVMs = rebalance ? min(preemptcount, lowPriVMs) : 0;
      lowPriVMs = min(maxTargetLowPriority, max(minTargetLowPriority, max(0, reqVMs - redistVMs)));
      remainingVMs = min(maxTargetDedicated, reqVMs - lowPriVMs);
      $TargetLowPriorityNodes = lowPriVMs;
      $TargetDedicatedNodes = max(minTargetDedicated, remainingVMs);
      $NodeDeallocationOption = requeue;`,
    given: {
      samples: { $ActiveTasks: quarterHour(6), $PreemptedNodeCount: quarterHour(2) },
      currentLowPriorityNodes: 4,
    },
    gives: [2, 4],
  },
  {
    source: 'Azure/batch-shipyard convoy/autoscale.py (workday)',
    formula: `minTargetDedicated = 1; minTargetLowPriority = 0; maxTargetDedicated = 4; maxTargetLowPriority = 8;
      weekdayStart = 1; weekdayEnd = 5; workhourStart = 8; workhourEnd = 17;
      now = time();
      isWorkHours = now.hour >= workhourStart && now.hour <= workhourEnd;
      isWeekday = now.weekday >= weekdayStart && now.weekday <= weekdayEnd;
      isPeakTime = isWeekday && isWorkHours;
      $TargetDedicatedNodes = isPeakTime ? maxTargetDedicated : minTargetDedicated;
      $TargetLowPriorityNodes = isPeakTime ? maxTargetLowPriority : minTargetLowPriority;
      $NodeDeallocationOption = taskcompletion;`,
    given: { now: new Date('2026-11-20T17:59:00Z') },
    gives: [4, 8],
  },
  {
    source: 'Azure/doAzureParallel R/autoscale.R (QUEUE)',
    formula:
      '$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);$tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));$maxTasksPerNode = 4;$round = $maxTasksPerNode - 1;$targetVMs = $tasks > 0 ? (($tasks + $round) / $maxTasksPerNode) : max(0, $TargetDedicated/2) + 0.5;$TargetDedicatedNodes = max(2, min($targetVMs, 10));$TargetLowPriorityNodes = max(5, min($targetVMs, 10));$NodeDeallocationOption = taskcompletion;',
    given: { samples: { $ActiveTasks: quarterHour(26) } },
    gives: [7, 7],
  },
  {
    source: 'Azure/doAzureParallel R/autoscale.R (WEEKEND), which forgets to take the time',
    formula:
      '$isWeekend = $curTime.weekday >= 6 && $curTime.weekday <= 7;$TargetDedicatedNodes = $isWeekend ? 2:4;',
    gives: 'nothing is called $curTime',
  },
  {
    source: 'Azure/doAzureParallel R/autoscale.R (MAX_CPU)',
    formula:
      '$totalNodes = (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > 0.7) ? ($CurrentDedicated * 1.1) : $CurrentDedicated; $totalNodes = (avg($CPUPercent.GetSample(TimeInterval_Minute * 60)) < 0.2) ? ($CurrentDedicated * 0.9) : $totalNodes; $TargetDedicatedNodes = min(100, $totalNodes)',
    given: { samples: { $CPUPercent: quarterHour(0.1) }, currentDedicatedNodes: 10 },
    gives: [9, 0],
  },
  {
    source:
      'ziyuezh576/AzurePowerShellScriptAnalyzer CachedScripts/Az.Batch/Test-AzBatchAutoScale-Example1.ps1',
    formula:
      'totalNodes=($CPUPercent.GetSamplePercent(TimeInterval_Minute*0,TimeInterval_Minute*10)<0.7?5:(min($CPUPercent.GetSample(TimeInterval_Minute*0, TimeInterval_Minute*10))>0.8?($CurrentDedicated*1.1):$CurrentDedicated));$TargetDedicated=min(100,totalNodes);',
    gives: [5, 0],
  },
  {
    source: 'Azure/azure-sdk-for-js sdk/batch/batch/test/poolScaling.spec.ts',
    formula: '$TargetDedicatedNodes=3',
    gives: [3, 0],
  },
  {
    source:
      'Azure/azure-sdk-for-net sdk/batch/Microsoft.Azure.Batch/tests/IntegrationTests/AutoScaleIntegrationTests.cs',
    formula: '$TargetDedicated = 0;',
    given: { targetDedicatedNodes: 3 },
    gives: [0, 0],
  },
  {
    source:
      'Azure/azure-sdk-for-net src/SDKs/Batch/DataPlane/Azure.Batch.IntegrationTests/CloudPoolIntegrationTests.cs',
    formula: 'myActiveSamples=$ActiveTasks.GetSample(5);',
    gives: [0, 0],
  },
  {
    source:
      'Azure/azure-sdk-for-net sdk/batch/Microsoft.Azure.Batch/tests/UnitTests/PoolUnitTests.cs',
    formula: '$RunningTasks.GetSample(10 * TimeInterval_Second, 0 * TimeInterval_Second, 100);',
    gives: 'Insufficient data from data set: $RunningTasks wanted 100%, received 0%',
  },
  {
    source: 'Azure-Samples/azure-cli-samples batch/manage-pool/manage-pool-windows.sh',
    formula:
      '$averageActiveTaskCount = avg($ActiveTasks.GetSample(TimeInterval_Minute * 15));$TargetDedicated = min(10, $averageActiveTaskCount);',
    given: { samples: { $ActiveTasks: quarterHour(12) } },
    gives: [10, 0],
  },
  {
    source:
      'ms-henglu/terraform-provider-azurerm export/TestAccBatchPool_autoScale_complete_step_0.tf',
    formula: `startingNumberOfVMs = 1; maxNumberofVMs = 25;
      pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
      pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
      $TargetDedicatedNodes=min(maxNumberofVMs, pendingTaskSamples);`,
    given: { samples: { $PendingTasks: every30Seconds(steady(9, 12), 30) } },
    gives: [12, 0],
  },
  {
    source: 'seankennett/MusicVideoBuilderDatabase batchService.bicep',
    formula:
      'startingNumberOfVMs = 0;maxNumberofVMs = 2;pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(5 * TimeInterval_Minute);pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(5 * TimeInterval_Minute));$TargetLowPriorityNodes=min(maxNumberofVMs, pendingTaskSamples);$NodeDeallocationOption = taskcompletion;',
    given: { samples: { $PendingTasks: quarterHour(1) } },
    gives: [0, 1],
  },
  {
    source: 'microsoft/planetary-computer-tasks deployment/terraform/batch_pool/main.tf',
    formula: `maxTasksPerNode = 4; minTargetDedicated = 0; maxTargetDedicated = 2; minTargetLowPriority = 1; maxTargetLowPriority = 10; maxIncreasePerScale = 3;
      preempted = max(0, $PreemptedNodeCount.GetSample(1));
      tasks = max(0, $PendingTasks.GetSample(1));
      taskNodes = (tasks + maxTasksPerNode - 1) / maxTasksPerNode;
      lowPriorityTasks = min(taskNodes, maxTargetLowPriority + preempted);
      desiredLowPriorityNodes = max(minTargetLowPriority, lowPriorityTasks);
      lowPriorityNodesToAdd = desiredLowPriorityNodes - $CurrentLowPriorityNodes;
      actualChange = min(lowPriorityNodesToAdd, maxIncreasePerScale);
      $TargetLowPriorityNodes = max(0, $CurrentLowPriorityNodes + actualChange);
      tasksLeft = taskNodes - $TargetLowPriorityNodes;
      $TargetDedicatedNodes = max(minTargetDedicated, min(tasksLeft, maxTargetDedicated));
      $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $PendingTasks: quarterHour(33) }, currentLowPriorityNodes: 2 },
    gives: [2, 5],
  },
  {
    source: 'microsoft/ga4gh-tes src/TesApi.Web/BatchPool.cs',
    formula: `$NodeDeallocationOption = taskcompletion;
      lifespan = time() - time("Sat, 21 Nov 2026 02:57:00 GMT");
      span = TimeInterval_Second * 90; startup = TimeInterval_Minute * 2; ratio = 10;
      $TargetLowPriorityNodes = (lifespan > startup ? min($PendingTasks.GetSample(span, ratio)) : 1);`,
    given: { samples: { $PendingTasks: every30Seconds([6], 60) } },
    gives: [0, 6],
  },
  {
    source: 'microsoft/ga4gh-tes src/GenerateBatchVmSkus/AzureBatchSkuValidator.cs',
    formula:
      '$NodeDeallocationOption = retaineddata; $TargetLowPriorityNodes = ($PendingTasks.Count() ? 0 : 1);',
    gives: [0, 1],
  },
  {
    source:
      'nextflow-io/nextflow plugins/nf-azure/src/main/nextflow/cloud/azure/batch/AzBatchService.groovy',
    formula: `lifespan = time() - time("2026-11-21T02:00:00.123456Z");
      interval = TimeInterval_Minute * 5;
      $samples = $PendingTasks.GetSamplePercent(interval);
      $tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1)) : max( $PendingTasks.GetSample(1), avg($PendingTasks.GetSample(interval)));
      $targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes/2);
      targetPoolSize = max(0, min($targetVMs, 10));
      $TargetLowPriorityNodes = lifespan < interval ? 1 : targetPoolSize;
      $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $PendingTasks: quarterHour(3) } },
    gives: [0, 3],
  },
  {
    source: 'CDCgov/cfa_azure examples/dev_autoscale_formula.txt',
    formula: `startingNumberOfVMs = 1; maxNumberofVMs = 10;
      $Samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 5);
      $Tasks = $Samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 5)));
      $TargetVMs = $Tasks > 0? $Tasks:max(0, $TargetDedicated/2);
      $TargetDedicated = 0.5*max(0,min($TargetVMs,maxNumberofVMs));
      $TargetLowPriorityNodes = 0.5*max(0,min($TargetVMs,maxNumberofVMs));
      $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $ActiveTasks: quarterHour(5) } },
    gives: [2, 2],
  },
  {
    source: 'CDCgov/cfa_azure cfa_azure/batch_helpers.py',
    formula: `// Get pending tasks for the past 10 minutes.
    $samples = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 10);
    $tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1)) :
    max( $PendingTasks.GetSample(1), avg($PendingTasks.GetSample(TimeInterval_Minute * 10)));
    $targetVMs = $tasks > 0 ? $tasks : max(0, $TargetLowPriorityNodes / 2);
    cappedPoolSize = 5;
    $TargetLowPriorityNodes = max(0, min($targetVMs, cappedPoolSize));
    $NodeDeallocationOption = taskcompletion;
    `,
    given: { samples: { $PendingTasks: quarterHour(0) }, targetLowPriorityNodes: 3 },
    gives: [0, 1],
  },
  {
    source: 'UCL/TLOmodel src/tlo/cli.py',
    formula: `startingNumberOfVMs = 6; maxNumberofVMs = 6;
    pTaskSamplePerc = $PendingTasks.GetSamplePercent(120 * TimeInterval_Second);
    pTaskSample = pTaskSamplePerc < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(120 * TimeInterval_Second));
    $TargetDedicatedNodes=min(maxNumberofVMs, pTaskSample);
    $NodeDeallocationOption = taskcompletion;`,
    given: { samples: { $PendingTasks: quarterHour(2) } },
    gives: [6, 0],
  },
  {
    source: 'Azure/Batch issue 40, a formula of the Data Factory kind',
    formula:
      '$maxComputeNodeLimit=1;$minCapacity = 0;$LastSampledActiveTasks =$ActiveTasks.GetSample(1);$LastSampledRunningTasks =$RunningTasks.GetSample(1);$RunningAndWaiting = max($LastSampledActiveTasks, 0) + max($LastSampledRunningTasks, 0);$needcompute =$RunningAndWaiting >= 1;$nodesToAllocate =$RunningAndWaiting >$maxComputeNodeLimit ?$maxComputeNodeLimit:$RunningAndWaiting;$TargetDedicated =$needcompute ?$nodesToAllocate:$minCapacity;',
    given: { samples: { $ActiveTasks: quarterHour(3), $RunningTasks: quarterHour(1) } },
    gives: [1, 0],
  },
  {
    source: 'Azure/Batch issue 151, a series used as a number',
    formula: '$TargetDedicatedNodes = $PendingTasks / $TaskSlotsPerNode + 0.9',
    gives: '$PendingTasks is a series of samples: use its GetSample',
  },
];

test.each(formulas.map((row) => [row.source, row] as const))(
  '%s',
  (_, { formula, given, gives }) => {
    const { error, targetDedicatedNodes, targetLowPriorityNodes } = evaluate(formula, given);
    const reason = error?.values[0]?.value.replace(/^Line \d+, Col \d+: /, '');

    expect(reason ?? [targetDedicatedNodes, targetLowPriorityNodes]).toEqual(gives);
  },
);

test('a formula copied with the backslashes of its program is refused', () => {
  expect(() => evaluate('x = time(\\"Mon, 06 Oct 2014 10:20:00 GMT\\")')).toThrow(
    'Line 1, Col 10: the formula language has no "\\\\"',
  );
});

/** The pool is in the setup notes of HASTE (AI for Good), with its run of 24 April 2025. */
test('results have the form recorded from the service in 2025', () => {
  const formula = `$samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
$tasks = $samples < 70 ? max(0, $ActiveTasks.GetSample(1)) : 
max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
$targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes / 2);
cappedPoolSize = 3;
$TargetDedicatedNodes = max(1, min($targetVMs, cappedPoolSize));
$NodeDeallocationOption = taskcompletion;`;
  const samples = { $ActiveTasks: every30Seconds(steady(29, 0), 30) };

  expect(evaluate(formula, { samples, targetDedicatedNodes: 1 }).results).toBe(
    '$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;$samples=96.6667;$targetVMs=0.5;$tasks=0;cappedPoolSize=3',
  );
});

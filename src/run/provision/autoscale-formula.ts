import type { RunPlan } from '../run';
import { rootsIn } from '../../workload/task-graph';
import { slotsNeeded, tasksFor, tasksKnownIn } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import { MINUTE_MS } from '../plan';

/** For this long the formula asks for nodes without looking at samples: there are none yet. */
const STARTUP_MINUTES = 10;

/** At the deadline the app reads what its nodes still hold; they go by themselves only after that. */
export const HARVEST_MINUTES = 5;

/** Nodes that hold so many of the workload's tasks at once, within its maximum. */
export function nodesFor(workload: Workload, tasks: number): number {
  const atOnce = Math.min(tasks, workload.maxParallelTasks ?? tasks);
  return Math.min(workload.pool.maxNodes, Math.ceil(atOnce / tasksPerNode(workload)));
}

/** Job manager and merge do not count: each is alone in its time, and any node holds it. */
function tasksPerNode({ work, pool }: Workload): number {
  return Math.max(1, Math.floor(pool.slotsPerNode / slotsNeeded(work)));
}

/** From then on the formula asks for no node, whatever the app does. */
export function nodesEnd({ deadline }: RunPlan): string {
  return new Date(Date.parse(deadline) + HARVEST_MINUTES * MINUTE_MS).toISOString();
}

/**
 * The pool's size, as Batch evaluates it every five minutes and whenever it is stored:
 * `startNodes` at once while there are no samples yet, then what the pending tasks need, zero soon
 * after the deadline whatever this app does. A missing sample counts as no task, but three minutes of
 * samples are looked at, so one gap does not shrink the pool. The window asks for no percentage
 * (the 0): where none is given Azure asks for 70 (seen in Azure/batch-shipyard issue 138), and the
 * newest samples are always a minute late. Nodes leave when their tasks are done; in the end at once.
 *
 * `$PendingTasks` counts tasks and not slots (Azure/Batch issue 118), so it is divided by the tasks
 * that a node holds; a fraction is cut off by the service, so what is added first rounds up.
 */
export function autoscaleFormula(
  workload: Workload,
  plan: RunPlan,
  startNodes: number,
  now: string,
): string {
  const perNode = tasksPerNode(workload);
  const waiting = 'max(0, $PendingTasks.GetSample(TimeInterval_Minute * 3, 0))';
  const atOnce = workload.maxParallelTasks;
  const pending = atOnce === undefined ? waiting : `min(${atOnce}, ${waiting})`;
  const startupEnds = new Date(Date.parse(now) + STARTUP_MINUTES * MINUTE_MS).toISOString();
  return [
    `// Nightshift run ${plan.runId}`,
    `startup = time() < time("${startupEnds}");`,
    `over = time() >= time("${nodesEnd(plan)}");`,
    `pending = ${pending};`,
    `needed = (pending + ${perNode - 1}) / ${perNode};`,
    `wanted = startup ? max(${startNodes}, needed) : needed;`,
    ...targetsOf(workload, plan),
    '$NodeDeallocationOption = over ? terminate : taskcompletion;',
  ].join('\n');
}

/**
 * Spot nodes, of which some may be dedicated. When the run has waited long enough and no Spot node
 * is there that works (those that were taken away stay counted), all are dedicated from then on:
 * asking for none, the pool gets no Spot node either, so it does not go back and forth.
 */
function targetsOf({ pool }: Workload, { startedAt }: RunPlan): readonly string[] {
  const { maxNodes, dedicatedNodes, dedicatedAfterMinutes } = pool;
  if (dedicatedNodes === 0 && dedicatedAfterMinutes === undefined) {
    return [`$TargetLowPriorityNodes = over ? 0 : min(${maxNodes}, wanted);`];
  }
  const total = `total = over ? 0 : min(${maxNodes}, wanted);`;
  const split = '$TargetDedicatedNodes = dedicated;\n$TargetLowPriorityNodes = total - dedicated;';
  const some = `min(${dedicatedNodes}, total)`;
  if (dedicatedAfterMinutes === undefined) return [total, `dedicated = ${some};`, split];

  const late = new Date(Date.parse(startedAt) + dedicatedAfterMinutes * MINUTE_MS).toISOString();
  return [
    total,
    'taken = max(0, $PreemptedNodeCount.GetSample(TimeInterval_Minute * 3, 0));',
    `spotless = time() >= time("${late}") && $CurrentLowPriorityNodes - taken < 1;`,
    `dedicated = spotless ? total : ${some};`,
    split,
  ];
}

/** How many nodes a run asks for at first: as many as its tasks need, where it knows them already. */
export function firstNodes(workload: Workload, inputs: number | null): number {
  const { work } = workload;
  switch (work.kind) {
    case 'whole':
    case 'split':
      return 1;
    case 'perBlob':
      return nodesFor(workload, tasksFor(work, inputs ?? 0));
    case 'sweep':
      return nodesFor(workload, tasksKnownIn(work) ?? 0);
    case 'tasks':
      return nodesFor(workload, rootsIn(work.tasks));
  }
}

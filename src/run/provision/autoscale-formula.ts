import type { RunPlan } from '../run';
import { rootsIn } from '../../workload/task-graph';
import { slotsNeeded, tasksFor, tasksKnownIn } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import { MINUTE_MS } from '../plan';

/** The start-up phase: for this long the formula requests nodes without reading samples. */
const STARTUP_MINUTES = 10;

/** Time after the deadline in which the app reads logs from the nodes before they are removed. */
export const HARVEST_MINUTES = 5;

/**
 * The autoscale formula of a run's pool. Batch evaluates it every five minutes, and at once when it
 * is stored. It goes through three phases:
 *
 * 1. Start-up: at least `startNodes`, because there are no samples yet.
 * 2. Running: as many nodes as the pending tasks need.
 * 3. Over: zero nodes soon after the deadline, even if this app no longer runs.
 *
 * `$PendingTasks` counts tasks, not slots (Azure/Batch issue 118), so it is divided by the number
 * of tasks that fit on a node. The service truncates fractions, so the formula rounds up first.
 *
 * A missing sample counts as no task. The window of three minutes keeps one missing sample from
 * shrinking the pool. Its required percentage is 0, because without one Azure requires 70 percent
 * (Azure/batch-shipyard issue 138), and the newest samples are always a minute late.
 *
 * Nodes are removed when their tasks have ended; in the last phase they are removed at once.
 */
export function autoscaleFormula(
  workload: Workload,
  plan: RunPlan,
  startNodes: number,
  now: string,
): string {
  const perNode = tasksPerNode(workload);
  const startupEnd = minutesAfter(now, STARTUP_MINUTES);
  return [
    `// Nightshift run ${plan.runId}`,
    `startup = time() < time("${startupEnd}");`,
    `over = time() >= time("${scaleInTime(plan)}");`,
    `pending = ${pendingTasks(workload)};`,
    `needed = (pending + ${perNode - 1}) / ${perNode};`,
    `wanted = startup ? max(${startNodes}, needed) : needed;`,
    ...targetLines(workload, plan),
    '$NodeDeallocationOption = over ? terminate : taskcompletion;',
  ].join('\n');
}

/** Number of tasks that fit on a node. Job manager and merge are not counted: each runs alone. */
function tasksPerNode({ work, pool }: Workload): number {
  return Math.max(1, Math.floor(pool.slotsPerNode / slotsNeeded(work)));
}

/** Start of the last phase, from which the formula requests no nodes. */
export function scaleInTime({ deadline }: RunPlan): string {
  return minutesAfter(deadline, HARVEST_MINUTES);
}

/** Pending tasks that may run concurrently. */
function pendingTasks({ maxParallelTasks }: Workload): string {
  const samples = 'max(0, $PendingTasks.GetSample(TimeInterval_Minute * 3, 0))';
  return maxParallelTasks === undefined ? samples : `min(${maxParallelTasks}, ${samples})`;
}

/**
 * The lines that divide the wanted nodes into Spot and dedicated ones. With `dedicatedAfterMinutes`
 * all nodes become dedicated when the run has waited that long and has no usable Spot node.
 * Preempted nodes stay in the current count, so they are subtracted. The pool requests no Spot node
 * from then on, so it cannot alternate between the two kinds.
 */
function targetLines({ pool }: Workload, { startedAt }: RunPlan): readonly string[] {
  const { maxNodes, dedicatedNodes, dedicatedAfterMinutes } = pool;
  if (dedicatedNodes === 0 && dedicatedAfterMinutes === undefined) {
    return [`$TargetLowPriorityNodes = over ? 0 : min(${maxNodes}, wanted);`];
  }
  const total = `total = over ? 0 : min(${maxNodes}, wanted);`;
  const fixedShare = `min(${dedicatedNodes}, total)`;
  const targets = [
    '$TargetDedicatedNodes = dedicated;',
    '$TargetLowPriorityNodes = total - dedicated;',
  ];
  if (dedicatedAfterMinutes === undefined) return [total, `dedicated = ${fixedShare};`, ...targets];

  return [
    total,
    'taken = max(0, $PreemptedNodeCount.GetSample(TimeInterval_Minute * 3, 0));',
    `spotless = time() >= time("${minutesAfter(startedAt, dedicatedAfterMinutes)}") && $CurrentLowPriorityNodes - taken < 1;`,
    `dedicated = spotless ? total : ${fixedShare};`,
    ...targets,
  ];
}

/** Number of nodes to request when the pool is created: enough for the tasks known by then. */
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

/** Number of nodes that hold this many tasks, up to the maximum of the pool. */
export function nodesFor(workload: Workload, tasks: number): number {
  const parallel = Math.min(tasks, workload.maxParallelTasks ?? tasks);
  return Math.min(workload.pool.maxNodes, Math.ceil(parallel / tasksPerNode(workload)));
}

function minutesAfter(timestamp: string, minutes: number): string {
  return new Date(Date.parse(timestamp) + minutes * MINUTE_MS).toISOString();
}

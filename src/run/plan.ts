import { createHash } from 'node:crypto';
import type { Occurrence, RunPlan, RunRequest } from './run';
import { imageNames } from '../workload/image-names';
import { vmSizeOf } from '../workload/node-defaults';
import { rootsIn } from '../workload/task-graph';
import { slotsNeeded, tasksFor, tasksKnownIn } from '../workload/work-schema';
import { containerImagesOf, type Workload } from '../workload/workload';

/**
 * A workload and an occurrence, turned into ids, moments and specifications. Pure: a replay plans
 * the same run, and so does a second delivery of the same trigger.
 */

/** Kept apart from the runs' own containers: records, requests to cancel, the lock of each workload. */
export const RUNS_CONTAINER = 'runs';
export const JOB_MANAGER_ID = 'job-manager';
export const MERGE_ID = 'merge';
/** In the staging container: the run's inputs, one by one. */
export const INPUT_LIST = 'inputs.json';
/** In the output container. */
export const MANIFEST = 'manifest/tasks.jsonl';
/** In the output container: the tasks that a run went on without, for the merge and for people. */
export const MISSING_FOR_MERGE = 'merge/missing.json';
export const MISSING = 'missing.json';
export const RESULTS_FOLDER = 'results';
export const LOGS_FOLDER = 'logs';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** For this long the formula asks for nodes without looking at samples: there are none yet. */
const STARTUP_MINUTES = 10;
/** At the deadline the app reads what its nodes still hold; they go by themselves only after that. */
export const HARVEST_MINUTES = 5;

/** The same occurrence always gives the same id: `render-3f9a1c7e5b2d4f60`. */
export function runIdOf(workload: string, occurrence: Occurrence): string {
  const key = JSON.stringify([workload, ...keyOf(occurrence)]);
  return `${workload}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

function keyOf(occurrence: Occurrence): readonly string[] {
  switch (occurrence.kind) {
    case 'schedule':
      return ['schedule', occurrence.due];
    case 'blob':
      return ['blob', occurrence.container, occurrence.name, occurrence.etag];
    case 'request':
      return ['request', occurrence.key];
    case 'after':
      return ['after', occurrence.runId];
  }
}

/** Where the outputs and logs of a run are. */
export function outputContainerOf(runId: string): string {
  return `run-${runId}-out`;
}

export function planRun(workload: Workload, request: RunRequest, startedAt: string): RunPlan {
  const runId = runIdOf(workload.name, request.occurrence);
  const deadline = new Date(Date.parse(startedAt) + workload.deadlineMinutes * MINUTE_MS);
  return {
    runId,
    workload: workload.name,
    request,
    startedAt,
    deadline: deadline.toISOString(),
    poolId: poolIdOf(workload, runId, startedAt),
    jobId: runId,
    stagingContainer: `run-${runId}-in`,
    outputContainer: outputContainerOf(runId),
  };
}

/**
 * A run's own pool has the run's id. One that is kept is found by its name alone: what the workload
 * says of it is in the name, and so is its age, in turns of so many days. A changed declaration or
 * a new turn is a new pool, and no two runs have to agree on one.
 */
function poolIdOf(workload: Workload, runId: string, startedAt: string): string {
  const { name, pool } = workload;
  if (pool.existing !== undefined) return pool.existing;
  if (pool.keep === undefined) return runId;
  return `${name}-kept-${fingerprintOf(workload)}-${turnOf(pool.keep.days, startedAt)}`;
}

/**
 * What a pool cannot change once it is made. Start task and packages are renewed at each run, but
 * a patch takes neither away: https://learn.microsoft.com/rest/api/batchservice/pool/patch
 */
function fingerprintOf(workload: Workload): string {
  const { pool } = workload;
  const image = typeof pool.image === 'string' ? imageNames[pool.image] : pool.image;
  const fixed = [
    vmSizeOf(pool),
    image,
    containerImagesOf(workload),
    pool.registries,
    pool.slotsPerNode,
    pool.fill,
    pool.subnetId,
    pool.interNode,
    pool.keep?.days,
    pool.setup !== undefined,
    pool.packages.length > 0,
  ];
  return createHash('sha256').update(JSON.stringify(fixed)).digest('hex').slice(0, 10);
}

function turnOf(days: number, startedAt: string): number {
  return Math.floor(Date.parse(startedAt) / (days * DAY_MS));
}

/** When the turn of a kept pool is over; runs that begin later make another. */
export function keptUntil({ pool }: Workload, { startedAt }: RunPlan): string | null {
  if (pool.keep === undefined) return null;
  const { days } = pool.keep;
  return new Date((turnOf(days, startedAt) + 1) * days * DAY_MS).toISOString();
}

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

/**
 * A stable task id from words: legible, safe, and different for different words. Words that are
 * long differ in the hash alone, so it is long enough for a million of them.
 */
export function idOfWords(words: string): string {
  const legible = words
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 47)
    .replace(/^-|-$/g, '');
  const hash = createHash('sha256').update(words).digest('hex').slice(0, 16);
  return `${legible}-${hash}`.replace(/^-/, '');
}

/** Where an input blob is staged: never under the name its owner chose. */
export function stagedName(index: number, originalName: string): string {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(originalName)?.[1]?.toLowerCase();
  const number = String(index + 1).padStart(4, '0');
  return extension === undefined ? `inputs/${number}` : `inputs/${number}.${extension}`;
}

/**
 * Credentials of nodes outlive the deadline by this much, so that the last upload is not refused.
 * They are minted a little after `now`, by a try that may come ten minutes late: an hour after the
 * deadline none of them opens anything.
 */
const CREDENTIAL_MARGIN_MINUTES = 30;

export function credentialMinutes(plan: RunPlan, now: string): number {
  const left = (Date.parse(plan.deadline) - Date.parse(now)) / MINUTE_MS;
  return Math.ceil(Math.max(0, left)) + CREDENTIAL_MARGIN_MINUTES;
}

export const RECORDS_FOLDER = 'records/';

export function recordBlob(runId: string): string {
  return `${RECORDS_FOLDER}${runId}.json`;
}

/** The name is what stands before the last hyphen of a run id. */
export function workloadOfRun(runId: string): string {
  return runId.slice(0, Math.max(0, runId.lastIndexOf('-')));
}

export function cancelBlob(runId: string): string {
  return `cancel/${runId}`;
}

/** When the outputs of a run that left no record were first seen. */
export function leftBlob(runId: string): string {
  return `left/${runId}`;
}

export function lockBlob(workload: string): string {
  return `locks/${workload}`;
}

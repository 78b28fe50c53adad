import { ofDueTime } from '../stage/due-time';
import { missingTasks, formatMissing } from '../submit/missing';
import type { FailedTask, Files } from '../ports';
import { describeExit, describeFailure, describeTask, lastLines, wholeLines } from './cause';
import { NOTHING_HARVESTED, type Harvest, type Outcome, type RunPlan } from '../run';
import { shareTolerated } from '../../workload/work-schema';
import { JOB_MANAGER_ID, LOGS_FOLDER, MISSING } from '../names';
import { RESULTS_FOLDER } from '../../workload/fields';
import type { ActivityContext } from '../activity-context';
import { outputWarnings } from './output-warnings';
import { writeEmptyTaskList, writeTaskList } from './task-ends';
import { keepTasks } from './task-list';
import { describeEnd, lastLineOf } from './task-logs';
import { preparesNodes } from '../submit/preparation';

/** Bounds of what is read from nodes, so that no log fills the app's memory or the record. */
const LOG_TAIL_BYTES = 64 * 1024;
const MAX_FAILED_TASKS = 20;
const MAX_RUNNING_TASKS = 20;
const MAX_LISTED = 100;

/**
 * Lists results and saves logs before anything is deleted. A task uploads its own logs when it
 * ends, so the logs of the job manager, of failed tasks and of tasks that are still running are
 * read from their nodes. Also of a run whose workload no longer exists.
 */
export async function harvest(
  context: ActivityContext,
  { plan, outcome, worked }: { plan: RunPlan; outcome: Outcome; worked: boolean },
): Promise<Harvest> {
  if (!worked) return NOTHING_HARVESTED;
  const work = context.workloads.get(plan.workload)?.work;
  const toleratesFailures = work !== undefined && shareTolerated(work) > 0;
  const mayHaveFailed = outcome.kind !== 'succeeded' || toleratesFailures;
  const { batch } = context;
  const readsTasks = mayHaveFailed && (await batch.getJob(plan.jobId)) !== null;
  const failed = readsTasks ? await batch.failedTasks(plan.jobId, MAX_FAILED_TASKS) : [];
  const running =
    readsTasks && outcome.kind !== 'succeeded'
      ? await batch.runningTasks(plan.jobId, MAX_RUNNING_TASKS)
      : [];
  await saveSetUpLogs(context, plan, outcome);
  const logs = await saveLogs(
    context,
    plan,
    new Set([JOB_MANAGER_ID, ...failed.map(({ id }) => id), ...running]),
  );
  await keepTasks(context, plan);
  const found = await findResults(context, plan);
  await listTasks(context, plan, outcome, found.missing.length > 0);
  return {
    ...found,
    logs,
    missingTasks: outcome.kind === 'succeeded' ? await recordMissingTasks(context, plan) : 0,
    errorDetail: await errorDetail(context, plan, outcome, failed),
    ...(outcome.kind === 'succeeded' && { warnings: await warningsOf(context, plan) }),
  };
}

async function warningsOf(context: ActivityContext, plan: RunPlan): Promise<readonly string[]> {
  const workload = context.workloads.get(plan.workload);
  if (workload === undefined) return [];
  return outputWarnings(context, plan, ofDueTime(workload, plan).work);
}

/**
 * Lists the tasks of a run that does not succeed. Where results are missing although all tasks
 * succeeded, or Batch refused a task of the manifest, nothing is worth to be taken over.
 */
async function listTasks(
  context: ActivityContext,
  plan: RunPlan,
  outcome: Outcome,
  lacksResults: boolean,
): Promise<void> {
  if (outcome.kind === 'succeeded') {
    return lacksResults ? writeEmptyTaskList(context, plan) : undefined;
  }
  if (outcome.code === 'manifestRefused') return writeEmptyTaskList(context, plan);
  if ((await context.batch.getJob(plan.jobId)) !== null) await writeTaskList(context, plan);
}

/** Writes the list of tolerated failures, unless the merge task has received it already. */
async function recordMissingTasks(context: ActivityContext, plan: RunPlan): Promise<number> {
  const { files, workloads } = context;
  const work = workloads.get(plan.workload)?.work;
  if (work === undefined) return 0;
  if (work.kind === 'whole' || shareTolerated(work) === 0) return 0;
  const missing = await missingTasks(context, work, plan);
  if (missing.length > 0 && work.merge === undefined) {
    await files.writeText(plan.outputContainer, MISSING, formatMissing(missing));
  }
  return missing.length;
}

async function saveLogs(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
  ids: ReadonlySet<string>,
): Promise<string[]> {
  const encoding = workloads.get(plan.workload)?.logEncoding;
  for (const id of ids) {
    for (const file of LOG_FILES) {
      const name = `${LOGS_FOLDER}/${id}/${file}`;
      if ((await files.find(plan.outputContainer, name)) !== null) continue;
      const text = await batch.readTaskFile(plan.jobId, id, file, LOG_TAIL_BYTES, encoding);
      if (text !== null) await files.writeText(plan.outputContainer, name, text);
    }
  }
  return (await listFirst(files, plan, LOGS_FOLDER)).map(({ name }) => name);
}

/** Names of the folders of set-up logs. */
const START_TASK = 'start-task';
const PREPARATION = 'job-preparation';
const LOG_FILES = ['stdout.txt', 'stderr.txt'] as const;

/**
 * Saves the output of a start task and of a job preparation that failed or still run: the node's own
 * copy is deleted with the node.
 */
async function saveSetUpLogs(
  { batch, files, workloads }: ActivityContext,
  { workload: name, poolId, jobId, outputContainer }: RunPlan,
  outcome: Outcome,
): Promise<void> {
  const workload = workloads.get(name);
  if (outcome.kind === 'succeeded' || workload === undefined) return;
  const { pool } = workload;
  const hasStartTask = pool.setup !== undefined || pool.existing !== undefined;
  const save = async (folder: string, read: (file: LogFile) => Promise<string | null>) => {
    for (const file of LOG_FILES) {
      const blob = `${LOGS_FOLDER}/${folder}/${file}`;
      if ((await files.find(outputContainer, blob)) !== null) continue;
      const text = await read(file);
      if (text !== null) await files.writeText(outputContainer, blob, text);
    }
  };
  if (hasStartTask) {
    await save(START_TASK, (file) => batch.readStartTaskFile(poolId, file, LOG_TAIL_BYTES));
  }
  if (preparesNodes(workload)) {
    await save(PREPARATION, (file) => batch.readPreparationFile(jobId, file, LOG_TAIL_BYTES));
  }
}

type LogFile = (typeof LOG_FILES)[number];

/** The first blobs of a folder of the output container, as many as a record lists. */
async function listFirst(files: Files, plan: RunPlan, folder: string) {
  const found: { name: string; bytes: number }[] = [];
  for await (const { name, bytes } of files.list(plan.outputContainer, `${folder}/`)) {
    found.push({ name, bytes });
    if (found.length === MAX_LISTED) break;
  }
  return found;
}

async function findResults({ files, workloads }: ActivityContext, plan: RunPlan) {
  const results = await listFirst(files, plan, RESULTS_FOLDER);
  const missing: string[] = [];
  const workload = workloads.get(plan.workload);
  const expected = workload === undefined ? [] : ofDueTime(workload, plan).results;
  for (const name of expected) {
    const found = await files.find(plan.outputContainer, `${RESULTS_FOLDER}/${name}`);
    if (found === null || found.bytes === 0) missing.push(`${RESULTS_FOLDER}/${name}`);
  }
  return { results, missing };
}

/** Details of a failure beyond the outcome: the end of the log of the set-up or task that failed. */
async function errorDetail(
  context: ActivityContext,
  plan: RunPlan,
  outcome: Outcome,
  failed: readonly FailedTask[],
): Promise<string | null> {
  if (outcome.kind === 'succeeded' || outcome.kind === 'cancelled') return null;
  if (outcome.code === 'startTaskFailed') return endOfStartTask(context, plan);
  if (outcome.code === 'preparationFailed') {
    const { batch } = context;
    return endOfLogs((file) => batch.readPreparationFile(plan.jobId, file, LOG_TAIL_BYTES));
  }
  const task = failed.find(({ id }) => id === JOB_MANAGER_ID) ?? failed[0];
  if (task === undefined) return null;
  // The cause of the outcome has its exit code already.
  if (outcome.code === 'jobManagerFailed' && task.id === JOB_MANAGER_ID) {
    return newTo(describeFailure(task), await lastLineOf(context, plan, task.id));
  }
  // What was terminated with its job has not failed by itself.
  if (outcome.code !== 'taskFailed' && task.cause.startsWith('TaskEnded')) return null;
  return `${describeTask(task)} ${await describeEnd(context, plan, task)}`;
}

function newTo(sentence: string, line: string | null): string | null {
  return line !== null && sentence.includes(line) ? null : line;
}

async function endOfStartTask({ batch }: ActivityContext, { poolId }: RunPlan) {
  const nodes = (await batch.listNodes(poolId, MAX_NODES_LISTED)) ?? [];
  const failed = nodes.find(({ state }) => state === 'startTaskFailed');
  const exitCode = failed?.startTask?.exitCode ?? null;
  const end = await endOfLogs((file) => batch.readStartTaskFile(poolId, file, LOG_TAIL_BYTES));
  const parts = [exitCode === null ? null : describeExit(exitCode), end];
  return parts.filter((part) => part !== null).join(': ') || null;
}

/** Enough to find a node whose start task failed. */
const MAX_NODES_LISTED = 100;

async function endOfLogs(read: (file: LogFile) => Promise<string | null>): Promise<string | null> {
  return endOf(await read('stderr.txt')) ?? endOf(await read('stdout.txt'));
}

function endOf(text: string | null): string | null {
  // The beginning of a text of this length may be that of a character or a line that was cut.
  const isCut = text !== null && Buffer.byteLength(text) >= LOG_TAIL_BYTES - 3;
  return lastLines(wholeLines(text, isCut));
}

import { ofDueTime } from '../stage/due-time';
import { redact, truncate } from '../../failure';
import { missingTasks, formatMissing } from '../submit/missing';
import type { FailedTask, Files } from '../ports';
import { NOTHING_HARVESTED, type Harvest, type Outcome, type RunPlan } from '../run';
import { shareTolerated } from '../../workload/work-schema';
import { JOB_MANAGER_ID, LOGS_FOLDER, MISSING } from '../names';
import { RESULTS_FOLDER } from '../../workload/fields';
import type { ActivityContext } from '../activity-context';
import { writeEmptyTaskList, writeTaskList } from './task-ends';
import { keepTasks } from './task-list';

/** Bounds of what is read from nodes, so that no log fills the app's memory or the record. */
const LOG_TAIL_BYTES = 64 * 1024;
const MAX_FAILED_TASKS = 20;
const MAX_RUNNING_TASKS = 20;
const MAX_LISTED = 100;
const TAIL_LINES = 3;
const TAIL_CHARACTERS = 500;

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
  await keepTasks(context, plan);
  await saveStartTaskLogs(context, plan, outcome);
  const logs = await saveLogs(
    context,
    plan,
    new Set([JOB_MANAGER_ID, ...failed.map(({ id }) => id), ...running]),
  );
  const found = await findResults(context, plan);
  await listTasks(context, plan, outcome, found.missing.length > 0);
  return {
    ...found,
    logs,
    missingTasks: outcome.kind === 'succeeded' ? await recordMissingTasks(context, plan) : 0,
    errorDetail: await errorDetail(context, plan, outcome, failed),
  };
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
async function recordMissingTasks(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
): Promise<number> {
  const work = workloads.get(plan.workload)?.work;
  if (work === undefined) return 0;
  if (work.kind === 'whole' || shareTolerated(work) === 0) return 0;
  const missing = await missingTasks(batch, work, plan);
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

/** Name of the start task's folder in the logs; no task has this id. */
const START_TASK = 'start-task';
const LOG_FILES = ['stdout.txt', 'stderr.txt'] as const;

/** Saves the output of a start task that failed or still runs: the node's own copy is deleted with the node. */
async function saveStartTaskLogs(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
  outcome: Outcome,
): Promise<void> {
  const pool = workloads.get(plan.workload)?.pool;
  const mayHaveFailed = pool?.setup !== undefined || pool?.existing !== undefined;
  if (outcome.kind === 'succeeded' || !mayHaveFailed) return;
  for (const file of LOG_FILES) {
    const name = `${LOGS_FOLDER}/${START_TASK}/${file}`;
    if ((await files.find(plan.outputContainer, name)) !== null) continue;
    const text = await batch.readStartTaskFile(plan.poolId, file, LOG_TAIL_BYTES);
    if (text !== null) await files.writeText(plan.outputContainer, name, text);
  }
}

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

/** The end of stderr of the failed start task or preparation, or of the job manager, or of the first failed task. */
async function errorDetail(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
  outcome: Outcome,
  failed: readonly FailedTask[],
): Promise<string | null> {
  if (outcome.kind === 'succeeded') return null;
  if (outcome.code === 'startTaskFailed') {
    const read = (file: string) => batch.readStartTaskFile(plan.poolId, file, LOG_TAIL_BYTES);
    return tail(await read('stderr.txt')) ?? tail(await read('stdout.txt'));
  }
  if (outcome.code === 'preparationFailed') {
    return tail(await batch.readPreparationError(plan.jobId, LOG_TAIL_BYTES));
  }
  const task = failed.find(({ id }) => id === JOB_MANAGER_ID) ?? failed[0];
  if (task === undefined) return null;
  const name = `${LOGS_FOLDER}/${task.id}/stderr.txt`;
  const encoding = workloads.get(plan.workload)?.logEncoding;
  const found = await files.find(plan.outputContainer, name);
  const fits = found !== null && found.bytes <= LOG_TAIL_BYTES;
  const text = fits
    ? await files.readText(plan.outputContainer, name, LOG_TAIL_BYTES, encoding)
    : await batch.readTaskFile(plan.jobId, task.id, 'stderr.txt', LOG_TAIL_BYTES, encoding);
  const parts = [formatCause(task.cause), tail(text)].filter((part) => part !== null);
  const detail = parts.length === 0 ? truncate(task.cause, TAIL_CHARACTERS) : parts.join(': ');
  return task.id === JOB_MANAGER_ID ? detail : `${task.id}: ${detail}`;
}

/** Batch's failure message, or null when it only repeats the exit code. */
function formatCause(cause: string): string | null {
  if (cause.startsWith('FailureExitCode')) return null;
  // Batch reports the same code for a task that exceeded its time and for one that a user terminated.
  return cause.startsWith('TaskEnded')
    ? 'terminated by Batch, probably for exceeding maxMinutes'
    : truncate(cause, TAIL_CHARACTERS);
}

/** The last non-empty lines, without control characters and credentials. */
export function tail(text: string | null): string | null {
  const plain = (text ?? '')
    // oxlint-disable-next-line no-control-regex -- control characters are what is removed
    .replace(/\u001B\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
  const lines = redact(plain)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) return null;
  return lines.slice(-TAIL_LINES).join(' / ').slice(-TAIL_CHARACTERS);
}

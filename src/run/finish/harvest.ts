import { redact } from '../../failure';
import { missingTasks, missingText } from '../submit/missing';
import type { FailedTask, Files } from '../ports';
import { NOTHING_HARVESTED, type Harvest, type Outcome, type RunPlan } from '../run';
import { shareTolerated } from '../../workload/work-schema';
import { JOB_MANAGER_ID, LOGS_FOLDER, MISSING } from '../names';
import { RESULTS_FOLDER } from '../../workload/fields';
import { workloadOf, type ActivityContext } from '../activity-context';

/** Enough to see why; a task that writes gigabytes does not fill the app's memory or the record. */
const LOG_TAIL_BYTES = 64 * 1024;
const MAX_FAILED_TASKS = 20;
const MAX_RUNNING_TASKS = 20;
const MAX_LISTED = 100;
const LAST_WORDS_LINES = 3;
const LAST_WORDS_CHARACTERS = 500;

/**
 * Before anything is deleted: the logs of the job manager, of what failed and of what is cut off in
 * its work are made sure of (a task uploads its own when it ends; one that never ended has not),
 * results are looked for.
 */
export async function harvest(
  context: ActivityContext,
  { plan, outcome, worked }: { plan: RunPlan; outcome: Outcome; worked: boolean },
): Promise<Harvest> {
  if (!worked) return NOTHING_HARVESTED;
  const { work } = workloadOf(context.workloads, plan);
  const mayHaveFailed = outcome.kind !== 'succeeded' || shareTolerated(work) > 0;
  const { batch } = context;
  const isThere = mayHaveFailed && (await batch.getJob(plan.jobId)) !== null;
  const failed = isThere ? await batch.failedTasks(plan.jobId, MAX_FAILED_TASKS) : [];
  const running =
    isThere && outcome.kind !== 'succeeded'
      ? await batch.runningTasks(plan.jobId, MAX_RUNNING_TASKS)
      : [];
  const logs = await keepLogs(
    context,
    plan,
    new Set([JOB_MANAGER_ID, ...failed.map(({ id }) => id), ...running]),
  );
  return {
    ...(await findResults(context, plan)),
    logs,
    missingTasks: outcome.kind === 'succeeded' ? await recordMissingTasks(context, plan) : 0,
    errorDetail: await errorDetail(context, plan, outcome, failed),
  };
}

/** Names the tasks that the run succeeded without, unless its merge has had the list already. */
async function recordMissingTasks(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
): Promise<number> {
  const { work } = workloadOf(workloads, plan);
  if (work.kind === 'whole' || shareTolerated(work) === 0) return 0;
  const missing = await missingTasks(batch, work, plan);
  if (missing.length > 0 && work.merge === undefined) {
    await files.writeText(plan.outputContainer, MISSING, missingText(missing));
  }
  return missing.length;
}

async function keepLogs(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
  ids: ReadonlySet<string>,
): Promise<string[]> {
  const encoding = workloadOf(workloads, plan).logEncoding;
  for (const id of ids) {
    for (const file of ['stdout.txt', 'stderr.txt']) {
      const name = `${LOGS_FOLDER}/${id}/${file}`;
      if ((await files.find(plan.outputContainer, name)) !== null) continue;
      const text = await batch.readTaskFile(plan.jobId, id, file, LOG_TAIL_BYTES, encoding);
      if (text !== null) await files.writeText(plan.outputContainer, name, text);
    }
  }
  return (await firstIn(files, plan, LOGS_FOLDER)).map(({ name }) => name);
}

/** What is in a folder of the run's outputs, as far as a record tells. */
async function firstIn(files: Files, plan: RunPlan, folder: string) {
  const found: { name: string; bytes: number }[] = [];
  for await (const { name, bytes } of files.list(plan.outputContainer, `${folder}/`)) {
    found.push({ name, bytes });
    if (found.length === MAX_LISTED) break;
  }
  return found;
}

async function findResults({ files, workloads }: ActivityContext, plan: RunPlan) {
  const results = await firstIn(files, plan, RESULTS_FOLDER);
  const missing: string[] = [];
  for (const name of workloadOf(workloads, plan).results) {
    const found = await files.find(plan.outputContainer, `${RESULTS_FOLDER}/${name}`);
    if (found === null || found.bytes === 0) missing.push(`${RESULTS_FOLDER}/${name}`);
  }
  return { results, missing };
}

/** The end of stderr of what failed: the job manager first, then the first task, then the set-up. */
async function errorDetail(
  { batch, files, workloads }: ActivityContext,
  plan: RunPlan,
  outcome: Outcome,
  failed: readonly FailedTask[],
): Promise<string | null> {
  if (outcome.kind === 'succeeded') return null;
  if (outcome.code === 'startTaskFailed') {
    return tail(await batch.readStartTaskError(plan.poolId, LOG_TAIL_BYTES));
  }
  if (outcome.code === 'preparationFailed') {
    return tail(await batch.readPreparationError(plan.jobId, LOG_TAIL_BYTES));
  }
  const culprit = failed.find(({ id }) => id === JOB_MANAGER_ID) ?? failed[0];
  if (culprit === undefined) return null;
  const name = `${LOGS_FOLDER}/${culprit.id}/stderr.txt`;
  const encoding = workloadOf(workloads, plan).logEncoding;
  const found = await files.find(plan.outputContainer, name);
  const fits = found !== null && found.bytes <= LOG_TAIL_BYTES;
  const text = fits
    ? await files.readText(plan.outputContainer, name, LOG_TAIL_BYTES, encoding)
    : await batch.readTaskFile(plan.jobId, culprit.id, 'stderr.txt', LOG_TAIL_BYTES, encoding);
  const said = [beyondExitCode(culprit.cause), tail(text)].filter((part) => part !== null);
  const words = said.length === 0 ? culprit.cause : said.join(': ');
  return culprit.id === JOB_MANAGER_ID ? words : `${culprit.id}: ${words}`;
}

/** Batch's own words, where they say more than that the process ended with some exit code. */
function beyondExitCode(cause: string): string | null {
  if (cause.startsWith('FailureExitCode')) return null;
  // Batch gives a task that took too long the same code as one that a person ended.
  return cause.startsWith('TaskEnded')
    ? 'it was ended from outside, as after its maxMinutes'
    : cause;
}

/** The last lines that say something, without control characters and without credentials. */
export function tail(text: string | null): string | null {
  const plain = (text ?? '')
    // oxlint-disable-next-line no-control-regex -- they are what is taken out
    .replace(/\u001B\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
  const lines = redact(plain)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) return null;
  return lines.slice(-LAST_WORDS_LINES).join(' / ').slice(-LAST_WORDS_CHARACTERS);
}

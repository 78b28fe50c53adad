import type { ActivityContext } from '../activity-context';
import { TASK_LIST } from '../names';
import type { RunPlan } from '../run';
import { formatTaskEnd, readTakenOver } from '../submit/taken-over';

/** A run of 100,000 tasks with its job manager and its merge. Tasks beyond run again in a retry. */
const MAX_TASKS = 100_002;

/**
 * Writes the end of each task, while the job exists: a retry takes over what succeeded. A retry lists
 * what it has itself taken over, so that its list is complete, too.
 */
export async function writeTaskList(
  { batch, files }: Pick<ActivityContext, 'batch' | 'files'>,
  plan: RunPlan,
): Promise<void> {
  const { succeeded } = await readTakenOver(files, plan);
  const lines = [...succeeded.values()].map((id) => formatTaskEnd({ id, end: 'succeeded' }));
  for await (const task of batch.taskEnds(plan.jobId)) {
    if (lines.length >= MAX_TASKS) break;
    lines.push(formatTaskEnd(task));
  }
  await writeLines(files, plan, lines);
}

/** Writes an empty list, of a run whose tasks are all in doubt: a retry runs everything again. */
export async function writeEmptyTaskList(
  { files }: Pick<ActivityContext, 'files'>,
  plan: RunPlan,
): Promise<void> {
  await writeLines(files, plan, []);
}

async function writeLines(
  files: ActivityContext['files'],
  { outputContainer }: RunPlan,
  lines: readonly string[],
): Promise<void> {
  await files.writeText(outputContainer, TASK_LIST, lines.map((line) => `${line}\n`).join(''));
}

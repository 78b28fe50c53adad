import { missingTasks, formatMissing } from './missing';
import { credentialMinutes } from '../plan';
import type { Batch } from '../ports';
import type { RunPlan } from '../run';
import { addUnlessJobEnded } from './submit-tasks';
import { taskFrom } from './tasks';
import { openAccess } from '../stage/access';
import { MERGE_ID, MISSING_FOR_MERGE } from '../names';
import { workloadOf, type ActivityContext } from '../activity-context';

export type Merged =
  /** A task is still unfinished: task counts and task lists may be from different times. */
  { readonly added: false } | { readonly added: true; readonly missingTasks: number };

/**
 * Adds a merge that could not be in the job from the start, after all other tasks have ended, and
 * lets the job end with it. The merge task gets the list of missing tasks as `missing.json`.
 */
export async function addMerge(
  context: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Merged> {
  const { batch, files } = context;
  const workload = workloadOf(context.workloads, plan);
  const template = workload.work.kind === 'whole' ? undefined : workload.work.merge;
  if (template === undefined) throw new Error(`${workload.name} has no merge`);

  const missing = await missingTasks(context, workload.work, plan);
  const expected = new Set([MERGE_ID, ...missing.map(({ id }) => id)]);
  const unfinished = await batch.unfinishedTasks(plan.jobId, expected.size + 1);
  if (unfinished.some((id) => !expected.has(id))) return { added: false };

  await files.writeText(plan.outputContainer, MISSING_FOR_MERGE, formatMissing(missing));
  const minutes = credentialMinutes(plan, now);
  const url = await files.readUrl(plan.outputContainer, MISSING_FOR_MERGE, minutes);
  const access = await openAccess(files, workload, plan, now);
  const merge = taskFrom(template, access, {
    id: MERGE_ID,
    resourceFiles: [{ url, path: 'missing.json', mode: null }],
  });
  const jobEnded = await addUnlessJobEnded(batch, plan.jobId, [merge]);
  if (jobEnded !== null && !(await hasTask(batch, plan.jobId, MERGE_ID))) throw jobEnded;
  await batch.endWhenTasksEnd(plan.jobId);
  return { added: true, missingTasks: missing.length };
}

async function hasTask(batch: Batch, jobId: string, taskId: string): Promise<boolean> {
  for await (const id of batch.taskIds(jobId)) if (id === taskId) return true;
  return false;
}

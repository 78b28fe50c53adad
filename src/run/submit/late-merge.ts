import { missingTasks, missingText } from './missing';
import { credentialMinutes } from '../plan';
import type { Batch } from '../ports';
import type { RunPlan } from '../run';
import { addUnlessOver } from './submit-tasks';
import { taskFrom } from './tasks';
import { openAccess } from '../stage/access';
import { MERGE_ID, MISSING_FOR_MERGE } from '../names';
import { workloadOf, type ActivityContext } from '../activity-context';

export type Merged =
  /** A task has not ended after all: counts and lists need not tell of the same moment. */
  { readonly added: false } | { readonly added: true; readonly without: number };

/**
 * Adds a merge that could not wait in the job, now that all other tasks have ended, and lets the
 * job end. It finds the list of what is missing beside it.
 */
export async function addMerge(
  context: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Merged> {
  const { batch, files } = context;
  const workload = workloadOf(context.workloads, plan);
  const template = workload.work.kind === 'whole' ? undefined : workload.work.merge;
  if (template === undefined) throw new Error(`${workload.name} has no merge`);

  const missing = await missingTasks(batch, workload.work, plan);
  const expected = new Set([MERGE_ID, ...missing.map(({ id }) => id)]);
  const unfinished = await batch.unfinishedTasks(plan.jobId, expected.size + 1);
  if (unfinished.some((id) => !expected.has(id))) return { added: false };

  await files.writeText(plan.outputContainer, MISSING_FOR_MERGE, missingText(missing));
  const minutes = credentialMinutes(plan, now);
  const url = await files.readUrl(plan.outputContainer, MISSING_FOR_MERGE, minutes);
  const access = await openAccess(files, workload, plan, now);
  const merge = taskFrom(template, access, {
    id: MERGE_ID,
    resourceFiles: [{ url, path: 'missing.json', mode: null }],
  });
  const refusal = await addUnlessOver(batch, plan.jobId, [merge]);
  if (refusal !== null && !(await has(batch, plan.jobId, MERGE_ID))) throw refusal;
  await batch.endWhenTasksEnd(plan.jobId);
  return { added: true, without: missing.length };
}

async function has(batch: Batch, jobId: string, taskId: string): Promise<boolean> {
  for await (const id of batch.taskIds(jobId)) if (id === taskId) return true;
  return false;
}

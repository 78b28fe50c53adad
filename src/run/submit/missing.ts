import type { Batch } from '../ports';
import type { RunPlan } from '../run';
import { blockedBy } from '../../workload/task-graph';
import type { Work } from '../../workload/work-schema';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';

/** A tolerated failure, as `missing.json` lists it. */
export interface MissingTask {
  readonly id: string;
  /** Null when the task never ran, or was ended without an exit code. */
  readonly exitCode: number | null;
  readonly cause: string;
}

/** More tasks than any run has. */
const NO_LIMIT = 10_000_000;

/** Lists the failed tasks and the tasks blocked by them. */
export async function missingTasks(
  batch: Batch,
  work: Work,
  plan: RunPlan,
): Promise<readonly MissingTask[]> {
  const failed = (await batch.failedTasks(plan.jobId, NO_LIMIT)).filter(
    ({ id }) => id !== JOB_MANAGER_ID && id !== MERGE_ID,
  );
  const failedIds = new Set(failed.map(({ id }) => id.toLowerCase()));
  const blocked = blockedIn(work, failedIds).map((id) => ({
    id,
    exitCode: null,
    cause: 'blocked by a task that is missing',
  }));
  return [...failed, ...blocked];
}

/** Ids of the tasks that depend on a failed task, directly or through other tasks. */
export function blockedIn(work: Work, failed: Iterable<string>): readonly string[] {
  return work.kind === 'tasks' ? blockedBy(work.tasks, failed) : [];
}

export function formatMissing(missing: readonly MissingTask[]): string {
  return `${JSON.stringify(missing, null, 2)}\n`;
}

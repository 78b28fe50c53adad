import type { Batch } from '../ports';
import type { RunPlan } from '../run';
import { blockedBy } from '../../workload/task-graph';
import type { Work } from '../../workload/work-schema';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';

/** A task that a run goes on without, as `missing.json` lists it. */
export interface MissingTask {
  readonly id: string;
  /** Null where it never came to that. */
  readonly exitCode: number | null;
  readonly cause: string;
}

/** More than any run has. */
const ALL = 10_000_000;

/** The tasks that failed, and those that can never begin because of them. */
export async function missingTasks(
  batch: Batch,
  work: Work,
  plan: RunPlan,
): Promise<readonly MissingTask[]> {
  const failed = (await batch.failedTasks(plan.jobId, ALL)).filter(
    ({ id }) => id !== JOB_MANAGER_ID && id !== MERGE_ID,
  );
  const lost = new Set(failed.map(({ id }) => id.toLowerCase()));
  const blocked = blockedIn(work, lost).map((id) => ({
    id,
    exitCode: null,
    cause: 'it waits for a task that is missing itself',
  }));
  return [...failed, ...blocked];
}

/** Ids of tasks that wait, at whatever distance, for one of these. */
export function blockedIn(work: Work, failed: Iterable<string>): readonly string[] {
  return work.kind === 'tasks' ? blockedBy(work.tasks, failed) : [];
}

export function missingText(missing: readonly MissingTask[]): string {
  return `${JSON.stringify(missing, null, 2)}\n`;
}

import { eachAtOnce } from '../../concurrency';
import { describeFailure } from '../finish/cause';
import { describeEnd } from '../finish/task-logs';
import type { ActivityContext } from '../activity-context';
import type { RunPlan } from '../run';
import { blockedBy } from '../../workload/task-graph';
import type { Work } from '../../workload/work-schema';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';

/** A tolerated failure, as `missing.json` lists it. */
export interface MissingTask {
  readonly id: string;
  /** Original name of its input; null for a task without one of its own. */
  readonly input: string | null;
  /** Null when the task never ran, or was ended without an exit code. */
  readonly exitCode: number | null;
  /** Completes "task x …", with the end of its error output. */
  readonly cause: string;
}

/** More tasks than any run has. */
const NO_LIMIT = 10_000_000;

/** Tasks whose logs are read for the list: the others have the exit code, or the reason of Batch. */
const MAX_LOGS_READ = 200;
const LOGS_READ_AT_ONCE = 16;

/** Lists the failed tasks and the tasks blocked by them. */
export async function missingTasks(
  context: Pick<ActivityContext, 'batch' | 'files' | 'workloads'>,
  work: Work,
  plan: RunPlan,
): Promise<readonly MissingTask[]> {
  const failed = (await context.batch.failedTasks(plan.jobId, NO_LIMIT)).filter(
    ({ id }) => id !== JOB_MANAGER_ID && id !== MERGE_ID,
  );
  const ends = new Map<string, string>();
  await eachAtOnce(failed.slice(0, MAX_LOGS_READ), LOGS_READ_AT_ONCE, async (task) => {
    ends.set(task.id, await describeEnd(context, plan, task));
  });
  const failedIds = new Set(failed.map(({ id }) => id.toLowerCase()));
  const blocked = blockedIn(work, failedIds).map((id) => ({
    id,
    input: null,
    exitCode: null,
    cause: 'was blocked by a task that is missing',
  }));
  const described = failed.map((task) => ({
    ...task,
    cause: ends.get(task.id) ?? describeFailure(task),
  }));
  return [...described, ...blocked];
}

/** Ids of the tasks that depend on a failed task, directly or through other tasks. */
export function blockedIn(work: Work, failed: Iterable<string>): readonly string[] {
  return work.kind === 'tasks' ? blockedBy(work.tasks, failed) : [];
}

export function formatMissing(missing: readonly MissingTask[]): string {
  return `${JSON.stringify(missing, null, 2)}\n`;
}

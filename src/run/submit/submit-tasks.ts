import { createHash } from 'node:crypto';
import { Failure } from '../../failure';
import type { Batch, TaskSpec } from '../ports';
import type { RunPlan, WatchState } from '../run';
import { dependenciesOn, taskFrom } from './tasks';
import { idsOf, taskSetOf, type TaskSet } from './task-set';
import type { Work } from '../../workload/work-schema';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';
import { workloadOf, type ActivityContext } from '../activity-context';

/**
 * Tasks added in one step. Batch accepts some hundreds a second, so a step stays well within the
 * timeout of a function, and a run can be cancelled between two steps.
 */
const TASKS_PER_STEP = 20_000;

export interface SubmitInput {
  readonly plan: RunPlan;
  /** Index of the first task of the step. */
  readonly from: number;
  readonly now: string;
}

export type Submitted =
  /** The index at which the next step starts. */
  | { readonly kind: 'more'; readonly from: number }
  | { readonly kind: 'all'; readonly tasks: number; readonly merge: WatchState['merge'] };

/**
 * Adds the tasks of one step, starting at `from`. The last step proves that Batch has exactly the
 * planned tasks, and only then lets the job terminate itself: with that setting an empty job would
 * end at once. Idempotent: a repeated step adds the missing tasks, and none when all exist, even if
 * the job has ended since.
 */
export async function submitTasks(
  context: ActivityContext,
  { plan, from, now }: SubmitInput,
): Promise<Submitted> {
  const workload = workloadOf(context.workloads, plan);
  const set = await taskSetOf(context, workload, plan, now);
  // A retry whose other tasks had all succeeded still has its merge to run.
  const isRetry = (plan.request.retry?.from ?? null) !== null;
  if (set.count === 0 && !isRetry) return { kind: 'all', tasks: 0, merge: 'none' };
  const next = from + TASKS_PER_STEP;
  if (next < set.count) {
    await context.batch.addTasks(plan.jobId, set.slice(from, next));
    return { kind: 'more', from: next };
  }

  const { merge, state } = mergeOf(workload.work, set);
  const job: PlannedJob = { set, merge, jobId: plan.jobId };
  await completeTasks(context.batch, job, from);
  // A job whose merge is added later must not end before.
  if (countOf(job) === 0 && state !== 'due') return { kind: 'all', tasks: 0, merge: 'none' };
  if (state !== 'due') await context.batch.endWhenTasksEnd(plan.jobId);
  return { kind: 'all', tasks: countOf(job), merge: state };
}

/**
 * Builds the merge task, which depends on all other tasks. Batch never starts a task that depends
 * on a failed one, so a merge that tolerates failures is added later, and so is a merge with more
 * dependencies than fit into its list.
 */
function mergeOf(work: Work, set: TaskSet): { merge: TaskSpec | null; state: WatchState['merge'] } {
  const template = work.kind === 'whole' ? undefined : work.merge;
  if (template === undefined) return { merge: null, state: 'none' };
  const dependsOn = template.quorum < 1 ? null : dependenciesOn(idsOf(set));
  if (dependsOn === null) return { merge: null, state: 'due' };
  return { merge: taskFrom(template, set.access, { id: MERGE_ID, dependsOn }), state: 'waits' };
}

/** The complete set of tasks of a job, the job manager aside. */
interface PlannedJob {
  readonly set: TaskSet;
  readonly merge: TaskSpec | null;
  readonly jobId: string;
}

/** Adds the remaining tasks and proves that the set is complete. */
async function completeTasks(batch: Batch, job: PlannedJob, from: number): Promise<void> {
  const jobEnded = await addUnlessJobEnded(batch, job.jobId, tasksFrom(job, from));
  let gap = await findGap(batch, job);
  if (gap !== null && jobEnded !== null) throw jobEnded;
  if (gap !== null && gap.missing.length > 0) {
    await batch.addTasks(job.jobId, tasksWithIds(job, gap.missing));
    gap = await findGap(batch, job);
  }
  if (gap === null) return;
  // Worth a retry: a task list may be stale.
  throw new Failure(
    'serviceUnavailable',
    `job ${job.jobId} lacks ${gap.missing.length} of ${countOf(job)} tasks (${gap.missing.slice(0, 3).join(', ')}) and has ${gap.unplanned.length} unplanned tasks (${gap.unplanned.slice(0, 3).join(', ')})`,
  );
}

/** Returns the failure of a job that has ended: a repeated step may find its tasks already done. */
export async function addUnlessJobEnded(
  batch: Batch,
  jobId: string,
  tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
): Promise<Failure | null> {
  try {
    await batch.addTasks(jobId, tasks);
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'jobEndedEarly') return error;
    throw error;
  }
}

async function* tasksFrom({ set, merge }: PlannedJob, from: number): AsyncGenerator<TaskSpec> {
  yield* set.slice(from, set.count);
  if (merge !== null) yield merge;
}

async function* tasksWithIds(
  { set, merge }: PlannedJob,
  missing: readonly string[],
): AsyncGenerator<TaskSpec> {
  const wanted = new Set(missing);
  for (let index = 0; index < set.count; index++) {
    if (wanted.has(set.idAt(index))) yield await set.task(index);
  }
  if (merge !== null && wanted.has(merge.id)) yield merge;
}

function countOf({ set, merge }: PlannedJob): number {
  return set.count + (merge === null ? 0 : 1);
}

function* plannedIds({ set, merge }: PlannedJob): Generator<string> {
  yield* idsOf(set);
  if (merge !== null) yield merge.id;
}

interface Gap {
  readonly missing: readonly string[];
  readonly unplanned: readonly string[];
}

/** Compares the tasks in Batch with the planned ones; null when they are the same. */
async function findGap(batch: Batch, job: PlannedJob): Promise<Gap | null> {
  const planned = await digestOf(plannedIds(job));
  if ((await digestOf(batch.taskIds(job.jobId))) === planned) return null;

  // The ids are held in memory only here, where the difference has to be named.
  const unplanned = new Map<string, string>();
  for await (const id of batch.taskIds(job.jobId)) unplanned.set(id.toLowerCase(), id);
  unplanned.delete(JOB_MANAGER_ID);
  const missing: string[] = [];
  for (const id of plannedIds(job)) if (!unplanned.delete(id.toLowerCase())) missing.push(id);
  const isSame = missing.length === 0 && unplanned.size === 0;
  return isSame ? null : { missing, unplanned: [...unplanned.values()] };
}

/**
 * Digest of a set of ids without holding the set: the count, and the sum of the hashes, which does
 * not depend on the order. Batch ids ignore case. The job manager is not counted.
 */
async function digestOf(ids: AsyncIterable<string> | Iterable<string>): Promise<string> {
  let count = 0;
  let sum = 0n;
  for await (const id of ids) {
    const key = id.toLowerCase();
    if (key === JOB_MANAGER_ID) continue;
    count += 1;
    sum += createHash('sha256').update(key).digest().readBigUInt64LE();
  }
  return `${count} ${BigInt.asUintN(64, sum)}`;
}

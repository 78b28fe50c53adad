import { createHash } from 'node:crypto';
import { Failure } from '../../failure';
import type { Batch, TaskSpec } from '../ports';
import type { RunPlan, WatchState } from '../run';
import { dependOnAll, taskFrom } from './tasks';
import { idsOf, taskSetOf, type TaskSet } from './task-set';
import type { Work } from '../../workload/work-schema';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';
import { workloadOf, type ActivityContext } from '../activity-context';

/**
 * So many tasks are added in one step. Batch takes some hundreds a second, so a step keeps well
 * within the time a function has, and between two of them a run can be cancelled.
 */
const TASKS_PER_STEP = 20_000;

export type Submitted =
  /** There are more: the next step begins with this one. */
  | { readonly kind: 'more'; readonly from: number }
  | { readonly kind: 'all'; readonly tasks: number; readonly merge: WatchState['merge'] };

/**
 * Adds tasks, from the given one on. The last step proves that Batch has exactly the planned ones,
 * and only then lets the job end with them: a job told so before would end while it is still
 * empty. Repeated, it completes the set, and adds none to a job whose tasks are all there and may
 * have ended it since.
 */
export async function submitTasks(
  context: ActivityContext,
  { plan, from, now }: { plan: RunPlan; from: number; now: string },
): Promise<Submitted> {
  const workload = workloadOf(context.workloads, plan);
  const set = await taskSetOf(context, workload, plan, now);
  if (set.count === 0) return { kind: 'all', tasks: 0, merge: 'none' };
  const next = from + TASKS_PER_STEP;
  if (next < set.count) {
    await context.batch.addTasks(plan.jobId, set.slice(from, next));
    return { kind: 'more', from: next };
  }

  const { merge, how } = mergeOf(workload.work, set);
  const whole: Whole = { set, merge, jobId: plan.jobId };
  await complete(context.batch, whole, from);
  // A job that has to wait for its merge must not end before it is there.
  if (how !== 'due') await context.batch.endWhenTasksEnd(plan.jobId);
  return { kind: 'all', tasks: idsIn(whole), merge: how };
}

/**
 * A merge of all waits in the job for them. A merge of most cannot, since Batch would let it wait
 * for ever for a task that failed; nor can one that waits for more than fit into its list.
 */
function mergeOf(work: Work, set: TaskSet): { merge: TaskSpec | null; how: WatchState['merge'] } {
  const template = work.kind === 'whole' ? undefined : work.merge;
  if (template === undefined) return { merge: null, how: 'none' };
  const dependsOn = template.quorum < 1 ? null : dependOnAll(idsOf(set));
  if (dependsOn === null) return { merge: null, how: 'due' };
  return { merge: taskFrom(template, set.access, { id: MERGE_ID, dependsOn }), how: 'waits' };
}

/** All that a job is to have. */
interface Whole {
  readonly set: TaskSet;
  readonly merge: TaskSpec | null;
  readonly jobId: string;
}

async function complete(batch: Batch, whole: Whole, from: number): Promise<void> {
  const refusal = await addUnlessOver(batch, whole.jobId, restOf(whole, from));
  let gap = await gapIn(batch, whole);
  if (gap !== null && refusal !== null) throw refusal;
  if (gap !== null && gap.missing.length > 0) {
    await batch.addTasks(whole.jobId, missingOf(whole, gap.missing));
    gap = await gapIn(batch, whole);
  }
  if (gap === null) return;
  // Worth another try: a list may be behind.
  throw new Failure(
    'serviceUnavailable',
    `job ${whole.jobId} lacks ${gap.missing.length} of ${idsIn(whole)} tasks (${gap.missing.slice(0, 3).join(', ')}) and has ${gap.foreign.length} that nobody planned (${gap.foreign.slice(0, 3).join(', ')})`,
  );
}

/** Answers the refusal of a job that is over: a step that is repeated may find it so, and all done. */
export async function addUnlessOver(
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

async function* restOf({ set, merge }: Whole, from: number): AsyncGenerator<TaskSpec> {
  yield* set.slice(from, set.count);
  if (merge !== null) yield merge;
}

async function* missingOf(
  { set, merge }: Whole,
  missing: readonly string[],
): AsyncGenerator<TaskSpec> {
  const wanted = new Set(missing);
  for (let index = 0; index < set.count; index++) {
    if (wanted.has(set.idAt(index))) yield await set.task(index);
  }
  if (merge !== null && wanted.has(merge.id)) yield merge;
}

function idsIn({ set, merge }: Whole): number {
  return set.count + (merge === null ? 0 : 1);
}

function* plannedIn({ set, merge }: Whole): Generator<string> {
  yield* idsOf(set);
  if (merge !== null) yield merge.id;
}

interface Gap {
  readonly missing: readonly string[];
  readonly foreign: readonly string[];
}

/** What Batch has and what was planned, compared; null when they are the same. */
async function gapIn(batch: Batch, whole: Whole): Promise<Gap | null> {
  const planned = await digestOf(plannedIn(whole));
  if ((await digestOf(batch.taskIds(whole.jobId))) === planned) return null;

  // Only now are ids held: something is amiss, and has to be named.
  const foreign = new Map<string, string>();
  for await (const id of batch.taskIds(whole.jobId)) foreign.set(id.toLowerCase(), id);
  foreign.delete(JOB_MANAGER_ID);
  const missing: string[] = [];
  for (const id of plannedIn(whole)) if (!foreign.delete(id.toLowerCase())) missing.push(id);
  const isSame = missing.length === 0 && foreign.size === 0;
  return isSame ? null : { missing, foreign: [...foreign.values()] };
}

/**
 * Sets of ids, told apart without holding either: how many there are, and the sum of their hashes,
 * which comes out the same in whatever order. Batch ids ignore case. The job manager does not count.
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

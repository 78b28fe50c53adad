import { count } from '../provision/nodes';
import type { Observation, WatchState } from '../run';
import { failuresAllowed, shareTolerated, type Work } from '../../workload/work-schema';

/** Decides what the failed tasks of a run mean for it. Pure. */

interface Situation {
  readonly workload: { readonly work: Work };
  readonly watch: WatchState;
  readonly seen: Observation;
}

/**
 * The sentence on the failures of a run that cannot succeed any more; null for a run that can. The
 * number of allowed failures is known once all tasks are. After the merge has been added no further
 * failure is allowed.
 */
export function failureOf(situation: Situation): string | null {
  const { workload, watch, seen } = situation;
  if (isJobManagerFailure(seen)) return null;
  const { work } = workload;
  const failed = seen.tasks.failed + seen.blocked;
  const share = shareTolerated(work);
  if (watch.mergedWithout !== null && share > 0) {
    return failed <= watch.mergedWithout ? null : 'the merge failed after all retries';
  }
  const ofJob = watch.plannedTasks ?? (share > 0 ? Infinity : 0);
  const planned = ofJob + (watch.takenOver?.tasks ?? 0);
  const allowed = failuresAllowed(work, planned);
  if (failed <= allowed) return null;
  const failures = `${count(seen.tasks.failed, 'task')} failed after all retries`;
  const blocked = seen.blocked === 0 ? '' : ` and ${seen.blocked} were blocked by them`;
  const bound = share === 0 ? '' : `; ${allowed} of ${planned} may be missing`;
  const early = isHopeless(situation) ? '; none succeeded, so the others were not run' : '';
  return `${failures}${blocked}${bound}${early}`;
}

/**
 * Returns true for a single failure beside a job manager that has not ended: task counts are read
 * after the job, so that failure is the job manager's own, and the next poll shows its exit code.
 */
function isJobManagerFailure({ job, tasks }: Observation): boolean {
  const manager = job?.jobManager?.state;
  return tasks.failed === 1 && (manager === 'waiting' || manager === 'running');
}

/** True when a run that cannot succeed ends now, and not only when all that can run has ended. */
export function isTimeToEnd(situation: Situation): boolean {
  const { workload, watch, seen } = situation;
  const { work } = workload;
  if (work.kind === 'whole' || work.whenTaskFails === 'stop') return true;
  if (seen.job?.state === 'completed') return true;
  return allEnded(watch, withMerge(watch, seen)) || isHopeless(situation);
}

/** Failures without a success that end a run early: the cause is probably the same for all tasks. */
const HOPELESS_FAILURES = 10;

/** True while tasks are left, and those that have ended have all failed. */
function isHopeless({ workload, watch, seen }: Situation): boolean {
  const { tasks, job } = seen;
  if (workload.work.kind === 'whole' || workload.work.whenTaskFails === 'stop') return false;
  if (tasks.failed < HOPELESS_FAILURES || allEnded(watch, withMerge(watch, seen))) return false;
  const ofManager = job?.jobManager?.state === 'succeeded' ? 1 : 0;
  return tasks.succeeded - ofManager <= 0;
}

/** A merge that is in the job from the start depends on all other tasks, so one failure blocks it. */
function withMerge({ merge }: WatchState, seen: Observation): Observation {
  const isBlocked = merge === 'waits' && seen.tasks.failed > 0;
  return isBlocked ? { ...seen, blocked: seen.blocked + 1 } : seen;
}

/** Returns true when every planned task has ended or is blocked. The counts may include the job manager. */
export function allEnded(
  { submitted, plannedTasks }: WatchState,
  { tasks, blocked }: Observation,
): boolean {
  const { active, running, succeeded, failed } = tasks;
  if (!submitted || active - blocked + running > 0) return false;
  return succeeded + failed + blocked >= (plannedTasks ?? 0);
}

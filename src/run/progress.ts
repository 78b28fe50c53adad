import type {
  JobView,
  NodeCounts,
  Observation,
  Outcome,
  PoolView,
  RunPlan,
  Usage,
  WatchState,
} from './run';
import { failuresAllowed, shareTolerated } from '../workload/work-schema';
import type { Workload } from '../workload/workload';

/** What Batch reports, turned into what happens next. Pure: deadlines and intervals live here. */

export type NextStep =
  | { readonly kind: 'wait'; readonly until: string; readonly waitingFor: string }
  /** The job manager has written its manifest (or none is needed): add the tasks. */
  | { readonly kind: 'submitTasks' }
  /** All other tasks have ended, and enough of them well. */
  | { readonly kind: 'addMerge' }
  | { readonly kind: 'finish'; readonly outcome: Outcome };

export interface Situation {
  readonly workload: Workload;
  readonly plan: RunPlan;
  readonly watch: WatchState;
  readonly seen: Observation;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;

/** Rows in order of precedence: the first that has something to say decides. */
const decisions: readonly ((situation: Situation, now: Date) => NextStep | undefined)[] = [
  cancelled,
  allDone,
  overdue,
  jobGone,
  jobEndedByOthers,
  jobManagerFailed,
  tooManyFailed,
  readyToSubmit,
  readyToMerge,
  poolGone,
  noNodeCanWork,
  noNodePrepared,
];

export function nextStep(situation: Situation, now: Date): NextStep {
  for (const decide of decisions) {
    const step = decide(situation, now);
    if (step !== undefined) return step;
  }
  return {
    kind: 'wait',
    until: nextLook(situation, now).toISOString(),
    waitingFor: waitingFor(situation),
  };
}

function cancelled({ seen }: Situation): NextStep | undefined {
  if (!seen.cancelRequested) return undefined;
  return finish('cancelled', 'cancelled', 'the run was cancelled on request');
}

/** Before the deadline is looked at: what is done is done, also when it is seen a little late. */
function allDone(situation: Situation): NextStep | undefined {
  const { workload, watch, seen } = situation;
  const success: NextStep = { kind: 'finish', outcome: { kind: 'succeeded' } };
  // With zero tasks there is nothing whose end could end the job.
  if (watch.submitted && watch.plannedTasks === 0) return success;
  if (workload.work.kind === 'whole') {
    const { state, jobManager } = seen.job ?? {};
    return state === 'completed' && jobManager?.state === 'succeeded' ? success : undefined;
  }
  const ended =
    seen.job?.state === 'completed' ? endedWithTasks(watch, seen.job) : onlyBlockedLeft(situation);
  const { active, running } = seen.tasks;
  if (!ended || active - seen.blocked + running > 0) return undefined;
  return tooManyFailed(situation) === undefined ? success : undefined;
}

/** A job with blocked tasks never ends by itself, though nothing is left that could go on. */
function onlyBlockedLeft({ watch, seen }: Situation): boolean {
  return seen.blocked > 0 && watch.merge !== 'due' && allEnded(watch, seen);
}

/** Every task that was planned has ended, or never will begin. The job manager may be among the counted. */
function allEnded(
  { submitted, plannedTasks }: WatchState,
  { tasks, blocked }: Observation,
): boolean {
  const { active, running, succeeded, failed } = tasks;
  if (!submitted || active - blocked + running > 0) return false;
  return succeeded + failed + blocked >= (plannedTasks ?? 0);
}

function endedWithTasks(watch: WatchState, job: JobView): boolean {
  return watch.submitted && job.terminateReason === 'AllTasksComplete';
}

function overdue({ plan, workload, seen }: Situation, now: Date): NextStep | undefined {
  if (now.getTime() < Date.parse(plan.deadline)) return undefined;
  const unfinished = seen.tasks.active + seen.tasks.running;
  return finish(
    'timedOut',
    'deadlineExceeded',
    `${count(unfinished, 'task')} had not finished when the deadline of ${workload.deadlineMinutes} minutes passed; raise deadlineMinutes or pool.maxNodes`,
  );
}

function jobGone({ seen, plan }: Situation): NextStep | undefined {
  if (seen.job !== null && seen.job.state !== 'deleting') return undefined;
  return finish(
    'failed',
    'jobEndedEarly',
    `somebody deleted the job ${plan.jobId} while it was running`,
  );
}

/** Tells first: it makes a failure of every task that it cut off. */
function jobEndedByOthers({ workload, watch, seen, plan }: Situation): NextStep | undefined {
  const job = seen.job;
  if (job === null || (job.state !== 'completed' && job.state !== 'ending')) return undefined;
  const reason = job.terminateReason;
  const byItself =
    workload.work.kind === 'whole' ? reason === 'JMComplete' : endedWithTasks(watch, job);
  if (byItself || (reason === null && job.state === 'ending')) return undefined;
  if (reason === 'MaxWallClockTimeExpiry') {
    return finish(
      'timedOut',
      'deadlineExceeded',
      `the job ran for all its ${workload.deadlineMinutes} minutes`,
    );
  }
  return finish(
    'failed',
    'jobEndedEarly',
    `the job ${plan.jobId} was ended before its tasks (reason: ${reason ?? 'none given'})`,
  );
}

function jobManagerFailed({ seen }: Situation): NextStep | undefined {
  const manager = seen.job?.jobManager;
  if (manager?.state !== 'failed') return undefined;
  return finish(
    'failed',
    'jobManagerFailed',
    `the job manager failed${ending(manager.exitCode, manager.cause)}`,
  );
}

function ending(exitCode: number | null, cause: string | null): string {
  if (exitCode !== null) return ` with exit code ${exitCode}`;
  return cause === null ? '' : `: ${cause}`;
}

/**
 * Strictly taken one failure is too many, and then at once. Where a share may fail, the number
 * that may is known when all tasks are; and once the merge is made of what there is, nothing more.
 */
function tooManyFailed({ workload, watch, seen }: Situation): NextStep | undefined {
  if (isJobManagersEnd(seen)) return undefined;
  const { work } = workload;
  const failed = seen.tasks.failed + seen.blocked;
  if (watch.mergedWithout !== null && shareTolerated(work) > 0) {
    if (failed <= watch.mergedWithout) return undefined;
    return finish('failed', 'taskFailed', 'the merge failed after all retries');
  }
  const share = shareTolerated(work);
  const planned = watch.plannedTasks ?? (share > 0 ? Infinity : 0);
  const allowed = failuresAllowed(work, planned);
  if (failed <= allowed) return undefined;
  const said = `${count(seen.tasks.failed, 'task')} failed after all retries`;
  const blocked = seen.blocked === 0 ? '' : ` and ${seen.blocked} could never begin`;
  const bound = share === 0 ? '' : `; ${allowed} of ${planned} may be missing`;
  return finish('failed', 'taskFailed', `${said}${blocked}${bound}`);
}

/**
 * Counts are asked for last: one failure beside a job manager that has not ended is its end, which
 * the next look sees with its exit code. No other task begins before that.
 */
function isJobManagersEnd({ job, tasks }: Observation): boolean {
  const manager = job?.jobManager?.state;
  return tasks.failed === 1 && (manager === 'waiting' || manager === 'running');
}

function readyToSubmit({ workload, watch, seen }: Situation): NextStep | undefined {
  const { kind } = workload.work;
  if (kind === 'whole' || watch.submitted) return undefined;
  if (kind !== 'split') return { kind: 'submitTasks' };
  return seen.job?.jobManager?.state === 'succeeded' ? { kind: 'submitTasks' } : undefined;
}

function readyToMerge({ watch, seen }: Situation): NextStep | undefined {
  return watch.merge === 'due' && allEnded(watch, seen) ? { kind: 'addMerge' } : undefined;
}

function poolGone({ seen, plan }: Situation): NextStep | undefined {
  if (seen.pool !== null && seen.pool.state !== 'deleting') return undefined;
  return finish(
    'failed',
    'jobEndedEarly',
    `somebody deleted the pool ${plan.poolId} while it was working`,
  );
}

function noNodeCanWork({ seen, watch, workload }: Situation, now: Date): NextStep | undefined {
  const pool = seen.pool;
  if (pool === null || canWork(pool.nodes) > 0) return undefined;
  if (pool.nodes.startTaskFailed > 0) {
    return finish(
      'failed',
      'startTaskFailed',
      `the set-up of the node failed on ${count(pool.nodes.startTaskFailed, 'node')} and no other node is left`,
    );
  }
  const waitedMinutes = (now.getTime() - Date.parse(watch.lastServedAt)) / MINUTE_MS;
  if (waitedMinutes < workload.pool.maxWaitMinutes) return undefined;
  if (pool.nodes.unusable > 0) {
    return finish(
      'failed',
      'nodesUnusable',
      `${count(pool.nodes.unusable, 'node')} became unusable and none can work${listed(pool.nodeErrors)}`,
    );
  }
  return finish(
    'failed',
    'noCapacity',
    `no ${nodeWord(workload)} came within ${workload.pool.maxWaitMinutes} minutes${reasons(pool)}; try another vmSize or region, or ask for Spot quota`,
  );
}

/** A node on which the preparation failed for good gets no task of the job, and is billed all the same. */
function noNodePrepared({ seen }: Situation): NextStep | undefined {
  const { pool, unpreparedNodes } = seen;
  if (pool === null || unpreparedNodes === 0) return undefined;
  const { idle, running } = pool.nodes;
  if (canWork(pool.nodes) > idle + running || unpreparedNodes < idle + running) return undefined;
  return finish(
    'failed',
    'preparationFailed',
    `the preparation of the job failed on ${count(unpreparedNodes, 'node')} and no other node is left`,
  );
}

function finish(
  kind: Exclude<Outcome['kind'], 'succeeded'>,
  code: Extract<Outcome, { code: unknown }>['code'],
  cause: string,
): NextStep {
  return { kind: 'finish', outcome: { kind, code, cause } };
}

/**
 * Looks are close together at first and rarer as the run gets longer: a tenth of the time it has
 * been going, between ten seconds and five minutes, and once at the deadline. A merge that only the
 * app can add waits for a look, on nodes that are billed meanwhile: then there is one every half
 * minute.
 */
function nextLook({ plan, watch }: Situation, now: Date): Date {
  const elapsedMs = now.getTime() - Date.parse(plan.startedAt);
  const longestMs = watch.merge === 'due' ? MINUTE_MS / 2 : 5 * MINUTE_MS;
  const pauseMs = Math.min(longestMs, Math.max(10 * SECOND_MS, elapsedMs / 10));
  return new Date(Math.min(now.getTime() + pauseMs, Date.parse(plan.deadline)));
}

/** The link of the chain that is being waited for: job manager, node, start task, tasks, scale-in. */
export function waitingFor({ workload, seen, watch }: Situation): string {
  const { pool, job, tasks } = seen;
  if (pool === null || job === null) return 'Batch to show the pool and the job';
  if (job.state === 'completed') return 'Batch to count the tasks of the job, which has ended';
  if (pool.formulaError !== null)
    return `Batch to accept the autoscale formula: ${pool.formulaError}`;
  if (canWork(pool.nodes) === 0) return `a ${nodeWord(workload)}: ${nodeChain(pool)}`;
  if (pool.nodes.idle + pool.nodes.running === 0) {
    return pool.nodes.waitingForStartTask > 0
      ? `the set-up on ${count(pool.nodes.waitingForStartTask, 'node')}`
      : `${count(pool.nodes.starting, 'node')} to start`;
  }
  if (job.jobManager?.state === 'running') return 'the job manager, which is running';
  if (job.jobManager?.state === 'waiting') return 'the job manager to be given a node';
  const done = tasks.succeeded + tasks.failed;
  if (tasks.active + tasks.running === 0)
    return `Batch to end the job (${count(done, 'task')} done)`;
  const planned = watch.plannedTasks === null ? '' : ` of ${done + tasks.active + tasks.running}`;
  const lost = seen.blocked === 0 ? '' : `, ${seen.blocked} that can never begin`;
  return `tasks: ${done}${planned} done, ${tasks.running} running, ${tasks.active - seen.blocked} queued on ${count(canWork(pool.nodes), 'node')}${lost}`;
}

/** Where other nodes may come too, it is not for a Spot node that a run waits. */
function nodeWord({ pool }: Workload): string {
  const isSpot =
    pool.existing === undefined &&
    pool.dedicatedNodes === 0 &&
    pool.dedicatedAfterMinutes === undefined;
  return isSpot ? 'Spot node' : 'node';
}

function nodeChain(pool: PoolView): string {
  const { nodes } = pool;
  if (nodes.preempted > 0)
    return `${count(nodes.preempted, 'node')} preempted, Batch is looking for another`;
  if (nodes.unusable > 0) {
    return `${count(nodes.unusable, 'node')} unusable${listed(pool.nodeErrors)}`;
  }
  if (pool.resizeErrors.length > 0) return `Batch could not allocate one${reasons(pool)}`;
  if (pool.resizing) return `Batch is allocating ${count(pool.targetNodes, 'node')}`;
  return `the pool waits for its next autoscale evaluation, at most five minutes`;
}

function reasons(pool: PoolView): string {
  return listed([...pool.resizeErrors, ...(pool.formulaError === null ? [] : [pool.formulaError])]);
}

function listed(said: readonly string[]): string {
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

function canWork(nodes: NodeCounts): number {
  return nodes.starting + nodes.waitingForStartTask + nodes.idle + nodes.running;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** Every node but a preempted one is billed, in whatever state. */
function billedNodes(nodes: NodeCounts): number {
  return canWork(nodes) + nodes.startTaskFailed + nodes.unusable + nodes.leaving;
}

/** Adds what the nodes cost since the last look: the mean of both looks over the time between. */
export function addUsage(usage: Usage, pool: PoolView | null, now: Date): Usage {
  const nodes = pool === null ? 0 : billedNodes(pool.nodes);
  const dedicated = pool?.dedicatedNodes ?? 0;
  const preempted = pool?.nodes.preempted ?? 0;
  const minutes = Math.max(0, now.getTime() - Date.parse(usage.lastPollAt)) / MINUTE_MS;
  return {
    nodeMinutes: usage.nodeMinutes + ((usage.nodesAtLastPoll + nodes) / 2) * minutes,
    dedicatedMinutes:
      usage.dedicatedMinutes + ((usage.dedicatedAtLastPoll + dedicated) / 2) * minutes,
    preemptions: usage.preemptions + Math.max(0, preempted - usage.preemptedAtLastPoll),
    nodesAtLastPoll: nodes,
    dedicatedAtLastPoll: dedicated,
    preemptedAtLastPoll: preempted,
    lastPollAt: now.toISOString(),
  };
}

/** What a look adds to the watch. */
export function notePoll(watch: WatchState, seen: Observation, now: Date): WatchState {
  const served = seen.pool !== null && canWork(seen.pool.nodes) > 0;
  return {
    ...watch,
    tasks: seen.tasks,
    usage: addUsage(watch.usage, seen.pool, now),
    lastServedAt: served ? now.toISOString() : watch.lastServedAt,
  };
}

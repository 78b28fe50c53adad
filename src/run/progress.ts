import { mayStillStart } from './provision/starting-nodes';
import { canWork, count, isReady, nodeKind, parenthesized, reasons } from './provision/nodes';
import type { JobView, Observation, Outcome, PoolView, RunPlan, WatchState } from './run';
import { describeFailure } from './finish/cause';
import { addUsage } from './finish/usage';
import type { Workload } from '../workload/workload';
import { allEnded, failureOf, isTimeToEnd } from './finish/task-failures';

/** Decides from the observed state of Batch what a run does next. Pure: deadlines and intervals live here. */

export type NextStep =
  | { readonly kind: 'wait'; readonly until: string; readonly waitingFor: string }
  /** The job manager has written its manifest (or none is needed), so the tasks can be added. */
  | { readonly kind: 'submitTasks' }
  /** All other tasks have ended, and enough of them succeeded. */
  | { readonly kind: 'addMerge' }
  /** Some nodes failed while others work. */
  | { readonly kind: 'rebootNodes'; readonly nodes: readonly string[] }
  /** Batch refuses the stored formula; the same formula is set again. */
  | { readonly kind: 'repairFormula' }
  | { readonly kind: 'finish'; readonly outcome: Outcome };

export interface Situation {
  readonly workload: Workload;
  readonly plan: RunPlan;
  readonly watch: WatchState;
  readonly seen: Observation;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1000;

/** Decisions in order of precedence: the first that returns a step decides. */
const decisions: readonly ((situation: Situation, now: Date) => NextStep | undefined)[] = [
  cancelled,
  allDone,
  overdue,
  jobDeleted,
  jobTerminated,
  jobManagerFailed,
  tooManyFailed,
  readyToSubmit,
  readyToMerge,
  poolDeleted,
  formulaRefused,
  setupHangs,
  noNodeCanWork,
  noNodePrepared,
  someNodesFailed,
];

export function nextStep(situation: Situation, now: Date): NextStep {
  for (const decide of decisions) {
    const step = decide(situation, now);
    if (step !== undefined) return step;
  }
  return {
    kind: 'wait',
    until: nextPoll(situation, now).toISOString(),
    waitingFor: waitingFor(situation),
  };
}

function cancelled({ seen }: Situation): NextStep | undefined {
  if (seen.claim.kind !== 'claimed' || seen.claim.cancelledBy === null) return undefined;
  return finish('cancelled', 'cancelled', 'the run was cancelled on request');
}

/** Checked before the deadline: a run that finished in time has succeeded, even if polled late. */
function allDone(situation: Situation): NextStep | undefined {
  const { workload, watch, seen } = situation;
  const success: NextStep = { kind: 'finish', outcome: { kind: 'succeeded' } };
  // A job without tasks never ends by itself.
  if (watch.submitted && watch.plannedTasks === 0) return success;
  if (workload.work.kind === 'whole') {
    const { state, jobManager } = seen.job ?? {};
    return state === 'completed' && jobManager?.state === 'succeeded' ? success : undefined;
  }
  const ended =
    seen.job?.state === 'completed'
      ? endedWithTasks(watch, seen.job)
      : onlyBlockedTasksLeft(situation);
  const { active, running } = seen.tasks;
  if (!ended || active - seen.blocked + running > 0) return undefined;
  return failureOf(situation) === null ? success : undefined;
}

/** Returns true when only blocked tasks remain. A job with blocked tasks never ends by itself. */
function onlyBlockedTasksLeft({ watch, seen }: Situation): boolean {
  return seen.blocked > 0 && watch.merge !== 'due' && allEnded(watch, seen);
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

function jobDeleted({ seen, plan }: Situation): NextStep | undefined {
  if (seen.job !== null && seen.job.state !== 'deleting') return undefined;
  return finish(
    'failed',
    'jobEndedEarly',
    `the job ${plan.jobId} was deleted by someone else while it was running`,
  );
}

/** Checked before task failures: terminating a job marks its running tasks as failed. */
function jobTerminated({ workload, watch, seen, plan }: Situation): NextStep | undefined {
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
      `Batch terminated the job after its ${workload.deadlineMinutes} minutes; raise deadlineMinutes or pool.maxNodes`,
    );
  }
  return finish(
    'failed',
    'jobEndedEarly',
    `the job ${plan.jobId} was terminated before its tasks ended (reason: ${reason ?? 'none given'})`,
  );
}

function jobManagerFailed({ seen }: Situation): NextStep | undefined {
  const manager = seen.job?.jobManager;
  if (manager?.state !== 'failed') return undefined;
  return finish('failed', 'jobManagerFailed', `the job manager ${describeFailure(manager)}`);
}

/** Ends the run when its failures decide its end; before, what is independent of them finishes. */
function tooManyFailed(situation: Situation): NextStep | undefined {
  const cause = failureOf(situation);
  if (cause === null || !isTimeToEnd(situation)) return undefined;
  return finish('failed', 'taskFailed', cause);
}

function readyToSubmit({ workload, watch, seen }: Situation): NextStep | undefined {
  const { kind } = workload.work;
  if (kind === 'whole' || watch.submitted) return undefined;
  if (kind !== 'split' || watch.takenOver?.hasManifest === true) return { kind: 'submitTasks' };
  return seen.job?.jobManager?.state === 'succeeded' ? { kind: 'submitTasks' } : undefined;
}

function readyToMerge({ watch, seen }: Situation): NextStep | undefined {
  return watch.merge === 'due' && allEnded(watch, seen) ? { kind: 'addMerge' } : undefined;
}

function poolDeleted({ seen, plan }: Situation): NextStep | undefined {
  if (seen.pool !== null && seen.pool.state !== 'deleting') return undefined;
  return finish(
    'failed',
    'jobEndedEarly',
    `the pool ${plan.poolId} was deleted by someone else while the job was running`,
  );
}

/** Polls in a row that have to find the error, because one evaluation may fail by chance. */
const MAX_FORMULA_ERRORS = 3;

function formulaRefused({ seen, watch, plan }: Situation): NextStep | undefined {
  const error = seen.pool?.formulaError ?? null;
  if (error === null || plan.pool === 'existing' || watch.formulaErrors < MAX_FORMULA_ERRORS) {
    return undefined;
  }
  if (!watch.formulaRepaired) return { kind: 'repairFormula' };
  return finish(
    'failed',
    'badSpecification',
    `Batch refuses the autoscale formula of pool ${plan.poolId}, also after it was set again (${error})`,
  );
}

/** Batch limits no start task, so a set-up that hangs has to be ended by the app. */
function setupHangs(situation: Situation, now: Date): NextStep | undefined {
  const { pool } = situation.seen;
  const hanging = hangingNodes(situation, now);
  if (pool === null || hanging.length === 0) return undefined;
  const { starting, waitingForStartTask, idle, running } = pool.nodes;
  const hope = starting + idle + running + waitingForStartTask - hanging.length;
  if (hope > 0) return undefined;
  const minutes = situation.workload.pool.setup?.maxMinutes;
  return finish(
    'failed',
    'startTaskFailed',
    `the start task (pool.setup) was still running on ${count(hanging.length, 'node')} after ${minutes} minutes; raise pool.setup.maxMinutes if it needs longer`,
  );
}

function hangingNodes({ seen, workload }: Situation, now: Date): readonly string[] {
  const { setup } = workload.pool;
  if (seen.pool === null || setup === undefined) return [];
  const latest = new Date(now.getTime() - setup.maxMinutes * MINUTE_MS).toISOString();
  return seen.pool.nodesInSetup.filter(({ since }) => since <= latest).map(({ id }) => id);
}

/** Nodes rebooted in a run: each reboot is another start task, and a node that fails again is billed. */
const MAX_REBOOTS = 3;

/** A failed node is billed and works no more. Its start task runs again after a reboot. */
function someNodesFailed(situation: Situation, now: Date): NextStep | undefined {
  const { seen, watch, plan } = situation;
  if (seen.pool === null || plan.pool === 'existing' || watch.reboots >= MAX_REBOOTS) {
    return undefined;
  }
  const failed = [...seen.pool.failedNodes, ...hangingNodes(situation, now)];
  if (failed.length === 0 || isReady(seen.pool.nodes) === 0) return undefined;
  return { kind: 'rebootNodes', nodes: failed.slice(0, MAX_REBOOTS - watch.reboots) };
}

/**
 * A node that is starting or runs its start task may work later, but it is no progress: nodes can
 * stay in these states, and they are billed.
 */
function noNodeCanWork({ seen, watch, workload }: Situation, now: Date): NextStep | undefined {
  const pool = seen.pool;
  if (pool === null || isReady(pool.nodes) > 0) return undefined;
  const { startTaskFailed } = pool.nodes;
  if (startTaskFailed > 0 && canWork(pool.nodes) === 0) {
    return finish(
      'failed',
      'startTaskFailed',
      `the start task (pool.setup) failed on ${count(startTaskFailed, 'node')} and no usable node is left`,
    );
  }
  const { maxWaitMinutes } = workload.pool;
  const waitedMinutes = (now.getTime() - Date.parse(watch.lastUsableNodeAt)) / MINUTE_MS;
  if (waitedMinutes < maxWaitMinutes) return undefined;
  if (mayStillStart(pool, workload.pool, waitedMinutes, now)) return undefined;
  const within = `within ${maxWaitMinutes} minutes`;
  return noNodeBecameReady(workload, pool, within);
}

function noNodeBecameReady(workload: Workload, pool: PoolView, within: string): NextStep {
  const { unusable, starting, waitingForStartTask } = pool.nodes;
  if (waitingForStartTask > 0) {
    return finish(
      'failed',
      'startTaskFailed',
      `no ${nodeKind(workload)} became ready ${within}: the start task was still running on ${count(waitingForStartTask, 'node')}; raise pool.maxWaitMinutes if it needs longer`,
    );
  }
  if (starting > 0) {
    return finish(
      'failed',
      'nodesUnusable',
      `no ${nodeKind(workload)} became ready ${within}: ${count(starting, 'node')} did not finish starting`,
    );
  }
  if (unusable > 0) {
    return finish(
      'failed',
      'nodesUnusable',
      `${count(unusable, 'node')} became unusable and no usable node is left${parenthesized(pool.nodeErrors)}`,
    );
  }
  return finish(
    'failed',
    'noCapacity',
    `no ${nodeKind(workload)} became available ${within}${reasons(pool)}; try another vmSize or region, or request more Spot quota`,
  );
}

/** A node whose job preparation failed after all retries gets no task of the job but is still billed. */
function noNodePrepared({ seen }: Situation): NextStep | undefined {
  const { pool, unpreparedNodes } = seen;
  if (pool === null || unpreparedNodes === 0) return undefined;
  const { idle, running } = pool.nodes;
  if (canWork(pool.nodes) > idle + running || unpreparedNodes < idle + running) return undefined;
  return finish(
    'failed',
    'preparationFailed',
    `the job preparation failed on ${count(unpreparedNodes, 'node')} and no usable node is left`,
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
 * Polls less often as the run gets longer: the interval is a tenth of the elapsed time, between ten
 * seconds and five minutes, and the last poll is at the deadline. When the app has to add the
 * merge itself, idle nodes are billed until the next poll, so the interval is half a minute at most.
 */
function nextPoll({ plan, watch }: Situation, now: Date): Date {
  const elapsedMs = now.getTime() - Date.parse(plan.startedAt);
  const maxDelayMs = watch.merge === 'due' ? MINUTE_MS / 2 : 5 * MINUTE_MS;
  const delayMs = Math.min(maxDelayMs, Math.max(10 * SECOND_MS, elapsedMs / 10));
  return new Date(Math.min(now.getTime() + delayMs, Date.parse(plan.deadline)));
}

/** Names what the run waits for, in the order in which it happens: node, start task, job manager, tasks. */
export function waitingFor({ workload, seen, watch }: Situation): string {
  const { pool, job, tasks } = seen;
  if (pool === null || job === null) return 'the pool and the job';
  if (job.state === 'completed') return 'task counts of the completed job';
  if (pool.formulaError !== null) return `a valid autoscale formula (${pool.formulaError})`;
  if (canWork(pool.nodes) === 0) return `a ${nodeKind(workload)}: ${nodeState(pool)}`;
  if (pool.nodes.idle + pool.nodes.running === 0) {
    return pool.nodes.waitingForStartTask > 0
      ? `the start task on ${count(pool.nodes.waitingForStartTask, 'node')}`
      : `the start of ${count(pool.nodes.starting, 'node')}`;
  }
  if (job.jobManager?.state === 'running') return 'the job manager (running)';
  if (job.jobManager?.state === 'waiting') return 'a free slot for the job manager';
  const done = tasks.succeeded + tasks.failed;
  if (tasks.active + tasks.running === 0) return `the end of the job (${count(done, 'task')} done)`;
  const planned = watch.plannedTasks === null ? '' : ` of ${done + tasks.active + tasks.running}`;
  const blocked = seen.blocked === 0 ? '' : `, ${seen.blocked} blocked by failed tasks`;
  return `tasks: ${done}${planned} done, ${tasks.running} running, ${tasks.active - seen.blocked} queued on ${count(canWork(pool.nodes), 'node')}${blocked}`;
}

function nodeState(pool: PoolView): string {
  const { nodes } = pool;
  if (nodes.preempted > 0)
    return `${count(nodes.preempted, 'node')} preempted, Batch is allocating a replacement`;
  if (nodes.unusable > 0) {
    return `${count(nodes.unusable, 'node')} unusable${parenthesized(pool.nodeErrors)}`;
  }
  if (pool.resizeErrors.length > 0) return `Batch could not allocate a node${reasons(pool)}`;
  if (pool.resizing) return `Batch is allocating ${count(pool.targetNodes, 'node')}`;
  return 'the next autoscale evaluation is at most five minutes away';
}

/** Adds the result of a poll to the watch state. */
export function notePoll(watch: WatchState, seen: Observation, now: Date): WatchState {
  const hasReadyNode = seen.pool !== null && isReady(seen.pool.nodes) > 0;
  return {
    ...watch,
    tasks: seen.tasks,
    usage: addUsage(watch.usage, seen.pool, now),
    lastUsableNodeAt: hasReadyNode ? now.toISOString() : lastUsableNodeAt(watch, now),
    formulaErrors: (seen.pool?.formulaError ?? null) === null ? 0 : watch.formulaErrors + 1,
  };
}

/** Longer than any interval between polls, retries of a slow poll included. */
const UNOBSERVED_MS = 15 * MINUTE_MS;

/**
 * Time without a poll is no time without a node: when no host was up for hours, nodes may have come
 * and been preempted, so the wait resumes from the last poll.
 */
function lastUsableNodeAt({ lastUsableNodeAt: last, usage }: WatchState, now: Date): string {
  const unobservedMs = now.getTime() - Date.parse(usage.lastPollAt);
  if (unobservedMs < UNOBSERVED_MS) return last;
  return new Date(Date.parse(last) + unobservedMs).toISOString();
}

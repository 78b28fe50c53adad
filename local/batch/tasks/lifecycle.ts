import { type Account, type Job, type Node, taskRow, type Attempt } from '../state/account';
import type { Failure, PendingStop, StateHistory, TaskRecord, TaskState } from '../state/records';
import { failureOf } from '../execution/failures';
import { exitOptionsFor } from './exit-options';
import { removeTaskFiles, watchRetention } from './retention';
import type { ExecutionResult } from '../execution/execution';

/**
 * The life cycle of a task: active, preparing, running, completed, and back to active by a retry, a
 * requeue or a reactivation. Every change of a task's state is made here, so that counters, queue
 * and dependencies stay consistent.
 */
export function beginAttempt(account: Account, node: Node, job: Job, task: TaskRecord): Attempt {
  const { spec } = task;
  const manager = job.record.spec.jobManagerTask;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const attempt: Attempt = {
    job,
    task,
    node,
    slots: spec.requiredSlots ?? 1,
    isExclusive: task.isJobManager === true && manager?.runExclusive !== false,
    abort: new AbortController(),
    isOver: false,
    released,
    release,
  };
  node.attempts.set(taskRow(job.key, spec.id), attempt);
  job.attempts.set(spec.id.toLowerCase(), attempt);

  clearExecution(task);
  task.startedAt = account.now();
  task.node = { poolId: node.pool.record.spec.id, nodeId: node.record.id };
  moveTask(account, job, task, isPrepared(job, node) ? 'running' : 'preparing');
  account.reviewNode(node);
  return attempt;
}

/**
 * Returns whether a task may start on a node at once, or waits for the job preparation task there.
 */
function isPrepared(job: Job, node: Node): boolean {
  const { jobPreparationTask } = job.record.spec;
  if (jobPreparationTask === undefined) return true;
  const done = job.preparations.get(node.record.id);
  if (done === undefined) return false;
  const ran = done.preparation.state === 'completed' && done.preparation.result === 'success';
  const rerun = jobPreparationTask.rerunOnNodeRebootAfterSuccess !== false;
  if (ran) return !rerun || done.bootedAt === node.record.bootedAt;
  return done.preparation.state === 'completed' && jobPreparationTask.waitForSuccess === false;
}

/** Starts the command line of a task after the job preparation task. */
export function preparationDone(account: Account, { job, task }: Attempt): void {
  if (task.state !== 'preparing') return;
  task.startedAt = account.now();
  moveTask(account, job, task, 'running');
}

/** Decides the next state of a task whose processes have exited. */
export function attemptEnded(account: Account, attempt: Attempt, ending: ExecutionResult): void {
  if (attempt.isOver) return;
  attempt.isOver = true;
  const { job, task } = attempt;
  if (task.pendingStop !== undefined) {
    carryOut(account, job, task, task.pendingStop);
    return;
  }
  // The stand-in is shutting down; its next start requeues the task.
  if (ending.kind === 'aborted') return;
  if (ending.kind === 'exited' && ending.exitCode !== 0 && mayRetry(job, task)) {
    retry(account, job, task);
    return;
  }
  if (ending.kind === 'exited' && ending.container !== undefined) task.container = ending.container;
  completeTask(account, job, task, resultOf(ending));
}

interface TaskResult {
  readonly exitCode?: number;
  readonly failure?: Failure;
  /** The failed step, for the exit conditions. */
  readonly step?: 'preProcessing' | 'fileUpload';
}

function resultOf(ending: Exclude<ExecutionResult, { kind: 'aborted' }>): TaskResult {
  switch (ending.kind) {
    case 'exited':
      return ending.exitCode === 0
        ? { exitCode: 0 }
        : { exitCode: ending.exitCode, failure: failureOf('FailureExitCode') };
    case 'timedOut':
      // Unconfirmed: newer agents report the end of the wall-clock time with a separate code.
      return {
        ...(ending.exitCode !== undefined && { exitCode: ending.exitCode }),
        failure: failureOf('TaskEnded', [], 'Task was ended: its maximum wall clock time is over'),
      };
    case 'failed':
      return {
        ...(ending.exitCode !== undefined && { exitCode: ending.exitCode }),
        failure: ending.failure,
        step: ending.step,
      };
  }
}

/** Only a non-zero exit code is retried. −1 means unlimited. */
function mayRetry(job: Job, task: TaskRecord): boolean {
  const limit = maxRetriesOf(job, task);
  return limit === -1 || task.retryCount < limit;
}

function maxRetriesOf(job: Job, task: TaskRecord): number {
  return task.constraints?.maxTaskRetryCount ?? job.record.spec.constraints?.maxTaskRetryCount ?? 0;
}

/**
 * Since node agent 1.9.6 a failed attempt returns to the scheduler, and may run on another node.
 */
function retry(account: Account, job: Job, task: TaskRecord): void {
  task.retryCount += 1;
  task.lastRetryAt = account.now();
  moveTask(account, job, task, 'active');
}

function completeTask(account: Account, job: Job, task: TaskRecord, outcome: TaskResult): void {
  if (task.state === 'completed') return;
  const isSuccess = outcome.failure === undefined;
  const options = exitOptionsFor(task.spec.exitConditions, outcome);
  job.tasks.change(task, () => {
    task.endedAt = account.now();
    if (outcome.exitCode !== undefined) task.exitCode = outcome.exitCode;
    if (outcome.failure !== undefined) task.failure = outcome.failure;
    task.result = isSuccess ? 'success' : 'failure';
    task.satisfies = (options.dependencyAction ?? (isSuccess ? 'satisfy' : 'block')) === 'satisfy';
    enter(account, task, 'completed');
  });
  if (task.satisfies === true) job.tasks.satisfy(task);
  countOnNode(account, job, task);
  requestJobAction(job, options.jobAction ?? (isSuccess ? 'none' : 'terminate'));
  watchRetention(account, job, task);
  account.saveTask(job, task);
  account.reviewJob(job);
  account.wantDispatch(job.pool);
}

/** Requests the job action of a task's end, if the job performs such actions. */
function requestJobAction(job: Job, action: 'none' | 'disable' | 'terminate'): void {
  if (action === 'none' || job.record.spec.onTaskFailure !== 'performexitoptionsjobaction') return;
  if (job.requestedAction?.action !== 'terminate') job.requestedAction = { action };
}

/** Updates the node's counts and its list of the last ten tasks. */
function countOnNode(account: Account, job: Job, task: TaskRecord): void {
  const node = attemptOf(job, task)?.node;
  if (node === undefined || node.pool.nodes.get(node.record.id) !== node) return;
  node.record.tasksRun += 1;
  if (task.result === 'success') node.record.tasksSucceeded += 1;
  const recent = { jobId: job.record.spec.id, taskId: task.spec.id };
  node.record.recentTasks = [recent, ...node.record.recentTasks].slice(0, 10);
  account.saveNode(node);
}

/** Completes a task from outside: by a terminate request, the end of its job, a shrinking pool. */
export function endTask(account: Account, job: Job, task: TaskRecord, failure: Failure): void {
  stopTask(account, job, task, { kind: 'complete', failure });
}

/**
 * Puts a running task back in the queue; it is run again from the start.
 * Unconfirmed: whether an eviction counts as a requeue. Here it does; it is never a retry.
 */
export function requeueTask(account: Account, job: Job, task: TaskRecord): void {
  stopTask(account, job, task, { kind: 'requeue' });
}

/** Deletes a task with its files. */
export function removeTask(account: Account, job: Job, task: TaskRecord): void {
  stopTask(account, job, task, { kind: 'remove' });
}

/** A later stop of the same task replaces an earlier one of lower rank. */
const STOP_RANKS = { requeue: 0, complete: 1, remove: 2 } as const;

/**
 * Kills the processes of a task. Its state changes when they have exited; at once where there are
 * none, as while the job preparation task still runs.
 */
function stopTask(account: Account, job: Job, task: TaskRecord, stop: PendingStop): void {
  const earlier = task.pendingStop;
  const pending =
    earlier === undefined || STOP_RANKS[stop.kind] > STOP_RANKS[earlier.kind] ? stop : earlier;
  const attempt = attemptOf(job, task);
  if (attempt === undefined || attempt.isOver || task.state === 'preparing') {
    abandonAttempt(job, task);
    carryOut(account, job, task, pending);
    return;
  }
  task.pendingStop = pending;
  account.saveTask(job, task);
  attempt.abort.abort();
}

function carryOut(account: Account, job: Job, task: TaskRecord, stop: PendingStop): void {
  delete task.pendingStop;
  switch (stop.kind) {
    case 'requeue':
      task.requeueCount += 1;
      task.lastRequeueAt = account.now();
      moveTask(account, job, task, 'active');
      return;
    case 'complete':
      completeTask(account, job, task, { failure: stop.failure });
      return;
    case 'remove':
      job.tasks.remove(task);
      account.dropTask(job, task);
      removeTaskFiles(account, job, task);
      account.reviewJob(job);
  }
}

/** Resolves when the processes of a stopped task have exited and its state has changed. */
export async function taskStopped(job: Job, task: TaskRecord): Promise<void> {
  if (task.pendingStop !== undefined) await attemptOf(job, task)?.released;
}

/** Moves a task back to active without counting it: the preparation failed on this node. */
export function returnTask(account: Account, job: Job, task: TaskRecord): void {
  abandonAttempt(job, task);
  moveTask(account, job, task, 'active');
}

/** Runs a failed task again, as a new one. */
export function reactivateTask(account: Account, job: Job, task: TaskRecord): void {
  job.tasks.change(task, () => {
    clearExecution(task);
    task.retryCount = 0;
    enter(account, task, 'active');
  });
  account.saveTask(job, task);
  account.wantDispatch(job.pool);
}

function attemptOf(job: Job, task: TaskRecord): Attempt | undefined {
  return job.attempts.get(task.spec.id.toLowerCase());
}

/** Separates a task from an attempt that has started no process yet. */
function abandonAttempt(job: Job, task: TaskRecord): void {
  const attempt = attemptOf(job, task);
  if (attempt === undefined || attempt.isOver) return;
  attempt.isOver = true;
  attempt.abort.abort();
}

function moveTask(account: Account, job: Job, task: TaskRecord, state: TaskState): void {
  job.tasks.change(task, () => enter(account, task, state));
  account.saveTask(job, task);
  account.reviewJob(job);
  account.wantDispatch(job.pool);
}

/** Enters a new state. The ETag stays the same: it changes only with requests. */
function enter(account: Account, task: TaskRecord, state: TaskState): void {
  enterState(task, state, account.now());
}

export function enterState<State>(thing: StateHistory<State>, state: State, at: number): void {
  if (thing.state === state) return;
  thing.previousState = thing.state;
  thing.previousStateAt = thing.stateAt;
  thing.state = state;
  thing.stateAt = at;
}

function clearExecution(task: TaskRecord): void {
  delete task.startedAt;
  delete task.endedAt;
  delete task.exitCode;
  delete task.failure;
  delete task.container;
  delete task.result;
  delete task.satisfies;
  delete task.node;
  delete task.filesCleaned;
}

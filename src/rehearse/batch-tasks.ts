import { deletionSeconds, enter, leave, notePending } from './batch-nodes';
import type { BatchAccount, Job, Node, Pool, Task } from './batch-state';
import { MINUTE, SECOND } from './clock';

/** Jobs of the model: tasks given to nodes, their ends, and the end of a job. */

const ENDING = 5 * SECOND;

export function schedule(account: BatchAccount, pool: Pool): void {
  if (pool.isDeleting) return;
  for (const job of account.jobsOf(pool.id)) {
    const atMost = job.spec?.maxParallelTasks ?? Infinity;
    for (const task of job.tasks.values()) {
      if (job.running >= atMost) break;
      if (task.state !== 'active' || !isReady(task)) continue;
      const node = freeNode(pool, task);
      if (node !== undefined) begin(account, pool, task, node);
    }
  }
}

/** True when all the tasks that it waits for have succeeded. */
export function isReady({ spec, job }: Task): boolean {
  return spec.dependsOn.every((id) => job.tasks.get(id.toLowerCase())?.state === 'succeeded');
}

function freeNode(pool: Pool, task: Task): Node | undefined {
  for (const node of pool.nodes.values()) {
    if (node.state !== 'idle' && node.state !== 'running') continue;
    if (node.isDraining || node.freeSlots < task.spec.slots) continue;
    if (!task.job.unprepared.has(node.id)) return node;
  }
  return undefined;
}

function begin(account: BatchAccount, pool: Pool, task: Task, node: Node): void {
  const { job, spec } = task;
  if (job.spec?.preparation !== null && !job.prepared.has(node.id)) {
    if (account.chance.is(`prepare ${node.id}`, account.weather.preparationsThatFail)) {
      job.unprepared.add(node.id);
      return;
    }
    job.prepared.add(node.id);
  }
  node.freeSlots -= spec.slots;
  node.running.add(task);
  enter(account, pool, node, 'running');
  job.running += 1;
  task.state = 'running';
  task.node = node;
  task.startedAt = account.now;
  task.inputProblem = account.unreadable(task);
  task.unfinishedAtStart = unfinishedBeside(task);
  const minutes = minutesOf(account, task);
  const cutOff = Math.min(minutes, spec.maxMinutes);
  task.end = account.agenda.in(cutOff * MINUTE, () =>
    finishAttempt(account, pool, task, cutOff < minutes),
  );
}

function unfinishedBeside(task: Task): number {
  let unfinished = 0;
  for (const other of task.job.tasks.values()) {
    if (other === task || other.isManager) continue;
    if (other.state === 'running' || (other.state === 'active' && !isBlocked(other)))
      unfinished += 1;
  }
  return unfinished;
}

/** It waits, at whatever distance, for a task that failed. */
export function isBlocked({ spec, job }: Task): boolean {
  return spec.dependsOn.some((id) => {
    const other = job.tasks.get(id.toLowerCase());
    return other?.state === 'failed' || (other?.state === 'active' && isBlocked(other));
  });
}

function keyOf({ job, spec }: Task): string {
  return `${job.app ?? ''} ${job.id} ${spec.id}`;
}

function minutesOf(account: BatchAccount, task: Task): number {
  const { chance, weather } = account;
  const known = account.minutesOf(task);
  if (known !== null) return known;
  const key = keyOf(task);
  if (chance.is(`hangs ${key}`, weather.tasksThatHang)) return Infinity;
  const [least, most] = weather.taskMinutes;
  return least + chance.at(`minutes ${key} ${task.retries} ${task.requeues}`) * (most - least);
}

function finishAttempt(account: BatchAccount, pool: Pool, task: Task, cutOff: boolean): void {
  release(account, pool, task);
  const problem = cutOff ? 'TaskEnded: it ran for longer than it may' : problemOf(account, task);
  if (problem !== null && task.retries < task.spec.retries) {
    task.retries += 1;
    task.state = 'active';
  } else {
    end(account, task, problem);
  }
  const { node } = task;
  if (node?.isDraining === true && node.running.size === 0) leave(account, pool, node);
  settle(account, task.job);
  notePending(account, pool);
  account.schedule(pool);
}

function release(account: BatchAccount, pool: Pool, task: Task): void {
  const { node, spec, job } = task;
  if (task.end !== null) task.end.cancelled = true;
  task.end = null;
  job.running -= 1;
  if (node === null) return;
  node.freeSlots += spec.slots;
  node.running.delete(task);
  if (node.running.size === 0 && node.state === 'running') enter(account, pool, node, 'idle');
}

/** Why an attempt fails, or null when it ends well and has written what it should. */
function problemOf(account: BatchAccount, task: Task): string | null {
  const { chance, weather } = account;
  const key = keyOf(task);
  const share = task.isManager ? weather.managersThatFail : weather.tasksThatFail;
  const attempt = `attempt ${key} ${task.retries} ${task.requeues}`;
  if (chance.is(`fails ${key}`, share) || chance.is(attempt, weather.attemptsThatFail)) {
    account.writeOutputs(task, 'failure');
    return 'FailureExitCode: The task exited with an exit code representing a failure';
  }
  return task.inputProblem ?? account.writeOutputs(task, 'success');
}

function end(account: BatchAccount, task: Task, problem: string | null): void {
  task.state = problem === null ? 'succeeded' : 'failed';
  task.exitCode = problem === null ? 0 : problem.startsWith('FailureExitCode') ? 1 : null;
  task.cause = problem;
  if (problem === null) task.timesDone += 1;
  if (task.isManager && task.job.spec?.jobManager?.endsJob === true) {
    terminate(account, task.job, 'JMComplete');
  }
}

/** The node is gone under them: the service runs them again elsewhere. */
export function requeueTasks(account: BatchAccount, pool: Pool, node: Node): void {
  for (const task of node.running) {
    release(account, pool, task);
    task.state = 'active';
    task.requeues += 1;
    task.node = null;
  }
}

/** Ends a job whose tasks have all ended, when a request has asked for that. */
export function settle(account: BatchAccount, job: Job): void {
  if (!job.endsWithTasks || job.state !== 'active') return;
  for (const { state } of job.tasks.values()) if (state === 'active' || state === 'running') return;
  terminate(account, job, 'AllTasksComplete');
}

export function terminate(account: BatchAccount, job: Job, reason: string): void {
  if (job.state !== 'active') return;
  job.state = 'ending';
  job.terminateReason = reason;
  stopTasks(account, job);
  account.agenda.in(ENDING, () => {
    if (job.state === 'ending') job.state = 'completed';
  });
}

function stopTasks(account: BatchAccount, job: Job): void {
  if (job.wallClock !== null) job.wallClock.cancelled = true;
  const pool = account.pools.get(job.poolId.toLowerCase());
  for (const task of job.tasks.values()) {
    if (task.state !== 'running' && task.state !== 'active') continue;
    if (task.state === 'running' && pool !== undefined) release(account, pool, task);
    task.state = 'failed';
    task.cause = 'TaskEnded: the job was ended';
  }
  if (pool === undefined) return;
  for (const node of pool.nodes.values()) {
    if (node.isDraining && node.running.size === 0) leave(account, pool, node);
  }
  notePending(account, pool);
}

export function removeJob(account: BatchAccount, job: Job): void {
  job.isDeleting = true;
  if (job.state === 'active') stopTasks(account, job);
  job.state = 'deleting';
  account.agenda.in(deletionSeconds(account, job.id) * SECOND, () => {
    job.goneAt = account.now;
    account.jobs.delete(job.id.toLowerCase());
  });
}

import fsp from 'node:fs/promises';
import path from 'node:path';
import type { NewJob } from '../bodies/job';
import { makeAutoPool, retireAutoPool } from '../pools/auto-pool';
import { jobDirectory, nodeFolders } from '../execution/directories';
import { failureOf } from '../execution/failures';
import { type Account, type Job, type Schedule, keyOf } from '../state/account';
import type { JobRecord, JobState } from '../state/records';
import { TaskLedger } from '../state/task-ledger';
import { createTask } from '../tasks/create';
import { endTask, enterState, requeueTask } from '../tasks/lifecycle';
import { durationMs } from '../wire/time';
import { omit } from '../wire/omit';
import { releaseNodes } from './preparation';

/** The origin of a job: a request, or a schedule that numbers its jobs. */
export interface JobOrigin {
  readonly directory: string;
  readonly scheduleId?: string;
}

/**
 * The life cycle of a job. A request to terminate or disable sets a transitional state at once
 * (terminating, disabling); `reviewJob` completes it when nothing of the job runs any more.
 */
export function createJob(account: Account, spec: NewJob, origin: JobOrigin): Job {
  const now = account.now();
  const version = account.nextVersion();
  const record: JobRecord = {
    ...version,
    seq: account.nextSeq(),
    createdAt: now,
    spec: withManagerRetries(spec),
    state: 'active',
    stateAt: now,
    ...origin,
  };
  const job = newJobOf(record);
  account.jobs.set(job.key, job);
  bindPool(account, job);
  if (record.schedulingError !== undefined) {
    record.endedAt = now;
    moveJob(account, job, 'completed');
    return job;
  }
  watchDeadline(account, job);
  addJobManager(account, job);
  account.saveJob(job);
  account.reviewJob(job);
  return job;
}

/** The retries of a job manager task do not follow later changes of the job's constraints. */
function withManagerRetries(spec: NewJob): NewJob {
  const { jobManagerTask: manager, constraints } = spec;
  if (manager === undefined) return spec;
  const inherited = { maxTaskRetryCount: constraints?.maxTaskRetryCount ?? 0 };
  return {
    ...spec,
    jobManagerTask: { ...manager, constraints: { ...inherited, ...manager.constraints } },
  };
}

export function newJobOf(record: JobRecord): Job {
  return {
    key: keyOf(record.spec.id),
    record,
    tasks: new TaskLedger(),
    preparations: new Map(),
    preparing: new Map(),
    attempts: new Map(),
    pool: undefined,
  };
}

function bindPool(account: Account, job: Job): void {
  const { poolId, autoPoolSpecification } = job.record.spec.poolInfo;
  if (autoPoolSpecification !== undefined) makeAutoPool(account, job, autoPoolSpecification);
  else if (poolId !== undefined) setPool(account, job, poolId);
}

/** Assigns a job to a pool, which need not exist yet. */
export function setPool(account: Account, job: Job, poolId: string): void {
  job.pool?.jobs.delete(job);
  job.record.poolId = poolId;
  job.pool = account.pools.get(keyOf(poolId));
  job.pool?.jobs.add(job);
  account.wantDispatch(job.pool);
}

/** The service itself adds the job manager task, as the first task of the job. */
function addJobManager(account: Account, job: Job): void {
  const manager = job.record.spec.jobManagerTask;
  if (manager === undefined) return;
  const spec = omit(manager, ['killJobOnCompletion', 'runExclusive', 'allowLowPriorityNode']);
  createTask(account, job, spec, true);
}

/** The wall-clock limit of a job counts from its creation. */
export function watchDeadline(account: Account, job: Job): void {
  const key = `job-deadline ${job.key}`;
  const limitMs = durationMs(job.record.spec.constraints?.maxWallClockTime ?? '');
  if (!Number.isFinite(limitMs)) {
    account.agenda.clear(key);
    return;
  }
  account.wakeAt(key, job.record.createdAt + limitMs, () => {
    if (isLive(job.record.state)) terminateJob(account, job, 'MaxWallClockTimeExpiry');
  });
}

export function isLive(state: JobState): boolean {
  return ['active', 'disabling', 'disabled', 'enabling'].includes(state);
}

/** Kills the running tasks; tasks that are still active stay active forever. */
export function terminateJob(account: Account, job: Job, reason: string): void {
  job.record.terminateReason = reason;
  endJob(account, job, 'terminating');
}

export function deleteJob(account: Account, job: Job): void {
  endJob(account, job, 'deleting');
}

function endJob(account: Account, job: Job, state: 'terminating' | 'deleting'): void {
  const settleAt = account.now() + account.timings.settleSeconds * 1000;
  job.record.settleAt = settleAt;
  moveJob(account, job, state);
  const failure = failureOf('TaskEnded');
  for (const attempt of job.attempts.values()) {
    if (!attempt.isOver) endTask(account, job, attempt.task, failure);
  }
  wakeToSettle(account, job);
}

export function wakeToSettle(account: Account, job: Job): void {
  const { settleAt } = job.record;
  if (settleAt === undefined) return;
  account.wakeAt(`job-end ${job.key}`, settleAt, () => account.reviewJob(job));
}

export function disableJob(
  account: Account,
  job: Job,
  option: 'requeue' | 'terminate' | 'wait',
): void {
  job.record.disableOption = option;
  moveJob(account, job, 'disabling');
  const failure = failureOf('TaskEnded');
  for (const { task, isOver } of job.attempts.values()) {
    if (isOver || option === 'wait') continue;
    if (option === 'requeue') requeueTask(account, job, task);
    else endTask(account, job, task, failure);
  }
}

export function enableJob(account: Account, job: Job): void {
  moveJob(account, job, 'enabling');
}

/** Moves a job to its next state after a change of its tasks or its own state. */
export function reviewJob(account: Account, job: Job): void {
  if (account.jobs.get(job.key) !== job) return;
  const { record } = job;
  applyExitOptions(account, job);
  if (isLive(record.state) && hasFinished(account, job)) {
    terminateJob(account, job, isManagerDone(job) ? 'JMComplete' : 'AllTasksComplete');
  }
  if (record.state === 'disabling' && job.tasks.tasks.running === 0) {
    moveJob(account, job, 'disabled');
  }
  if (record.state === 'enabling') moveJob(account, job, 'active');
  if (record.state === 'terminating' || record.state === 'deleting') endWhenIdle(account, job);
}

function applyExitOptions(account: Account, job: Job): void {
  const { requestedAction } = job;
  job.requestedAction = undefined;
  if (requestedAction === undefined || job.record.state !== 'active') return;
  if (requestedAction.action === 'terminate') terminateJob(account, job, 'TaskFailed');
  else disableJob(account, job, 'requeue');
}

/**
 * Returns whether the job ends without a request: its manager is complete, or all its tasks are.
 */
function hasFinished(account: Account, job: Job): boolean {
  if (isManagerDone(job)) return true;
  const { spec } = job.record;
  if (spec.onAllTasksComplete !== 'terminatejob') return false;
  if (job.tasks.tasks.completed < job.tasks.size) return false;
  return job.tasks.size > 0 || !mayGetTasks(account, job);
}

/** The service ends an empty job some seconds later, so that a new job takes its first tasks. */
function mayGetTasks(account: Account, job: Job): boolean {
  const until = job.record.modifiedAt + account.timings.emptyJobSeconds * 1000;
  if (account.now() >= until) return false;
  account.wakeAt(`job-empty ${job.key}`, until, () => account.reviewJob(job));
  return true;
}

function isManagerDone(job: Job): boolean {
  const manager = job.record.spec.jobManagerTask;
  if (manager === undefined || manager.killJobOnCompletion === false) return false;
  return job.tasks.get(manager.id)?.state === 'completed';
}

function endWhenIdle(account: Account, job: Job): void {
  const { record } = job;
  if (account.now() < (record.settleAt ?? 0) || job.attempts.size > 0) return;
  if (!releaseNodes(account, job)) return;
  account.agenda.clear(`job-end ${job.key}`);
  account.agenda.clear(`job-deadline ${job.key}`);
  if (record.state === 'terminating') {
    record.endedAt = account.now();
    delete record.settleAt;
    moveJob(account, job, 'completed');
    retireAutoPool(account, job);
    return;
  }
  retireAutoPool(account, job);
  removeFiles(account, job);
  job.pool?.jobs.delete(job);
  account.dropJob(job);
  account.reviewSchedule(scheduleOf(account, job));
}

/** Deleting a job deletes the directories of its tasks on every node. */
function removeFiles(account: Account, job: Job): void {
  for (const node of job.pool?.nodes.values() ?? []) {
    const folder = path.join(nodeFolders(account, node).root, jobDirectory(job));
    account.trackBackground(
      fsp.rm(folder, { recursive: true, force: true }),
      `files of job ${job.key}`,
    );
  }
}

function moveJob(account: Account, job: Job, state: JobState): void {
  enterState(job.record, state, account.now());
  account.saveJob(job);
  account.reviewJob(job);
  account.wantDispatch(job.pool);
  if (state === 'completed') account.reviewSchedule(scheduleOf(account, job));
}

function scheduleOf(account: Account, job: Job): Schedule | undefined {
  const { scheduleId } = job.record;
  return scheduleId === undefined ? undefined : account.schedules.get(keyOf(scheduleId));
}

import type { NewSchedule } from '../bodies/schedule';
import { createJob, isLive, terminateJob, deleteJob } from '../jobs/lifecycle';
import { retireOwned } from '../pools/auto-pool';
import { type Account, type Job, type Schedule, keyOf } from '../state/account';
import type { ScheduleRecord } from '../state/records';
import { enterState } from '../tasks/lifecycle';
import { durationMs } from '../wire/time';

/**
 * The life cycle of a job schedule: each due time creates a job. At most one of its jobs is active,
 * so a due job waits for the previous one; if the start window closes first, that due time is
 * skipped. A schedule without a recurrence has one job, and completes with it.
 */
export function createSchedule(account: Account, spec: NewSchedule): Schedule {
  const now = account.now();
  const record: ScheduleRecord = {
    ...account.nextVersion(),
    seq: account.nextSeq(),
    createdAt: now,
    spec,
    state: 'active',
    stateAt: now,
    jobsMade: 0,
    nextRunAt: Math.max(now, momentOf(spec.schedule.doNotRunUntil) ?? now),
  };
  const schedule = { key: keyOf(spec.id), record };
  account.schedules.set(schedule.key, schedule);
  account.saveSchedule(schedule);
  account.reviewSchedule(schedule);
  return schedule;
}

function momentOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

export function jobsOf(account: Account, { record }: Schedule): Job[] {
  return [...account.jobs.values()].filter(
    (job) =>
      job.record.scheduleId !== undefined && keyOf(job.record.scheduleId) === keyOf(record.spec.id),
  );
}

/** Moves a schedule to its next state: after a due time, the end of its job, or a request. */
export function reviewSchedule(account: Account, schedule: Schedule): void {
  if (account.schedules.get(schedule.key) !== schedule) return;
  const { record } = schedule;
  if (record.state === 'terminating' || record.state === 'deleting') {
    settle(account, schedule);
    return;
  }
  if (record.state === 'completed') return;
  noteDue(account, schedule);
  if (record.state === 'active') runDue(account, schedule);
  if (isOver(account, schedule)) {
    complete(account, schedule);
    return;
  }
  arm(account, schedule);
}

/** All due times that have passed create one job; a later one replaces an earlier one. */
function noteDue(account: Account, { record }: Schedule): void {
  const now = account.now();
  const { recurrenceInterval, doNotRunAfter } = record.spec.schedule;
  const end = momentOf(doNotRunAfter) ?? Number.POSITIVE_INFINITY;
  const intervalMs = recurrenceInterval === undefined ? undefined : durationMs(recurrenceInterval);
  while (record.nextRunAt !== undefined && record.nextRunAt <= now) {
    if (record.nextRunAt < end) record.waitingSince = record.nextRunAt;
    if (intervalMs === undefined || record.nextRunAt + intervalMs >= end) delete record.nextRunAt;
    else record.nextRunAt += intervalMs;
  }
}

function runDue(account: Account, schedule: Schedule): void {
  const { record } = schedule;
  if (record.waitingSince === undefined) return;
  if (account.now() > windowEnd(record)) {
    delete record.waitingSince;
    account.saveSchedule(schedule);
    return;
  }
  if (activeJob(account, schedule) !== undefined) return;
  delete record.waitingSince;
  record.jobsMade += 1;
  // Unconfirmed: the service's names for the jobs of a schedule.
  const id = `${record.spec.id}:job-${record.jobsMade}`;
  record.recentJobId = id;
  account.saveSchedule(schedule);
  createJob(
    account,
    { ...record.spec.jobSpecification, id },
    { directory: `job-${record.jobsMade}`, scheduleId: record.spec.id },
  );
}

/** A job that has not ended; one that is being deleted no longer counts. */
function activeJob(account: Account, schedule: Schedule): Job | undefined {
  const job = account.jobs.get(keyOf(schedule.record.recentJobId ?? ''));
  if (job === undefined) return undefined;
  return isLive(job.record.state) || job.record.state === 'terminating' ? job : undefined;
}

/**
 * A window that is longer than the interval never closes: the next due time replaces the waiting
 * one.
 */
function windowEnd({ spec, waitingSince = 0 }: ScheduleRecord): number {
  const { startWindow } = spec.schedule;
  return startWindow === undefined
    ? Number.POSITIVE_INFINITY
    : waitingSince + durationMs(startWindow);
}

/** Returns true when no due time is left, no job waits, and the last job has ended. */
function isOver(account: Account, schedule: Schedule): boolean {
  const { record } = schedule;
  if (record.nextRunAt !== undefined || record.waitingSince !== undefined) return false;
  return activeJob(account, schedule) === undefined;
}

function complete(account: Account, schedule: Schedule): void {
  const { record } = schedule;
  record.endedAt = account.now();
  delete record.nextRunAt;
  delete record.waitingSince;
  move(account, schedule, 'completed');
  account.agenda.clear(`schedule ${schedule.key}`);
  retireOwned(account, 'jobschedule', schedule.key);
}

function arm(account: Account, schedule: Schedule): void {
  const { record } = schedule;
  const key = `schedule ${schedule.key}`;
  const window =
    record.waitingSince === undefined ? Number.POSITIVE_INFINITY : windowEnd(record) + 1;
  const at = Math.min(record.nextRunAt ?? Number.POSITIVE_INFINITY, window);
  if (at <= account.now() || !Number.isFinite(at)) account.agenda.clear(key);
  else account.wakeAt(key, at, () => account.reviewSchedule(schedule));
}

function move(account: Account, schedule: Schedule, state: ScheduleRecord['state']): void {
  enterState(schedule.record, state, account.now());
  account.saveSchedule(schedule);
  account.reviewSchedule(schedule);
}

export function disableSchedule(account: Account, schedule: Schedule): void {
  move(account, schedule, 'disabled');
}

/**
 * A due time that passed while the schedule was disabled is caught up if its window is still open.
 */
export function enableSchedule(account: Account, schedule: Schedule): void {
  move(account, schedule, 'active');
}

export function terminateSchedule(account: Account, schedule: Schedule): void {
  const job = activeJob(account, schedule);
  if (job !== undefined && isLive(job.record.state)) {
    terminateJob(account, job, 'TerminateJobSchedule');
  }
  move(account, schedule, 'terminating');
}

/** All jobs of a schedule are deleted with it. */
export function deleteSchedule(account: Account, schedule: Schedule): void {
  for (const job of jobsOf(account, schedule)) {
    if (job.record.state !== 'deleting') deleteJob(account, job);
  }
  move(account, schedule, 'deleting');
}

function settle(account: Account, schedule: Schedule): void {
  if (schedule.record.state === 'terminating') {
    if (activeJob(account, schedule) === undefined) complete(account, schedule);
    return;
  }
  if (jobsOf(account, schedule).length > 0) return;
  retireOwned(account, 'jobschedule', schedule.key);
  account.agenda.clear(`schedule ${schedule.key}`);
  account.dropSchedule(schedule);
}

/** A new schedule starts now; a waiting job continues to wait. */
export function reschedule(account: Account, schedule: Schedule): void {
  const { record } = schedule;
  const { doNotRunUntil, recurrenceInterval } = record.spec.schedule;
  const now = account.now();
  const start = momentOf(doNotRunUntil);
  if (start !== undefined && start > now) record.nextRunAt = start;
  else if (recurrenceInterval !== undefined) {
    record.nextRunAt ??= now + durationMs(recurrenceInterval);
  }
  account.reviewSchedule(schedule);
}

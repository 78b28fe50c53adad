import type { JobDisable, JobPatch, JobTerminate, JobUpdate, NewJob } from '../bodies/job';
import { checkPool } from '../pools/operations';
import { checkPackages } from '../execution/packages';
import { type Account, type Job, keyOf } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { checkConditions } from '../wire/conditions';
import { omit } from '../wire/omit';
import { pageOfResources, selected } from '../wire/page';
import { Refusal, invalidProperty, missingProperty } from '../wire/refusals';
import {
  createJob,
  deleteJob,
  disableJob,
  enableJob,
  isLive,
  setPool,
  terminateJob,
  watchDeadline,
} from './lifecycle';
import { jobListing, jobView } from './view';

type JobCall<Body = undefined> = Call<Body, 'jobId'>;

/** The job that a call names, if its conditional headers are met. */
export function jobOf(account: Account, call: Call<unknown, 'jobId'>): Job {
  const job = account.jobs.get(keyOf(call.params.jobId));
  if (job === undefined) throw new Refusal('JobNotFound');
  checkConditions(call, job.record);
  return job;
}

/** The job of a task: conditional headers apply to the task. */
export function parentJobOf(account: Account, call: Call<unknown, 'jobId'>): Job {
  const job = account.jobs.get(keyOf(call.params.jobId));
  if (job === undefined) throw new Refusal('JobNotFound');
  return job;
}

/** POST /jobs */
export function addJob(account: Account, call: Call<NewJob>): Reply {
  const { body } = call;
  const key = keyOf(body.id);
  const existing = account.jobs.get(key);
  if (existing?.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  if (existing !== undefined) throw new Refusal('JobExists');
  if (account.schedules.has(key)) throw new Refusal('JobScheduleWithSameIdExists');
  if (liveJobsAndSchedules(account) >= account.quotas.activeJobsAndSchedules) {
    throw new Refusal('ActiveJobAndScheduleQuotaReached');
  }
  checkJob(account, body);

  const job = createJob(account, body, { directory: 'job-1' });
  // As the service does: the location of a new job is `job-1`, independent of its id.
  return { status: 201, version: job.record, location: `${call.base}/jobs/job-1` };
}

/** Counts the jobs and schedules of the quota: those that have not ended. */
export function liveJobsAndSchedules(account: Account): number {
  let live = 0;
  for (const { record } of account.jobs.values()) if (isLive(record.state)) live += 1;
  for (const { record } of account.schedules.values()) {
    if (record.state === 'active' || record.state === 'disabled') live += 1;
  }
  return live;
}

/** Refuses an invalid job; also for the jobs of a schedule. */
export function checkJob(account: Account, body: Omit<NewJob, 'id'>): void {
  checkPoolInfo(account, body.poolInfo);
  if (body.jobReleaseTask !== undefined && body.jobPreparationTask === undefined) {
    const reason = 'A job release task needs a job preparation task';
    throw invalidProperty('jobReleaseTask', body.jobReleaseTask.commandLine, reason);
  }
  checkParallel(body.maxParallelTasks);
}

function checkPoolInfo(account: Account, poolInfo: NewJob['poolInfo']): void {
  const { poolId, autoPoolSpecification } = poolInfo;
  if (poolId !== undefined && autoPoolSpecification !== undefined) {
    throw invalidProperty('poolInfo', poolId, 'Give a poolId or an autoPoolSpecification');
  }
  if (poolId === undefined && autoPoolSpecification === undefined) throw missingProperty('poolId');
  if (autoPoolSpecification === undefined) return;
  if (autoPoolSpecification.pool === undefined) throw missingProperty('pool');
  checkPool(account, autoPoolSpecification.pool);
  checkPackages(account, autoPoolSpecification.pool.applicationPackageReferences ?? []);
}

function checkParallel(maxParallelTasks: number | undefined): void {
  if (maxParallelTasks !== 0) return;
  throw invalidProperty('maxParallelTasks', 0, 'The value must be -1 or greater than 0');
}

/** GET /jobs */
export function listJobs(account: Account, call: Call): Reply {
  return pageOfResources(call, jobListing, account.jobs.values(), (job) => jobView(job, call.base));
}

/** GET /jobs/{jobId} */
export function getJob(account: Account, call: JobCall): Reply {
  const job = jobOf(account, call);
  const body = selected(call, jobListing, jobView(job, call.base));
  return { status: 200, metadata: 'jobs/@Element', version: job.record, body };
}

/** PATCH /jobs/{jobId}: only the given properties are replaced, each as a whole. */
export function patchJob(account: Account, call: JobCall<JobPatch>): Reply {
  const job = changeableOf(account, call);
  return changed(account, job, call.body);
}

/** PUT /jobs/{jobId}: properties that are not given are reset to their defaults. */
export function updateJob(account: Account, call: JobCall<JobUpdate>): Reply {
  const job = changeableOf(account, call);
  job.record.spec = omit(job.record.spec, [
    'priority',
    'maxParallelTasks',
    'constraints',
    'metadata',
    'allowTaskPreemption',
  ]);
  return changed(account, job, call.body);
}

function changeableOf(account: Account, call: JobCall<JobPatch>): Job {
  const job = jobOf(account, call);
  const { record } = job;
  if (record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  if (record.state === 'terminating') throw new Refusal('JobBeingTerminated');
  if (record.state === 'completed') throw new Refusal('JobCompleted');
  const { poolInfo, onAllTasksComplete, maxParallelTasks } = call.body;
  checkParallel(maxParallelTasks);
  if (onAllTasksComplete === 'noaction' && record.spec.onAllTasksComplete === 'terminatejob') {
    const reason = 'A job that terminates when its tasks are complete cannot go back';
    throw invalidProperty('onAllTasksComplete', onAllTasksComplete, reason);
  }
  if (poolInfo !== undefined && movesPool(job, poolInfo) && record.state !== 'disabled') {
    const reason = 'The pool of a job can be changed only while the job is disabled';
    throw invalidProperty('poolInfo', poolInfo, reason);
  }
  return job;
}

function movesPool(job: Job, { poolId, autoPoolSpecification }: NewJob['poolInfo']): boolean {
  if (autoPoolSpecification !== undefined) return true;
  return poolId === undefined || keyOf(poolId) !== keyOf(job.record.poolId ?? '');
}

function changed(account: Account, job: Job, body: JobPatch): Reply {
  job.record.spec = { ...job.record.spec, ...body };
  Object.assign(job.record, account.nextVersion());
  const { poolId } = body.poolInfo ?? {};
  if (poolId !== undefined && keyOf(poolId) !== keyOf(job.record.poolId ?? '')) {
    setPool(account, job, poolId);
  }
  watchDeadline(account, job);
  account.saveJob(job);
  account.reviewJob(job);
  account.wantDispatch(job.pool);
  return { status: 200, version: job.record };
}

/** DELETE /jobs/{jobId} */
export function removeJob(account: Account, call: JobCall): Reply {
  const job = jobOf(account, call);
  if (job.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  deleteJob(account, job);
  return { status: 202 };
}

/** POST /jobs/{jobId}/terminate */
export function terminate(account: Account, call: JobCall<JobTerminate | undefined>): Reply {
  const job = jobOf(account, call);
  if (job.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  if (job.record.state === 'completed') throw new Refusal('JobCompleted');
  if (job.record.state === 'terminating') throw new Refusal('JobBeingTerminated');
  terminateJob(account, job, call.body?.terminateReason ?? 'UserTerminate');
  return savedJob(account, job);
}

/** POST /jobs/{jobId}/disable */
export function disable(account: Account, call: JobCall<JobDisable>): Reply {
  const job = jobOf(account, call);
  if (job.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  if (job.record.state === 'completed') throw new Refusal('JobCompleted');
  if (job.record.state === 'terminating') throw new Refusal('JobBeingTerminated');
  if (job.record.state !== 'disabled') disableJob(account, job, call.body.disableTasks);
  return savedJob(account, job);
}

/** POST /jobs/{jobId}/enable */
export function enable(account: Account, call: JobCall): Reply {
  const job = jobOf(account, call);
  if (job.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  if (job.record.state === 'completed') throw new Refusal('JobCompleted');
  if (job.record.state === 'terminating') throw new Refusal('JobBeingTerminated');
  // Unconfirmed: enabling a job that is active already.
  if (job.record.state !== 'disabled') throw new Refusal('OperationInvalidForCurrentState');
  enableJob(account, job);
  return savedJob(account, job);
}

function savedJob(account: Account, job: Job): Reply {
  Object.assign(job.record, account.nextVersion());
  account.saveJob(job);
  return { status: 202, version: job.record };
}

/** GET /jobs/{jobId}/taskcounts */
export function countTasks(account: Account, call: JobCall): Reply {
  const { tasks } = jobOf(account, call);
  const body = { taskCounts: { ...tasks.tasks }, taskSlotCounts: { ...tasks.slots } };
  return { status: 200, metadata: 'taskcountsresult/@Element', body };
}

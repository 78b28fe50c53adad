import type { NewSchedule, SchedulePatch, ScheduleUpdate } from '../bodies/schedule';
import { checkJob, liveJobsAndSchedules } from '../jobs/operations';
import { jobListing, jobView } from '../jobs/view';
import { type Account, type Schedule, keyOf } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { checkConditions } from '../wire/conditions';
import { type Listing, pageOfResources, selected } from '../wire/page';
import { Refusal } from '../wire/refusals';
import { omit } from '../wire/omit';
import {
  createSchedule,
  deleteSchedule,
  disableSchedule,
  enableSchedule,
  jobsOf,
  reschedule,
  terminateSchedule,
} from './lifecycle';
import { scheduleListing, scheduleUrl, scheduleView } from './view';

type ScheduleCall<Body = undefined> = Call<Body, 'jobScheduleId'>;

function scheduleOf(account: Account, call: Call<unknown, 'jobScheduleId'>): Schedule {
  const schedule = account.schedules.get(keyOf(call.params.jobScheduleId));
  if (schedule === undefined) throw new Refusal('JobScheduleNotFound');
  checkConditions(call, schedule.record);
  return schedule;
}

/** Returns a schedule that may be changed; a schedule that has ended may not. */
function liveScheduleOf(account: Account, call: Call<unknown, 'jobScheduleId'>): Schedule {
  const schedule = scheduleOf(account, call);
  const { state } = schedule.record;
  if (state === 'deleting') throw new Refusal('JobScheduleBeingDeleted');
  if (state === 'terminating') throw new Refusal('JobScheduleBeingTerminated');
  if (state === 'completed') throw new Refusal('JobScheduleCompleted');
  return schedule;
}

/** POST /jobschedules */
export function addSchedule(account: Account, call: Call<NewSchedule>): Reply {
  const { body } = call;
  const existing = account.schedules.get(keyOf(body.id));
  if (existing?.record.state === 'deleting') throw new Refusal('JobScheduleBeingDeleted');
  if (existing !== undefined) throw new Refusal('JobScheduleExists');
  if (account.jobs.has(keyOf(body.id))) throw new Refusal('JobWithSameIdExists');
  if (liveJobsAndSchedules(account) >= account.quotas.activeJobsAndSchedules) {
    throw new Refusal('ActiveJobAndScheduleQuotaReached');
  }
  checkJob(account, body.jobSpecification);

  const { record } = createSchedule(account, body);
  return { status: 201, version: record, location: scheduleUrl(call.base, body.id) };
}

/** GET /jobschedules */
export function listSchedules(account: Account, call: Call): Reply {
  return pageOfResources(call, scheduleListing, account.schedules.values(), (schedule) =>
    scheduleView(schedule, call.base),
  );
}

/** GET /jobschedules/{jobScheduleId} */
export function getSchedule(account: Account, call: ScheduleCall): Reply {
  const schedule = scheduleOf(account, call);
  const body = selected(call, scheduleListing, scheduleView(schedule, call.base));
  return { status: 200, metadata: 'jobschedules/@Element', version: schedule.record, body };
}

/** HEAD /jobschedules/{jobScheduleId} */
export function scheduleExists(account: Account, call: ScheduleCall): Reply {
  return { status: 200, version: scheduleOf(account, call).record };
}

/** PATCH /jobschedules/{jobScheduleId}; running jobs are not changed. */
export function patchSchedule(account: Account, call: ScheduleCall<SchedulePatch>): Reply {
  const schedule = liveScheduleOf(account, call);
  return changed(account, schedule, { ...schedule.record.spec, ...call.body }, call.body);
}

/** PUT /jobschedules/{jobScheduleId} */
export function updateSchedule(account: Account, call: ScheduleCall<ScheduleUpdate>): Reply {
  const schedule = liveScheduleOf(account, call);
  const kept = omit(schedule.record.spec, ['metadata']);
  return changed(account, schedule, { ...kept, ...call.body }, call.body);
}

function changed(
  account: Account,
  schedule: Schedule,
  spec: NewSchedule,
  body: SchedulePatch,
): Reply {
  if (body.jobSpecification !== undefined) checkJob(account, body.jobSpecification);
  schedule.record.spec = spec;
  if (body.schedule !== undefined) reschedule(account, schedule);
  return savedSchedule(account, schedule, 200);
}

function savedSchedule(account: Account, schedule: Schedule, status: number): Reply {
  Object.assign(schedule.record, account.nextVersion());
  account.saveSchedule(schedule);
  return { status, version: schedule.record };
}

/** POST /jobschedules/{jobScheduleId}/disable */
export function disable(account: Account, call: ScheduleCall): Reply {
  const schedule = liveScheduleOf(account, call);
  if (schedule.record.state === 'active') disableSchedule(account, schedule);
  return savedSchedule(account, schedule, 204);
}

/** POST /jobschedules/{jobScheduleId}/enable */
export function enable(account: Account, call: ScheduleCall): Reply {
  const schedule = liveScheduleOf(account, call);
  if (schedule.record.state === 'disabled') enableSchedule(account, schedule);
  return savedSchedule(account, schedule, 204);
}

/** POST /jobschedules/{jobScheduleId}/terminate */
export function terminate(account: Account, call: ScheduleCall): Reply {
  const schedule = liveScheduleOf(account, call);
  terminateSchedule(account, schedule);
  return savedSchedule(account, schedule, 202);
}

/** DELETE /jobschedules/{jobScheduleId}; its jobs are deleted with it. */
export function removeSchedule(account: Account, call: ScheduleCall): Reply {
  const schedule = scheduleOf(account, call);
  if (schedule.record.state === 'deleting') throw new Refusal('JobScheduleBeingDeleted');
  deleteSchedule(account, schedule);
  return { status: 202 };
}

/** Jobs of one schedule cannot be filtered by their ids. */
const jobsOfScheduleListing: Listing = {
  ...jobListing,
  filterable: jobListing.filterable.filter(({ path }) => path !== 'id'),
};

/** GET /jobschedules/{jobScheduleId}/jobs */
export function listScheduleJobs(account: Account, call: ScheduleCall): Reply {
  const schedule = scheduleOf(account, { ...call, headers: {} });
  return pageOfResources(call, jobsOfScheduleListing, jobsOf(account, schedule), (job) =>
    jobView(job, call.base),
  );
}

import { duration, timestamp, object, optional, type TypeOf } from '../wire/shape';
import { displayName, id, metadata } from './common';
import { jobSpecification } from './job';

const MINUTE_MS = 60_000;

const schedule = object({
  doNotRunUntil: optional(timestamp),
  doNotRunAfter: optional(timestamp),
  startWindow: optional(duration(MINUTE_MS)),
  recurrenceInterval: optional(duration(MINUTE_MS)),
});
export type Schedule = TypeOf<typeof schedule>;

/** POST /jobschedules */
export const newSchedule = object({
  id,
  displayName: optional(displayName),
  schedule,
  jobSpecification,
  metadata: optional(metadata),
});
export type NewSchedule = TypeOf<typeof newSchedule>;

/** PATCH /jobschedules/{jobScheduleId} */
export const schedulePatch = object({
  schedule: optional(schedule),
  jobSpecification: optional(jobSpecification),
  metadata: optional(metadata),
});
export type SchedulePatch = TypeOf<typeof schedulePatch>;

/** PUT /jobschedules/{jobScheduleId} */
export const scheduleUpdate = object({ schedule, jobSpecification, metadata: optional(metadata) });
export type ScheduleUpdate = TypeOf<typeof scheduleUpdate>;

import { duration, moment, object, optional, type Read } from '../wire/shape';
import { displayName, id, metadata } from './common';
import { jobSpecification } from './job';

const MINUTE_MS = 60_000;

const schedule = object({
  doNotRunUntil: optional(moment),
  doNotRunAfter: optional(moment),
  startWindow: optional(duration(MINUTE_MS)),
  recurrenceInterval: optional(duration(MINUTE_MS)),
});
export type Schedule = Read<typeof schedule>;

/** POST /jobschedules */
export const newSchedule = object({
  id,
  displayName: optional(displayName),
  schedule,
  jobSpecification,
  metadata: optional(metadata),
});
export type NewSchedule = Read<typeof newSchedule>;

/** PATCH /jobschedules/{jobScheduleId} */
export const schedulePatch = object({
  schedule: optional(schedule),
  jobSpecification: optional(jobSpecification),
  metadata: optional(metadata),
});
export type SchedulePatch = Read<typeof schedulePatch>;

/** PUT /jobschedules/{jobScheduleId} */
export const scheduleUpdate = object({ schedule, jobSpecification, metadata: optional(metadata) });
export type ScheduleUpdate = Read<typeof scheduleUpdate>;

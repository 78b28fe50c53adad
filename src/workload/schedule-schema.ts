import { z } from 'zod';
import { checkSchedule } from './checks/schedule';
import type { Named } from './named';

const cronExpression = z.string().superRefine((text, context) => {
  const message = checkSchedule(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const timeZone = z.string().refine(isTimeZone, {
  error: 'must be an IANA time zone such as Europe/Berlin',
});

const localDay = z.iso.date({ error: 'must be a day as YYYY-MM-DD' });

const excluded = z.string().superRefine((text, context) => {
  if (z.iso.date().safeParse(text).success) return;
  const message = checkSchedule(text);
  if (message === undefined) return;
  context.addIssue({
    code: 'custom',
    message: `must be a day as YYYY-MM-DD or a cron expression; ${message}`,
  });
});

export const scheduleFields = z.strictObject({
  /**
   * Cron expression: six fields as in NCRONTAB, seconds first (`0 0 2 * * *` is 02:00 each day), or five
   * as in a crontab. `L` is the last day of the month, `FRI#2` its second Friday, `FRI#L` its last, 7 is
   * Sunday, and `@daily` and the other nicknames work.
   */
  cron: cronExpression,
  /**
   * IANA time zone of the expression, such as `Europe/Berlin`. Of a local time that a change of the clock doubles the
   * first is due; one that it skips is due at the change. Default: the app setting `WEBSITE_TIME_ZONE`, else UTC.
   */
  timeZone: timeZone.optional(),
  /** First local day with due times, as `YYYY-MM-DD`. Default: no bound. */
  from: localDay.optional(),
  /** Last local day with due times. Default: no bound. */
  until: localDay.optional(),
  /**
   * Times that are not due: local days such as `2026-12-25`, and cron expressions such as `0 * * 13 * FRI`.
   * Default: none.
   */
  exclude: z.array(excluded).max(366).default([]),
  /**
   * Bound on a constant delay of every start, in minutes, 0 to 720. Each workload gets its own, so that workloads of one
   * due time do not start at once. Default: 0.
   */
  jitterMinutes: z.int().min(0).max(720).default(0),
  /**
   * Policy for due times that passed while the app was down: `last` runs the latest of them, `all`
   * runs each, `none` runs none. The others are recorded as missed. Default: `last`.
   */
  catchUp: z.enum(['none', 'last', 'all']).default('last'),
  /** Age in hours beyond which a due time is not made up for but recorded as missed. Default: no bound. */
  catchUpHours: z.number().positive().max(8784).optional(),
  /**
   * Minutes after a due time within which its run has to start; later it is recorded as missed. Default: the
   * `startWithinMinutes` of the workload, counted from the moment at which the due time is known.
   */
  startWithinMinutes: z.number().positive().max(10_080).optional(),
});

const scheduleSchema = scheduleFields.refine(
  ({ from, until }) => from === undefined || until === undefined || from <= until,
  { path: ['until'], error: 'must not be before `from`, or the schedule is never due' },
);

/** Due times that start runs, and the policy for those that were missed. */
export interface ScheduleOptions extends z.input<typeof scheduleSchema>, Named {}
export interface Schedule extends z.output<typeof scheduleSchema>, Named {}

const oneSchedule: z.ZodType<Schedule, string | ScheduleOptions> = z.union([
  cronExpression.transform((cron): Schedule => scheduleSchema.parse({ cron })),
  scheduleSchema,
]);

export const scheduleField: z.ZodType<
  readonly Schedule[],
  string | ScheduleOptions | readonly (string | ScheduleOptions)[]
> = z.union([oneSchedule.transform((schedule) => [schedule]), z.array(oneSchedule).min(1).max(20)]);

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

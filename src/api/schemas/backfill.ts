import { z } from 'zod';
import { statusSchema } from './run';
import { count, instant, minutes, money, type View } from './view';

/** Schemas of the requests and answers on backfills. */

const dayOrInstant = z
  .string()
  .refine(
    (text) =>
      z.iso.date().safeParse(text).success ||
      z.iso.datetime({ offset: true }).safeParse(text).success,
    { error: 'must be a day, such as 2026-11-23, or an instant, such as 2026-11-23T02:00:00Z' },
  )
  .transform((text) => (text.includes('T') ? new Date(text).toISOString() : text));

const order = z.enum(['oldestFirst', 'newestFirst']);
const again = z.enum(['never', 'failed', 'always']);

export const newBackfillSchema = z.strictObject({
  from: dayOrInstant.describe(
    'The first local day in the zone of the schedule, or the first instant.',
  ),
  to: dayOrInstant.describe('The last one, included.'),
  order: order.default('oldestFirst'),
  atOnce: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Bound on its runs that are active or wait at one time.'),
  again: again
    .default('never')
    .describe('Due times that have run and run again: none, those that did not succeed, or all.'),
  schedule: z
    .int()
    .min(0)
    .optional()
    .describe('Index of one schedule. Default: all of the workload.'),
  dryRun: z
    .boolean()
    .default(false)
    .describe('True: only the plan is returned, and nothing is written.'),
  by: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Name of the caller, where the platform does not know it.'),
});

const request = {
  workload: z.string(),
  from: z.string(),
  to: z.string(),
  order,
  atOnce: z.int(),
  again,
  schedule: z.int().nullable(),
};

const range = {
  dueTimes: count.describe('Number of its due times, with the earliest and the latest of them.'),
  first: instant,
  last: instant,
};

const countsSchema = z
  .partialRecord(z.enum([...statusSchema.options, 'none']), count)
  .describe('Number of due times by the status of their latest attempt; `none` never registered.');

export type Counts = View<typeof countsSchema>;

const estimateSchema = z
  .object({
    basis: z
      .enum(['succeededRuns', 'declaration'])
      .describe('The mean of the latest runs that succeeded, or the most that the runs may take.'),
    basedOnRuns: count,
    nodeMinutes: minutes,
    cost: money,
    minutes,
  })
  .describe(
    'Sums over all runs of the backfill, which run one after another or `atOnce` together.',
  );

export type Estimate = View<typeof estimateSchema>;

const plannedDueTimeSchema = z.object({
  due: instant,
  dueLocal: z.iso
    .datetime({ offset: true })
    .describe('The same in the zone of the schedule, with its offset.'),
  status: statusSchema.nullable().describe('Null for a due time that was never registered.'),
  runs: z.boolean(),
});

export type PlannedDueTime = View<typeof plannedDueTimeSchema>;

export const backfillPlanSchema = z
  .object({
    ...request,
    id: z.string().describe('The id that the backfill would have.'),
    ...range,
    counts: countsSchema,
    runs: count.describe('Number of due times that would run.'),
    estimate: estimateSchema,
    list: z
      .array(plannedDueTimeSchema)
      .describe('The first due times in the order of the backfill.'),
  })
  .describe('The due times that a backfill would run, with an estimate. Nothing is written.');

export type BackfillPlan = View<typeof backfillPlanSchema>;

export const backfillSummarySchema = z
  .object({
    ...request,
    id: z.string(),
    state: z.enum(['active', 'stopped', 'done']),
    cause: z.string().nullable().describe('Why it was stopped; null for one that was not.'),
    by: z.string(),
    createdAt: instant,
    endedAt: instant.nullable(),
    ...range,
    registered: count.describe('Number of runs that it has registered.'),
    remaining: count.describe('Number of due times that it has not come to.'),
    running: z.array(z.string()).describe('Ids of its runs that are active.'),
    waiting: z.array(z.string()).describe('Ids of its runs that wait to start.'),
  })
  .describe('A backfill in a list: all that its row says.');

export type BackfillSummary = View<typeof backfillSummarySchema>;

export const backfillViewSchema = z.object({
  ...backfillSummarySchema.shape,
  counts: countsSchema,
});

export type BackfillView = View<typeof backfillViewSchema>;

export const backfillStartedSchema = z.object({
  ...backfillViewSchema.shape,
  isNew: z.boolean().describe('False for one that was active already.'),
  statusUrl: z.string(),
});

export const backfillsSchema = z.object({ backfills: z.array(backfillSummarySchema) });

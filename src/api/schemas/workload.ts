import { z } from 'zod';
import type { Pause } from '../../ledger/rows';
import type { Workload } from '../../workload/workload';
import { instant, schemaOf, type View } from './view';

/** Schemas of the requests and answers on workloads and their pauses. */

const overlapSchema = schemaOf<Workload['overlap']>()(
  z.union([
    z.enum(['forbid', 'queue', 'replace', 'allow']),
    z.object({ allow: z.int().min(1).max(1000) }),
  ]),
);

export const scheduleSchema = z.object({
  cron: z.string(),
  timeZone: z.string(),
  nextDueAt: instant.nullable().describe('Null for a schedule that is never due again.'),
  nextDueLocal: z.iso
    .datetime({ offset: true })
    .nullable()
    .describe('The same in the zone of the schedule, with its offset.'),
});

export type ScheduleView = View<typeof scheduleSchema>;

const afterSchema = z
  .object({
    workloads: z.array(z.string()),
    wait: z
      .enum(['each', 'all'])
      .describe(
        'A run for each success of one workload; or one for each due time, when all have ended.',
      ),
    whenNotSucceeded: z
      .enum(['skip', 'run'])
      .nullable()
      .describe('Policy when one of several did not succeed; null with `each`.'),
    nextDueAt: instant
      .nullable()
      .describe('The next due time that several have in common; null with `each`.'),
  })
  .describe('The workloads that this one follows.');

export type AfterView = View<typeof afterSchema>;

export const pauseSchema = schemaOf<Pause>()(
  z.object({
    since: instant,
    until: instant.nullable().describe('Null until somebody resumes.'),
    by: z.string(),
    reason: z.string(),
  }),
);

export const workloadSchema = z.object({
  name: z.string(),
  description: z.string(),
  overlap: overlapSchema,
  parameters: z
    .record(z.string(), z.unknown())
    .describe('JSON Schema (2020-12) of the parameters that a caller may set.'),
  schedules: z.array(scheduleSchema),
  blobContainer: z
    .string()
    .nullable()
    .describe('The watched container; null without a blob trigger.'),
  after: afterSchema.nullable(),
  pause: pauseSchema.nullable(),
});

export type WorkloadView = View<typeof workloadSchema>;

export const workloadsSchema = z.object({ workloads: z.array(workloadSchema) });

export const newPauseSchema = z.strictObject({
  reason: z.string().min(1).max(200).describe('One sentence for people.'),
  until: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('The pause ends then. Default: when somebody resumes.'),
  by: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Name of the caller, where the platform does not know it.'),
});

export const resumeSchema = z.strictObject({ by: z.string().min(1).max(100).optional() });

export const pausedSchema = z.object({
  workload: z.string().nullable().describe('Null for all workloads.'),
  pause: pauseSchema.nullable().describe('The pause that holds now.'),
});

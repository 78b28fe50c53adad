import { z } from 'zod';
import { FINAL_STATES } from '../../ledger/rows';
import type { Stopped } from '../../run/finish/stop-costs';
import {
  milestoneSchema,
  nodeCountsSchema,
  occurrenceSchema,
  phaseSchema,
  recordSchema,
  taskCountsSchema,
} from './record';
import { count, instant, minutes, money, schemaOf, texts, type View } from './view';

/** Schemas of the requests and answers on runs. */

export const statusSchema = z.enum(['queued', 'running', ...FINAL_STATES]);

export const runSummarySchema = z
  .object({
    runId: z.string(),
    workload: z.string(),
    status: statusSchema,
    trigger: z.enum(occurrenceSchema.options.map(({ shape }) => shape.kind.value)),
    dueAt: instant
      .nullable()
      .describe(
        'The due time, for a run of a schedule and one that follows several of one due time.',
      ),
    startedBy: z
      .string()
      .describe(
        'Name of the caller who asked for this attempt, else what started it: `schedule`, `blob inbox/a.ply`, `run <id>`, `runs of a, b` or `backfill <id>`.',
      ),
    blob: z.string().nullable(),
    parameters: texts,
    follows: z
      .array(z.string())
      .describe('The runs that this one follows; empty while it waits for several.'),
    attempt: count.describe('0 for the first run of an occurrence.'),
    retryOf: z.string().nullable().describe('Id of the attempt before; null for the first.'),
    backfill: z.string().nullable().describe('Id of the backfill that asked for this attempt.'),
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    waitingFor: z
      .string()
      .nullable()
      .describe('One sentence on why it waits; null when it does not.'),
    nodeMinutes: minutes,
    cost: money,
    cause: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .describe('An occurrence in a list: all that the ledger has of it.');

export type RunSummary = View<typeof runSummarySchema>;

export const runViewSchema = z
  .object({
    ...runSummarySchema.shape,
    phase: phaseSchema.nullable(),
    tasks: taskCountsSchema.nullable(),
    nodes: nodeCountsSchema.nullable(),
    timeline: z.array(milestoneSchema),
    record: recordSchema.nullable().describe('Everything about a run that has ended.'),
  })
  .describe('A run: what the ledger has of it, its progress, and its record.');

export type RunView = View<typeof runViewSchema>;

export const runsPageSchema = z.object({
  runs: z.array(z.union([runViewSchema, runSummarySchema])),
  next: z
    .string()
    .nullable()
    .describe('Names the page after this one: `after=<next>`; null on the last page.'),
});

export const runsQuerySchema = z.strictObject({
  workload: z.string().optional(),
  status: z
    .string()
    .describe(`One or several of ${statusSchema.options.join(', ')}, with commas.`)
    .transform((text) => text.split(','))
    .pipe(z.array(statusSchema))
    .optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  after: z
    .string()
    .regex(/^\d{14}-[0-9a-f]{10}$/, 'must be `next` of the page before')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const callerSchema = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe('Name of the caller, where the platform does not know it.');

export const newRunSchema = z.strictObject({
  parameters: z.record(z.string(), z.unknown()).default({}),
  blob: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe("The only blob of the workload's input container that the run takes."),
  by: callerSchema,
});

export const startedSchema = z.object({
  runId: z.string(),
  workload: z.string(),
  isNew: z.boolean().describe('False for the run of an earlier request with the same key.'),
  note: z.string().optional(),
  statusUrl: z.string(),
});

export const newRetrySchema = z.strictObject({
  tasks: z
    .enum(['failed', 'all'])
    .default('failed')
    .describe('Tasks that run: those that did not succeed, or all, on the inputs as they are.'),
  by: callerSchema,
});

export const retriedSchema = z.object({
  runId: z.string(),
  workload: z.string(),
  attempt: count,
  retryOf: z.string(),
  isNew: z.boolean().describe('False for a retry that is active already.'),
  statusUrl: z.string(),
});

export const cancelledSchema = z.object({
  runId: z.string(),
  message: z.string(),
  statusUrl: z.string(),
});

export const stopQuerySchema = z.strictObject({ workload: z.string().optional() });

const stoppedSchema = schemaOf<Stopped>()(
  z.object({
    removing: z.array(z.object({ kind: z.enum(['pool', 'job']), id: z.string() })),
    scaledToZero: z.array(z.string()),
    refused: z.array(z.string()),
  }),
);

export const allStoppedSchema = z.object({
  cancelled: z.array(z.string()).describe('Ids of the runs that were cancelled.'),
  backfills: z.array(z.string()).describe('Ids of the backfills that were stopped.'),
  ...stoppedSchema.shape,
});

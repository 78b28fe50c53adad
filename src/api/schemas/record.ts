import { z } from 'zod';
import { FAILURE_CODES } from '../../failure';
import type {
  CleanedUp,
  Follower,
  Milestone,
  NodeCounts,
  Occurrence,
  Outcome,
  Phase,
  RetryRequest,
  RunRecord,
  TaskCounts,
} from '../../run/run';
import { count, instant, minutes, money, schemaOf, texts } from './view';

/** Schemas of the data of a run, as records and views show them. */

export const occurrenceSchema = schemaOf<Occurrence>()(
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('schedule'),
      due: instant,
      timeZone: z.string().optional(),
      intervalStart: instant.optional(),
    }),
    z.object({
      kind: z.literal('blob'),
      container: z.string(),
      name: z.string(),
      etag: z.string(),
    }),
    z.object({ kind: z.literal('request'), key: z.string() }),
    z.object({ kind: z.literal('after'), runId: z.string(), timeZone: z.string().optional() }),
    z.object({
      kind: z.literal('afterAll'),
      due: instant,
      timeZone: z.string(),
      workloads: z.array(z.string()),
      runs: texts,
    }),
  ]),
);

export const failureCode = z.enum(FAILURE_CODES);

const outcomeSchema = schemaOf<Outcome>()(
  z.union([
    z.object({ kind: z.literal('succeeded') }),
    z.object({
      kind: z.enum(['failed', 'cancelled', 'timedOut', 'skipped']),
      code: failureCode,
      cause: z.string(),
    }),
  ]),
);

export const phaseSchema = schemaOf<Phase>()(
  z.enum([
    'admitting',
    'staging',
    'provisioning',
    'submitting',
    'watching',
    'harvesting',
    'cleaningUp',
    'ended',
  ]),
);

export const milestoneSchema = schemaOf<Milestone>()(z.object({ phase: phaseSchema, at: instant }));

export const taskCountsSchema = schemaOf<TaskCounts>()(
  z.object({ active: count, running: count, succeeded: count, failed: count }),
);

export const nodeCountsSchema = schemaOf<NodeCounts>()(
  z.object({
    starting: count,
    waitingForStartTask: count,
    startTaskFailed: count,
    idle: count,
    running: count,
    unusable: count,
    preempted: count,
    leaving: count,
  }),
);

const cleanedUpSchema = schemaOf<CleanedUp>()(
  z.object({
    resource: z.enum(['pool', 'job', 'staging', 'outputs']),
    id: z.string(),
    state: z.enum(['deleted', 'deleting', 'kept', 'notOwned', 'leftBehind']),
    reason: z.string().optional(),
  }),
);

const followerSchema = schemaOf<Follower>()(
  z.object({ workload: z.string(), runId: z.string().nullable(), cause: z.string().optional() }),
);

const retryRequestSchema = schemaOf<RetryRequest>()(
  z.object({
    from: z
      .string()
      .nullable()
      .describe('Id of the attempt whose outputs are taken over; null for a retry of everything.'),
    by: z.string(),
  }),
);

export const recordSchema = schemaOf<RunRecord>()(
  z.object({
    runId: z.string(),
    workload: z.string(),
    occurrence: occurrenceSchema,
    attempt: count.optional().describe('Left out for the first run of an occurrence.'),
    retryOf: z.string().optional(),
    outcome: outcomeSchema,
    startedAt: instant,
    endedAt: instant,
    timeline: z.array(milestoneSchema),
    tasks: taskCountsSchema,
    missingTasks: count,
    retry: retryRequestSchema.optional(),
    takenOverTasks: count
      .optional()
      .describe('Tasks whose outputs a retry has taken over; they are not among `tasks`.'),
    nodeMinutes: minutes,
    dedicatedMinutes: minutes,
    preemptions: count,
    vmSize: z.string().optional(),
    estimatedCost: money,
    results: z.array(z.object({ name: z.string(), bytes: count })),
    logs: z.array(z.string()),
    outputContainer: z.string(),
    outputsKeptUntil: instant.nullable(),
    logsKeptUntil: instant.nullable(),
    cleanedUp: z.array(cleanedUpSchema),
    warnings: z.array(z.string()),
    followers: z.array(followerSchema),
  }),
);

import { z } from 'zod';
import { budgetSchema, spendSchema } from './costs';
import { phaseSchema } from './record';
import { runSummarySchema, statusSchema } from './run';
import { count, instant, minutes, money, type View } from './view';
import { pauseSchema, workloadSchema } from './workload';

/** Schemas of the answers that show the app, or one workload, on a screen. */

const nextDueSchema = z.object({
  at: instant,
  local: z.iso.datetime({ offset: true }).describe('The same in the zone of the schedule.'),
  timeZone: z.string(),
});

const activeRunSchema = z.object({
  runId: z.string(),
  status: z.enum(['queued', 'running']),
  phase: phaseSchema.nullable(),
  sentence: z.string().describe('What the run does or waits for.'),
  progress: z.object({
    done: count.describe('Tasks that have ended, successful or not.'),
    total: count.nullable().describe('Null until the number of tasks is known.'),
  }),
  nodes: count.describe('Nodes that are billed.'),
  nodeMinutes: minutes,
  attempt: count,
  dueAt: instant.nullable(),
  startedAt: instant.nullable(),
});

export type ActiveRunView = View<typeof activeRunSchema>;

const pastRunSchema = z.object({
  runId: z.string(),
  status: statusSchema,
  trigger: runSummarySchema.shape.trigger,
  dueAt: instant.nullable(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  minutes: minutes.nullable().describe('From start to end; null for what did not start.'),
  nodeMinutes: minutes,
  cost: money,
  attempt: count,
  cause: runSummarySchema.shape.cause,
});

export type PastRunView = View<typeof pastRunSchema>;

const monthSchema = z
  .object({ month: z.string(), ...spendSchema.shape, budget: budgetSchema.nullable() })
  .describe('Node-minutes and money of the current month of UTC.');

const { name, description, schedules, blobContainer, after } = workloadSchema.shape;

const overviewWorkloadSchema = z.object({
  name,
  description,
  triggers: z.object({ schedules, blobContainer, after }),
  nextDue: nextDueSchema.nullable().describe('The next due time of all schedules.'),
  pause: pauseSchema.nullable(),
  active: z.array(activeRunSchema),
  lastRuns: z
    .array(pastRunSchema)
    .describe('The last 30 occurrences that are final, newest first.'),
  month: monthSchema,
});

export type OverviewWorkload = View<typeof overviewWorkloadSchema>;

const billedRunSchema = z.object({
  runId: z.string(),
  workload: z.string(),
  nodes: count,
  nodeMinutes: minutes.describe('Node-minutes so far.'),
  pricePerHour: money.describe('The price of its nodes for an hour; null without a price.'),
  askedAt: instant.nullable().describe('The poll of the run that counted its nodes.'),
});

const billedPoolSchema = z.object({
  id: z.string(),
  runId: z.string().nullable().describe('The run that made it; null for a retained pool.'),
  nodes: count.nullable().describe('Null where they were not counted.'),
  reason: z.enum(['retained', 'leftover']),
});

const billingSchema = z
  .object({
    state: z
      .enum(['nothing', 'billed', 'unknown'])
      .describe(
        '`nothing`: no run is active, and Batch had no pool with nodes and no job of this app when it was asked. `unknown`: Batch has not been asked yet, or an active run had no node at its last poll.',
      ),
    sentence: z.string(),
    askedAt: instant
      .nullable()
      .describe('When Batch was last asked for all pools and jobs of this app.'),
    askedBy: z.literal('reconciler').nullable(),
    runs: z.array(billedRunSchema),
    pools: z
      .array(billedPoolSchema)
      .describe('Pools with nodes at `askedAt` that belong to no active run.'),
    nodes: count,
    pricePerHour: money.describe('Null where one of the runs or pools has no price.'),
  })
  .describe('What is billed now for nodes of this app.');

export type BillingView = View<typeof billingSchema>;

const attentionSchema = z.object({
  kind: z.enum(['failing', 'missed', 'late', 'waitingForCapacity', 'budgetReached']),
  workload: z.string(),
  runId: z.string().nullable().describe('The run it concerns, the newest of several.'),
  sentence: z.string(),
  at: instant,
});

export type AttentionView = View<typeof attentionSchema>;

export const overviewSchema = z
  .object({
    asOf: instant,
    app: z.object({
      name: z.string(),
      environment: z
        .string()
        .nullable()
        .describe('The value of AZURE_FUNCTIONS_ENVIRONMENT; null where it is not set.'),
    }),
    currency: z.string().describe('The currency of all prices and costs, such as USD.'),
    workloads: z.array(overviewWorkloadSchema),
    month: monthSchema,
    billing: billingSchema,
    attention: z.array(attentionSchema).describe('What somebody should see, the newest first.'),
  })
  .describe('The app on one screen.');

export type OverviewView = View<typeof overviewSchema>;

export const workloadDetailSchema = z
  .object({
    ...workloadSchema.shape,
    asOf: instant,
    currency: z.string(),
    nextDue: z.array(nextDueSchema).describe('The next five due times of all schedules.'),
    active: z.array(activeRunSchema),
    lastRuns: overviewWorkloadSchema.shape.lastRuns,
    month: monthSchema,
    declared: z
      .object({
        work: z.enum(['whole', 'split', 'perBlob', 'sweep', 'tasks']),
        vmSize: z.string().nullable().describe('Null for an existing pool.'),
        existingPool: z.string().nullable(),
        maxNodes: count,
        dedicatedNodes: count,
        slotsPerNode: count,
        deadlineMinutes: count,
        startWithinMinutes: count,
        keepOutputsDays: count,
        inputContainer: z.string().nullable(),
        results: z.array(z.string()),
        price: z
          .object({ spot: z.number().min(0), dedicated: z.number().min(0) })
          .nullable()
          .describe('The price of a node for an hour; null without one.'),
        capCost: money.describe('The most that a run may cost.'),
      })
      .describe('The declaration in short.'),
  })
  .describe('A workload with its declaration, due times, runs and budget.');

export type WorkloadDetail = View<typeof workloadDetailSchema>;

import { z } from 'zod';
import type { Forecast } from '../../run/forecast/forecast';
import { count, minutes, money, schemaOf, texts, type View } from './view';
import { scheduleSchema } from './workload';

/** Schemas of a plan. */

const poolSchema = z.discriminatedUnion('isMade', [
  z.object({
    isMade: z.literal(true),
    id: z.string(),
    vmSize: z.string(),
    slotsPerNode: count,
    firstNodes: count,
    nodesForTasks: count.nullable(),
    maxNodes: count,
    formula: z.string(),
    formulaGives: z.string(),
  }),
  z.object({ isMade: z.literal(false), id: z.string() }),
]);

const accountSchema = z.object({
  quotas: z
    .object({
      spotCores: count.nullable(),
      dedicatedCores: count.nullable(),
      pools: count.nullable(),
      jobs: count.nullable(),
    })
    .describe('Null where a quota is unknown.'),
  defaultVersions: texts,
  unavailableReason: z.string().nullable(),
});

const forecastSchema = schemaOf<Forecast>()(
  z.object({
    workload: z.string(),
    errors: z
      .array(z.string())
      .describe('Errors that would make the run fail; empty when it can start.'),
    warnings: z.array(z.string()),
    inputs: z.object({ count, bytes: count, first: z.array(z.string()) }).nullable(),
    pool: poolSchema.nullable().describe('Null when there is nothing to do.'),
    job: z.object({ id: z.string(), containers: z.array(z.string()) }).nullable(),
    tasks: z.object({
      count: count.nullable().describe('Null when the job manager decides the number of tasks.'),
      atMost: count.nullable(),
      first: z.array(z.object({ id: z.string(), command: z.string(), about: z.string() })),
    }),
    secrets: z.array(z.object({ name: z.string(), isReadable: z.boolean() })),
    account: accountSchema,
    estimate: z.object({
      fromRuns: count,
      minutes: minutes.nullable(),
      nodeMinutes: minutes.nullable(),
      cost: money,
      capNodeMinutes: minutes.describe('Upper bound.'),
      capCost: money,
    }),
  }),
);

const amount = z.number();

const planBudgetSchema = z.object({
  perMonth: amount,
  whenExceeded: z.enum(['refuse', 'queue']),
  spent: amount.describe('Cost of the runs of this month that have ended.'),
  reserved: amount.describe('The most that active runs may still take.'),
  afterwards: money.describe(
    'Spent and reserved with the most that this run may take; null for a run without a price.',
  ),
  exceeded: z
    .string()
    .nullable()
    .describe('One sentence where the budget does not hold the run; null where it does.'),
});

export type PlanBudget = View<typeof planBudgetSchema>;

export const planSchema = z
  .object({
    ...forecastSchema.shape,
    budget: planBudgetSchema.nullable().describe('Null for a workload without a budget.'),
    schedules: z.array(scheduleSchema),
  })
  .describe('What a run would create, need and cost. Nothing is created.');

import { z } from 'zod';
import { count, instant, minutes, money, type View } from './view';

/** Schemas of the requests and answers on costs. Months and days are those of UTC. */

const month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'must be a month such as 2026-11');

export const costsQuerySchema = z.strictObject({
  by: z.enum(['workload', 'day']).default('workload').describe('What a group of the answer is.'),
  month: month.optional().describe('A month of UTC, such as 2026-11. Default: the current one.'),
});

const spendFields = {
  runs: count.describe('Occurrences that have ended, also those that were skipped or missed.'),
  nodeMinutes: minutes,
  cost: money.describe('Null where nothing that was spent has a price.'),
  pricing: z
    .enum(['priced', 'partly', 'unpriced'])
    .describe(
      '`partly` and `unpriced`: some or all node-minutes have no price, and are in no cost.',
    ),
  unpricedMinutes: minutes.describe('Node-minutes without a price.'),
};

export const spendSchema = z.object(spendFields).describe('Node-minutes and money.');

export type SpendView = View<typeof spendSchema>;

/** Node-minutes and money, with what became of them. */
const detailedFields = {
  ...spendFields,
  spotMinutes: minutes,
  dedicatedMinutes: minutes,
  successful: spendSchema.describe('Runs that succeeded.'),
  wasted: spendSchema.describe('Runs that failed, timed out or were cancelled.'),
  retries: spendSchema.describe('Later attempts; they are among the successful and the wasted.'),
  preemptions: count.describe('Nodes that Azure took away from runs.'),
  undetailedMinutes: minutes.describe(
    'Node-minutes that an earlier version recorded: of them only the sum of the month is known, neither day nor node kind nor end.',
  ),
};

export const budgetSchema = z
  .object({
    perMonth: z.number().min(0),
    whenExceeded: z.enum(['refuse', 'queue']),
    spent: z.number().min(0).describe('The cost of the runs of the month that have ended.'),
    reserved: z.number().min(0).describe('The most that active runs may take.'),
    left: z.number().min(0),
    isBinding: z
      .boolean()
      .describe(
        'False where the nodes have no price: nothing is counted, and no start is refused.',
      ),
  })
  .describe('A budget of the month, in the currency of the prices.');

export type BudgetView = View<typeof budgetSchema>;

const daySpendSchema = z.object({ day: z.iso.date(), ...spendFields });

const costGroupSchema = z.object({
  workload: z.string().nullable().describe('Null for a group by day.'),
  day: z.iso.date().nullable().describe('Null for a group by workload.'),
  ...detailedFields,
  days: z
    .array(daySpendSchema)
    .describe('The days of the month with runs, the earliest first; empty for a group by day.'),
  previousMonth: spendSchema.nullable().describe('Null for a group by day.'),
  budget: budgetSchema
    .nullable()
    .describe('Null without a budget, and for a month that has passed.'),
});

export type CostGroup = View<typeof costGroupSchema>;

export const costsSchema = z
  .object({
    asOf: instant,
    month,
    by: z.enum(['workload', 'day']),
    currency: z.string().describe('The currency of all prices and costs, such as USD.'),
    groups: z.array(costGroupSchema),
    total: z.object({
      ...detailedFields,
      previousMonth: spendSchema,
      budget: budgetSchema.nullable().describe('That of the whole app.'),
    }),
  })
  .describe('Node-minutes and money of one month. Runs that are active are not in it.');

export type CostsView = View<typeof costsSchema>;

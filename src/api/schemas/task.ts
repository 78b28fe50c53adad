import { z } from 'zod';
import { TASK_STATES, type TaskView } from '../../run/finish/reads';
import { count, instant, schemaOf } from './view';

/** Schemas of the requests and answers on the tasks of a run. */

const stateSchema = z.enum(TASK_STATES);

export const taskSchema = schemaOf<TaskView>()(
  z.object({
    id: z.string(),
    state: stateSchema,
    node: z.string().nullable().describe('The node of its latest execution.'),
    exitCode: z.int().nullable(),
    startedAt: instant.nullable().describe('Start of the latest execution.'),
    endedAt: instant.nullable(),
    retries: count.describe('Executions after a failure.'),
    requeues: count.describe('Executions after the loss of a node.'),
    input: z.string().nullable().describe('The name of its input, as an uploader chose it.'),
    cause: z.string().nullable().describe('The reason of Batch for a failure.'),
  }),
);

export const tasksQuerySchema = z.strictObject({
  status: stateSchema.optional(),
  after: z
    .string()
    .regex(/^(?:b[\w-]{1,4000}|k\d{1,6})$/, 'must be `next` of the page before')
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const tasksPageSchema = z
  .object({
    tasks: z.array(taskSchema),
    next: z
      .string()
      .nullable()
      .describe('Names the page after this one: `after=<next>`; null on the last page.'),
    isComplete: z
      .boolean()
      .describe('False where not all tasks of an ended run were kept: only failed ones, or none.'),
  })
  .describe('A page of the tasks of a run.');

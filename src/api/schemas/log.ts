import { z } from 'zod';
import type { NodeView } from '../../run/finish/reads';
import { nodeCountsSchema } from './record';
import { count, instant, schemaOf, type View } from './view';

/** Schemas of the requests and answers on logs and nodes of a run. */

export const logQuerySchema = z.strictObject({
  offset: z.coerce
    .number()
    .int()
    .default(0)
    .describe('Index of the first byte; a negative one counts from the end.'),
});

export const logPartSchema = z
  .object({
    text: z
      .string()
      .describe(
        'At most 256 KiB of the log, without control characters other than tab and newline.',
      ),
    offset: count.describe('Index of the first byte of this part in the file.'),
    next: count.describe('The offset with which to ask for what follows.'),
    length: count.describe('Bytes of the file, as of now.'),
    isEnded: z.boolean().describe('True where nothing is written to the log any more.'),
  })
  .describe('A part of a log.');

export type LogPart = View<typeof logPartSchema>;

const nodeSchema = schemaOf<NodeView>()(
  z.object({
    id: z.string(),
    state: z.enum(Object.keys(nodeCountsSchema.shape) as readonly NodeView['state'][]),
    isSpot: z.boolean(),
    since: instant.nullable().describe('Last change of the state.'),
    allocatedAt: instant.nullable(),
    runningTasks: count,
    startTask: z
      .object({
        exitCode: z.int().nullable(),
        startedAt: instant.nullable(),
        endedAt: instant.nullable(),
        retries: count,
      })
      .nullable()
      .describe('Null on a node without a start task, and before it starts.'),
    errors: z.array(z.string()),
  }),
);

export const nodesSchema = z.object({
  nodes: z.array(nodeSchema).describe('Empty before the run has a pool, and after its end.'),
});

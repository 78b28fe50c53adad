import { z } from 'zod';
import { runViewSchema } from './run';
import { count, type View } from './view';

/** Schemas of lists of outputs. */

export const outputsSchema = z.object({
  files: z.array(z.object({ name: z.string(), bytes: count, url: z.string() })),
  isComplete: z
    .boolean()
    .describe('False when there are more files: ask again with `after` set to the last name.'),
});

export type OutputList = View<typeof outputsSchema>;

/** Outputs in one answer. */
const outputLimit = z.coerce.number().int().min(1).max(5000).default(5000);

export const outputsQuerySchema = z.object({
  prefix: z.string().default('').describe('Only outputs whose names start with it.'),
  after: z
    .string()
    .default('')
    .describe('The name after which the list continues; empty for its start.'),
  limit: outputLimit,
});

export const latestQuerySchema = z.object({ limit: outputLimit });

export const latestSchema = z.object({ run: runViewSchema, ...outputsSchema.shape });

export const outputLinkSchema = z.object({
  url: z.string().describe('Address of the output in storage, which grants read access to it.'),
  minutes: count.describe('Minutes for which the address is valid.'),
});

export type OutputLink = View<typeof outputLinkSchema>;

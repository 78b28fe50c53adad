import { z } from 'zod';
import {
  containerName,
  environment,
  locale,
  MINUTES_PER_DAY,
  programName,
  secretName,
} from './fields';
import { container } from './task-schema';

/** What happens on a node besides tasks: before the job's first task there, and after its last. */

const common = {
  command: z.string().min(1).max(8000),
  programs: z.array(programName).default([]),
  environment,
  /** Key Vault names; each becomes the file `secrets/<name>` in the working directory. */
  secrets: z.array(secretName).default([]),
  elevated: z.boolean().default(false),
  locale: locale.optional(),
  /** Without one it runs on the node itself, also where tasks are containers. */
  container: container.optional(),
};

/** Tasks find its directory in AZ_BATCH_JOB_PREP_WORKING_DIR. It may run twice on a node. */
export const prepareSchema = z.strictObject({
  ...common,
  retries: z.int().min(0).max(10).default(2),
  maxMinutes: z
    .int()
    .min(1)
    .max(7 * MINUTES_PER_DAY)
    .default(60),
});

/** Runs when the job ends, on the nodes that are there then. Its failure fails nothing. */
export const releaseSchema = z.strictObject({
  ...common,
  /** Batch ends it after a quarter of an hour. */
  maxMinutes: z.int().min(1).max(15).default(15),
});

/** Reference data that all tasks read: brought to every node once, before the job's first task there. */
export const sharedSchema = z.strictObject({
  container: containerName,
  /** Blobs whose names begin so; all when empty. */
  prefix: z
    .string()
    .regex(/^(?!\/)[^\\\0]*$/, 'must be the beginning of blob names, such as "maps/2026/"')
    .default(''),
  /** `$AZ_BATCH_JOB_PREP_WORKING_DIR/<to>/<blob name>` is where tasks find each. */
  to: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'must be a folder name'),
});

import { z } from 'zod';
import type { Named } from './named';
import {
  containerName,
  environment,
  locale,
  MINUTES_PER_DAY,
  programName,
  secretName,
} from './fields';
import { containerField } from './task-schema';

const common = {
  /**
   * Command line, 1 to 8000 characters. Batch runs it without a shell: for `&&`, `|` or `$NAME`
   * write `/bin/sh -c '…'`.
   */
  command: z.string().min(1).max(8000),
  /**
   * Files of the workload's `programs` folder that are put into the working directory. Default:
   * none.
   */
  programs: z.array(programName).default([]),
  /** Environment variables. Names are upper-case letters, digits and `_`. Default: none. */
  environment,
  /**
   * Key Vault secrets; each becomes the file `secrets/<name>` in the working directory. Default:
   * none.
   */
  secrets: z.array(secretName).default([]),
  /** True to run it as administrator. Default: false. */
  elevated: z.boolean().default(false),
  /** Value of `LC_ALL`. Default: the workload's `locale`. */
  locale: locale.optional(),
  /**
   * Container in which it runs; the tasks must be containers too. Default: it runs on the node
   * itself, even if tasks are containers.
   */
  container: containerField.optional(),
};

const prepareSchema = z.strictObject({
  ...common,
  /** Number of times that Batch reruns it after a non-zero exit code, 0 to 10. Default: 2. */
  retries: z.int().min(0).max(10).default(2),
  /** Maximum minutes of one attempt, from 1 to 10080 (seven days). Default: 60. */
  maxMinutes: z
    .int()
    .min(1)
    .max(7 * MINUTES_PER_DAY)
    .default(60),
});

/**
 * The job preparation task: it runs on a node before the first task of the run there, and may run
 * again when the node restarts. Tasks find its directory in AZ_BATCH_JOB_PREP_WORKING_DIR.
 */
export interface PrepareOptions extends z.input<typeof prepareSchema>, Named {}

export const prepareField: z.ZodType<
  z.output<typeof prepareSchema>,
  PrepareOptions
> = prepareSchema;

const releaseSchema = z.strictObject({
  ...common,
  /** Maximum minutes, 1 to 15: Batch terminates a job release task after 15. Default: 15. */
  maxMinutes: z.int().min(1).max(15).default(15),
});

/**
 * The job release task: it runs when the job ends, on the nodes that exist then. Its failure does
 * not fail the run.
 */
export interface ReleaseOptions extends z.input<typeof releaseSchema>, Named {}

export const releaseField: z.ZodType<
  z.output<typeof releaseSchema>,
  ReleaseOptions
> = releaseSchema;

const sharedSchema = z.strictObject({
  /** Container of the storage account that holds the data. */
  container: containerName,
  /** Prefix of the names of the blobs to download, such as `maps/2026/` or `maps/{due:yyyy}/`. Default: every blob. */
  prefix: z
    .string()
    .regex(/^(?!\/)[^\\\0]*$/, 'must be the prefix of blob names, such as "maps/2026/"')
    .default(''),
  /**
   * Name of the folder for the blobs: tasks find each at
   * `$AZ_BATCH_JOB_PREP_WORKING_DIR/<to>/<blob name>`.
   */
  to: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'must be a folder name'),
});

/** Reference data that is downloaded to every node once, before the first task of the run there. */
export interface SharedOptions extends z.input<typeof sharedSchema>, Named {}

export const sharedField: z.ZodType<z.output<typeof sharedSchema>, SharedOptions> = sharedSchema;

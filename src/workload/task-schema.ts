import { z } from 'zod';
import {
  environment,
  imageReference,
  locale,
  MINUTES_PER_DAY,
  packageReferences,
  programName,
  relativePath,
  secretName,
} from './fields';

const outputSchema = z.strictObject({
  /** Files in the task's working directory: `outputs/*.tile`. */
  files: relativePath,
  /**
   * The folder in the run's output container they go to; `{task}` stands for the id of the task.
   * Names are built from task and file alone, so another attempt at a task overwrites what the one
   * before it wrote, and nothing else.
   */
  to: relativePath,
});

export const container = z.strictObject({
  image: imageReference,
  /** More options of `docker create`: `--workdir /app --volume …`. */
  runOptions: z.string().default(''),
  /** Where the command begins: in the task's own directory, or where the image says. */
  workingDirectory: z.enum(['task', 'image']).default('task'),
});

/** One kind of task. Its command line is a constant: what varies travels as environment or file. */
export const taskSchema = z.strictObject({
  /**
   * Run by Batch without a shell: for `&&`, `|` or `$NAME` write `/bin/sh -c '…'`. The empty
   * string is for containers only and means the image's own command.
   */
  command: z.string().max(8000),
  /** Files of the workload's `programs` folder, put into the working directory. */
  programs: z.array(programName).default([]),
  environment,
  /** Folders of the run's output container that the task reads; they keep their names. */
  reads: z.array(relativePath).default([]),
  /** Key Vault names; each becomes the file `secrets/<name>` in the working directory. */
  secrets: z.array(secretName).default([]),
  outputs: z.array(outputSchema).default([]),
  slots: z.int().min(1).max(256).default(1),
  /** Times Batch runs the task again after a non-zero exit. */
  retries: z.int().min(0).max(10).default(3),
  /** One attempt may not run longer. */
  maxMinutes: z
    .int()
    .min(1)
    .max(7 * MINUTES_PER_DAY)
    .default(60),
  elevated: z.boolean().default(false),
  /** A user that only this task has, or one that all tasks of the node share with their files. */
  user: z.enum(['task', 'pool']).default('task'),
  /** Instead of the workload's. */
  locale: locale.optional(),
  container: container.optional(),
  /** Application packages that a node unpacks before it runs the task. */
  packages: packageReferences,
});

export type TaskTemplate = z.output<typeof taskSchema>;
export type Container = z.output<typeof container>;

import { z } from 'zod';
import type { Named } from './named';
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
  /**
   * Files in the task's working directory to keep: a path or a pattern such as `outputs/*.tile`.
   */
  files: relativePath,
  /**
   * Folder in the run's output container for these files, such as `results` or `parts/{task}`;
   * `{task}` is replaced by the id of the task, `{due:yyyy/MM/dd}` by the due time of the run. Blob names depend on task and file only, so a retry
   * overwrites the files of the attempt before it and nothing else.
   */
  to: relativePath,
});

/** Files that a task keeps. */
export interface OutputOptions extends z.input<typeof outputSchema>, Named {}

const outputField: z.ZodType<z.output<typeof outputSchema>, OutputOptions> = outputSchema;

const containerSchema = z.strictObject({
  /** Image as `docker pull` names it, such as `busybox:1.36` or `myregistry.azurecr.io/fit:2`. */
  image: imageReference,
  /**
   * Additional options of `docker create`, such as `--workdir /app`. Batch adds `--gpus` itself.
   * Default: none.
   */
  runOptions: z.string().default(''),
  /**
   * Directory in which the command starts: `task` is the task's working directory, `image` the
   * image's own. Default: `task`.
   */
  workingDirectory: z.enum(['task', 'image']).default('task'),
});

/** The container of a task. */
export interface ContainerOptions extends z.input<typeof containerSchema>, Named {}
export interface Container extends z.output<typeof containerSchema>, Named {}

export const containerField: z.ZodType<Container, ContainerOptions> = containerSchema;

export const taskSchema = z.strictObject({
  /**
   * Command line, up to 8000 characters. It is constant; what varies is passed as environment or
   * file. Batch runs it without a shell: for `&&`, `|` or `$NAME` write `/bin/sh -c '…'`. The empty
   * string runs the command of the image and is for container tasks only.
   */
  command: z.string().max(8000),
  /**
   * Files of the workload's `programs` folder that are put into the working directory, such as
   * `report.mjs`. Default: none.
   */
  programs: z.array(programName).default([]),
  /**
   * Environment variables, such as `{ MODE: 'fast' }`. Names are upper-case letters, digits and
   * `_`. Default: none.
   */
  environment,
  /**
   * Folders of the run's output container that are downloaded before the task starts, under the
   * same names. Default: none.
   */
  reads: z.array(relativePath).default([]),
  /**
   * Key Vault secrets; each becomes the file `secrets/<name>` in the working directory. Default:
   * none.
   */
  secrets: z.array(secretName).default([]),
  /**
   * Files to keep when the task succeeds, such as `[{ files: 'outputs/*', to: 'results' }]`. Logs
   * are always kept. Default: none.
   */
  outputs: z.array(outputField).default([]),
  /** Task slots that the task occupies, from 1 up to `pool.slotsPerNode`. Default: 1. */
  slots: z.int().min(1).max(256).default(1),
  /** Number of times that Batch reruns the task after a non-zero exit code, 0 to 10. Default: 3. */
  retries: z.int().min(0).max(10).default(3),
  /**
   * Maximum minutes of one attempt, from 1 to 10080 (seven days) and at most `deadlineMinutes`.
   * Default: 60.
   */
  maxMinutes: z
    .int()
    .min(1)
    .max(7 * MINUTES_PER_DAY)
    .default(60),
  /** True to run the task as administrator. Default: false. */
  elevated: z.boolean().default(false),
  /**
   * User that the task runs as: `task` is a user of its own, `pool` is shared, with its files, by
   * all tasks of the node. Default: `task`.
   */
  user: z.enum(['task', 'pool']).default('task'),
  /** Value of `LC_ALL` for this task, such as `de_DE.UTF-8`. Default: the workload's `locale`. */
  locale: locale.optional(),
  /**
   * Container in which the task runs. When one task is a container, all tasks must be. Default: the
   * task runs on the node itself.
   */
  container: containerField.optional(),
  /**
   * Application packages that a node unpacks before it runs the task, at most 10. Default: none.
   */
  packages: packageReferences,
});

/** A kind of task. */
export interface TaskOptions extends z.input<typeof taskSchema>, Named {}
export interface TaskTemplate extends z.output<typeof taskSchema>, Named {}

export const taskField: z.ZodType<TaskTemplate, TaskOptions> = taskSchema;

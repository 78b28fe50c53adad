import { z } from 'zod';
import type { Named } from './named';
import { environment } from './fields';
import { combinationsIn } from './sweep';
import { taskSchema, taskField, type TaskTemplate } from './task-schema';

const MAX_TASKS = 1_000_000;
/** Every input is a resource file with its own URL, and a task must not exceed a megabyte. */
const MAX_INPUTS_IN_CHUNK = 200;

/** A share from 0 to 1. */
const share = z.number().min(0).max(1);
const chunk = z.int().min(1);

const mergeSchema = taskSchema.extend({
  /**
   * Share of the other tasks that must succeed, 0 to 1. Below 1, failed tasks do not end the run: the
   * merge runs with what there is, and `missing.json`, in its working directory and in the run's
   * output container, lists the missing tasks and why they failed. A run that cannot reach the quorum
   * fails, at once or later: see `whenTaskFails`. Default: 1.
   */
  quorum: share.default(1),
});

/** A task that runs once, after all other tasks. */
export interface MergeOptions extends z.input<typeof mergeSchema>, Named {}
export interface MergeTemplate extends z.output<typeof mergeSchema>, Named {}

const mergeField: z.ZodType<MergeTemplate, MergeOptions> = mergeSchema;

/** Fields of every kind of work with several tasks. */
const several = {
  /** Task that runs once, after all other tasks, and combines their outputs. Default: none. */
  merge: mergeField.optional(),
  /**
   * Share of the tasks that may fail without failing the run, 0 to 1; for work without a merge.
   * Their outputs are missing, and `missing.json` in the run's output container lists them.
   * `results` are required all the same. Default: 0.
   */
  tolerateFailed: share.default(0),
  /**
   * Policy when more tasks have failed than may fail: with `finish` all others that do not depend on
   * them run to their end, then the run fails, and a retry runs the rest. A run whose first 10 tasks
   * all failed ends at once. With `stop` the run ends at once in any case. Default: `finish`.
   */
  whenTaskFails: z.enum(['finish', 'stop']).default('finish'),
};

const variable = z
  .string()
  .regex(
    /^(?!AZ_BATCH_|RUN_(ID|STARTED_AT|DUE_AT|INTERVAL_START|INTERVAL_END|FOLLOWS)$|UNITS$)[A-Z][A-Z0-9_]{0,63}$/,
    'must be upper-case letters, digits and _, and none of the variables that Batch or the app sets (AZ_BATCH_…, RUN_ID, RUN_STARTED_AT, RUN_DUE_AT, RUN_INTERVAL_START, RUN_INTERVAL_END, RUN_FOLLOWS, UNITS)',
  );

const rangeSchema = z.strictObject({
  /** First value. */
  from: z.number(),
  /** Last value, when a step reaches it exactly. */
  to: z.number(),
  /** Difference between two values; negative to count down. Default: 1. */
  step: z.number().default(1),
});

/** A range of numbers, such as `{ from: 1, to: 10 }`. */
export interface RangeOptions extends z.input<typeof rangeSchema>, Named {}

const rangeField: z.ZodType<z.output<typeof rangeSchema>, RangeOptions> = rangeSchema;

const values = z.union(
  [z.array(z.union([z.string().max(1024), z.number(), z.boolean()])).max(10_000), rangeField],
  { error: 'must be a list of values, or a range such as { from: 1, to: 10, step: 1 }' },
);

/** Ids of the app's own tasks, and the names of the folders in which set-ups have their logs. */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  'job-manager',
  'merge',
  'start-task',
  'job-preparation',
]);

export const taskId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _')
  .refine((id) => !RESERVED_IDS.has(id.toLowerCase()), 'is reserved by Nightshift');

/**
 * The affinity id of a node or a task: a preference for a node, which Batch follows when it can.
 */
export const affinityId = z.string().min(1).max(256);

const listedSchema = z.strictObject({
  /**
   * Id of the task, 1 to 64 letters, digits, `-` or `_`; `job-manager` and `merge` are reserved.
   */
  id: taskId,
  /** Environment variables, added to those of the task template. Default: none. */
  environment,
  /** Ids of tasks in this list that must succeed before this task starts. Default: none. */
  after: z.array(z.string()).default([]),
  /** Affinity id of the preferred node, up to 256 characters. Default: no preference. */
  affinityId: affinityId.optional(),
  /** Template of this task. Default: `work.task`. */
  task: taskField.optional(),
});

/** A task that is listed in the declaration. */
export interface ListedTaskOptions extends z.input<typeof listedSchema>, Named {}

const listedField: z.ZodType<z.output<typeof listedSchema>, ListedTaskOptions> = listedSchema;

const wholeSchema = z.strictObject({
  /** Selects work in which the job manager is the whole job. */
  kind: z.literal('whole'),
  /** The only task. */
  jobManager: taskField,
});

/** Work in which the job manager is the whole job. */
export interface WholeWork extends z.input<typeof wholeSchema>, Named {}

const splitSchema = z.strictObject({
  /**
   * Selects work that a job manager splits: each line of `outputs/tasks.jsonl` that it writes is a
   * unit.
   */
  kind: z.literal('split'),
  /** The first task, which writes the manifest `outputs/tasks.jsonl`. */
  jobManager: taskField,
  /** Template of the tasks that the manifest makes. */
  task: taskField,
  /**
   * Units of one task, 1 to 1000. Above 1 a task reads its units from `units.jsonl`. Default: 1.
   */
  chunk: chunk.max(1000).default(1),
  ...several,
  /**
   * Maximum number of tasks, 1 to 100000; a manifest that makes more is rejected. Default: 10000.
   */
  maxTasks: z.int().min(1).max(100_000).default(10_000),
});

/** Work that a job manager splits by writing a manifest. */
export interface SplitWork extends z.input<typeof splitSchema>, Named {}

const perBlobSchema = z.strictObject({
  /** Selects work in which each input blob is a unit. */
  kind: z.literal('perBlob'),
  /** Template of the tasks. A task finds its blob's name in `INPUT_NAME`. */
  task: taskField,
  /**
   * Input blobs of one task, 1 to 200. Above 1 a task reads its units from `units.jsonl`. Default:
   * 1.
   */
  chunk: chunk.max(MAX_INPUTS_IN_CHUNK).default(1),
  ...several,
});

/** Work in which each input blob is a unit. */
export interface PerBlobWork extends z.input<typeof perBlobSchema>, Named {}

const sweepSchema = z.strictObject({
  /** Selects work in which each combination of values is a unit. */
  kind: z.literal('sweep'),
  /** Template of the tasks. A task finds the values of its combination in its environment. */
  task: taskField,
  /**
   * Values by environment variable, as lists of up to 10000 or ranges:
   * `{ SEED: { from: 1, to: 10 }, MODEL: ['small', 'large'] }`.
   */
  over: z.record(variable, values),
  /**
   * Combinations: `product` pairs every value with every other, `zip` the first values, then the
   * second ones, and so on. Default: `product`.
   */
  combine: z.enum(['product', 'zip']).default('product'),
  /**
   * Combinations of one task, 1 to 1000. Above 1 a task reads its units from `units.jsonl`.
   * Default: 1.
   */
  chunk: chunk.max(1000).default(1),
  ...several,
  /**
   * Maximum number of tasks, 1 to 1000000; a sweep that makes more is a validation error. Default:
   * 10000.
   */
  maxTasks: z.int().min(1).max(MAX_TASKS).default(10_000),
});

/** Work in which each combination of values is a unit. */
export interface SweepWork extends z.input<typeof sweepSchema>, Named {}

const listSchema = z.strictObject({
  /** Selects work whose tasks are listed, and may depend on each other. */
  kind: z.literal('tasks'),
  /** Template of the tasks that have no template of their own. Default: none. */
  task: taskField.optional(),
  /** The tasks, at most 10000, such as `[{ id: 'fetch' }, { id: 'train', after: ['fetch'] }]`. */
  tasks: z.array(listedField).max(10_000),
  ...several,
});

/** Work whose tasks are listed, and may depend on each other. */
export interface ListedWork extends z.input<typeof listSchema>, Named {}

export const workSchema = z.discriminatedUnion('kind', [
  wholeSchema,
  splitSchema,
  perBlobSchema,
  sweepSchema,
  listSchema,
]);

/**
 * The kinds of work. `docs/shapes.md` shows each in a few lines.
 *
 * Work consists of units: a line of the manifest, an input blob, a combination of a sweep. Each unit
 * becomes a task, or `chunk` units become one. Such a task finds its units in the file `units.jsonl`
 * of its working directory, one JSON object a line, in order, each with the id and the environment
 * of a task of its own; the environment variable UNITS has their number.
 */
export type WorkOptions = WholeWork | SplitWork | PerBlobWork | SweepWork | ListedWork;
export type Work = z.output<typeof workSchema>;
export type WorkOf<Kind extends Work['kind']> = Extract<Work, { kind: Kind }>;

export const workField: z.ZodType<Work, WorkOptions> = workSchema;

/** The task templates of the work, each with its path below `work`. */
export function templatesOf(work: Work): readonly (readonly [string, TaskTemplate])[] {
  const named: [string, TaskTemplate | undefined][] = [
    ['jobManager', 'jobManager' in work ? work.jobManager : undefined],
    ['task', 'task' in work ? work.task : undefined],
    ['merge', 'merge' in work ? work.merge : undefined],
  ];
  if (work.kind === 'tasks') {
    work.tasks.forEach(({ task }, index) => named.push([`tasks[${index}].task`, task]));
  }
  return named.flatMap(([key, template]) => (template === undefined ? [] : [[key, template]]));
}

/** Slots of the widest of the tasks that run side by side. */
export function slotsNeeded(work: Work): number {
  if (work.kind === 'whole') return work.jobManager.slots;
  if (work.kind !== 'tasks') return work.task.slots;
  return Math.max(1, ...work.tasks.map(({ task = work.task }) => task?.slots ?? 1));
}

/**
 * The number of tasks known before the run starts; null when it depends on a manifest or on blobs.
 */
export function tasksKnownIn(work: Work): number | null {
  switch (work.kind) {
    case 'whole':
    case 'split':
    case 'perBlob':
      return null;
    case 'sweep':
      return tasksFor(work, combinationsIn(work));
    case 'tasks':
      return work.tasks.length;
  }
}

/** The number of tasks for this number of units. */
export function tasksFor(work: Work, units: number): number {
  return Math.ceil(units / ('chunk' in work ? work.chunk : 1));
}

/**
 * The number of tasks that may fail without failing the run. Shares are decimal fractions, which
 * floating point does not represent exactly: 0.07 × 100 is 7.000000000000001.
 */
export function failuresAllowed(work: Work, tasks: number): number {
  return Math.floor(tasks * shareTolerated(work) + 1e-6);
}

/** The share of tasks that may fail without failing the run. */
export function shareTolerated(work: Work): number {
  if (work.kind === 'whole') return 0;
  return work.merge === undefined ? work.tolerateFailed : 1 - work.merge.quorum;
}

import { z } from 'zod';
import { environment } from './fields';
import { combinationsIn } from './sweep';
import { taskSchema, type TaskTemplate } from './task-schema';
/**
 * The shapes that work can have. `docs/shapes.md` shows each in a few lines.
 *
 * A shape is made of units: a line of the manifest, an input blob, a combination of a sweep. Each
 * becomes a task of its own, or `chunk` of them one task. Such a task finds its units in the file
 * `units.jsonl` of its working directory, one JSON object a line, in order, each with the id and
 * the environment that a task of its own would have had; UNITS in its environment says how many.
 */

/** From 0 to 1. */
const share = z.number().min(0).max(1);

/**
 * Runs once, after all other tasks.
 *
 * With a quorum below 1 the merge is made of what there is: tasks that fail do not end the run, and
 * once none is left, at least this share of them must have succeeded. Which are missing, and why,
 * stands in `missing.json`, in the working directory of the merge and in the run's output
 * container. Fewer fail the run, as soon as it is certain.
 */
const merge = taskSchema.extend({ quorum: share.default(1) });

/** What every shape of several tasks may say. */
const several = {
  merge: merge.optional(),
  /**
   * For work without a merge: the run succeeds although this share of the tasks failed. What they
   * would have written is not there; `missing.json` in the output container names them. `results`
   * are demanded all the same.
   */
  tolerateFailed: share.default(0),
};

const chunk = z.int().min(1);
const MAX_TASKS = 1_000_000;
/** Every input is a resource file with a URL of its own, and a task may not exceed a megabyte. */
const MAX_INPUTS_IN_CHUNK = 200;

const variable = z
  .string()
  .regex(
    /^(?!AZ_BATCH_|RUN_(ID|STARTED_AT|FOLLOWS)$|UNITS$)[A-Z][A-Z0-9_]{0,63}$/,
    'must be upper-case letters, digits and _, and none that Batch or the app sets (AZ_BATCH_…, RUN_ID, RUN_STARTED_AT, RUN_FOLLOWS, UNITS)',
  );

const values = z.union(
  [
    z.array(z.union([z.string().max(1024), z.number(), z.boolean()])).max(10_000),
    z.strictObject({ from: z.number(), to: z.number(), step: z.number().default(1) }),
  ],
  { error: 'must be a list of values, or a range such as { from: 1, to: 10, step: 1 }' },
);

/** Ids that the app's own tasks have. */
export const RESERVED_IDS: ReadonlySet<string> = new Set(['job-manager', 'merge']);

export const taskId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _')
  .refine((id) => !RESERVED_IDS.has(id.toLowerCase()), 'is taken by Nightshift itself');

/**
 * Where a task would rather run: the affinity id of a node (or of a task) as Batch has it. A hint
 * that the service follows when it can.
 */
export const affinityId = z.string().min(1).max(256);

const listedTask = z.strictObject({
  id: taskId,
  environment,
  /** Ids of tasks of this list that must have succeeded before this one begins. */
  after: z.array(z.string()).default([]),
  affinityId: affinityId.optional(),
  /** Where it is of another kind than `work.task`. */
  task: taskSchema.optional(),
});

export const workSchema = z.discriminatedUnion('kind', [
  /** The job manager is the whole job. */
  z.strictObject({ kind: z.literal('whole'), jobManager: taskSchema }),
  /** The job manager writes `outputs/tasks.jsonl`; each line is a unit. */
  z.strictObject({
    kind: z.literal('split'),
    jobManager: taskSchema,
    task: taskSchema,
    chunk: chunk.max(1000).default(1),
    ...several,
    /** A manifest that makes more tasks is refused. */
    maxTasks: z.int().min(1).max(100_000).default(10_000),
  }),
  /** Each input blob is a unit. */
  z.strictObject({
    kind: z.literal('perBlob'),
    task: taskSchema,
    chunk: chunk.max(MAX_INPUTS_IN_CHUNK).default(1),
    ...several,
  }),
  /** Each combination of the values is a unit, with the values in its environment. */
  z.strictObject({
    kind: z.literal('sweep'),
    task: taskSchema,
    over: z.record(variable, values),
    /** `product` takes every value with every other; `zip` the first ones, the second ones, … */
    combine: z.enum(['product', 'zip']).default('product'),
    chunk: chunk.max(1000).default(1),
    ...several,
    /** A sweep that makes more tasks is a mistake. */
    maxTasks: z.int().min(1).max(MAX_TASKS).default(10_000),
  }),
  /** Each task is listed, and may wait for others. */
  z.strictObject({
    kind: z.literal('tasks'),
    task: taskSchema.optional(),
    tasks: z.array(listedTask).max(10_000),
    ...several,
  }),
]);

export type Work = z.output<typeof workSchema>;
export type WorkOf<Kind extends Work['kind']> = Extract<Work, { kind: Kind }>;

/** The kinds of task a shape has, with where each stands. */
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

/** Slots of the widest among the tasks that run side by side. */
export function slotsNeeded(work: Work): number {
  if (work.kind === 'whole') return work.jobManager.slots;
  if (work.kind !== 'tasks') return work.task.slots;
  return Math.max(1, ...work.tasks.map(({ task = work.task }) => task?.slots ?? 1));
}

/** Tasks that are known before the run begins; null where a job manager or blobs will tell. */
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

/** Tasks that so many units make. */
export function tasksFor(work: Work, units: number): number {
  return Math.ceil(units / ('chunk' in work ? work.chunk : 1));
}

/**
 * Of so many tasks, how many may fail without failing the run. Shares are decimal fractions, which
 * a computer has not quite: 0.07 × 100 is 7.000000000000001.
 */
export function failuresAllowed(work: Work, tasks: number): number {
  return Math.floor(tasks * shareTolerated(work) + 1e-6);
}

export function shareTolerated(work: Work): number {
  if (work.kind === 'whole') return 0;
  return work.merge === undefined ? work.tolerateFailed : 1 - work.merge.quorum;
}

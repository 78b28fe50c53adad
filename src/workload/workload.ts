import { z } from 'zod';
import {
  containerName,
  locale,
  MINUTES_PER_DAY,
  relativePath,
  textEncoding,
  DEFAULT_RECORD_DAYS,
} from './fields';
import { prepareSchema, releaseSchema, sharedSchema } from './prepare-schema';
import { poolSchema } from './pool-schema';
import { checkSchedule } from './checks/schedule';
import type { TaskTemplate } from './task-schema';
import { templatesOf, workSchema } from './work-schema';

/**
 * What a user declares once. `defineWorkload` gives the types while you write; `checkWorkloads`
 * checks every declaration when the app starts and names every mistake at once.
 */

/** Azure's own names for things allow more; this is what fits all of pool, job and container. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** What a run takes of what it finds. */
const limits = {
  endsWith: z.array(z.string().min(1)).default([]),
  /** What the name, with its folders, must match, such as `/^frame-\d+\.png$/`. */
  pattern: z.instanceof(RegExp).optional(),
  maxFiles: z.int().min(1).max(10_000).default(1000),
  maxBytesEach: z
    .int()
    .min(1)
    .default(1024 ** 3),
};

/** Ten years at most, so that nothing is kept for ever. */
const keptDays = z.int().min(0).max(3650);

const inputsSchema = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('container').default('container'),
    container: containerName,
    /** Only blobs whose names begin so, such as `november/`. */
    prefix: z.string().min(1).max(512).optional(),
    ...limits,
  }),
  /** What the run that this one follows (`triggers.after`) has left in a folder of its outputs. */
  z.strictObject({
    from: z.literal('previous'),
    prefix: relativePath.default('results'),
    ...limits,
  }),
]);

export const workloadSchema = z.strictObject({
  name: z
    .string()
    .max(24)
    .regex(NAME, 'must be lower-case words joined by single hyphens, such as "nightly-report"'),
  description: z.string().max(200),
  triggers: z
    .strictObject({
      schedule: z
        .string()
        .superRefine((text, context) => {
          const mistake = checkSchedule(text);
          if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
        })
        .optional(),
      blob: z
        .strictObject({
          container: containerName,
          endsWith: z.array(z.string().min(1)).default([]),
        })
        .optional(),
      /** The name of another workload: each of its runs that succeeds starts one of this. */
      after: z.string().optional(),
    })
    .default({}),
  /** What happens when a run is due while another of the same workload is going. */
  overlap: z.enum(['forbid', 'replace', 'allow']).default('forbid'),
  deadlineMinutes: z
    .int()
    .min(5)
    .max(6 * MINUTES_PER_DAY)
    .default(180),
  inputs: inputsSchema.optional(),
  /** What a caller may set; becomes PARAM_<NAME> in the tasks' environment. */
  parameters: z.instanceof(z.ZodObject).default(z.strictObject({})),
  pool: poolSchema,
  /** Reference data that all tasks read, beside the inputs of each. */
  shared: z.array(sharedSchema).max(10).default([]),
  /** Before the first task of the job on a node, and when the job has ended. */
  prepare: prepareSchema.optional(),
  release: releaseSchema.optional(),
  /** Becomes LC_ALL of all that runs, unless it says its own. */
  locale: locale.default('C.UTF-8'),
  /** How the programs write what they say; Linux programs write UTF-8. */
  logEncoding: textEncoding.default('utf-8'),
  work: workSchema,
  /** Of the runs that share a pool (`pool.keep`, `pool.existing`), the higher goes first. */
  priority: z.int().min(-1000).max(1000).default(0),
  /** Tasks that may run at once, for what stands behind them; else as many as the pool holds. */
  maxParallelTasks: z.int().min(1).optional(),
  /** Blobs of the run's output container without which a run is no success. */
  results: z.array(relativePath).default([]),
  keepOutputsDays: keptDays.default(30),
  /** Without a word as long as the other outputs. */
  keepLogsDays: keptDays.optional(),
  /** Outputs and logs of a run that did not succeed stay at least so long, for whoever looks into it. */
  keepFailedDays: keptDays.optional(),
  /** The record of a run, and at least as long as what it tells of. */
  keepRecordsDays: keptDays.min(1).default(DEFAULT_RECORD_DAYS),
});

export type WorkloadDeclaration = z.input<typeof workloadSchema>;
export type Workload = z.output<typeof workloadSchema>;
export type { TaskTemplate };
export type Workloads = ReadonlyMap<string, Workload>;

/** Declares a workload. It is checked with all others when the app starts. */
export function defineWorkload(declaration: WorkloadDeclaration): WorkloadDeclaration {
  return declaration;
}

/** Whether the tasks of a workload are containers; then all are. */
export function usesContainers(workload: Workload): boolean {
  return containerImagesOf(workload).length > 0;
}

/** Fetched with a node rather than with its first task. */
export function containerImagesOf({ pool, work }: Workload): readonly string[] {
  const ofTasks = templatesOf(work).flatMap(([, { container }]) =>
    container === undefined ? [] : [container.image],
  );
  return [...new Set([...pool.containerImages, ...ofTasks])];
}

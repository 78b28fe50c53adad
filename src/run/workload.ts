import { z } from 'zod';
import { Failure } from '../failure';
import { containerName, locale, MINUTES_PER_DAY, relativePath, type Contradiction } from './fields';
import { prepareSchema, releaseSchema, sharedSchema } from './node-schema';
import { poolMistakes } from './pool-mistakes';
import { poolSchema } from './pool-schema';
import { checkSchedule } from './schedule';
import { shellMistakes } from './shell';
import { containerMistakes, taskMistakes } from './task-mistakes';
import { taskSchema, type TaskTemplate } from './task-schema';

/**
 * What a user declares once. `defineWorkload` gives the types while you write; `checkWorkloads`
 * checks every declaration when the app starts and names every mistake at once.
 */

/** Azure's own names for things allow more; this is what fits all of pool, job and container. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

const workSchema = z.discriminatedUnion('kind', [
  /** The job manager is the whole job. */
  z.strictObject({ kind: z.literal('whole'), jobManager: taskSchema }),
  /** The job manager writes `outputs/tasks.jsonl`; each line becomes a task; then the merge. */
  z.strictObject({
    kind: z.literal('split'),
    jobManager: taskSchema,
    task: taskSchema,
    merge: taskSchema.optional(),
    /** A manifest with more lines is refused. */
    maxTasks: z.int().min(1).max(100_000).default(10_000),
  }),
  /** One task for each input blob; then the merge. */
  z.strictObject({ kind: z.literal('perBlob'), task: taskSchema, merge: taskSchema.optional() }),
]);

export const workloadSchema = z
  .strictObject({
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
      })
      .default({}),
    /** What happens when a run is due while another of the same workload is going. */
    overlap: z.enum(['forbid', 'replace', 'allow']).default('forbid'),
    deadlineMinutes: z
      .int()
      .min(5)
      .max(6 * MINUTES_PER_DAY)
      .default(180),
    inputs: z
      .strictObject({
        container: containerName,
        endsWith: z.array(z.string().min(1)).default([]),
        maxFiles: z.int().min(1).max(10_000).default(1000),
        maxBytesEach: z
          .int()
          .min(1)
          .default(1024 ** 3),
      })
      .optional(),
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
    work: workSchema,
    /** Blobs of the run's output container without which a run is no success. */
    results: z.array(relativePath).default([]),
    keepOutputsDays: z.int().min(0).max(3650).default(30),
  })
  .superRefine((workload, context) => {
    for (const { path, message } of contradictions(workload)) {
      context.addIssue({ code: 'custom', path, message });
    }
  });

export type WorkloadDeclaration = z.input<typeof workloadSchema>;
export type Workload = z.output<typeof workloadSchema>;
export type { TaskTemplate };
export type Work = Workload['work'];
export type Workloads = ReadonlyMap<string, Workload>;

/** Declares a workload. It is checked with all others when the app starts. */
export function defineWorkload(declaration: WorkloadDeclaration): WorkloadDeclaration {
  return declaration;
}

/** Every declaration, defaults filled in, by name. @throws Failure badWorkloads naming each mistake. */
export function checkWorkloads(declarations: readonly WorkloadDeclaration[]): Workloads {
  const workloads = new Map<string, Workload>();
  const mistakes: string[] = [];

  for (const [index, declaration] of declarations.entries()) {
    const name = typeof declaration?.name === 'string' ? declaration.name : `number ${index + 1}`;
    const checked = workloadSchema.safeParse(declaration);
    if (!checked.success) {
      mistakes.push(...checked.error.issues.map((issue) => describe(name, issue)));
    } else if (workloads.has(name)) {
      mistakes.push(`workload ${name}, name: another workload has this name; choose another one`);
    } else {
      workloads.set(name, checked.data);
    }
  }

  if (mistakes.length > 0) {
    throw new Failure('badWorkloads', `the workloads have mistakes:\n  ${mistakes.join('\n  ')}`);
  }
  return workloads;
}

function describe(workload: string, issue: z.core.$ZodIssue): string {
  return `workload ${workload}, ${fieldOf(issue.path, 'the declaration')}: ${wordsOf(issue)}`;
}

/** The message of a key that is refused stands one level down. */
export function wordsOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
  return (inner ?? issue).message;
}

/** A path such as `work.task.outputs[0].to`; the empty path is the whole. */
export function fieldOf(path: readonly PropertyKey[], whole: string): string {
  const text = path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}.${String(key)}`),
    '',
  );
  return text.replace(/^\./, '') || whole;
}

/** The kinds of task a workload has, with where each stands. */
export function templatesOf(work: Work): readonly (readonly [string, TaskTemplate])[] {
  const named = {
    jobManager: work.kind === 'perBlob' ? undefined : work.jobManager,
    task: work.kind === 'whole' ? undefined : work.task,
    merge: work.kind === 'whole' ? undefined : work.merge,
  };
  return Object.entries(named).flatMap(([key, template]) =>
    template === undefined ? [] : [[key, template] as const],
  );
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

/** What each field allows alone, and Batch would refuse or wait for for ever. */
function* contradictions(workload: Workload): Generator<Contradiction> {
  const { work, inputs, triggers } = workload;
  const templates = templatesOf(work);
  const containers = usesContainers(workload);
  for (const [key, template] of templates) {
    yield* taskMistakes(workload, key, template, containers);
  }
  yield* poolMistakes(workload, [
    ...new Set([
      ...templates.flatMap(([, { secrets }]) => secrets),
      ...(workload.prepare?.secrets ?? []),
      ...(workload.release?.secrets ?? []),
    ]),
  ]);
  yield* nodeMistakes(workload);
  if (work.kind === 'perBlob' && inputs === undefined) {
    yield { path: ['inputs'], message: 'missing: "perBlob" makes one task for each input blob' };
  }
  if (triggers.blob !== undefined) yield* triggerMistakes(triggers.blob, inputs);
  for (const name of Object.keys(workload.parameters.shape)) {
    if (PARAMETER_NAME.test(name)) continue;
    yield {
      path: ['parameters', name],
      message: 'becomes an environment variable; its name must be letters, digits and _',
    };
  }
}

function* nodeMistakes(workload: Workload): Generator<Contradiction> {
  for (const key of ['prepare', 'release'] as const) {
    const task = workload[key];
    if (task === undefined) continue;
    yield* shellMistakes([key, 'command'], task.command);
    yield* containerMistakes([key, 'container'], task.container);
    if (task.container !== undefined && !usesContainers(workload)) {
      yield {
        path: [key, 'container'],
        message: 'needs a pool that runs containers; make the tasks containers, or leave it out',
      };
    }
  }
}

/** What starts a run must be among what the run takes. */
function* triggerMistakes(
  blob: NonNullable<Workload['triggers']['blob']>,
  inputs: Workload['inputs'],
): Generator<Contradiction> {
  if (inputs?.container !== blob.container) {
    yield {
      path: ['inputs', 'container'],
      message: `must be "${blob.container}", the container of the blob trigger`,
    };
    return;
  }
  const taken = (ending: string) =>
    inputs.endsWith.some((end) => ending.toLowerCase().endsWith(end.toLowerCase()));
  const endings = blob.endsWith.length === 0 ? [''] : blob.endsWith;
  const refused = endings.filter((ending) => !taken(ending));
  if (inputs.endsWith.length === 0 || refused.length === 0) return;
  yield {
    path: ['inputs', 'endsWith'],
    message: `does not take what the blob trigger starts a run for (${refused.map((ending) => (ending === '' ? 'every blob' : ending)).join(', ')}); list it in both or in neither`,
  };
}

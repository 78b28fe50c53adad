import { z } from 'zod';
import { Failure } from '../failure';
import { checkSchedule } from './schedule';

/**
 * What a user declares once. `defineWorkload` gives the types while you write; `checkWorkloads`
 * checks every declaration when the app starts and names every mistake at once.
 */

/** Azure's own names for things allow more; this is what fits all of pool, job and container. */
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const CONTAINER = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]*$/;
const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const SECRET_NAME = /^[0-9a-zA-Z-]{1,127}$/;
/** A path below some folder: no way up, no absolute path, no backslash. */
const RELATIVE_PATH = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\\0]+$/;
const MINUTES_PER_DAY = 24 * 60;

const programName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be a file name in the programs folder');

const relativePath = z
  .string()
  .regex(RELATIVE_PATH, 'must be a path below the folder, such as "outputs/report.json"');

const outputSchema = z.strictObject({
  /** Files in the task's working directory: `outputs/*.tile`. */
  files: relativePath,
  /** The folder in the run's output container they go to. */
  to: relativePath,
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
  environment: z
    .record(
      z.string().regex(ENVIRONMENT_NAME, 'must be upper-case letters, digits and _'),
      z.string(),
    )
    .default({}),
  /** Folders of the run's output container that the task reads; they keep their names. */
  reads: z.array(relativePath).default([]),
  /** Key Vault names; each becomes the file `secrets/<name>` in the working directory. */
  secrets: z
    .array(z.string().regex(SECRET_NAME, 'must be a Key Vault secret name: letters, digits and -'))
    .default([]),
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
  container: z
    .strictObject({ image: z.string().min(1), runOptions: z.string().default('') })
    .optional(),
});

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

const poolSchema = z.strictObject({
  /** Where none is named, the app setting POOL_VM_SIZE says. */
  vmSize: z
    .string()
    .regex(/^standard_[a-z0-9_]+$/i, 'must be an Azure VM size such as "standard_d2s_v5"')
    .optional(),
  image: z
    .strictObject({
      publisher: z.string(),
      offer: z.string(),
      sku: z.string(),
      version: z.string().default('latest'),
      nodeAgent: z.string(),
    })
    .default({
      publisher: 'canonical',
      offer: 'ubuntu-24_04-lts',
      sku: 'server',
      version: 'latest',
      nodeAgent: 'batch.node.ubuntu 24.04',
    }),
  /** Images fetched when a node starts; with any, every task of the workload must be a container. */
  containerImages: z.array(z.string().min(1)).default([]),
  maxNodes: z.int().min(1).max(1000).default(1),
  slotsPerNode: z.int().min(1).max(256).default(1),
  /** Runs on every node before its first task. It installs what the programs need. */
  setup: z
    .strictObject({
      command: z.string().min(1),
      programs: z.array(programName).default([]),
      elevated: z.boolean().default(true),
      retries: z.int().min(0).max(10).default(2),
    })
    .optional(),
  /** Give up when no node has come within this time. */
  maxWaitMinutes: z.int().min(5).max(MINUTES_PER_DAY).default(60),
  /** What one node costs in an hour, in your currency: for the estimate in the run's record. */
  pricePerNodeHour: z.number().positive().optional(),
});

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
            container: z.string().regex(CONTAINER, 'must be a container name'),
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
        container: z.string().regex(CONTAINER, 'must be a container name'),
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
export type TaskTemplate = z.output<typeof taskSchema>;
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

interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What each field allows alone, and Batch would refuse or wait for for ever. */
function* contradictions(workload: Workload): Generator<Contradiction> {
  const { pool, work, inputs, triggers } = workload;
  for (const [key, template] of templatesOf(work)) yield* taskMistakes(workload, key, template);

  if (pool.setup !== undefined)
    yield* shellMistakes(['pool', 'setup', 'command'], pool.setup.command);
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

function* taskMistakes(
  { pool, deadlineMinutes }: Workload,
  key: string,
  template: TaskTemplate,
): Generator<Contradiction> {
  const containers = pool.containerImages.length > 0;
  const at = (field: string) => ['work', key, field];
  if (template.slots > pool.slotsPerNode) {
    yield {
      path: at('slots'),
      message: `${template.slots} slots fit on no node of ${pool.slotsPerNode}, so the task would wait for ever; lower it or raise pool.slotsPerNode`,
    };
  }
  if (template.maxMinutes > deadlineMinutes) {
    yield {
      path: at('maxMinutes'),
      message: `${template.maxMinutes} minutes are more than the run has (deadlineMinutes ${deadlineMinutes}); lower it or raise deadlineMinutes`,
    };
  }
  if (containers !== (template.container !== undefined)) {
    yield {
      path: at('container'),
      message: containers
        ? 'missing: a pool with containerImages takes container tasks only'
        : 'a container task needs a pool with containerImages',
    };
  }
  if (template.command.trim() === '' && template.container === undefined) {
    yield {
      path: at('command'),
      message: 'must not be empty; only a container task may leave the command to its image',
    };
  }
  yield* shellMistakes(at('command'), template.command);
}

const SHELL = /^\s*(?:(?:\/usr)?\/bin\/)?(?:ba|da)?sh\s+(-\S+)?/;

/**
 * Batch runs a command without a shell, where `&&` and `$NAME` would be plain arguments; and a
 * shell that is given several steps answers for the last one alone.
 */
function* shellMistakes(path: (string | number)[], command: string): Generator<Contradiction> {
  const shell = SHELL.exec(command);
  const wantsShell = /&&|\|\||[|;<>`]|\$[A-Za-z_{(]/.exec(command);
  if (shell === null && wantsShell !== null) {
    yield {
      path,
      message: `"${wantsShell[0]}" means nothing without a shell; write /bin/sh -c '…' or move it into a script of the programs folder`,
    };
  }
  const flags = shell?.[1] ?? '';
  const stopsAtFailure = flags.includes('e') || /\bset -[a-z]*e/.test(command);
  if (flags.includes('c') && /[;\n]/.test(command) && !stopsAtFailure) {
    yield {
      path,
      message: `a step that fails would be passed over; join the steps with && or write ${command.trim().split(/\s/)[0] ?? ''} -ec '…'`,
    };
  }
}

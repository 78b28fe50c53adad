import { z } from 'zod';
import { afterField } from './after-schema';
import { budgetField } from './budget-schema';
import type { Named } from './named';
import { notifyField } from './notify-schema';
import {
  containerName,
  locale,
  MINUTES_PER_DAY,
  relativePath,
  textEncoding,
  DEFAULT_RECORD_DAYS,
} from './fields';
import { poolField } from './pool-schema';
import { prepareField, releaseField, sharedField } from './prepare-schema';
import { scheduleField } from './schedule-schema';
import type { TaskTemplate } from './task-schema';
import { templatesOf, workField } from './work-schema';

/** A name that is short enough for pool, job and container; Azure's own rules allow more. */
export const WORKLOAD_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const blobTriggerSchema = z.strictObject({
  /** Container of the storage account that is watched, such as `inbox`. */
  container: containerName,
  /**
   * Endings of the names of blobs that start a run, such as `['.csv']`; case is ignored. Default:
   * every blob.
   */
  endsWith: z.array(z.string().min(1)).default([]),
});

/** Starts a run for each new blob. */
export interface BlobTrigger extends z.input<typeof blobTriggerSchema>, Named {}

const blobTriggerField: z.ZodType<
  z.output<typeof blobTriggerSchema>,
  BlobTrigger
> = blobTriggerSchema;

export const triggersSchema = z.strictObject({
  /**
   * Times at which a run is due: a cron expression such as `0 0 2 * * *` or `0 2 * * *`, an object with
   * `cron`, `timeZone` and more, or a list of these. The app setting `SCHEDULE_<WORKLOAD>` overrides the
   * expression of the first, and leaves out the others. Default: no schedule.
   */
  schedule: scheduleField.optional(),
  /**
   * Starts a run for each new blob of a container, such as
   * `{ container: 'inbox', endsWith: ['.csv'] }`. Default: none.
   */
  blob: blobTriggerField.optional(),
  /**
   * Name of another workload: each of its runs that succeeds starts a run of this one. Or an object such as
   * `{ all: ['sales', 'stock'] }`: a run starts once both have ended for a due time. Default: none.
   */
  after: afterField.optional(),
});

/** Events that start a run. */
export interface Triggers extends z.input<typeof triggersSchema>, Named {}

const triggersField: z.ZodType<z.output<typeof triggersSchema>, Triggers> = triggersSchema;

/** Limits on the blobs that a run takes. */
const limits = {
  /**
   * Endings of the names of input blobs, such as `['.csv']`; case is ignored. Default: every blob.
   */
  endsWith: z.array(z.string().min(1)).default([]),
  /**
   * Regular expression that the name, with its folders, must match, such as `/^frame-\d+\.png$/`.
   * Default: every blob.
   */
  pattern: z
    .instanceof(RegExp, { error: 'must be a regular expression such as /\\.csv$/' })
    .optional(),
  /** Maximum number of blobs, 1 to 10000; a run that finds more fails. Default: 1000. */
  maxFiles: z.int().min(1).max(10_000).default(1000),
  /**
   * Maximum size of each blob in bytes; a run that finds a larger one fails. Default: 1073741824 (1
   * GiB).
   */
  maxBytesEach: z
    .int()
    .min(1)
    .default(1024 ** 3),
};

const containerInputsSchema = z.strictObject({
  /** Selects inputs from a container of the storage account. Default: `container`. */
  from: z.literal('container').default('container'),
  /** Container of the storage account, such as `inbox`. */
  container: containerName,
  /**
   * Prefix of the names of input blobs, such as `november/` or `{due:yyyy/MM/dd}/`, up to 512
   * characters; `{due:…}` is the due time of the run in the zone of its schedule. Default: every blob.
   */
  prefix: z.string().min(1).max(512).optional(),
  ...limits,
});

/** Inputs from a container of the storage account. */
export interface ContainerInputs extends z.input<typeof containerInputsSchema>, Named {}

const previousInputsSchema = z.strictObject({
  /**
   * Selects inputs from the outputs of the run that this run follows (`triggers.after`). Where it follows several,
   * the name of each input begins with that of its workload, as in `sales/totals.csv`.
   */
  from: z.literal('previous'),
  /** Folder of the previous run's output container. Default: `results`. */
  prefix: relativePath.default('results'),
  ...limits,
});

/** Inputs from the outputs of the run that this run follows. */
export interface PreviousInputs extends z.input<typeof previousInputsSchema>, Named {}

const inputsSchema = z.discriminatedUnion('from', [containerInputsSchema, previousInputsSchema]);

/** The blobs that a run works on. */
export type InputOptions = ContainerInputs | PreviousInputs;

const inputsField: z.ZodType<z.output<typeof inputsSchema>, InputOptions> = inputsSchema;

/** Days of retention, ten years at most so that nothing is kept forever. */
const retentionDays = z.int().min(0).max(3650);

export const workloadSchema = z.strictObject({
  /**
   * Name of the workload, up to 24 characters: lower-case words joined by single hyphens, such as
   * `nightly-report`. It is part of the ids of runs, pools and jobs.
   */
  name: z
    .string()
    .max(24)
    .regex(
      WORKLOAD_NAME,
      'must be lower-case words joined by single hyphens, such as "nightly-report"',
    ),
  /** One sentence for people, up to 200 characters. */
  description: z.string().max(200),
  /**
   * Events that start a run, such as `{ schedule: '0 0 2 * * *' }`. Runs can always be started over
   * HTTP. Default: none.
   */
  triggers: triggersField.default({}),
  /**
   * Policy when a run is due while another run of the workload is active: `forbid` skips the new
   * run, `queue` starts it after the active one, `replace` cancels the active one, `allow` runs both.
   * `{ allow: 3 }` runs up to three at once, 1 to 1000; `allow` alone means 20. Further occurrences wait
   * in the ledger; a start over HTTP is answered with 429. Default: `forbid`.
   */
  overlap: z
    .union(
      [
        z.enum(['forbid', 'queue', 'replace', 'allow']),
        z.strictObject({
          /** Bound on active runs of the workload, 1 to 1000. */
          allow: z.int().min(1).max(1000),
        }),
      ],
      {
        error:
          'must be "forbid", "queue", "replace", "allow" or { allow: n } with n from 1 to 1000',
      },
    )
    .default('forbid'),
  /**
   * Money that the runs of a month may take, such as `{ perMonth: 50 }`, in the currency of the prices
   * (`PRICE_CURRENCY`). A run counts with the most that it may take until it has ended. Default: none.
   */
  budget: budgetField.optional(),
  /**
   * Minutes within which an occurrence must start, 1 to 8640 (six days); after that it is recorded
   * as missed. Default: `deadlineMinutes`.
   */
  startWithinMinutes: z
    .int()
    .min(1)
    .max(6 * MINUTES_PER_DAY)
    .optional(),
  /** Minutes after which a run is ended as timed out, 5 to 8640 (six days). Default: 180. */
  deadlineMinutes: z
    .int()
    .min(5)
    .max(6 * MINUTES_PER_DAY)
    .default(180),
  /**
   * Blobs that a run works on, such as `{ container: 'inbox', endsWith: ['.csv'] }`. Default: none.
   */
  inputs: inputsField.optional(),
  /**
   * Schema of the parameters that a caller may set, such as
   * `z.strictObject({ width: z.int().default(960) })`. Each becomes `PARAM_<NAME>` in the
   * environment of the tasks. Default: none.
   */
  parameters: z
    .instanceof(z.ZodObject, {
      error: 'must be a schema such as z.strictObject({ width: z.int().default(960) })',
    })
    .default(z.strictObject({})),
  /** Nodes of a run, such as `{ maxNodes: 4 }`; `{}` is one Spot node of the default size. */
  pool: poolField,
  /**
   * Reference data that is downloaded to every node once, such as
   * `[{ container: 'maps', to: 'maps' }]`, at most 10. Default: none.
   */
  shared: z.array(sharedField).max(10).default([]),
  /**
   * Job preparation task, which runs on a node before the first task of the run there. Default:
   * none.
   */
  prepare: prepareField.optional(),
  /**
   * Job release task, which runs when the job ends, on the nodes that exist then. Default: none.
   */
  release: releaseField.optional(),
  /**
   * Value of `LC_ALL` for every command that sets none of its own, such as `en_US.UTF-8`. Default:
   * `C.UTF-8`, the only locale that is on every image.
   */
  locale: locale.default('C.UTF-8'),
  /**
   * Text encoding of what the programs write to stdout and stderr, such as `latin1`. Default:
   * `utf-8`.
   */
  logEncoding: textEncoding.default('utf-8'),
  /** Tasks of a run. Its `kind` is `whole`, `split`, `perBlob`, `sweep` or `tasks`. */
  work: workField,
  /**
   * Priority, -1000 to 1000, among runs that share a pool (`pool.keep`, `pool.existing`); higher
   * goes first. Default: 0.
   */
  priority: z.int().min(-1000).max(1000).default(0),
  /**
   * Upper bound on concurrent tasks, for example to protect a database. Default: all slots of the
   * pool.
   */
  maxParallelTasks: z.int().min(1).optional(),
  /**
   * Files in the folder `results` of the run's output container, such as `['report.json']`, without
   * which the run fails. Default: none.
   */
  results: z.array(relativePath).default([]),
  /**
   * Targets that are notified of events of the runs, such as `[{ to: 'on-call', on: ['failed'] }]`, at most 10.
   * Those of the app setting `NOTIFY` are notified as well. Default: none.
   */
  notify: z.array(notifyField).max(10).default([]),
  /**
   * Days to keep outputs of a run, 0 to 3650. With 0 they are deleted when the run ends. Default:
   * 30.
   */
  keepOutputsDays: retentionDays.default(30),
  /** Days to keep logs of a run, 0 to 3650. Default: `keepOutputsDays`. */
  keepLogsDays: retentionDays.optional(),
  /**
   * Days to keep outputs and logs of a run that did not succeed, 0 to 3650, when longer than the
   * other retentions. Default: `keepOutputsDays` and `keepLogsDays`.
   */
  keepFailedDays: retentionDays.optional(),
  /**
   * Days to keep the record of a run, 1 to 3650; the record is never deleted before the outputs and
   * logs. Default: 400.
   */
  keepRecordsDays: retentionDays.min(1).default(DEFAULT_RECORD_DAYS),
});

/** The declaration of a workload, one file in `src/workloads`. */
export interface WorkloadDeclaration extends z.input<typeof workloadSchema>, Named {}
/** A checked declaration with its defaults. */
export interface Workload extends z.output<typeof workloadSchema>, Named {}

export type { TaskTemplate };
export type Workloads = ReadonlyMap<string, Workload>;

/** Declares a workload. All declarations are checked together when the app starts. */
export function defineWorkload(declaration: WorkloadDeclaration): WorkloadDeclaration {
  return declaration;
}

/** Active runs of a workload whose declaration allows an overlap without a number. */
const DEFAULT_ACTIVE_RUNS = 20;

/** The policy of a declared overlap, and the bound on active runs where it allows several. */
export function overlapPolicy(overlap: Workload['overlap']) {
  return typeof overlap === 'object'
    ? ({ overlap: 'allow', maxActiveRuns: overlap.allow } as const)
    : { overlap, maxActiveRuns: DEFAULT_ACTIVE_RUNS };
}

/** True when the tasks of a workload are containers; then all of them are. */
export function usesContainers(workload: Workload): boolean {
  return containerImagesOf(workload).length > 0;
}

/** The images that a node pulls when it starts, rather than with its first task. */
export function containerImagesOf({ pool, work }: Workload): readonly string[] {
  const ofTasks = templatesOf(work).flatMap(([, { container }]) =>
    container === undefined ? [] : [container.image],
  );
  return [...new Set([...pool.containerImages, ...ofTasks])];
}

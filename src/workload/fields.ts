import { z } from 'zod';

/** Fields that tasks, pools and workloads have in common. */

const CONTAINER = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]*$/;
const SECRET_NAME = /^[0-9a-zA-Z-]{1,127}$/;
/** A path below some folder: no way up, no absolute path, no backslash. */
const RELATIVE_PATH = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\\0]+$/;

export const MINUTES_PER_DAY = 24 * 60;

export const programName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be a file name in the programs folder');

export const relativePath = z
  .string()
  .regex(RELATIVE_PATH, 'must be a path below the folder, such as "outputs/report.json"');

export const containerName = z.string().regex(CONTAINER, 'must be a container name');

export const secretName = z
  .string()
  .regex(SECRET_NAME, 'must be a Key Vault secret name: letters, digits and -');

export const environment = z
  .record(
    z.string().regex(ENVIRONMENT_NAME, 'must be upper-case letters, digits and _'),
    z.string(),
  )
  .default({});

/** What `docker pull` takes: `busybox:1.36`, `myregistry.azurecr.io/tools/fit@sha256:…`. */
export const imageReference = z
  .string()
  .regex(
    /^[a-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$/,
    'must be a container image such as "busybox:1.36" or "myregistry.azurecr.io/fit:2"',
  );

/** Nodes run under the POSIX locale unless told otherwise; only C.UTF-8 is on every image. */
export const locale = z
  .string()
  .regex(/^(C|[a-z]{2,3}_[A-Z]{2})\.UTF-8$/, 'must be C.UTF-8 or like en_US.UTF-8');

const packageReference = z.strictObject({
  application: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of an application: letters, digits, _ and -'),
  /** Without one, the default version of the application, whatever that is when a node starts. */
  version: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be a version: letters, digits, ., _ and -')
    .optional(),
});

/** Batch takes ten on a pool or task. */
export const packageReferences = z.array(packageReference).max(10).default([]);

export type PackageReference = z.output<typeof packageReference>;
/** A name that the runtime can decode, such as `utf-8`, `latin1`, `utf-16le`. */
export const textEncoding = z
  .string()
  .refine(isEncoding, 'must be a text encoding such as "latin1"');

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== '';
  } catch {
    return false;
  }
}

export const RESULTS_FOLDER = 'results';

/** Records of workloads that the app has no more, and outputs of runs without a record. */
export const DEFAULT_RECORD_DAYS = 400;

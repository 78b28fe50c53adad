import { z } from 'zod';
import type { Named } from './named';

const CONTAINER = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const ENVIRONMENT_NAME = /^[A-Z][A-Z0-9_]*$/;
const SECRET_NAME = /^[0-9a-zA-Z-]{1,127}$/;
/** A path below a folder: no way up, no absolute path, no backslash. */
const RELATIVE_PATH = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\\0]+$/;

export const MINUTES_PER_DAY = 24 * 60;

/** A setting that is JSON of this form. */
export function json<Output>(schema: z.ZodType<Output>) {
  return z.string().transform((text, context): Output => {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  });
}

/** The name of a file in the programs folder of a workload. */
export const programName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be the name of a file in the programs folder');

export const relativePath = z
  .string()
  .regex(RELATIVE_PATH, 'must be a path below the folder, such as "outputs/report.json"');

export const containerName = z
  .string()
  .regex(
    CONTAINER,
    'must be a container name: 3 to 63 lower-case letters, digits and single hyphens, such as "sales-in"',
  );

export const secretName = z
  .string()
  .regex(SECRET_NAME, 'must be a Key Vault secret name: letters, digits and -');

export const environment = z
  .record(
    z.string().regex(ENVIRONMENT_NAME, 'must be upper-case letters, digits and _'),
    z.string(),
  )
  .default({});

/**
 * An image as `docker pull` names it: `busybox:1.36`, `myregistry.azurecr.io/tools/fit@sha256:…`.
 */
export const imageReference = z
  .string()
  .regex(
    /^[a-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$/,
    'must be a container image such as "busybox:1.36" or "myregistry.azurecr.io/fit:2"',
  );

/** A locale with UTF-8. Nodes have the POSIX locale by default; only C.UTF-8 is on every image. */
export const locale = z
  .string()
  .regex(/^(C|[a-z]{2,3}_[A-Z]{2})\.UTF-8$/, 'must be C.UTF-8 or a locale such as en_US.UTF-8');

const packageSchema = z.strictObject({
  /** Id of the application in the Batch account: 1 to 64 letters, digits, `_` and `-`. */
  application: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of an application: letters, digits, _ and -'),
  /**
   * Version of the application, such as `2.1`. Default: the application's default version at the
   * time when a node starts.
   */
  version: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be a version: letters, digits, ., _ and -')
    .optional(),
});

/** An application package of the Batch account. */
export interface PackageOptions extends z.input<typeof packageSchema>, Named {}
export interface PackageReference extends z.output<typeof packageSchema>, Named {}

const packageField: z.ZodType<PackageReference, PackageOptions> = packageSchema;

/** Batch accepts ten packages on a pool or task. */
export const packageReferences = z.array(packageField).max(10).default([]);

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

/** The folder of the run's output container where results are expected. */
export const RESULTS_FOLDER = 'results';

/** Retention of records whose workload the app no longer has, and of outputs without a record. */
export const DEFAULT_RECORD_DAYS = 400;

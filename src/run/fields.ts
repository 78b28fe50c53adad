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

/** Two fields, each fine alone, that do not go together. */
export interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}

import { templatesOf } from './work-schema';
import type { Workload } from './workload';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export function programsOf({ work, pool, prepare, release }: Workload): readonly string[] {
  const all = [
    ...templatesOf(work).flatMap(([, { programs }]) => programs),
    ...(pool.setup?.programs ?? []),
    ...(prepare?.programs ?? []),
    ...(release?.programs ?? []),
    ...(pool.mounts.length > 0 ? [CHECK_MOUNTS] : []),
  ];
  return [...new Set(all)];
}

/** What is staged for tasks to read as files. */
export function secretsOf({ work, prepare, release }: Workload): readonly string[] {
  const all = [
    ...templatesOf(work).flatMap(([, { secrets }]) => secrets),
    ...(prepare?.secrets ?? []),
    ...(release?.secrets ?? []),
  ];
  return [...new Set(all)];
}

/** What the app alone reads, when it makes a pool. */
export function registrySecretsOf({ pool }: Workload): readonly string[] {
  return [...new Set(pool.registries.map(({ secret }) => secret))];
}

/** A workload's own program, else the one of that name which all workloads share. */
export function programPath(folder: string, workload: string, program: string): string {
  const own = join(folder, workload, 'programs', program);
  return existsSync(own) ? own : join(folder, 'shared', program);
}

/** What every node does once for a run, before the first task of the job on it. Pure. */

/** Says no when a mount is not there: a task would write to the bare directory and "succeed". */
export const CHECK_MOUNTS = 'check-mounts.sh';

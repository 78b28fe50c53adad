import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { templatesOf } from './work-schema';
import type { Workload } from './workload';

/** Every program that the tasks of a workload need, each once. */
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

/** The program that fails when a mount is missing: a task would write to the bare directory and "succeed". */
export const CHECK_MOUNTS = 'check-mounts.sh';

/** Every Key Vault secret that is staged as a file for tasks. */
export function secretsOf({ work, prepare, release }: Workload): readonly string[] {
  const all = [
    ...templatesOf(work).flatMap(([, { secrets }]) => secrets),
    ...(prepare?.secrets ?? []),
    ...(release?.secrets ?? []),
  ];
  return [...new Set(all)];
}

/** Every Key Vault secret that only the app reads, when it creates a pool. */
export function registrySecretsOf({ pool }: Workload): readonly string[] {
  return [...new Set(pool.registries.map(({ secret }) => secret))];
}

/** The built file of a program: the workload's own, or else the shared one of that name. */
export function programPath(folder: string, workload: string, program: string): string {
  const own = join(folder, workload, 'programs', program);
  return existsSync(own) ? own : join(folder, 'shared', program);
}

/** The source file where a program belongs, for a message that it is missing. */
export function sourceOf(workload: string, program: string): string {
  const source = `src/workloads/${workload}/programs/${program}`;
  if (!program.endsWith('.mjs')) return `${source} (or src/workloads/shared/${program})`;
  return `${source} (or ${program.replace(/mjs$/, 'ts')} there, which the build compiles to .mjs)`;
}

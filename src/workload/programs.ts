import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageReference } from './fields';
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
    ...(packagesOf({ work, pool }).length > 0 ? [UNPACK_PACKAGES] : []),
  ];
  return [...new Set(all)];
}

/** The packages of pool and tasks, each with its field. */
export function packagesOf({
  pool,
  work,
}: Pick<Workload, 'pool' | 'work'>): readonly (readonly [string, PackageReference])[] {
  return [
    ...pool.packages.map((reference) => ['pool.packages', reference] as const),
    ...templatesOf(work).flatMap(([key, { packages }]) =>
      packages.map((reference) => [`work.${key}.packages`, reference] as const),
    ),
  ];
}

/** The program that unpacks application packages which the app delivers. */
export const UNPACK_PACKAGES = 'unpack-packages.sh';

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

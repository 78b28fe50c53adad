import { environmentOf, programFiles, secretFiles } from './tasks';
import type { NodeTaskSpec, ResourceFile } from '../ports';
import type { Workload } from '../../workload/workload';
import type { Access } from '../stage/access';
import { CHECK_MOUNTS } from '../../workload/programs';

/**
 * Builds the job preparation task. A job has only one, so it combines the workload's own
 * preparation, the check of the mounts and the download of shared data. A release task requires it
 * too: Batch runs the release only on nodes that ran the preparation.
 */
export function preparationOf(workload: Workload, access: Access): NodeTaskSpec | null {
  if (!preparesNodes(workload)) return null;
  const { prepare, shared, pool } = workload;
  const mounts = pool.mounts.map(({ at }) => at);
  return {
    command: commandOf(prepare?.command, mounts),
    resourceFiles: [
      ...programFiles(mounts.length > 0 ? [CHECK_MOUNTS] : [], access),
      ...programFiles(prepare?.programs ?? [], access),
      ...secretFiles(prepare?.secrets ?? [], access),
      ...shared.map(({ container, prefix, to }): ResourceFile => ({
        containerUrl: access.shared(container),
        prefix,
        path: to,
      })),
    ],
    environment: environmentOf(prepare ?? {}),
    elevated: prepare?.elevated ?? false,
    retries: prepare?.retries ?? 2,
    maxMinutes: prepare?.maxMinutes ?? 60,
    container: prepare?.container ?? null,
  };
}

export function preparesNodes({ prepare, release, shared, pool }: Workload): boolean {
  return (prepare ?? release ?? shared[0] ?? pool.mounts[0]) !== undefined;
}

/** The mount check executes the command after `--`, so the command needs no further quoting. */
function commandOf(own: string | undefined, mounts: readonly string[]): string {
  if (mounts.length === 0) return own ?? '/bin/true';
  const check = `/bin/sh ${CHECK_MOUNTS} ${mounts.join(' ')}`;
  return own === undefined ? check : `${check} -- ${own}`;
}

export function releaseOf({ release }: Workload, access: Access): NodeTaskSpec | null {
  if (release === undefined) return null;
  return {
    command: release.command,
    resourceFiles: [
      ...programFiles(release.programs, access),
      ...secretFiles(release.secrets, access),
    ],
    environment: environmentOf(release),
    elevated: release.elevated,
    retries: 0,
    maxMinutes: release.maxMinutes,
    container: release.container ?? null,
  };
}

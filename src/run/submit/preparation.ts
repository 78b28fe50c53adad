import { environmentOf, programFiles, secretFiles } from './tasks';
import type { NodeTaskSpec, ResourceFile } from '../ports';
import type { Workload } from '../../workload/workload';
import type { Access } from '../stage/access';
import { CHECK_MOUNTS, packagesOf, UNPACK_PACKAGES } from '../../workload/programs';
import { stagedPackage } from '../names';
import { withPackageVariables } from './package-variables';

/**
 * Builds the job preparation task. A job has only one, so it combines the workload's own
 * preparation, the check of the mounts, and the download of shared data and of packages that the app
 * delivers. A release task requires it too: Batch runs the release only on nodes that ran the
 * preparation.
 */
export function preparationOf(workload: Workload, access: Access): NodeTaskSpec | null {
  if (!preparesNodes(workload)) return null;
  const { prepare, shared, pool } = workload;
  const mounts = pool.mounts.map(({ at }) => at);
  return {
    command: unpacking(commandOf(prepare?.command, mounts), access),
    resourceFiles: [
      ...programFiles(access.packages.length > 0 ? [UNPACK_PACKAGES] : [], access),
      ...access.packages.map((_, at) => packageFile(at, access)),
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

/** True for packages that Batch delivers too: polls do not know, and Batch refuses to list what is not there. */
export function preparesNodes({ prepare, release, shared, pool, work }: Workload): boolean {
  const first = prepare ?? release ?? shared[0] ?? pool.mounts[0];
  return first !== undefined || packagesOf({ pool, work }).length > 0;
}

function packageFile(index: number, access: Access): ResourceFile {
  const path = stagedPackage(index);
  return { url: access.input(path), path, mode: null };
}

/** The script executes the command after `--`, like the mount check. */
function unpacking(command: string, { packages }: Access): string {
  if (packages.length === 0) return command;
  const numbers = packages.map((_, index) => index).join(' ');
  return `/bin/sh ${UNPACK_PACKAGES} ${numbers} -- ${withPackageVariables(command, packages)}`;
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
    command: withPackageVariables(release.command, access.packages),
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

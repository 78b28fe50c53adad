import { createHash } from 'node:crypto';

/** Names of tasks, containers and blobs. Pure: the same run always gives the same names. */

/** The container with the programs, inputs and secrets of a run. */
export function stagingContainerOf(runId: string): string {
  return `run-${runId}-in`;
}

/** The container with the outputs and logs of a run. */
export function outputContainerOf(runId: string): string {
  return `run-${runId}-out`;
}

/** In the output container: the task manifest that the job manager writes. */
export const MANIFEST = 'manifest/tasks.jsonl';
/** In the output container: the tasks missing from a run that succeeded. */
export const MISSING = 'missing.json';
/** In the output container: the missing tasks as the merge task reads them. */
export const MISSING_FOR_MERGE = 'merge/missing.json';
/** In the output container: what another attempt of the run needs to know of this one. */
export const ATTEMPT_FOLDER = 'attempt';
/** The versions of the inputs. */
export const PINNED_INPUTS = `${ATTEMPT_FOLDER}/inputs.json`;
/** The tasks of a run that did not succeed, with the end of each. */
export const TASK_LIST = `${ATTEMPT_FOLDER}/tasks.jsonl`;
/** The task list of the attempt whose outputs this one has taken over. */
export const TAKEN_OVER_LIST = `${ATTEMPT_FOLDER}/taken-over.jsonl`;
/** True for a blob of the output container with which the app works: it is not listed among the outputs. */
export function isInternal(name: string): boolean {
  return INTERNAL_BLOBS.has(name) || name.startsWith(`${ATTEMPT_FOLDER}/`);
}

const INTERNAL_BLOBS: ReadonlySet<string> = new Set([MANIFEST, MISSING, MISSING_FOR_MERGE]);

/** In the output container: stdout and stderr of every task. */
export const LOGS_FOLDER = 'logs';

/** In the staging container: the list of the run's inputs. */
export const INPUT_LIST = 'inputs.json';

/** In the staging container: the application packages that the app delivers. */
export const PACKAGE_LIST = 'packages.json';

/** The archive of a delivered package; the node unpacks it into the folder of that name. */
export function stagedPackage(index: number): string {
  return `packages/${index}.zip`;
}

/** The blob name of a staged input. It never contains the original name, which is untrusted. */
export function stagedName(index: number, originalName: string): string {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(originalName)?.[1]?.toLowerCase();
  const number = String(index + 1).padStart(4, '0');
  return extension === undefined ? `inputs/${number}` : `inputs/${number}.${extension}`;
}

export const JOB_MANAGER_ID = 'job-manager';
export const MERGE_ID = 'merge';

/**
 * Derives a stable, readable task id that is valid in Batch. Long texts may differ in the hash
 * only, so the hash is long enough for a million tasks.
 */
export function idFromText(text: string): string {
  const readable = text
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 47)
    .replace(/^-|-$/g, '');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${readable}-${hash}`.replace(/^-/, '');
}

/** The container shared by all runs: records and the owner id of the app. */
export const RUNS_CONTAINER = 'runs';

export const RECORDS_FOLDER = 'records/';

export function recordBlob(runId: string): string {
  return `${RECORDS_FOLDER}${runId}.json`;
}

/** The tasks of an ended run as JSON lines, beside its record. */
export function taskListBlob(runId: string): string {
  return `tasks/${runId}.jsonl`;
}

/** Holds the time at which the outputs of a run without a record were first seen. */
export function orphanBlob(runId: string): string {
  return `left/${runId}`;
}

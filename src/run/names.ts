import { createHash } from 'node:crypto';
import type { Occurrence } from './run';

/** Names of runs, tasks, containers and blobs. Pure: the same occurrence always gives the same names. */

/** Derives the id of a run from its occurrence, for example `render-3f9a1c7e5b2d4f60`. */
export function runIdOf(workload: string, occurrence: Occurrence): string {
  const key = JSON.stringify([workload, ...occurrenceKey(occurrence)]);
  return `${workload}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

function occurrenceKey(occurrence: Occurrence): readonly string[] {
  switch (occurrence.kind) {
    case 'schedule':
      return ['schedule', occurrence.due];
    case 'blob':
      return ['blob', occurrence.container, occurrence.name, occurrence.etag];
    case 'request':
      return ['request', occurrence.key];
    case 'after':
      return ['after', occurrence.runId];
  }
}

/** Returns the workload's name: everything before the last hyphen of the run id. */
export function workloadOfRun(runId: string): string {
  return runId.slice(0, Math.max(0, runId.lastIndexOf('-')));
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
/** In the output container: stdout and stderr of every task. */
export const LOGS_FOLDER = 'logs';

/** In the staging container: the list of the run's inputs. */
export const INPUT_LIST = 'inputs.json';

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

/** The container shared by all runs: records, cancel requests and the lock of each workload. */
export const RUNS_CONTAINER = 'runs';

export const RECORDS_FOLDER = 'records/';

export function recordBlob(runId: string): string {
  return `${RECORDS_FOLDER}${runId}.json`;
}

export function cancelBlob(runId: string): string {
  return `cancel/${runId}`;
}

/** Holds the time at which the outputs of a run without a record were first seen. */
export function orphanBlob(runId: string): string {
  return `left/${runId}`;
}

export function lockBlob(workload: string): string {
  return `locks/${workload}`;
}

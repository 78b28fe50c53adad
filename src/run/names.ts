import { createHash } from 'node:crypto';
import type { Occurrence } from './run';

/**
 * A workload and an occurrence, turned into ids, moments and specifications. Pure: a replay plans
 * the same run, and so does a second delivery of the same trigger.
 */

/** Kept apart from the runs' own containers: records, requests to cancel, the lock of each workload. */
export const RUNS_CONTAINER = 'runs';

export const JOB_MANAGER_ID = 'job-manager';

export const MERGE_ID = 'merge';

/** In the staging container: the run's inputs, one by one. */
export const INPUT_LIST = 'inputs.json';

/** In the output container. */
export const MANIFEST = 'manifest/tasks.jsonl';

/** In the output container: the tasks that a run went on without, for the merge and for people. */
export const MISSING_FOR_MERGE = 'merge/missing.json';

export const MISSING = 'missing.json';

export const LOGS_FOLDER = 'logs';

/** The same occurrence always gives the same id: `render-3f9a1c7e5b2d4f60`. */
export function runIdOf(workload: string, occurrence: Occurrence): string {
  const key = JSON.stringify([workload, ...keyOf(occurrence)]);
  return `${workload}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

function keyOf(occurrence: Occurrence): readonly string[] {
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

/** Where the outputs and logs of a run are. */
export function outputContainerOf(runId: string): string {
  return `run-${runId}-out`;
}

/**
 * A stable task id from words: legible, safe, and different for different words. Words that are
 * long differ in the hash alone, so it is long enough for a million of them.
 */
export function idFromText(words: string): string {
  const legible = words
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 47)
    .replace(/^-|-$/g, '');
  const hash = createHash('sha256').update(words).digest('hex').slice(0, 16);
  return `${legible}-${hash}`.replace(/^-/, '');
}

/** Where an input blob is staged: never under the name its owner chose. */
export function stagedName(index: number, originalName: string): string {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(originalName)?.[1]?.toLowerCase();
  const number = String(index + 1).padStart(4, '0');
  return extension === undefined ? `inputs/${number}` : `inputs/${number}.${extension}`;
}

export const RECORDS_FOLDER = 'records/';

export function recordBlob(runId: string): string {
  return `${RECORDS_FOLDER}${runId}.json`;
}

/** The name is what stands before the last hyphen of a run id. */
export function workloadOfRun(runId: string): string {
  return runId.slice(0, Math.max(0, runId.lastIndexOf('-')));
}

export function cancelBlob(runId: string): string {
  return `cancel/${runId}`;
}

/** When the outputs of a run that left no record were first seen. */
export function leftBlob(runId: string): string {
  return `left/${runId}`;
}

export function lockBlob(workload: string): string {
  return `locks/${workload}`;
}

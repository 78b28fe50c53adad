import fsp from 'node:fs/promises';
import path from 'node:path';
import { nodeFolders, taskDirectory } from '../execution/directories';
import { type Account, type Job, keyOf, taskRow } from '../state/account';
import type { TaskRecord } from '../state/records';
import { durationMs } from '../wire/time';

/** Default retention time of a finished task's files. */
const DEFAULT_RETENTION_MS = 7 * 86_400_000;

/** The end of a task's retention time; undefined while the task has not ended on a node. */
export function retainedUntil(task: TaskRecord): number | undefined {
  if (task.endedAt === undefined || task.node === undefined) return undefined;
  const { retentionTime } = task.constraints ?? {};
  return (
    task.endedAt + (retentionTime === undefined ? DEFAULT_RETENTION_MS : durationMs(retentionTime))
  );
}

/** Deletes a task's files after their retention time; also after a restart. */
export function watchRetention(account: Account, job: Job, task: TaskRecord): void {
  const until = retainedUntil(task);
  if (until === undefined || task.filesCleaned === true) return;
  account.wakeAt(`retention ${taskRow(job.key, task.spec.id)}`, until, () => {
    // The task may have been reactivated or deleted since.
    if (!job.tasks.has(task) || retainedUntil(task) !== until) return;
    task.filesCleaned = true;
    account.saveTask(job, task);
    removeTaskFiles(account, job, task);
  });
}

export function removeTaskFiles(account: Account, job: Job, task: TaskRecord): void {
  const { poolId, nodeId } = task.node ?? {};
  const node = account.pools.get(keyOf(poolId ?? ''))?.nodes.get(nodeId ?? '');
  if (node === undefined) return;
  const folder = path.join(nodeFolders(account, node).root, taskDirectory(job, task.spec.id));
  account.trackBackground(
    fsp.rm(folder, { recursive: true, force: true }),
    `files of ${task.spec.id}`,
  );
}

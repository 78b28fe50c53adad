import { type Account, type Node, keyOf } from '../state/account';
import { durationMs } from '../wire/time';

/** How long files of a finished task are kept when the task does not say. */
const USUAL_RETENTION_MS = 7 * 86_400_000;

/** Until when a node holds files of finished tasks that are to be kept. */
export function retainedUntil(account: Account, node: Node): number {
  let until = 0;
  for (const { jobId, taskId } of node.record.recentTasks) {
    const task = account.jobs.get(keyOf(jobId))?.tasks.get(taskId);
    if (task?.endedAt === undefined || task.node?.nodeId !== node.record.id) continue;
    const { retentionTime } = task.constraints ?? {};
    const retentionMs =
      retentionTime === undefined ? USUAL_RETENTION_MS : durationMs(retentionTime);
    until = Math.max(until, task.endedAt + retentionMs);
  }
  return until;
}

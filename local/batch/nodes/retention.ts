import { type Account, type Node, keyOf } from '../state/account';
import { retainedUntil } from '../tasks/retention';

/** The instant until which a node holds files of finished tasks within their retention time. */
export function nodeRetainedUntil(account: Account, node: Node): number {
  let until = 0;
  for (const { jobId, taskId } of node.record.recentTasks) {
    const task = account.jobs.get(keyOf(jobId))?.tasks.get(taskId);
    if (task?.node?.nodeId !== node.record.id) continue;
    until = Math.max(until, retainedUntil(task) ?? 0);
  }
  return until;
}

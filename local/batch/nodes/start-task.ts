import path from 'node:path';
import { nodeFolders } from '../execution/directories';
import { runSpecial } from '../execution/special';
import type { Account, Node } from '../state/account';
import type { ExecutionInfo } from '../state/records';
import { moveNode } from './moves';
import { breakNode, problemOf } from './break-node';

/** Runs the start task of a node that came up; without one, the node is ready. */
export function startStartTask(account: Account, node: Node): void {
  const startTask = node.pool.record.spec.startTask;
  if (startTask === undefined) delete node.record.startTask;
  else node.record.startTask = startTask;
  const mustWait = startTask !== undefined && startTask.waitForSuccess !== false;
  moveNode(account, node, mustWait ? 'startTaskBegan' : 'agentStarted');
  const boot = node.record.bootedAt;
  const running = run(account, node, () => node.record.bootedAt === boot).catch(
    (error: unknown) => {
      const problem = problemOf('StartTaskError', String(error));
      account.runExclusive(() => breakNode(account, node, [problem]));
      throw error;
    },
  );
  account.trackBackground(running, `start task on ${node.record.id}`);
}

async function run(account: Account, node: Node, isSameBoot: () => boolean): Promise<void> {
  const { startTask } = node.record;
  if (startTask === undefined || !isSameBoot()) return;
  const folder = path.join(nodeFolders(account, node).root, 'startup');
  const info = await runSpecial(
    account,
    node,
    {
      purpose: { kind: 'start', folder },
      commandLine: startTask.commandLine,
      resourceFiles: startTask.resourceFiles,
      container: startTask.containerSettings,
      packages: node.packages,
      settings: [startTask.environmentSettings],
      maxRetries: startTask.maxTaskRetryCount ?? 0,
      limitMs: Number.POSITIVE_INFINITY,
    },
    (startTaskInfo) => {
      if (!isSameBoot()) return;
      node.record.startTaskInfo = startTaskInfo;
      account.saveNode(node);
    },
  );
  if (info !== undefined && isSameBoot()) account.runExclusive(() => conclude(account, node, info));
}

function conclude(account: Account, node: Node, info: ExecutionInfo): void {
  if (node.record.state !== 'waitingforstarttask') return;
  moveNode(account, node, info.result === 'success' ? 'startTaskEnded' : 'startTaskFailed');
}

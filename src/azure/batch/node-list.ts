import type { BatchServiceModels as Models } from '@azure/batch';
import type { NodeView } from '../../run/finish/reads';
import { nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';
import { instantOf } from './task-pages';
import { errorsOfNode, nodeStateOf } from './views';

/** Maximum page size of the service. */
const NODES_PER_PAGE = 1000;

export async function listNodes(
  { client, call }: Service,
  poolId: string,
  limit: number,
): Promise<readonly NodeView[] | null> {
  const computeNodeListOptions = { maxResults: Math.min(limit, NODES_PER_PAGE) };
  const nodes = await nullIfNotFound(
    call(() => client.computeNode.list(poolId, { computeNodeListOptions, ...REQUEST_TIMEOUT })),
  );
  return nodes?.slice(0, limit).map(nodeView) ?? null;
}

function nodeView(node: Models.ComputeNode): NodeView {
  const { id = '', startTaskInfo } = node;
  return {
    id,
    state: nodeStateOf(node),
    isSpot: node.isDedicated !== true,
    since: instantOf(node.stateTransitionTime),
    allocatedAt: instantOf(node.allocationTime),
    runningTasks: node.runningTasksCount ?? 0,
    startTask:
      startTaskInfo === undefined
        ? null
        : {
            exitCode: startTaskInfo.exitCode ?? null,
            startedAt: instantOf(startTaskInfo.startTime),
            endedAt: instantOf(startTaskInfo.endTime),
            retries: startTaskInfo.retryCount,
          },
    errors: errorsOfNode(node),
  };
}

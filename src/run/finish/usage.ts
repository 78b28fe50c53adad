import { canWork } from '../provision/nodes';
import { MINUTE_MS } from '../plan';
import type { NodeCounts, PoolView, Usage } from '../run';

/** Batch bills nodes in every state except preempted. */
export function billedNodes(nodes: NodeCounts): number {
  return canWork(nodes) + nodes.startTaskFailed + nodes.unusable + nodes.leaving;
}

/** The usage before the first poll. */
export function noUsage(at: string): Usage {
  return {
    nodeMinutes: 0,
    dedicatedMinutes: 0,
    preemptions: 0,
    nodesAtLastPoll: 0,
    dedicatedAtLastPoll: 0,
    preemptedAtLastPoll: 0,
    lastPollAt: at,
  };
}

/**
 * Adds the node-minutes since the last poll: the mean of both node counts times the interval. Nodes
 * that were all allocated since then count from their allocation, so that an interval without a poll,
 * such as a submission that is being retried, is complete as well.
 */
export function addUsage(usage: Usage, pool: PoolView | null, now: Date): Usage {
  const nodes = pool === null ? 0 : billedNodes(pool.nodes);
  const dedicated = pool?.dedicatedNodes ?? 0;
  const preempted = pool?.nodes.preempted ?? 0;
  const minutes = minutesOf(usage, pool, now);
  return {
    nodeMinutes: usage.nodeMinutes + minutes(usage.nodesAtLastPoll, nodes),
    dedicatedMinutes: usage.dedicatedMinutes + minutes(usage.dedicatedAtLastPoll, dedicated),
    preemptions: usage.preemptions + Math.max(0, preempted - usage.preemptedAtLastPoll),
    nodesAtLastPoll: nodes,
    dedicatedAtLastPoll: dedicated,
    preemptedAtLastPoll: preempted,
    lastPollAt: now.toISOString(),
  };
}

function minutesOf({ nodesAtLastPoll, lastPollAt }: Usage, pool: PoolView | null, now: Date) {
  const since = (start: number) => Math.max(0, now.getTime() - start) / MINUTE_MS;
  const last = Date.parse(lastPollAt);
  const allocatedAt = pool?.allocatedAt ?? null;
  if (nodesAtLastPoll === 0 && allocatedAt !== null) {
    const minutes = since(Math.max(last, Date.parse(allocatedAt)));
    return (_before: number, after: number) => after * minutes;
  }
  return (before: number, after: number) => ((before + after) / 2) * since(last);
}

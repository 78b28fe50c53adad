import type { NodeCounts, PoolView } from '../run';
import type { Workload } from '../../workload/workload';

/** Counts of nodes, and the sentences about them. */

/** Nodes that run tasks, or could. */
export function isReady({ idle, running }: NodeCounts): number {
  return idle + running;
}

/** Ready nodes, and those that become ready if nothing fails. */
export function canWork(nodes: NodeCounts): number {
  return nodes.starting + nodes.waitingForStartTask + nodes.idle + nodes.running;
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** Says "Spot node" only when the pool can have no other nodes. */
export function nodeKind({ pool }: Workload): string {
  const isSpot =
    pool.existing === undefined &&
    pool.dedicatedNodes === 0 &&
    pool.dedicatedAfterMinutes === undefined;
  return isSpot ? 'Spot node' : 'node';
}

export function reasons(pool: PoolView): string {
  return parenthesized([
    ...pool.resizeErrors,
    ...(pool.formulaError === null ? [] : [pool.formulaError]),
  ]);
}

export function parenthesized(messages: readonly string[]): string {
  return messages.length === 0 ? '' : ` (${messages.join('; ')})`;
}

import type { Workload } from '../../workload/workload';
import type { PoolView } from '../run';

const MINUTE_MS = 60_000;
/** Minutes that a node may take from its allocation on. Without a set-up it takes about three. */
const START_MINUTES = 15;

/**
 * True for nodes that came at the end of a wait for capacity: the wait was not for them, and they have hardly
 * begun. Those that follow them, since Spot took them away, do not begin again.
 */
export function mayStillStart(
  { nodes, allocatedAt }: PoolView,
  { setup, maxWaitMinutes }: Workload['pool'],
  waitedMinutes: number,
  now: Date,
): boolean {
  if (allocatedAt === null || nodes.starting + nodes.waitingForStartTask === 0) return false;
  const startMinutes = START_MINUTES + (setup?.maxMinutes ?? 0);
  const age = (now.getTime() - Date.parse(allocatedAt)) / MINUTE_MS;
  return age < startMinutes && waitedMinutes < maxWaitMinutes + startMinutes;
}

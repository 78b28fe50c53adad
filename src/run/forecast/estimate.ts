import { costOf, type NodeTime } from '../../workload/prices';
import type { RunRecord } from '../run';
import type { Workload } from '../../workload/workload';
import { HARVEST_MINUTES } from '../provision/autoscale-formula';

/** What a run takes and costs. Pure. */

export interface Estimate {
  /** As the latest runs that succeeded took, in the median; null when there was none. */
  readonly fromRuns: number;
  readonly minutes: number | null;
  readonly nodeMinutes: number | null;
  readonly cost: number | null;
  /** The most it can be when everything goes wrong: every node from the first minute to the last. */
  readonly capNodeMinutes: number;
  readonly capCost: number | null;
}

/** After the end of the nodes' time: until the formula is evaluated next, and until the nodes are gone. */
const EVALUATION_MINUTES = 5;
const REMOVAL_MINUTES = 10;

export function estimateOf(
  latest: readonly RunRecord[],
  workload: Workload,
  idle: boolean,
): Estimate {
  const price = workload.pool.pricePerNodeHour ?? null;
  const good = latest.filter(
    ({ outcome, tasks }) => outcome.kind === 'succeeded' && tasks.succeeded > 0,
  );
  const costs = good.map((record) => costOf(record, price)).filter((cost) => cost !== null);
  const cap = idle ? NO_TIME : capOf(workload);
  return {
    fromRuns: good.length,
    minutes: idle ? 0 : median(good.map(minutesOf)),
    nodeMinutes: idle ? 0 : median(good.map(({ nodeMinutes }) => nodeMinutes)),
    cost: idle ? costOf(NO_TIME, price) : median(costs),
    capNodeMinutes: cap.nodeMinutes,
    capCost: costOf(cap, price),
  };
}

const NO_TIME: NodeTime = { nodeMinutes: 0, dedicatedMinutes: 0 };

/** Where dedicated nodes may stand in, all of them may be. Another's nodes cost the run nothing. */
function capOf({ pool, deadlineMinutes }: Workload): NodeTime {
  if (pool.existing !== undefined) return NO_TIME;
  const minutes = deadlineMinutes + HARVEST_MINUTES + EVALUATION_MINUTES + REMOVAL_MINUTES;
  const dedicated = pool.dedicatedAfterMinutes === undefined ? pool.dedicatedNodes : pool.maxNodes;
  return { nodeMinutes: pool.maxNodes * minutes, dedicatedMinutes: dedicated * minutes };
}

function minutesOf({ startedAt, endedAt }: RunRecord): number {
  return Number(((Date.parse(endedAt) - Date.parse(startedAt)) / 60_000).toFixed(1));
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

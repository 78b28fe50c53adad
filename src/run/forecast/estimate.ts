import { costOf, type NodeTime } from '../../workload/prices';
import type { RunRecord } from '../run';
import type { Workload } from '../../workload/workload';
import { HARVEST_MINUTES } from '../provision/autoscale-formula';

/** The expected and the maximum duration and cost of a run. */
export interface Estimate {
  /** Number of successful runs that the medians below are taken from; they are null without any. */
  readonly fromRuns: number;
  readonly minutes: number | null;
  readonly nodeMinutes: number | null;
  readonly cost: number | null;
  /** Upper bound: all nodes from the first minute to the last. */
  readonly capNodeMinutes: number;
  readonly capCost: number | null;
}

/** Delays after the scale-in time: until the next evaluation of the formula, and for removing nodes. */
const EVALUATION_MINUTES = 5;
const REMOVAL_MINUTES = 10;

export function estimateOf(
  latest: readonly RunRecord[],
  workload: Workload,
  idle: boolean,
): Estimate {
  const price = workload.pool.pricePerNodeHour ?? null;
  const successful = latest.filter(
    ({ outcome, tasks }) => outcome.kind === 'succeeded' && tasks.succeeded > 0,
  );
  const costs = successful.map((record) => costOf(record, price)).filter((cost) => cost !== null);
  const cap = idle ? NO_TIME : upperBoundOf(workload);
  return {
    fromRuns: successful.length,
    minutes: idle ? 0 : median(successful.map(minutesOf)),
    nodeMinutes: idle ? 0 : median(successful.map(({ nodeMinutes }) => nodeMinutes)),
    cost: idle ? costOf(NO_TIME, price) : median(costs),
    capNodeMinutes: cap.nodeMinutes,
    capCost: costOf(cap, price),
  };
}

const NO_TIME: NodeTime = { nodeMinutes: 0, dedicatedMinutes: 0 };

/** With `dedicatedAfterMinutes` all nodes may become dedicated. An existing pool costs the run nothing. */
function upperBoundOf({ pool, deadlineMinutes }: Workload): NodeTime {
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

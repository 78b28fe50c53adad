import { HARVEST_MINUTES } from './plan';
import { costOf, type NodeTime } from './prices';
import type { RunRecord } from './run';
import { vmSizeOf } from './nodes';
import { coresOf } from './vm-sizes';
import type { Workload } from './workload';

/** What a run takes and costs, and whether the account may have so many cores. Pure. */

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

/** Cores of the Batch account; null when nobody has said. */
export interface Quotas {
  readonly spotCoreQuota: number | null;
  readonly dedicatedCoreQuota: number | null;
}

export interface QuotaFindings {
  /** Not one node could come. */
  readonly refusals: readonly string[];
  /** Fewer nodes than the workload may have. */
  readonly warnings: readonly string[];
}

export function quotaFindings(quotas: Quotas, { pool }: Workload): QuotaFindings {
  const cores = coresOf(vmSizeOf(pool));
  if (cores === null || pool.existing !== undefined) return { refusals: [], warnings: [] };
  const { dedicatedNodes, dedicatedAfterMinutes, maxNodes } = pool;
  const spot = shortage('spot', quotas.spotCoreQuota, cores, maxNodes - dedicatedNodes);
  const standIns = dedicatedAfterMinutes === undefined ? 0 : 1;
  const wanted = Math.max(dedicatedNodes, standIns);
  const dedicated = shortage('dedicated', quotas.dedicatedCoreQuota, cores, wanted);

  // The first nodes are the dedicated ones, where there are any; Spot nodes come beside them.
  const firstAre = dedicatedNodes > 0 ? dedicated : spot;
  const isSaved = dedicatedNodes === 0 && standIns > 0 && dedicated === null;
  const isStuck = firstAre !== null && firstAre.fitting === 0 && !isSaved;
  const words = (shortages: readonly (Shortage | null)[]) =>
    shortages.flatMap((one) => (one === null ? [] : [wordsOf(one, vmSizeOf(pool))]));
  return isStuck
    ? {
        refusals: words([firstAre]),
        warnings: words([spot, dedicated].filter((one) => one !== firstAre)),
      }
    : { refusals: [], warnings: words([spot, dedicated]) };
}

interface Shortage {
  readonly kind: keyof typeof quotaNames;
  readonly quota: number;
  readonly cores: number;
  readonly wanted: number;
  /** So many nodes may there be. */
  readonly fitting: number;
}

/** As a request for more calls them. Dedicated cores are granted by series, and none beyond the total. */
const quotaNames = {
  spot: '"Spot/low-priority vCPUs (all Series)"',
  dedicated: 'the series of the VM size, such as "Dv5 Series"',
} as const;

function shortage(
  kind: Shortage['kind'],
  quota: number | null,
  cores: number,
  wanted: number,
): Shortage | null {
  const fitting = Math.floor((quota ?? Infinity) / cores);
  return quota === null || fitting >= wanted ? null : { kind, quota, cores, wanted, fitting };
}

function wordsOf({ kind, quota, cores, wanted, fitting }: Shortage, vmSize: string): string {
  const missing = wanted * cores - quota;
  const which = `${wanted} ${kind === 'spot' ? 'Spot' : 'dedicated'} ${wanted === 1 ? 'node' : 'nodes'}`;
  return `${which} of ${vmSize} ${wanted === 1 ? 'has' : 'have'} ${wanted * cores} cores and the Batch account may have ${quota} ${kind === 'spot' ? 'Spot' : 'dedicated'} cores, ${fitting === 0 ? 'not enough for one' : `enough for ${fitting}`}; ask for ${missing} more of ${quotaNames[kind]}, which can take days, or choose a smaller size`;
}

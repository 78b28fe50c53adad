import { vmSizeOf } from '../../workload/node-defaults';
import type { AccountQuotas } from '../ports';
import { coresOf, familyOf } from '../../workload/vm-sizes';
import type { Workload } from '../../workload/workload';

/** Whether the Batch account may have as many cores, pools and jobs as a run takes. Pure. */

/** Cores of the Batch account as the settings have them; null when they say nothing. */
export interface Quotas {
  readonly spotCoreQuota: number | null;
  readonly dedicatedCoreQuota: number | null;
}

/** Null for what nobody has said. */
export interface KnownQuotas {
  readonly spotCores: number | null;
  /** For nodes of the size that the run would have. */
  readonly dedicatedCores: number | null;
  readonly pools: number | null;
  readonly jobs: number | null;
}

/** What is set goes before what the account says. */
export function knownQuotas(
  set: Quotas,
  told: AccountQuotas | null,
  { pool }: Workload,
): KnownQuotas {
  return {
    spotCores: set.spotCoreQuota ?? told?.spotCores ?? null,
    dedicatedCores:
      set.dedicatedCoreQuota ?? (told === null ? null : dedicatedCores(told, vmSizeOf(pool))),
    pools: told?.pools ?? null,
    jobs: told?.jobs ?? null,
  };
}

/** Where families have quotas of their own, the sum of all counts besides. */
function dedicatedCores(
  { dedicatedCores: sum, dedicatedCoresByFamily: families }: AccountQuotas,
  vmSize: string,
): number | null {
  const ofFamily = families?.[familyOf(vmSize) ?? ''];
  if (ofFamily === undefined) return sum;
  return sum === null ? ofFamily : Math.min(sum, ofFamily);
}

export interface QuotaIssues {
  /** Not one node could come. */
  readonly refusals: readonly string[];
  /** Fewer nodes than the workload may have. */
  readonly warnings: readonly string[];
}

/** A pool of somebody else is there already, and so are its nodes. */
export function checkQuotas(quotas: KnownQuotas, workload: Workload): QuotaIssues {
  const ofOthers = workload.pool.existing !== undefined;
  const cores = ofOthers ? NOTHING_FOUND : coreFindings(quotas, workload);
  const none = [
    ...(quotas.pools === 0 && !ofOthers ? ['Pools per Batch account'] : []),
    ...(quotas.jobs === 0 ? ['Active jobs and job schedules per Batch account'] : []),
  ];
  return {
    refusals: [
      ...cores.refusals,
      ...none.map(
        (quota) => `the quota "${quota}" is 0; ask for more, which can take days: a run takes one`,
      ),
    ],
    warnings: cores.warnings,
  };
}

const NOTHING_FOUND: QuotaIssues = { refusals: [], warnings: [] };

function coreFindings(quotas: KnownQuotas, { pool }: Workload): QuotaIssues {
  const cores = coresOf(vmSizeOf(pool));
  if (cores === null) return NOTHING_FOUND;
  const { dedicatedNodes, dedicatedAfterMinutes, maxNodes } = pool;
  const spot = shortage('spot', quotas.spotCores, cores, maxNodes - dedicatedNodes);
  const standIns = dedicatedAfterMinutes === undefined ? 0 : 1;
  const wanted = Math.max(dedicatedNodes, standIns);
  const dedicated = shortage('dedicated', quotas.dedicatedCores, cores, wanted);

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

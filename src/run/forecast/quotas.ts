import { vmSizeOf } from '../../workload/node-defaults';
import type { AccountQuotas } from '../ports';
import { coresOf, familyOf } from '../../workload/vm-sizes';
import type { Workload } from '../../workload/workload';

/** Checks whether the quotas of the Batch account allow the cores, pool and job of a run. Pure. */

/** Core quotas from the settings; null when not set. */
export interface Quotas {
  readonly spotCoreQuota: number | null;
  readonly dedicatedCoreQuota: number | null;
}

/** The quotas that apply to a run; null when unknown. */
export interface KnownQuotas {
  readonly spotCores: number | null;
  /** For the VM size of the run. */
  readonly dedicatedCores: number | null;
  readonly pools: number | null;
  readonly jobs: number | null;
}

/** Combines the quotas of the settings, which take precedence, with those the account reports. */
export function knownQuotas(
  configured: Quotas,
  reported: AccountQuotas | null,
  { pool }: Workload,
): KnownQuotas {
  return {
    spotCores: configured.spotCoreQuota ?? reported?.spotCores ?? null,
    dedicatedCores:
      configured.dedicatedCoreQuota ??
      (reported === null ? null : dedicatedCores(reported, vmSizeOf(pool))),
    pools: reported?.pools ?? null,
    jobs: reported?.jobs ?? null,
  };
}

/** Applies the lower of the VM family's quota and the total, if quotas per family are enforced. */
function dedicatedCores(
  { dedicatedCores: total, dedicatedCoresByFamily: families }: AccountQuotas,
  vmSize: string,
): number | null {
  const ofFamily = families?.[familyOf(vmSize) ?? ''];
  if (ofFamily === undefined) return total;
  return total === null ? ofFamily : Math.min(total, ofFamily);
}

export interface QuotaIssues {
  /** Quotas that do not allow a single node, or no pool or job. */
  readonly errors: readonly string[];
  /** Quotas that allow fewer nodes than `maxNodes`. */
  readonly warnings: readonly string[];
}

/** Checks the quotas of a run. With an existing pool the run needs a job only. */
export function checkQuotas(quotas: KnownQuotas, workload: Workload): QuotaIssues {
  const isExistingPool = workload.pool.existing !== undefined;
  const cores = isExistingPool ? NO_ISSUES : checkCores(quotas, workload);
  const exhausted = [
    ...(quotas.pools === 0 && !isExistingPool ? ['Pools per Batch account'] : []),
    ...(quotas.jobs === 0 ? ['Active jobs and job schedules per Batch account'] : []),
  ];
  return {
    errors: [
      ...cores.errors,
      ...exhausted.map(
        (quota) => `the quota "${quota}" is 0 and a run needs 1; request more, which can take days`,
      ),
    ],
    warnings: cores.warnings,
  };
}

const NO_ISSUES: QuotaIssues = { errors: [], warnings: [] };

function checkCores(quotas: KnownQuotas, { pool }: Workload): QuotaIssues {
  const cores = coresOf(vmSizeOf(pool));
  if (cores === null) return NO_ISSUES;
  const { dedicatedNodes, dedicatedAfterMinutes, maxNodes } = pool;
  const spot = shortageOf('spot', quotas.spotCores, cores, maxNodes - dedicatedNodes);
  const fallbackNodes = dedicatedAfterMinutes === undefined ? 0 : 1;
  const wanted = Math.max(dedicatedNodes, fallbackNodes);
  const dedicated = shortageOf('dedicated', quotas.dedicatedCores, cores, wanted);

  // Dedicated nodes are allocated first; Spot nodes are added to them.
  const firstShortage = dedicatedNodes > 0 ? dedicated : spot;
  const canFallBack = dedicatedNodes === 0 && fallbackNodes > 0 && dedicated === null;
  const getsNoNode = firstShortage !== null && firstShortage.fitting === 0 && !canFallBack;
  const messages = (shortages: readonly (Shortage | null)[]) =>
    shortages.flatMap((one) => (one === null ? [] : [formatShortage(one, vmSizeOf(pool))]));
  return getsNoNode
    ? {
        errors: messages([firstShortage]),
        warnings: messages([spot, dedicated].filter((one) => one !== firstShortage)),
      }
    : { errors: [], warnings: messages([spot, dedicated]) };
}

interface Shortage {
  readonly kind: keyof typeof quotaNames;
  readonly quota: number;
  readonly cores: number;
  readonly wanted: number;
  /** Number of nodes that the quota allows. */
  readonly fitting: number;
}

/** Quota names of Azure's quota request form. Dedicated cores are granted by VM series. */
const quotaNames = {
  spot: '"Spot/low-priority vCPUs (all Series)"',
  dedicated: 'the series of the VM size, such as "Dv5 Series"',
} as const;

function shortageOf(
  kind: Shortage['kind'],
  quota: number | null,
  cores: number,
  wanted: number,
): Shortage | null {
  const fitting = Math.floor((quota ?? Infinity) / cores);
  return quota === null || fitting >= wanted ? null : { kind, quota, cores, wanted, fitting };
}

function formatShortage({ kind, quota, cores, wanted, fitting }: Shortage, vmSize: string): string {
  const missing = wanted * cores - quota;
  const requested = `${wanted} ${kind === 'spot' ? 'Spot' : 'dedicated'} ${wanted === 1 ? 'node' : 'nodes'}`;
  return `${requested} of ${vmSize} ${wanted === 1 ? 'has' : 'have'} ${wanted * cores} cores and the Batch account has a quota of ${quota} ${kind === 'spot' ? 'Spot' : 'dedicated'} cores, ${fitting === 0 ? 'not enough for one node' : `enough for ${fitting}`}; request ${missing} more of ${quotaNames[kind]}, which can take days, or choose a smaller size`;
}

import type { OfferedSize } from '../ports';
import { vmSizeOf } from '../../workload/node-defaults';
import { coresOf, vmSizes } from '../../workload/vm-sizes';
import type { Workload } from '../../workload/workload';

/** Checks whether the region of the Batch account has the VM size of a run's pool. Pure. */

export interface SizeIssues {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const NO_ISSUES: SizeIssues = { errors: [], warnings: [] };
const DAY_MS = 86_400_000;
/** A size whose support ends within this many days leads to a warning. */
const WARNING_DAYS = 90;
const MAX_ALTERNATIVES = 6;

/**
 * Without the sizes of the region, a size that this version does not know is only a warning: Azure
 * has new sizes, and regions differ.
 */
export function checkSize(
  { pool }: Workload,
  offered: readonly OfferedSize[] | null,
  now: string,
): SizeIssues {
  if (pool.existing !== undefined) return NO_ISSUES;
  const size = vmSizeOf(pool);
  if (offered === null)
    return isKnown(size) ? NO_ISSUES : { ...NO_ISSUES, warnings: [unknown(size)] };
  const found = offered.find(({ name }) => name.toLowerCase() === size.toLowerCase());
  if (found === undefined) return { ...NO_ISSUES, errors: [missing(size, offered)] };
  if (found.endOfLife === null) return NO_ISSUES;
  return checkEndOfLife(size, found.endOfLife, offered, now);
}

function checkEndOfLife(
  size: string,
  endOfLife: string,
  offered: readonly OfferedSize[],
  now: string,
): SizeIssues {
  const days = Math.floor((Date.parse(endOfLife) - Date.parse(now)) / DAY_MS);
  const day = endOfLife.slice(0, 10);
  if (days < 0) {
    const error = `pool.vmSize: Batch has created no new pools of ${size} since ${day}; ${alternatives(size, offered)}`;
    return { ...NO_ISSUES, errors: [error] };
  }
  if (days > WARNING_DAYS) return NO_ISSUES;
  const warning = `pool.vmSize: Batch supports ${size} until ${day}, ${days} days from now; ${alternatives(size, offered)}`;
  return { ...NO_ISSUES, warnings: [warning] };
}

function isKnown(size: string): boolean {
  return vmSizes.some(({ name }) => name === size.toLowerCase());
}

function unknown(size: string): string {
  return `pool.vmSize: ${size} is not among the sizes that this version of the app knows, and those of the region could not be read; check it: az batch location list-skus --location <region> --query "[?name=='${size}']"`;
}

function missing(size: string, offered: readonly OfferedSize[]): string {
  return `pool.vmSize: Batch has no size ${size} in the region of the account; ${alternatives(size, offered)}`;
}

/** Names sizes with as many cores, those without a date of retirement. */
function alternatives(size: string, offered: readonly OfferedSize[]): string {
  const cores = coresOf(size);
  const similar = offered
    .filter(
      ({ name, endOfLife }) => endOfLife === null && cores !== null && coresOf(name) === cores,
    )
    .map(({ name }) => name.toLowerCase())
    .filter((name) => name !== size.toLowerCase())
    .slice(0, MAX_ALTERNATIVES);
  return similar.length === 0
    ? 'choose another size'
    : `choose another size, such as ${similar.join(', ')}`;
}

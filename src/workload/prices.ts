import type { NodePrice, Pool } from './pool-schema';

/** Prices of a node for an hour by VM size in lower case, for workloads that state none. */
export type PriceTable = Readonly<Record<string, NodePrice>>;

/** Minutes of nodes of both kinds, and of the dedicated ones among them. */
export interface NodeTime {
  readonly nodeMinutes: number;
  readonly dedicatedMinutes: number;
}

export function priceOf(pool: Pool, vmSize: string, prices: PriceTable): NodePrice | undefined {
  return pool.pricePerNodeHour ?? prices[vmSize.toLowerCase()];
}

/** In the currency of the price, or null where there is none. */
export function costOf(
  { nodeMinutes, dedicatedMinutes }: NodeTime,
  price: NodePrice | null,
): number | null {
  if (price === null) return null;
  const { spot, dedicated } = typeof price === 'number' ? { spot: price, dedicated: price } : price;
  const spotMinutes = nodeMinutes - dedicatedMinutes;
  return Number(((spotMinutes * spot + dedicatedMinutes * dedicated) / 60).toFixed(4));
}

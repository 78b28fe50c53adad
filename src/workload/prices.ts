import type { NodePrice, Pool } from './pool-schema';

/** Prices of a node for an hour by VM size in lower case, for workloads without a price. */
export type PriceTable = Readonly<Record<string, NodePrice>>;

/** Minutes of all nodes, and of the dedicated ones among them. */
export interface NodeTime {
  readonly nodeMinutes: number;
  readonly dedicatedMinutes: number;
}

/** The price of a pool's nodes: the declared one, or that of the VM size. */
export function priceOf(pool: Pool, vmSize: string, prices: PriceTable): NodePrice | undefined {
  return pool.pricePerNodeHour ?? prices[vmSize.toLowerCase()];
}

/** The cost in the currency of the price; null without a price. */
export function costOf(
  { nodeMinutes, dedicatedMinutes }: NodeTime,
  price: NodePrice | null,
): number | null {
  if (price === null) return null;
  const { spot, dedicated } = typeof price === 'number' ? { spot: price, dedicated: price } : price;
  const spotMinutes = nodeMinutes - dedicatedMinutes;
  return Number(((spotMinutes * spot + dedicatedMinutes * dedicated) / 60).toFixed(4));
}

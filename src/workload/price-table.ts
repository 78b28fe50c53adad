import { z } from 'zod';
import { listPrices, PRICE_LIST_CURRENCY } from './list-prices';
import { nodePrice } from './pool-schema';
import type { PriceTable } from './prices';

/** Prices by VM size in lower case, as they are looked up. */
export const priceTable = z
  .record(z.string(), nodePrice)
  .transform((prices): PriceTable =>
    Object.fromEntries(Object.entries(prices).map(([size, price]) => [size.toLowerCase(), price])),
  );

/** The region in the address of a Batch account; null for another address, as on a laptop. */
export function regionOf(endpoint: string): string | null {
  return /^https:\/\/[a-z0-9]+\.([a-z0-9]+)\.batch\./i.exec(endpoint)?.[1]?.toLowerCase() ?? null;
}

/** The list prices of a region, with the prices that the settings name in their place. */
export function pricesFor(
  endpoint: string,
  { currency, named }: { readonly currency: string; readonly named: PriceTable },
): PriceTable {
  const region = currency === PRICE_LIST_CURRENCY ? regionOf(endpoint) : null;
  return { ...(region === null ? {} : listPrices(region)), ...named };
}

import type { PriceTable } from './prices';

/**
 * List prices of nodes with Linux for an hour, by size and region, in USD: Spot, then dedicated. They are of the
 * public Azure Retail Prices API (https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices),
 * as a catalogue that is made from it has them:
 * https://github.com/skypilot-org/skypilot-catalog/blob/098741e70562f65d7af1cceb81e33b284f742604/catalogs/v6/azure/vms.csv,
 * read on 2026-11-30. Spot prices change every month or so, and the catalogue states no day of its own: `NODE_PRICES`
 * takes the place of any of them. A size or region that is missing has no price.
 */
export const PRICE_LIST_CURRENCY = 'USD';

type SpotAndDedicated = readonly [spot: number, dedicated: number];

const regions = [
  'centralus',
  'eastus',
  'eastus2',
  'northcentralus',
  'southcentralus',
  'westcentralus',
  'westus',
  'westus2',
  'westus3',
] as const;

/** One row for each size, in the order of the regions. */
const rows: Readonly<Record<string, readonly SpotAndDedicated[]>> = {
  standard_d2ls_v5: [
    [0.010571, 0.0961],
    [0.00935, 0.085],
    [0.01105, 0.085],
    [0.01105, 0.085],
    [0.012158, 0.102],
    [0.01326, 0.102],
    [0.011745, 0.106],
    [0.01105, 0.085],
    [0.00935, 0.085],
  ],
  standard_d2s_v5: [
    [0.01188, 0.108],
    [0.01056, 0.096],
    [0.01248, 0.096],
    [0.01248, 0.096],
    [0.013708, 0.115],
    [0.01495, 0.115],
    [0.01241, 0.112],
    [0.01248, 0.096],
    [0.01056, 0.096],
  ],
  standard_d4ls_v5: [
    [0.02112, 0.192],
    [0.0187, 0.17],
    [0.0221, 0.17],
    [0.0221, 0.17],
    [0.024317, 0.204],
    [0.02652, 0.204],
    [0.02349, 0.212],
    [0.0221, 0.17],
    [0.0187, 0.17],
  ],
  standard_d4s_v5: [
    [0.02387, 0.217],
    [0.02112, 0.192],
    [0.02496, 0.192],
    [0.02496, 0.192],
    [0.027416, 0.23],
    [0.0299, 0.23],
    [0.024819, 0.224],
    [0.02496, 0.192],
    [0.02112, 0.192],
  ],
};

/** The prices of a region by VM size in lower case; empty for a region that is not in the list. */
export function listPrices(region: string): PriceTable {
  const index = regions.findIndex((name) => name === region);
  const found = Object.entries(rows).flatMap(([size, prices]) => {
    const price = prices[index];
    return price === undefined ? [] : [[size, { spot: price[0], dedicated: price[1] }] as const];
  });
  return Object.fromEntries(found);
}

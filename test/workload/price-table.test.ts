import { expect, test } from 'vitest';
import { EXAMPLE_PRICES } from '../../local/environment';
import { listPrices } from '../../src/workload/list-prices';
import { pricesFor, regionOf } from '../../src/workload/price-table';

const EAST = 'https://account.eastus.batch.azure.com';

test('the region of a Batch account is in its address, and a laptop has none', () => {
  expect(
    [EAST, 'https://account.westeurope.batch.azure.com', 'http://127.0.0.1:10100'].map(regionOf),
  ).toEqual(['eastus', 'westeurope', null]);
});

test('a region that is not in the list has no prices', () => {
  expect(listPrices('atlantis')).toEqual({});
  expect(listPrices('eastus')['standard_d2s_v5']).toEqual({ spot: 0.01056, dedicated: 0.096 });
});

test('the example prices of the local environment are those of East US', () => {
  expect(listPrices('eastus')).toMatchObject(EXAMPLE_PRICES);
});

test('a price of the settings takes the place of the list price, and of no other size', () => {
  const prices = pricesFor(EAST, { currency: 'USD', named: { standard_d2s_v5: 0.02 } });

  expect([prices['standard_d2s_v5'], prices['standard_d4s_v5']]).toEqual([
    0.02,
    { spot: 0.02112, dedicated: 0.192 },
  ]);
});

test('list prices are in dollars, so they are used with no other currency', () => {
  expect(pricesFor(EAST, { currency: 'EUR', named: { standard_d2s_v5: 0.02 } })).toEqual({
    standard_d2s_v5: 0.02,
  });
});

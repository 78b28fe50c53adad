import { expect, test } from 'vitest';
import { priceOf } from '../../src/workload/prices';
import { checked, whole } from '../run/given';

const prices = { standard_d2s_v5: { spot: 0.02, dedicated: 0.1 } };

test.each(['standard_d2s_v5', 'Standard_D2s_v5', 'STANDARD_D2S_V5'])(
  'the price of the size %s is found in any case',
  (vmSize) => {
    expect(priceOf(checked(whole).pool, vmSize, prices)).toEqual({ spot: 0.02, dedicated: 0.1 });
  },
);

test('a size without a price has none, and the price of a workload takes precedence', () => {
  const own = checked({ ...whole, pool: { pricePerNodeHour: 0.5 } });

  expect(priceOf(checked(whole).pool, 'standard_f4', prices)).toBeUndefined();
  expect(priceOf(own.pool, 'standard_d2s_v5', prices)).toBe(0.5);
});

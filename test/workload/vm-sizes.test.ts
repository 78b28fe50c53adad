import { expect, test } from 'vitest';
import {
  coresOf,
  familyOf,
  mostSlots,
  smallestFitting,
  vmSizes,
} from '../../src/workload/vm-sizes';

test.each([
  [{}, 'standard_d2ls_v5'],
  [{ cores: 1 }, 'standard_d2ls_v5'],
  [{ cores: 3 }, 'standard_d4ls_v5'],
  [{ cores: 4, memoryGiB: 16 }, 'standard_d4s_v5'],
  [{ cores: 4, memoryGiB: 16.5 }, 'standard_e4s_v5'],
  [{ memoryGiB: 100 }, 'standard_e16s_v5'],
  [{ cores: 17, memoryGiB: 130 }, 'standard_e20s_v5'],
  [{ memoryGiB: 672 }, 'standard_e96s_v5'],
])('the smallest size for %j is %s [GD41]', (needs, name) => {
  expect(smallestFitting(needs)?.name).toBe(name);
});

test('needs that no size meets have no size', () => {
  expect([smallestFitting({ cores: 97 }), smallestFitting({ memoryGiB: 673 })]).toEqual([
    undefined,
    undefined,
  ]);
});

test('each size is listed once, with the cores in its name', () => {
  expect(new Set(vmSizes.map(({ name }) => name)).size).toBe(vmSizes.length);
  expect(vmSizes.filter(({ name, cores }) => coresOf(name) !== cores)).toEqual([]);
});

test.each([
  ['Standard_D4s_v5', 4],
  ['standard_e16-4s_v5', 4],
  ['standard_nc24ads_a100_v4', 24],
  ['standard_hb120rs_v3', 120],
  ['standard_d4as_v5', 4],
  ['standard_d11_v2', null],
  ['standard_a1', null],
])('a node of %s has %s cores', (name, cores) => {
  expect(coresOf(name)).toBe(cores);
});

// As `az vm list-usage` and Batch accounts list them.
test.each([
  ['Standard_D4s_v5', 'standardDSv5Family'],
  ['standard_d2ls_v6', 'StandardDlsv6Family'],
  ['standard_e16-4s_v5', 'standardESv5Family'],
  ['standard_d4as_v5', 'standardDASv5Family'],
  ['standard_f8s_v2', 'standardFSv2Family'],
  ['standard_nc24ads_a100_v4', 'standardNCADSA100v4Family'],
  ['standard_a1', undefined],
])('the dedicated cores of %s count against the quota of %s', (name, family) => {
  expect(familyOf(name)).toBe(family?.toLowerCase());
});

test('a node has at most four slots for each core, and 256 in all', () => {
  expect([1, 2, 64, 96].map(mostSlots)).toEqual([4, 8, 256, 256]);
});

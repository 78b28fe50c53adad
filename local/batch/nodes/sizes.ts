/** Sizes of the first generations, whose names do not contain their cores. */
const EARLY_SIZES: Readonly<Record<string, number>> = {
  d1: 1,
  d2: 2,
  d3: 4,
  d4: 8,
  d5: 16,
  d11: 2,
  d12: 4,
  d13: 8,
  d14: 16,
  d15: 20,
  g1: 2,
  g2: 4,
  g3: 8,
  g4: 16,
  g5: 32,
  a0: 1,
  a1: 1,
  a2: 2,
  a3: 4,
  a4: 8,
  a5: 2,
  a6: 4,
  a7: 8,
  a8: 8,
  a9: 16,
  a10: 8,
  a11: 16,
};

/** The number of cores of a VM size, from its name: `standard_d4s_v5` has four. */
export function coresOf(vmSize: string): number {
  const name = vmSize.toLowerCase().replace(/^(standard|basic)_/, '');
  const isEarly = /^(d|ds|g|gs|a)\d+(_v2)?$/.test(name) && !/^a\d+m?_v2$/.test(name);
  const early = EARLY_SIZES[name.replace(/^(d|g)s/, '$1').replace(/_v2$/, '')];
  if (isEarly && early !== undefined) return early;
  const digits = /^[a-z]+(\d+)/.exec(name)?.[1];
  return digits === undefined ? 1 : Math.max(1, Number(digits));
}

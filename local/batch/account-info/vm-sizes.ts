/**
 * VM sizes that a pool can have, as Azure Resource Manager lists them for a region.
 *
 * Unlike Azure: one list for every region, of the series that most accounts have, without
 * capabilities. `PUT /_local/sizes` adds others, such as those of a series that is newer than this
 * list.
 */
export interface SizeOffered {
  readonly name: string;
  /** From this time Batch creates no pool with the size. */
  readonly batchSupportEndOfLife?: string;
}

interface Series {
  /** Names, with `#` for the number of cores. */
  readonly names: readonly string[];
  readonly cores: readonly number[];
  readonly endOfLife?: string;
}

const UP_TO_64 = [2, 4, 8, 16, 32, 48, 64];
const UP_TO_96 = [...UP_TO_64, 96];
const UP_TO_128 = [...UP_TO_96, 128];
const MEMORY_OPTIMISED = [2, 4, 8, 16, 20, 32, 48, 64, 96];
/** Dates of https://learn.microsoft.com/azure/virtual-machines/retirement-overview. */
const MAY_2028 = '2028-05-01T00:00:00Z';
const NOVEMBER_2028 = '2028-11-15T00:00:00Z';

const series: readonly Series[] = [
  { names: ['d#s_v6', 'd#ds_v6'], cores: [...UP_TO_128, 192] },
  { names: ['d#ls_v6', 'd#lds_v6', 'e#s_v6', 'e#ds_v6'], cores: UP_TO_128 },
  { names: ['d#as_v6', 'd#ads_v6', 'd#als_v6', 'd#alds_v6'], cores: UP_TO_96 },
  { names: ['d#ps_v6', 'd#pds_v6', 'd#pls_v6', 'd#plds_v6', 'e#ps_v6'], cores: UP_TO_96 },
  { names: ['e#as_v6', 'e#ads_v6'], cores: MEMORY_OPTIMISED },
  { names: ['f#as_v6', 'f#als_v6', 'f#ams_v6'], cores: UP_TO_64 },
  { names: ['d#_v5', 'd#s_v5', 'd#d_v5', 'd#ds_v5', 'd#ls_v5', 'd#lds_v5'], cores: UP_TO_96 },
  { names: ['d#as_v5', 'd#ads_v5'], cores: UP_TO_96 },
  { names: ['d#ps_v5', 'd#pds_v5', 'd#pls_v5', 'd#plds_v5'], cores: UP_TO_64 },
  { names: ['e#_v5', 'e#s_v5', 'e#d_v5', 'e#ds_v5'], cores: MEMORY_OPTIMISED },
  { names: ['e#as_v5', 'e#ads_v5', 'e#bs_v5', 'e#bds_v5'], cores: MEMORY_OPTIMISED },
  { names: ['e#ps_v5', 'e#pds_v5'], cores: [2, 4, 8, 16, 20, 32] },
  { names: ['d#_v4', 'd#s_v4', 'd#d_v4', 'd#ds_v4'], cores: UP_TO_64 },
  { names: ['d#a_v4', 'd#as_v4'], cores: UP_TO_96 },
  { names: ['e#_v4', 'e#s_v4', 'e#d_v4', 'e#ds_v4', 'e#a_v4', 'e#as_v4'], cores: MEMORY_OPTIMISED },
  { names: ['d#_v3', 'd#s_v3'], cores: UP_TO_64 },
  { names: ['e#_v3', 'e#s_v3'], cores: [2, 4, 8, 16, 20, 32, 48, 64] },
  { names: ['l#s_v3', 'l#as_v3'], cores: [8, 16, 32, 48, 64, 80] },
  { names: ['nc#as_t4_v3'], cores: [4, 8, 16, 64] },
  { names: ['nc#ads_a100_v4'], cores: [24, 48, 96] },
  { names: ['nv#ads_a10_v5'], cores: [6, 12, 18, 36, 72] },
  { names: ['hb#rs_v2', 'hb#rs_v3'], cores: [120] },
  { names: ['hb#rs_v4', 'hx#rs'], cores: [176] },
  { names: ['f#s_v2'], cores: [2, 4, 8, 16, 32, 48, 64, 72], endOfLife: NOVEMBER_2028 },
  { names: ['f#', 'f#s'], cores: [1, 2, 4, 8, 16], endOfLife: NOVEMBER_2028 },
  { names: ['a#_v2'], cores: [1, 2, 4, 8], endOfLife: NOVEMBER_2028 },
  { names: ['a#m_v2'], cores: [2, 4, 8], endOfLife: NOVEMBER_2028 },
  // Here the number is not that of the cores.
  { names: ['d#_v2', 'ds#_v2'], cores: [1, 2, 3, 4, 5, 11, 12, 13, 14], endOfLife: MAY_2028 },
  { names: ['d#', 'ds#'], cores: [1, 2, 3, 4, 11, 12, 13, 14], endOfLife: MAY_2028 },
];

const sizes: readonly SizeOffered[] = series.flatMap(({ names, cores, endOfLife }) =>
  names.flatMap((name) =>
    cores.map((count) => ({
      name: `Standard_${name.replace('#', String(count)).replace(/^[a-z]+/, (letters) => letters.toUpperCase())}`,
      ...(endOfLife !== undefined && { batchSupportEndOfLife: endOfLife }),
    })),
  ),
);

/** The sizes of the account: those of the list, and added ones. */
export function sizesOffered(added: ReadonlySet<string>): readonly SizeOffered[] {
  return [...sizes, ...[...added].map((name) => ({ name }))];
}

/** True for a size in which a pool can be created at this time. Names ignore case. */
export function offersSize(added: ReadonlySet<string>, name: string, now: number): boolean {
  const found = sizesOffered(added).find((size) => size.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) return false;
  const { batchSupportEndOfLife: end } = found;
  return end === undefined || now < Date.parse(end);
}

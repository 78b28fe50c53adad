/**
 * Cores and memory of the VM sizes that a pool is chosen from when a workload says what it needs
 * instead of a size. Spot prices follow cores and memory closely, so the smallest is the cheapest.
 *
 * Facts: https://learn.microsoft.com/azure/virtual-machines/sizes (general purpose: Dlsv5, Dsv5,
 * Dlsv6, Dsv6; memory optimised: Esv5, Esv6; AMD, ARM and local disks beside them). Sizes of the generations before v5 are on Azure's
 * retirement lists.
 */
export interface VmSize {
  readonly name: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

interface Family {
  readonly letter: string;
  readonly suffix: string;
  readonly memoryPerCoreGiB: number;
  readonly cores: readonly number[];
  /**
   * v6 boots from generation 2 images with NVMe disks alone, so it is taken only when it is named.
   */
  readonly chosen: boolean;
}

const UP_TO_64 = [2, 4, 8, 16, 32, 48, 64];
const UP_TO_96 = [...UP_TO_64, 96];
const UP_TO_128 = [...UP_TO_96, 128];

const families: readonly Family[] = [
  { letter: 'd', suffix: 'ls_v5', memoryPerCoreGiB: 2, cores: UP_TO_96, chosen: true },
  { letter: 'd', suffix: 's_v5', memoryPerCoreGiB: 4, cores: UP_TO_96, chosen: true },
  { letter: 'e', suffix: 's_v5', memoryPerCoreGiB: 8, cores: [...UP_TO_96, 20], chosen: true },
  { letter: 'd', suffix: 'ls_v6', memoryPerCoreGiB: 2, cores: UP_TO_128, chosen: false },
  { letter: 'd', suffix: 's_v6', memoryPerCoreGiB: 4, cores: [...UP_TO_128, 192], chosen: false },
  { letter: 'e', suffix: 's_v6', memoryPerCoreGiB: 8, cores: UP_TO_128, chosen: false },
  // Other processors and disks: known, so that a plan has no doubts about them.
  ...named('d', ['ds_v5', 'as_v5', 'ads_v5', 'as_v6', 'ads_v6', 'ps_v6'], 4, UP_TO_96),
  ...named('d', ['lds_v5', 'als_v6', 'alds_v6', 'pls_v6'], 2, UP_TO_96),
  ...named('d', ['ps_v5'], 4, UP_TO_64),
  ...named('d', ['pls_v5'], 2, UP_TO_64),
  ...named('e', ['ds_v5', 'as_v5', 'ads_v5', 'as_v6', 'ads_v6'], 8, [...UP_TO_96, 20]),
  ...named('f', ['as_v6'], 4, UP_TO_64),
  ...named('f', ['als_v6'], 2, UP_TO_64),
  ...named('f', ['ams_v6'], 8, UP_TO_64),
];

/** Families that a pool has only by name. */
function named(
  letter: string,
  suffixes: readonly string[],
  memoryPerCoreGiB: number,
  cores: readonly number[],
): readonly Family[] {
  return suffixes.map((suffix) => ({ letter, suffix, memoryPerCoreGiB, cores, chosen: false }));
}

/** Memory of sizes that differ from the memory per core of their family. */
const exceptions: Readonly<Record<string, number>> = {
  standard_e96s_v5: 672,
  standard_e96ds_v5: 672,
  standard_e96as_v5: 672,
  standard_e96ads_v5: 672,
  standard_e96as_v6: 672,
  standard_e96ads_v6: 672,
};

function sizesOf({ letter, suffix, memoryPerCoreGiB, cores }: Family): readonly VmSize[] {
  return cores.map((count) => {
    const name = `standard_${letter}${count}${suffix}`;
    return { name, cores: count, memoryGiB: exceptions[name] ?? count * memoryPerCoreGiB };
  });
}

export const vmSizes: readonly VmSize[] = families.flatMap(sizesOf);

const choices: readonly VmSize[] = families
  .filter(({ chosen }) => chosen)
  .flatMap(sizesOf)
  .sort((one, other) => one.cores - other.cores || one.memoryGiB - other.memoryGiB);

export interface Needs {
  readonly cores?: number | undefined;
  readonly memoryGiB?: number | undefined;
}

/**
 * The size with the fewest cores, then the least memory, that has both; undefined when none has.
 */
export function smallestFitting({ cores = 1, memoryGiB = 0 }: Needs): VmSize | undefined {
  return choices.find((size) => size.cores >= cores && size.memoryGiB >= memoryGiB);
}

/** The most cores and memory of any size that can be chosen. */
export const largestChoice = {
  cores: Math.max(...choices.map(({ cores }) => cores)),
  memoryGiB: Math.max(...choices.map(({ memoryGiB }) => memoryGiB)),
};

/**
 * The cores of a size of v3 or later, from its name: `standard_d4s_v5` has four, `standard_e16-4s_v5`
 * four of sixteen. Null for older names, which do not contain them.
 */
export function coresOf(vmSize: string): number | null {
  const parts = /^standard_[a-z]+(\d+)(?:-(\d+))?[a-z]*(?:_[a-z0-9]+)?_v(\d+)$/i.exec(vmSize);
  if (parts === null || Number(parts[3]) < 3) return null;
  return Number(parts[2] ?? parts[1]);
}

/**
 * The family whose quota of dedicated cores a size counts against, in lower case: its name without
 * the numbers of cores. `standard_d4s_v5` belongs to `standarddsv5family`, `standard_nc24ads_a100_v4` to
 * `standardncadsa100v4family`. Undefined for older names.
 *
 * Unconfirmed: the names are those that Azure lists (`az vm list-usage`), of which some are written
 * differently. A family that is not found is not checked.
 */
export function familyOf(vmSize: string): string | undefined {
  const parts = /^standard_([a-z]+)\d+(?:-\d+)?([a-z]*)(?:_([a-z0-9]+))?_v(\d+)$/i.exec(vmSize);
  if (parts === null) return undefined;
  const [, letters = '', suffix = '', accelerator = '', version = ''] = parts;
  return `standard${letters}${suffix}${accelerator}v${version}family`.toLowerCase();
}

/** The most task slots that Batch allows on a node: four for each core, and 256 at most. */
export function mostSlots(cores: number): number {
  return Math.min(4 * cores, 256);
}

/**
 * Named lists and ranges of values. Combinations are computed one at a time: a sweep of a million is
 * never held as a list.
 */
export interface Sweep {
  readonly over: Readonly<Record<string, SweepValues>>;
  readonly combine: 'product' | 'zip';
}

export type SweepValues = readonly (string | number | boolean)[] | SweepRange;

export interface SweepRange {
  readonly from: number;
  /** The last value, when a step reaches it exactly. */
  readonly to: number;
  readonly step: number;
}

/** Each name with its value, as in the environment of a task. */
export type Combination = Readonly<Record<string, string>>;

/** The number of combinations, computed without making one. */
export function combinationsIn({ over, combine }: Sweep): number {
  const sizes = Object.values(over).map(sizeOf);
  if (combine === 'zip') return Math.min(...sizes);
  return sizes.reduce((product, size) => product * size, 1);
}

/** The combination at an index, in the order of nested loops: the last name changes fastest. */
export function combinationAt({ over, combine }: Sweep, index: number): Combination {
  const combination: [string, string][] = [];
  let rest = index;
  for (const [name, values] of Object.entries(over).reverse()) {
    const size = sizeOf(values);
    combination.push([name, valueAt(values, combine === 'zip' ? index : rest % size)]);
    rest = Math.floor(rest / size);
  }
  return Object.fromEntries(combination.reverse());
}

/** Text such as `SEED=3 RATE=0.1`, shown to people and used to make ids. */
export function formatCombination(combination: Combination): string {
  return Object.entries(combination)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Steps are counted with this tolerance: (0.3 − 0) / 0.1 is 2.9999999999999996. */
const TOLERANCE = 1e-9;

/** The number of values of a list or range. */
export function sizeOf(values: SweepValues): number {
  if (!isRange(values)) return values.length;
  const steps = (values.to - values.from) / values.step;
  return Math.max(0, Math.floor(steps + TOLERANCE) + 1);
}

function valueAt(values: SweepValues, index: number): string {
  if (!isRange(values)) return String(values[index]);
  const { from, step } = values;
  // Rounded to the decimals of the declaration, so that 0.1 + 2 × 0.1 is shown as 0.3.
  const decimals = Math.min(100, Math.max(decimalsOf(from), decimalsOf(step)));
  return String(Number((from + index * step).toFixed(decimals)));
}

function decimalsOf(value: number): number {
  const [, fraction = '', exponent = '0'] =
    /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}

/** True for a range, false for a list. */
export function isRange(values: SweepValues): values is SweepRange {
  return 'from' in values;
}

/** Figures that describe a set of numbers. */
export interface NumberFigures {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly median: number;
  /** Of the sample (divided by n − 1); null for a single number. */
  readonly standardDeviation: number | null;
}

/** Describes the numbers; there must be one at least. */
export function describe(numbers: readonly number[]): NumberFigures {
  const sorted = Float64Array.from(numbers).sort();
  const mean = meanOf(sorted);
  const squares = sorted.map((value) => (value - mean) ** 2);
  return {
    min: sorted[0] ?? Number.NaN,
    max: sorted[sorted.length - 1] ?? Number.NaN,
    mean,
    median: medianOf(sorted),
    standardDeviation:
      sorted.length < 2 ? null : Math.sqrt(exactSum(squares) / (sorted.length - 1)),
  };
}

/** The mean of the numbers, right to the last digit or nearly. */
export function meanOf(numbers: Iterable<number> & { readonly length: number }): number {
  return exactSum(numbers) / numbers.length;
}

function medianOf(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Adds up and carries along what each addition rounds away (Neumaier 1974). */
function exactSum(numbers: Iterable<number>): number {
  let sum = 0;
  let lost = 0;
  for (const value of numbers) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

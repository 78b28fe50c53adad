import { expect, test } from 'vitest';
import { describe as figuresOf } from '../../../src/workloads/nightly-report/programs/lib/statistics';

test('an even and an odd set of numbers are described', () => {
  expect(figuresOf([4, 1, 3, 2])).toEqual({
    min: 1,
    max: 4,
    mean: 2.5,
    median: 2.5,
    standardDeviation: Math.sqrt(5 / 3),
  });
  expect(figuresOf([9, -1, 10]).median).toBe(9);
});

test('one number has no deviation', () => {
  expect(figuresOf([7])).toEqual({ min: 7, max: 7, mean: 7, median: 7, standardDeviation: null });
});

// The certified values are NIST's: https://www.itl.nist.gov/div898/strd/univ/numacc4.html
test('large numbers that hardly differ keep their mean and deviation (NIST NumAcc4)', () => {
  const numbers = Array.from({ length: 1001 }, (_, i) =>
    i === 0 ? 10_000_000.2 : i % 2 === 1 ? 10_000_000.1 : 10_000_000.3,
  );

  const { mean, standardDeviation } = figuresOf(numbers);

  expect(mean).toBeCloseTo(10_000_000.2, 8);
  expect(standardDeviation).toBeCloseTo(0.1, 8);
});

test('what an addition rounds away is not lost', () => {
  expect(figuresOf([1e16, 1, -1e16, 1]).mean).toBe(0.5);
});

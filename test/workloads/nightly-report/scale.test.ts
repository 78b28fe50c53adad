import { expect, test } from 'vitest';
import {
  formatNumber,
  linearScale,
  monthScale,
  stepBetween,
} from '../../../src/workloads/nightly-report/programs/lib/scale';

test.each([
  [0, 10, 5, 2],
  [0, 1, 4, 0.2],
  [-50, 50, 4, 20],
  [7, 7, 5, 1],
  [0, 0, 4, 0.2],
])('from %d to %d in about %d pieces the step is %d', (low, high, pieces, step) => {
  expect(stepBetween(low, high, pieces)).toBeCloseTo(step, 12);
});

test.each([
  [0, 0.5, '0'],
  [1500, 500, '1,500'],
  [2.5, 0.5, '2.5'],
  [1, 0.5, '1.0'],
  [0.25, 0.05, '0.25'],
  [144_000, 2000, '144 k'],
  [12_500, 500, '12.5 k'],
  [2_500_000, 500_000, '2.5 M'],
  [-3e9, 1e9, '-3 G'],
  [1e-6, 1e-6, '1e-6'],
  [2e20, 1e20, '2e+20'],
])('%d at a step of %d is written %s', (value, step, label) => {
  expect(formatNumber(value, step)).toBe(label);
});

test('an axis is widened to whole steps', () => {
  const { place, ticks } = linearScale([3, 97], [200, 100], 5);

  expect(ticks.map(({ label }) => label)).toEqual(['0', '20', '40', '60', '80', '100']);
  expect([0, 50, 100].map(place)).toEqual([200, 150, 100]);
});

test('a time axis has its ticks at round years or months', () => {
  const labels = (from: number, to: number) =>
    monthScale([from, to], [0, 100], 8).ticks.map(({ label }) => label);

  expect(labels(1958 * 12 + 2, 2020 * 12 + 3)).toEqual(
    [1960, 1970, 1980, 1990, 2000, 2010, 2020].map(String),
  );
  expect(labels(2020 * 12 + 1, 2020 * 12 + 6)).toEqual(
    ['Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul'].map((name) => `${name} 2020`),
  );
  expect(labels(2020 * 12, 2020 * 12)).toEqual(['Jan 2020']);
});

test('numbers of any size have a bounded number of ticks, all within the frame', () => {
  const sizes = [1e-99, 1e-9, 0.1, 1, 12_345.678, 1e15, 9e99];
  for (const low of [...sizes, ...sizes.map((size) => -size), 0]) {
    for (const span of [0, ...sizes, Math.abs(low) * 2e-16]) {
      const { place, ticks } = linearScale([low, low + span], [0, 100], 4);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThan(12);
      expect(new Set(ticks.map(({ value }) => value)).size).toBe(ticks.length);
      for (const { value } of ticks) {
        expect(place(value)).toBeGreaterThanOrEqual(-1e-6);
        expect(place(value)).toBeLessThanOrEqual(100 + 1e-6);
      }
      expect(place(low)).toBeGreaterThanOrEqual(-1e-6);
      expect(place(low + span)).toBeLessThanOrEqual(100 + 1e-6);
    }
  }
});

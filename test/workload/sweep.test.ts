import { expect, test } from 'vitest';
import {
  combinationAt,
  combinationsIn,
  formatCombination,
  type Sweep,
  type SweepValues,
} from '../../src/workload/sweep';
import { seeded, type Seeded } from '../seeded';
import { checkSweep } from '../../src/workload/checks/sweep';

function allOf(sweep: Sweep) {
  return Array.from({ length: combinationsIn(sweep) }, (_, index) => combinationAt(sweep, index));
}

function errorsOf(sweep: Sweep, maxCombinations = 1000): readonly string[] {
  return [...checkSweep(sweep, maxCombinations)].map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

test('a product pairs every value with every other, the last name changing fastest [GD3]', () => {
  const over = { MODEL: ['small', 'large'], SEED: { from: 1, to: 3, step: 1 } };

  expect(allOf({ over, combine: 'product' })).toEqual([
    { MODEL: 'small', SEED: '1' },
    { MODEL: 'small', SEED: '2' },
    { MODEL: 'small', SEED: '3' },
    { MODEL: 'large', SEED: '1' },
    { MODEL: 'large', SEED: '2' },
    { MODEL: 'large', SEED: '3' },
  ]);
});

test('a zip pairs the first values, then the second ones [GD3]', () => {
  const over = {
    LOW: { from: 0, to: 20, step: 10 },
    HIGH: [10, 20, 30],
    LAST: [false, false, true],
  };

  expect(allOf({ over, combine: 'zip' }).map(formatCombination)).toEqual([
    'LOW=0 HIGH=10 LAST=false',
    'LOW=10 HIGH=20 LAST=false',
    'LOW=20 HIGH=30 LAST=true',
  ]);
});

test.each([
  ['ends at its last step', { from: 1, to: 10, step: 4 }, ['1', '5', '9']],
  ['includes its end', { from: 0, to: 0.3, step: 0.1 }, ['0', '0.1', '0.2', '0.3']],
  ['counts down', { from: 2, to: -2, step: -2 }, ['2', '0', '-2']],
  ['has one value when its ends are equal', { from: 7, to: 7, step: 1 }, ['7']],
  [
    'keeps the decimals of the declaration',
    { from: 1e-7, to: 3e-7, step: 1e-7 },
    ['1e-7', '2e-7', '3e-7'],
  ],
  ['has no rounding errors', { from: 1.1, to: 1.5, step: 0.2 }, ['1.1', '1.3', '1.5']],
])('a range %s', (_what, range, expected) => {
  expect(allOf({ over: { X: range }, combine: 'product' }).map(({ X }) => X)).toEqual(expected);
});

test('a sweep over an empty list has no combination', () => {
  const over = { MODEL: [], SEED: { from: 1, to: 3, step: 1 } };

  expect(combinationsIn({ over, combine: 'product' })).toBe(0);
  expect(errorsOf({ over, combine: 'product' })).toEqual([]);
});

test.each<[string, Sweep, string]>([
  ['without a variable', { over: {}, combine: 'product' }, 'over: must name at least one variable'],
  [
    'in the wrong direction',
    { over: { X: { from: 1, to: 9, step: -1 } }, combine: 'product' },
    'over.X: steps of -1 from 1 never reach 9; change the sign of "step" or swap "from" and "to"',
  ],
  [
    'with steps of 0',
    { over: { X: { from: 1, to: 9, step: 0 } }, combine: 'product' },
    'over.X: steps of 0 from 1 never reach 9; change the sign of "step" or swap "from" and "to"',
  ],
  [
    'with a repeated value',
    { over: { X: [1, 2, '1'] }, combine: 'product' },
    'over.X: lists "1" twice, which would make the same task twice',
  ],
  [
    'of lists of different lengths',
    { over: { X: [1, 2, 3], Y: { from: 1, to: 2, step: 1 } }, combine: 'zip' },
    'over: "zip" needs the same number of values for each name (X 3, Y 2)',
  ],
  [
    'with a repeated pair',
    { over: { X: [1, 2, 1], Y: [5, 5, 5] }, combine: 'zip' },
    'over: "zip" makes the combination X=1 Y=5 twice',
  ],
  [
    'that is too large',
    {
      over: { X: { from: 1, to: 1e9, step: 1 }, Y: { from: 1, to: 1e9, step: 1 } },
      combine: 'product',
    },
    'over: makes 1000000000000000000 combinations, more than 1000; use fewer values, or raise maxTasks or chunk',
  ],
])('a sweep %s is a validation error that says what is valid', (_what, sweep, error) => {
  expect(errorsOf(sweep)).toEqual([error]);
});

/** Some lists and ranges, all of them valid. */
function someSweep(chance: Seeded): Sweep {
  const combine = chance.pick<Sweep['combine']>(['product', 'zip']);
  const size = chance.whole(1, 6);
  const axes = Array.from({ length: chance.whole(1, 4) }, (_, index): [string, SweepValues] => {
    const count = combine === 'zip' ? size : chance.whole(1, 6);
    if (chance.next() < 0.5) {
      return [`N${index}`, Array.from({ length: count }, (_, value) => `${index}-${value}`)];
    }
    const step = chance.whole(1, 500) / 10 ** chance.whole(0, 6);
    const sign = chance.pick([1, -1]);
    const from = chance.whole(-1000, 1000) / 10 ** chance.whole(0, 4);
    return [`N${index}`, { from, to: from + sign * step * (count - 1 + 0.4), step: sign * step }];
  });
  return { over: Object.fromEntries(axes), combine };
}

/** The combinations by nested loops, as a person would write them. */
function byLoops({ over, combine }: Sweep): readonly (readonly number[])[] {
  const sizes = Object.keys(over).map((name) =>
    combinationsIn({ over: { [name]: over[name] ?? [] }, combine: 'product' }),
  );
  if (combine === 'zip') {
    return Array.from({ length: sizes[0] ?? 0 }, (_, index) => sizes.map(() => index));
  }
  return sizes.reduce<readonly (readonly number[])[]>(
    (rows, size) => rows.flatMap((row) => Array.from({ length: size }, (_, at) => [...row, at])),
    [[]],
  );
}

test('every sweep has the combinations of nested loops over its values, each once [GD3]', () => {
  const chance = seeded(20260101);
  for (let round = 0; round < 400; round++) {
    const sweep = someSweep(chance);
    const single = (name: string, index: number) =>
      combinationAt({ over: { [name]: sweep.over[name] ?? [] }, combine: 'product' }, index)[name];
    const expected = byLoops(sweep).map((row) =>
      Object.fromEntries(
        Object.keys(sweep.over).map((name, at) => [name, single(name, row[at] ?? 0)]),
      ),
    );

    expect(errorsOf(sweep, 10_000)).toEqual([]);
    expect(allOf(sweep)).toEqual(expected);
    expect(new Set(allOf(sweep).map(formatCombination)).size).toBe(expected.length);
  }
});

test('a range has both ends and even steps, with any number of decimals', () => {
  const chance = seeded(7);
  for (let round = 0; round < 2000; round++) {
    const decimals = chance.whole(0, 8);
    const unit = 10 ** decimals;
    const [from, step, count] = [
      chance.whole(-9999, 9999),
      chance.whole(1, 999),
      chance.whole(1, 50),
    ];
    const range = { from: from / unit, to: (from + step * (count - 1)) / unit, step: step / unit };
    const values = allOf({ over: { X: range }, combine: 'product' }).map(({ X }) => Number(X));

    // Computed in whole units, where floating point is exact.
    expect(values).toEqual(Array.from({ length: count }, (_, at) => (from + step * at) / unit));
  }
});

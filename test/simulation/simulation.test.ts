import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { play } from '../../src/rehearse/play';
import { SHAPES } from '../../src/rehearse/kinds';
import { drawWorld } from '../../src/rehearse/world';
import { invariants, violationsIn, type Invariant } from './invariants';
import { shrink } from './shrink';
import { brokenIn, TIMEOUT_MS, WORLDS_PER_FILE } from './worlds';

test(
  `in ${WORLDS_PER_FILE} worlds from seed 1 on, whatever goes wrong, every invariant holds`,
  { timeout: TIMEOUT_MS },
  async () => {
    expect(await brokenIn(1)).toEqual([]);
  },
);

test('the same seed plays the same world, call by call', { timeout: TIMEOUT_MS }, async () => {
  const hashes = async (seed: number) => {
    const { trace } = await play(drawWorld(seed));
    return [trace.hash, trace.calls];
  };
  for (const seed of [1, 17, 46, 285]) expect(await hashes(seed)).toEqual(await hashes(seed));
  expect(await hashes(1)).not.toEqual(await hashes(2));
});

test(
  'a world that breaks an invariant is shrunk to what breaks it',
  { timeout: TIMEOUT_MS },
  async () => {
    const rule: Invariant = {
      id: 'none',
      name: 'nobody terminates a run',
      check: ({ interference }) =>
        interference.filter(({ kind }) => kind === 'terminate').map(({ what }) => what),
    };
    const { plan, violations } = await shrink(drawWorld(90), 'none', [rule]);

    expect(plan.faults.map(({ kind }) => kind)).toEqual(['terminate']);
    expect(plan.occurrences.map(({ workload }) => workload)).toEqual(['chunks']);
    expect(violations.map(({ id }) => id)).toEqual(['none']);
  },
);

test('each of the thirteen invariants has rows', () => {
  const numbers = new Set(invariants.map(({ id }) => Number.parseInt(id, 10)));
  expect([...numbers]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
});

test('a plan without faults gives worlds in which something happens', async () => {
  const world = await play({ ...drawWorld(3), faults: [] });
  const started = world.apps.flatMap(({ started }) => [...started.keys()]);

  expect(started.length).toBeGreaterThan(0);
  expect(violationsIn(world)).toEqual([]);
});

test('worlds of every kind are drawn', () => {
  const drawn = Array.from({ length: 500 }, (_, index) => drawWorld(index + 1).kind);
  expect(new Set(drawn)).toEqual(new Set(Object.keys(SHAPES)));
});

interface Planted {
  readonly what: string;
  readonly file: string;
  readonly was: string;
  readonly world?: string;
  readonly why?: string;
}

test('each error that npm run simulate:planted plants has its one place in the source', () => {
  const text = (path: string) => readFileSync(join(__dirname, path), 'utf8');
  const oneSpace = (source: string) => source.replaceAll(/\s+/g, ' ');
  const planted = JSON.parse(text('planted.json')) as readonly Planted[];
  const open = JSON.parse(text('planted-open.json')) as readonly Planted[];
  const misplaced = [...planted, ...open].filter(({ file, was }) => {
    const source = oneSpace(text(`../../src/${file}`));
    return source.split(oneSpace(was.trim())).length !== 2;
  });

  expect(planted.length).toBeGreaterThan(80);
  expect(misplaced).toEqual([]);
  expect(open.filter(({ why }) => why === undefined)).toEqual([]);
  expect(planted.filter(({ world }) => world !== undefined && !(world in SHAPES))).toEqual([]);
});

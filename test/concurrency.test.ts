import { expect, test } from 'vitest';
import { eachAtOnce, mapAhead } from '../src/concurrency';
import { seeded } from './seeded';

/** Resolves after this number of turns of the promise queue. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

function* numbers(count: number, onNext: (number: number) => void = () => {}): Generator<number> {
  for (let number = 0; number < count; number++) {
    onNext(number);
    yield number;
  }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test('every item is processed, as many at a time as allowed, and no item is requested early [PY21]', async () => {
  const chance = seeded(3);
  const done: number[] = [];
  let [asked, doing, most] = [0, 0, 0];

  await eachAtOnce(
    numbers(500, () => (asked += 1)),
    7,
    async (number) => {
      doing += 1;
      most = Math.max(most, doing);
      expect(asked - done.length).toBeLessThanOrEqual(7);
      await turns(chance.whole(0, 20));
      done.push(number);
      doing -= 1;
    },
  );

  expect([most, done.toSorted((a, b) => a - b)]).toEqual([7, [...numbers(500)]]);
});

test('after a failure no call is started, started calls are awaited, and the failure is thrown', async () => {
  const begun: number[] = [];
  let doing = 0;
  const work = async (number: number): Promise<void> => {
    begun.push(number);
    doing += 1;
    await turns(number === 3 ? 1 : 30);
    doing -= 1;
    if (number === 3) throw new Error('three');
  };

  await expect(eachAtOnce(numbers(500), 4, work)).rejects.toThrow('three');
  expect([begun, doing]).toEqual([[0, 1, 2, 3], 0]);
});

test('a source that fails is a failure too, and the items before are processed', async () => {
  const done: number[] = [];
  const broken = numbers(100, (number) => {
    if (number === 10) throw new Error('no more');
  });

  await expect(
    eachAtOnce(broken, 4, async (number) => {
      await turns(5);
      done.push(number);
    }),
  ).rejects.toThrow('no more');
  expect(done.toSorted((a, b) => a - b)).toEqual([...numbers(10)]);
});

test('results come in order, and are computed no further ahead than allowed', async () => {
  const chance = seeded(4);
  let [made, read] = [0, 0];
  const results: string[] = [];

  for await (const result of mapAhead(numbers(200), 5, async (number) => {
    made += 1;
    expect(made - read).toBeLessThanOrEqual(5);
    await turns(chance.whole(0, 20));
    return `made ${number}`;
  })) {
    results.push(result);
    read += 1;
  }

  expect(results).toEqual([...numbers(200)].map((number) => `made ${number}`));
});

test('a failure ahead is thrown where its result is read', async () => {
  const read: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const number of mapAhead(numbers(10), 5, async (number) => {
      if (number === 2) throw new Error('two');
      return number;
    })) {
      read.push(number);
    }
  };

  await expect(reading()).rejects.toThrow('two');
  expect(read).toEqual([0, 1]);
  expect(await all(mapAhead([], 5, async () => 1))).toEqual([]);
});

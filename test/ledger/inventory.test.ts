import { expect, test } from 'vitest';
import { takeInventory, type WatchedContainer } from '../../src/ledger/inventory';
import { register } from '../../src/ledger/ledger';
import type { BlobListed } from '../../src/run/ports';
import type { Table } from '../../src/ledger/table';
import { MemoryTable } from '../memory-table';
import { killedAfter, newOccurrence, NOW } from './given';

const FIRST = '2026-11-30T02:00:00.000Z';
const at = (minutes: number) => new Date(Date.parse(FIRST) + minutes * 60_000).toISOString();

function blob(name: string, minutes: number, etag = `"${name}"`): BlobListed {
  return { name, bytes: 1, etag, writtenAt: at(minutes) };
}

function occurrenceOf({ name, etag, writtenAt }: BlobListed, container = 'in') {
  const version = { kind: 'blob', container, name, etag } as const;
  return newOccurrence({ instant: writtenAt }, version);
}

/** One container, its blobs in pages of two, and an app that registers what the inventory finds. */
class Watching {
  readonly table = new MemoryTable();
  readonly found: string[] = [];
  blobs: readonly BlobListed[] = [];
  watched: WatchedContainer = {
    workload: 'report',
    container: 'in',
    isInput: (name) => !name.endsWith('.tmp'),
  };

  async pass(minutes: number, table: Table = this.table): Promise<number> {
    const page = async (_: string, cursor: string | null) => {
      const sorted = [...this.blobs].sort((one, other) => (one.name < other.name ? -1 : 1));
      const rest = sorted.filter(({ name }) => cursor === null || name > cursor);
      const blobs = rest.slice(0, 2);
      return { blobs, next: rest.length > 2 ? (blobs.at(-1)?.name ?? null) : null };
    };
    const registerBlob = async (_: string, one: BlobListed) => {
      await register(table, occurrenceOf(one, this.watched.container), NOW);
      this.found.push(one.name);
    };
    const context = { table, page, registerBlob };
    return takeInventory(context, this.watched, new Date(at(minutes)));
  }

  row() {
    return this.table.values('workload')['report!inventory'];
  }
}

test('a blob whose event never came is registered once, after two minutes', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = [blob('a', 5)];

  expect(await watching.pass(7)).toBe(0);
  expect(await watching.pass(7.01)).toBe(1);
  expect(await watching.pass(12)).toBe(0);
  expect(watching.found).toEqual(['a']);
});

test('a blob whose event came is left', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = [blob('a', 5)];
  await register(watching.table, occurrenceOf(blob('a', 5)), NOW);

  expect([await watching.pass(10), watching.found]).toEqual([0, []]);
});

test('a blob that was overwritten is another version', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = [blob('a', 5, '"1"')];
  await watching.pass(10);
  watching.blobs = [blob('a', 11, '"2"')];

  expect([await watching.pass(15), watching.found]).toEqual([1, ['a', 'a']]);
});

test('what was written before the first pass is left, and so is what is no input', async () => {
  const watching = new Watching();
  watching.blobs = [blob('old', -1), blob('older', -999), blob('part.tmp', 1)];
  for (const minutes of [0, 5, 10, 15, 20]) await watching.pass(minutes);

  expect(watching.found).toEqual([]);
});

test('a round goes over all pages, one a pass, and remembers when it began', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = ['a', 'b', 'c', 'd', 'e'].map((name) => blob(name, 1));
  const row = { container: 'in', firstPass: at(0) };

  expect(await watching.pass(5)).toBe(2);
  expect(watching.row()).toEqual({
    ...row,
    seenThrough: at(0),
    roundStart: at(5),
    cursor: 'b',
  });
  expect([await watching.pass(10), await watching.pass(15)]).toEqual([2, 1]);
  expect(watching.row()).toEqual({ ...row, seenThrough: at(3), roundStart: null, cursor: null });
  expect(watching.found).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what is written behind the cursor of a round is found by the next', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = ['b', 'c', 'd'].map((name) => blob(name, 1));
  await watching.pass(5);
  watching.blobs = [...watching.blobs, blob('a', 5.5)];
  for (const minutes of [60, 65, 70]) await watching.pass(minutes);

  expect(watching.found).toEqual(['b', 'c', 'd', 'a']);
});

test('another container of the workload begins again', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.watched = { ...watching.watched, container: 'other' };
  watching.blobs = [blob('a', 5)];

  expect(await watching.pass(10)).toBe(0);
  expect(watching.row()).toEqual({
    container: 'other',
    firstPass: at(10),
    seenThrough: at(10),
    roundStart: null,
    cursor: null,
  });
  watching.blobs = [blob('a', 5), blob('b', 11)];
  expect([await watching.pass(15), watching.found]).toEqual([1, ['b']]);
});

test('a blob is found again by the next pass, whenever its registration was killed', async () => {
  for (const writes of [0, 1, 2, 3]) {
    const watching = new Watching();
    await watching.pass(0);
    watching.blobs = [blob('a', 5)];
    const killed = watching.pass(10, killedAfter(watching.table, writes));
    await expect(killed).rejects.toThrow('killed');
    await watching.pass(15);

    const rows = Object.values(watching.table.values('run-report'));
    expect(rows.map(({ blob: name, state }) => [name, state])).toEqual([[null, 'open']]);
  }
});

test('passes at once register a blob once', async () => {
  const watching = new Watching();
  await watching.pass(0);
  watching.blobs = [blob('a', 5)];
  await Promise.all([watching.pass(10), watching.pass(10), watching.pass(10)]);

  expect(Object.keys(watching.table.values('run-report')).length).toBe(1);
});

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Journal, type Row } from '../../../../local/batch/state/journal';
import { newFolder } from '../stand';

/** A state that is written down as it changes. */
async function kept(folder: string, foldBytes?: number) {
  const state = new Map<string, object>();
  const source = { rows: (): Iterable<Row> => state };
  const { journal, rows } = await Journal.open(folder, source, foldBytes);
  for (const [key, value] of rows) state.set(key, value);
  return {
    state,
    journal,
    put(key: string, value: object) {
      state.set(key, value);
      journal.put(key, value);
    },
    drop(key: string) {
      state.delete(key);
      journal.drop(key);
    },
    dropUnder(prefix: string) {
      for (const key of state.keys()) if (key.startsWith(prefix)) state.delete(key);
      journal.dropUnder(prefix);
    },
  };
}

test('rows that were put, changed and dropped are restored', async () => {
  const folder = await newFolder();
  const before = await kept(folder);
  before.put('task/a/1', { n: 1 });
  before.put('task/b/1', { n: 1 });
  before.put('task/a/1', { n: 2 });
  before.put('gone', {});
  before.drop('gone');
  before.dropUnder('task/b/');
  before.put('task/b/2', { n: 3 });
  await before.journal.close();

  const after = await kept(folder);
  await after.journal.close();

  expect(Object.fromEntries(after.state)).toEqual({ 'task/a/1': { n: 2 }, 'task/b/2': { n: 3 } });
});

test('a large log is folded into a snapshot while it continues, and nothing is lost', async () => {
  const folder = await newFolder();
  const before = await kept(folder, 2_000);
  for (let round = 0; round < 200; round += 1) {
    before.put(`row/${round % 40}`, { round });
    if (round % 7 === 0) before.dropUnder(`row/${(round + 3) % 40}`);
    if (round % 5 === 0) await before.journal.flushed();
  }
  await before.journal.close();
  const files = fs.readdirSync(folder);

  const after = await kept(folder, 2_000);
  await after.journal.close();

  expect(Object.fromEntries(after.state)).toEqual(Object.fromEntries(before.state));
  expect(files.some((file) => file.startsWith('snapshot-'))).toBe(true);
  expect(fs.readdirSync(folder).filter((file) => file.endsWith('.part'))).toEqual([]);
  const bytes = files.reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
  expect(bytes).toBeLessThan(10_000);
});

test('a journal that cannot be written acknowledges no further change', async () => {
  const folder = await newFolder();
  const { journal, put } = await kept(folder);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  put('row', circle);

  await expect(journal.flushed()).rejects.toThrow('cannot write the journal');
  put('row', {});
  await expect(journal.flushed()).rejects.toThrow('cannot write the journal');
});

import { expect, test } from 'vitest';
import type { BlobPage } from '../src/run/ports';
import { MemoryFiles } from './memory-files';

/** What storage in memory must have in common with storage itself. */

async function pagesOf(files: MemoryFiles, container: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: BlobPage = await files.page(container, cursor);
    pages.push(page.blobs.map(({ name }) => name));
    cursor = page.next;
  } while (cursor !== null);
  return pages;
}

test('the pages of a container in memory have each blob once, in name order', async () => {
  const files = new MemoryFiles();
  files.pageBlobs = 2;
  for (const name of ['e', 'b/1', 'a', 'd', 'c']) files.put('inbox', name, '1');

  expect(await pagesOf(files, 'inbox')).toEqual([['a', 'b/1'], ['c', 'd'], ['e']]);
});

test('a container in memory that is empty, or does not exist, has one empty page', async () => {
  const files = new MemoryFiles();
  await files.makeContainer('inbox', {});

  expect([await pagesOf(files, 'inbox'), await pagesOf(files, 'nowhere')]).toEqual([[[]], [[]]]);
});

import { expect, test } from 'vitest';
import { ownerOf } from '../../src/ledger/owner';
import { MemoryFiles } from '../memory-files';
import { MemoryTable } from '../memory-table';

function idsFrom(first: number): () => string {
  let next = first;
  return () => `owner-${next++}`;
}

test('the owner id is made once, by many hosts at once', async () => {
  const [files, table, newId] = [new MemoryFiles(), new MemoryTable(), idsFrom(1)];

  const owners = await Promise.all(
    Array.from({ length: 8 }, () => ownerOf(files, table, 'hub', newId)),
  );

  expect(new Set(owners).size).toBe(1);
  expect(files.text('runs', 'owner-hub')).toBe(owners[0]);
  expect(table.values('app')).toEqual({ owner: { owner: owners[0] } });
  expect(await ownerOf(files, table, 'hub', newId)).toBe(owners[0]);
});

test('an owner id that the ledger has lost is restored from the records', async () => {
  const [files, table] = [new MemoryFiles(), new MemoryTable()];
  const owner = await ownerOf(files, table, 'hub', idsFrom(1));
  table.partitions.clear();

  expect(await ownerOf(files, table, 'hub', idsFrom(5))).toBe(owner);
  expect(table.values('app')).toEqual({ owner: { owner } });
});

test('an owner id that the records have lost is restored from the ledger', async () => {
  const [files, table] = [new MemoryFiles(), new MemoryTable()];
  const owner = await ownerOf(files, table, 'hub', idsFrom(1));
  files.containers.clear();

  expect(await ownerOf(files, table, 'hub', idsFrom(5))).toBe(owner);
  expect(files.text('runs', 'owner-hub')).toBe(owner);
});

test('records and a ledger of two apps are refused', async () => {
  const [files, other, table] = [new MemoryFiles(), new MemoryFiles(), new MemoryTable()];
  await ownerOf(other, table, 'hub', idsFrom(2));
  await ownerOf(files, new MemoryTable(), 'hub', idsFrom(1));

  await expect(ownerOf(files, table, 'hub', idsFrom(3))).rejects.toMatchObject({
    code: 'badSettings',
    message:
      'the container runs belongs to the app owner-1 and its ledger to owner-2: this storage account holds parts of two apps; point AzureWebJobsStorage at the account of one of them',
  });
});

test('two task hubs of one account are two apps', async () => {
  const files = new MemoryFiles();
  const newId = idsFrom(1);

  expect(await ownerOf(files, new MemoryTable(), 'one', newId)).toBe('owner-1');
  expect(await ownerOf(files, new MemoryTable(), 'two', newId)).toBe('owner-2');
});

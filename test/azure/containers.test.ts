import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesOn } from '../../src/azure/storage';
import { labelsOf } from '../../src/run/activity-context';
import {
  ACCOUNT,
  all,
  connectionString,
  fresh,
  startKeyAccount,
  type TestAccount,
} from './accounts';

/** Owners and pages of containers, on storage itself. */

let account: TestAccount | undefined;

beforeAll(async () => {
  account = await startKeyAccount();
});

afterAll(async () => {
  await account?.stop();
});

function opened(): TestAccount {
  if (account === undefined) throw new Error('the account did not start');
  return account;
}

test("a container of another app's run with the same id is neither adopted nor deleted [GD40]", async () => {
  const { files } = opened();
  const ours = labelsOf({ owner: 'this-app', runId: 'hello-1', workload: 'hello' });
  const theirs = labelsOf({ owner: 'another-app', runId: 'hello-1', workload: 'hello' });
  const container = await fresh(files, theirs);

  await expect(files.makeContainer(container, ours)).rejects.toMatchObject({
    code: 'nameCollision',
  });
  expect(await files.removeContainer(container, ours)).toBe('notOwned');
  expect(await files.listContainers(container)).toEqual([{ name: container, labels: theirs }]);
});

test('a page has the blobs in name order, as a list has them', async () => {
  const { files } = opened();
  const container = await fresh(files);
  for (const name of ['c', 'a', 'b/1']) await files.writeText(container, name, '1');

  const page = await files.page(container, null);

  expect(page).toEqual({ blobs: await all(files.list(container)), next: null });
  expect(page.blobs.map(({ name }) => name)).toEqual(['a', 'b/1', 'c']);
});

test('a page of a container that is empty, or does not exist, has no blobs and none after it', async () => {
  const { files } = opened();
  const nothing = { blobs: [], next: null };

  expect([
    await files.page(await fresh(files), null),
    await files.page('no-such-container', null),
  ]).toEqual([nothing, nothing]);
});

/** The account as a service that lists at most two blobs at once, where Azure lists 5,000. */
function shortPages({ blobUrl }: TestAccount): BlobServiceClient {
  const text = connectionString(blobUrl, ACCOUNT.key);
  const service = BlobServiceClient.fromConnectionString(text);
  const open = service.getContainerClient.bind(service);
  service.getContainerClient = (name) => {
    const container = open(name);
    const list = container.listBlobsFlat.bind(container);
    container.listBlobsFlat = (options) => {
      const blobs = list(options);
      const byPage = blobs.byPage.bind(blobs);
      return Object.assign(blobs, {
        byPage: (settings: object) => byPage({ ...settings, maxPageSize: 2 }),
      });
    };
    return container;
  };
  return service;
}

test('more blobs than a page takes are listed page by page, also when a blob at the cursor is deleted', async () => {
  const files = filesOn(shortPages(opened()), () => new Date(0), { kind: 'key' });
  const container = await fresh(files);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await files.writeText(container, name, '1');

  const first = await files.page(container, null);
  await files.remove(container, 'c');
  const second = await files.page(container, first.next);
  const third = await files.page(container, second.next);

  expect([first, second, third].map(({ blobs }) => blobs.map(({ name }) => name))).toEqual([
    ['a', 'b'],
    ['d', 'e'],
    ['f'],
  ]);
  expect(third.next).toBeNull();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageSharedKeyCredential, BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock } from '../../local/clock';
import { filesOn } from '../../src/azure/storage';
import { Failure } from '../../src/failure';
import {
  ACCOUNT,
  all,
  connectionString,
  filesFor,
  found,
  fresh,
  hostile,
  listenToRequests,
  startKeyAccount,
  startOAuthAccount,
  triedWith,
  type TestAccount,
} from './accounts';
import { checkSas } from './sas';

/**
 * The contract of the Files port, on storage itself: over TLS with an identity, as in Azure, and
 * with an account key, as in a storage emulator that somebody runs anyway.
 */

const kinds = ['identity', 'key'] as const;
type Kind = (typeof kinds)[number];

const accounts = new Map<Kind, TestAccount>();
/** Every SAS of these tests, with what it was minted for. */
const minted: {
  readonly kind: Kind;
  readonly url: string;
  readonly minutes: number;
  readonly at: Date;
}[] = [];
let stopListening = () => {};

beforeAll(async () => {
  stopListening = listenToRequests((request) => {
    const source = request.getHeader('x-ms-copy-source');
    if (typeof source !== 'string') return;
    const kind = source.startsWith('https:') ? 'identity' : 'key';
    minted.push({ kind, url: source, minutes: 60, at: realClock.now() });
  });
  const [identity, key] = await Promise.all([startOAuthAccount(), startKeyAccount()]);
  accounts.set('identity', identity);
  accounts.set('key', key);
});

afterAll(async () => {
  stopListening();
  for (const account of accounts.values()) await account.stop();
});

function account(kind: Kind): TestAccount {
  const found = accounts.get(kind);
  if (found === undefined) throw new Error(`the account with ${kind} did not start`);
  return found;
}

test.each(kinds)(
  'a container is made once and adopted again, and carries its labels (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const labels = { nightshiftrun: 'hello-1', nightshiftworkload: 'hello' };
    await files.makeContainer('run-hello-1-in', labels);
    await files.makeContainer('run-hello-1-in', labels);
    await files.makeContainer('other', {});

    expect(await files.listContainers('run-')).toEqual([{ name: 'run-hello-1-in', labels }]);
  },
);

test.each(kinds)(
  "another owner's container is neither adopted nor deleted [GD40] (with %s)",
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files, { nightshiftrun: 'other-1' });
    const labels = { nightshiftrun: 'hello-1' };

    await expect(files.makeContainer(container, labels)).rejects.toMatchObject({
      code: 'nameCollision',
      message: `a container named ${container} exists that this run did not create; it is not changed`,
    });
    expect(await files.removeContainer(container, labels)).toBe('notOwned');
    expect((await files.listContainers(container)).map(({ name }) => name)).toContain(container);
  },
);

test.each(kinds)('deleting a container is idempotent [GD37] (with %s)', async (kind) => {
  const { files } = account(kind);
  const labels = { nightshiftrun: 'hello-1' };
  const container = await fresh(files, labels);
  await files.writeText(container, 'a', '1');

  expect([
    await files.removeContainer(container, labels),
    await files.removeContainer(container, labels),
    await all(files.list(container)),
    await files.find(container, 'a'),
    await files.readText(container, 'a', 10),
  ]).toEqual(['deleted', 'deleted', [], null, null]);
});

test.each(kinds)(
  'text is written, found and read as it was, in any language (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    const text = 'Größe: 日本 \u{1F600}\n';
    await files.writeText(container, 'notes/a.txt', 'before');
    await files.writeText(container, 'notes/a.txt', text);

    expect(await files.readText(container, 'notes/a.txt', 100)).toBe(text);
    expect(await found(files, container, 'notes/a.txt')).toEqual({
      name: 'notes/a.txt',
      bytes: Buffer.byteLength(text),
      etag: expect.stringMatching(/^[^"]+$/),
    });
  },
);

test.each(kinds)(
  'text longer than wanted is refused by name and size, and not read (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    await files.writeText(container, 'long', '12345');

    expect(await files.readText(container, 'long', 5)).toBe('12345');
    await expect(files.readText(container, 'long', 4)).rejects.toMatchObject({
      code: 'inputRefused',
      message: `blob ${container}/long has 5 bytes, more than the maximum of 4`,
    });
  },
);

test.each(kinds)(
  'blobs are listed in the order of their names, with the ETag that a single look gives (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    for (const name of ['b/2', 'a', 'b/1', 'B']) await files.writeText(container, name, name);

    const listed = await all(files.list(container));

    expect(listed.map(({ name }) => name)).toEqual(['B', 'a', 'b/1', 'b/2']);
    expect(listed[0]?.writtenAt).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
    expect(listed).toMatchObject(
      await Promise.all(listed.map(({ name }) => found(files, container, name))),
    );
    const inB = await all(files.list(container, 'b/'));
    expect(inB.map(({ name }) => name)).toEqual(['b/1', 'b/2']);
  },
);

test.each(kinds)('hostile names are names like any other (with %s)', async (kind) => {
  const { files } = account(kind);
  const [from, to] = [await fresh(files), await fresh(files)];
  for (const name of hostile) await files.writeText(from, name, name);

  const listed = await all(files.list(from));
  for (const [index, blob] of listed.entries()) {
    await files.copy({ container: from, ...blob }, { container: to, name: `inputs/${index}` });
  }

  expect(listed.map(({ name }) => name).sort()).toEqual([...hostile].sort());
  for (const [index, { name }] of listed.entries()) {
    expect(await files.readText(to, `inputs/${index}`, 1000)).toBe(name);
  }
});

test.each(kinds)(
  'a name that goes up a folder is refused, and reaches nothing (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    const refused = { code: 'inputRefused', message: expect.stringContaining('../../x.ply') };

    await expect(files.find(container, '../../x.ply')).rejects.toMatchObject(refused);
    await expect(files.readUrl(container, '../../x.ply', 10)).rejects.toMatchObject(refused);
    await expect(files.writeText(container, '../../x.ply', '1')).rejects.toMatchObject(refused);
    await expect(
      files.copy({ container, name: '../../x.ply', etag: '0x1' }, { container, name: 'y' }),
    ).rejects.toMatchObject(refused);
  },
);

test.each(kinds)(
  'of many claims at the same moment one is granted, and none later (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) => files.claim(container, 'lock', `${index}`)),
    );

    expect(claims.filter((granted) => granted)).toEqual([true]);
    expect(await files.claim(container, 'lock', 'later')).toBe(false);
    expect(await files.readText(container, 'lock', 10)).toBe(String(claims.indexOf(true)));
  },
);

test.each(kinds)(
  'a blob is removed in the version that was meant, and only in that (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    await files.writeText(container, 'lock', 'first');
    const { etag } = await found(files, container, 'lock');
    await files.writeText(container, 'lock', 'second');

    await files.remove(container, 'lock', etag);
    expect(await files.readText(container, 'lock', 10)).toBe('second');
    await files.remove(container, 'lock');
    await files.remove(container, 'lock');
    expect(await files.find(container, 'lock')).toBeNull();
  },
);

test.each(kinds)(
  'a copy is of the version that was meant, again and again; of no other and of none that is gone (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const [from, to] = [await fresh(files), await fresh(files)];
    await files.writeText(from, 'a', 'old');
    const old = { container: from, ...(await found(files, from, 'a')) };
    const target = { container: to, name: 'inputs/0001' };

    await files.copy(old, target);
    await files.copy(old, target);
    expect(await files.readText(to, 'inputs/0001', 10)).toBe('old');

    await files.writeText(from, 'a', 'new');
    const gone = {
      code: 'inputGone',
      message: `blob ${from}/a was deleted or overwritten before the run could stage it`,
    };
    await expect(files.copy(old, target)).rejects.toMatchObject(gone);
    await files.remove(from, 'a');
    await expect(files.copy(old, target)).rejects.toMatchObject(gone);
    expect(await files.readText(to, 'inputs/0001', 10)).toBe('old');
  },
);

test.each(kinds)('a file is uploaded as it is (with %s)', async (kind) => {
  const { files } = account(kind);
  const container = await fresh(files);
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-upload-'));
  writeFileSync(join(folder, 'own.mjs'), 'export {};\n');

  await files.upload(container, 'programs/own.mjs', join(folder, 'own.mjs'));
  await files.upload(container, 'programs/own.mjs', join(folder, 'own.mjs'));
  rmSync(folder, { recursive: true });

  expect(await files.readText(container, 'programs/own.mjs', 100)).toBe('export {};\n');
});

async function note(kind: Kind, minutes: number, url: Promise<string>): Promise<string> {
  const at = realClock.now();
  minted.push({ kind, url: await url, minutes, at });
  return url;
}

test.each(kinds)(
  'an address to read one blob opens that one and nothing else [GD36] (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    await files.writeText(container, 'a', '1');
    await files.writeText(container, 'b', '2');
    const url = await note(kind, 30, files.readUrl(container, 'a', 30));

    expect(await triedWith(url, 'a', 'b')).toEqual([200, 403, 403, 403, 403]);
  },
);

test.each(kinds)(
  'an address to read a container reads and lists it, and changes nothing [GD36] (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    await files.writeText(container, 'a', '1');
    await files.writeText(container, 'b', '2');
    const url = await note(kind, 30, files.readUrl(container, null, 30));

    expect(await triedWith(url, 'a', 'b')).toEqual([200, 200, 200, 403, 403]);
  },
);

test.each(kinds)(
  'an address to write into a container writes, and reads and deletes nothing [GD36] (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    await files.writeText(container, 'a', '1');
    await files.writeText(container, 'b', '2');
    const url = await note(kind, 30, files.writeUrl(container, 30));

    expect(await triedWith(url, 'a', 'b')).toEqual([403, 403, 403, 201, 403]);
  },
);

test.each(kinds)('an address to a hostile name leads to that blob (with %s)', async (kind) => {
  const { files } = account(kind);
  const container = await fresh(files);
  for (const name of hostile) {
    await files.writeText(container, name, name);
    const url = await note(kind, 30, files.readUrl(container, name, 30));
    expect(await (await fetch(url)).text()).toBe(name);
  }
});

test.each(kinds)(
  'the longest of runs has an address that lasts for it, within seven days [GD36] (with %s)',
  async (kind) => {
    const { files } = account(kind);
    const container = await fresh(files);
    const minutes = 6 * 24 * 60 + 30;
    const url = await note(kind, minutes, files.readUrl(container, null, minutes));
    const longer = await note(kind, 8 * 24 * 60, files.readUrl(container, null, 8 * 24 * 60));

    const lasts = (address: string) =>
      (Date.parse(new URL(address).searchParams.get('se') ?? '') - realClock.now().getTime()) /
      60_000;
    expect(lasts(url)).toBeGreaterThan(minutes - 2);
    expect(lasts(longer)).toBeGreaterThan(6.9 * 24 * 60);
  },
);

test('many addresses are signed with one key, which is asked for once', async () => {
  const { files } = account('identity');
  const container = await fresh(files);
  const asked: string[] = [];
  const stop = listenToRequests(({ path }) => {
    if (path.includes('comp=userdelegationkey')) asked.push(path);
  });
  const { blobUrl } = account('identity');
  const own = filesFor({ AzureWebJobsStorage__blobServiceUri: blobUrl, IDENTITY_ENDPOINT: 'set' });

  await Promise.all(
    Array.from({ length: 30 }, (_, index) => own.readUrl(container, `${index}`, 30)),
  );
  stop();

  expect(asked).toHaveLength(1);
});

test('a wrong account key is reported without its value [GD19]', async () => {
  const { blobUrl } = account('key');
  const wrong = Buffer.from('a wrong key of the account').toString('base64');
  const files = filesFor({ AzureWebJobsStorage: connectionString(blobUrl, wrong) });

  const failure: unknown = await files.find('test-1', 'a').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({
    code: 'accessDenied',
    message: expect.stringMatching(
      /^cannot find test-1\/a: storage account devstoreaccount1 rejected the configured key: .+; check the key, or use an identity$/,
    ),
  });
  expect(JSON.stringify(failure)).not.toContain(wrong);
});

test('unreachable storage is worth a retry', async () => {
  const options = { retryOptions: { maxTries: 1 } };
  const key = new StorageSharedKeyCredential(ACCOUNT.name, ACCOUNT.key);
  const nobody = new BlobServiceClient(`http://127.0.0.1:1/${ACCOUNT.name}`, key, options);
  const files = filesOn(nobody, realClock.now);

  await expect(files.find('test-1', 'a')).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: expect.stringMatching(/^cannot find test-1\/a at the moment: .*ECONNREFUSED/),
  });
});

test('every address of these tests, that of each copy included, keeps the rules [GD36]', () => {
  const wrong = minted.flatMap(({ kind, url, minutes, at }) => {
    const rules = {
      mintedAt: at,
      minutes,
      isTls: kind === 'identity',
      isDelegated: kind === 'identity',
    };
    return checkSas(url, rules).map((mistake) => `${kind}: ${mistake}`);
  });

  expect(minted.length).toBeGreaterThan(30);
  expect(minted.filter(({ url }) => url.includes('sr=b')).length).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { fresh, startKeyAccount, startOAuthAccount, type TestAccount } from './accounts';

/** Blobs that are read in chunks, on storage itself, with an identity and with an account key. */

const kinds = ['identity', 'key'] as const;
type Kind = (typeof kinds)[number];

const accounts = new Map<Kind, TestAccount>();

beforeAll(async () => {
  const [identity, key] = await Promise.all([startOAuthAccount(), startKeyAccount()]);
  accounts.set('identity', identity).set('key', key);
});

afterAll(async () => {
  await Promise.all([...accounts.values()].map((account) => account.stop()));
});

function opened(kind: Kind): TestAccount {
  const account = accounts.get(kind);
  if (account === undefined) throw new Error('the account did not start');
  return account;
}

test.each(kinds)('a blob is read in chunks, up to a bound on its size (with %s)', async (kind) => {
  const { files } = opened(kind);
  const container = await fresh(files);
  const text = 'line of text\n'.repeat(50_000);
  await files.writeText(container, 'long.txt', text);

  const chunks: Uint8Array[] = [];
  for await (const chunk of (await files.readChunks(container, 'long.txt', 1_000_000)) ?? []) {
    chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).toString('utf8')).toBe(text);
  expect(chunks.length).toBeGreaterThan(1);
  expect(await files.readChunks(container, 'none.txt', 10)).toBeNull();
  await expect(files.readChunks(container, 'long.txt', 10)).rejects.toMatchObject({
    code: 'inputRefused',
  });
});

test.each(kinds)('a part of a blob is read, from its start or its end (with %s)', async (kind) => {
  const { files } = opened(kind);
  const container = await fresh(files);
  await files.writeText(container, 'log.txt', '0123456789');
  await files.writeText(container, 'empty.txt', '');
  const read = async (name: string, offset: number) => {
    const part = await files.readPart(container, name, { offset, maxBytes: 4 });
    return part === null ? null : { ...part, bytes: Buffer.from(part.bytes).toString() };
  };

  expect(await read('log.txt', 0)).toEqual({ bytes: '0123', offset: 0, length: 10 });
  expect(await read('log.txt', 8)).toEqual({ bytes: '89', offset: 8, length: 10 });
  expect(await read('log.txt', -3)).toEqual({ bytes: '789', offset: 7, length: 10 });
  expect(await read('log.txt', 99)).toEqual({ bytes: '', offset: 10, length: 10 });
  expect(await read('empty.txt', -3)).toEqual({ bytes: '', offset: 0, length: 0 });
  expect(await read('none.txt', 0)).toBeNull();
});

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

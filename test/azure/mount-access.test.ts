import { afterAll, beforeAll, expect, test } from 'vitest';
import { fresh, startKeyAccount, startOAuthAccount, triedWith, type TestAccount } from './accounts';

const accounts = new Map<string, TestAccount>();

beforeAll(async () => {
  accounts.set('an identity', await startOAuthAccount());
  accounts.set('a key', await startKeyAccount());
});

afterAll(async () => {
  for (const account of accounts.values()) await account.stop();
});

test.each(['an identity', 'a key'])(
  'with %s the credential of a mount to read reads and lists, and that of a mount to write also creates [GD36]',
  async (kind) => {
    const files = accounts.get(kind)?.files;
    if (files === undefined) throw new Error(`there is no account with ${kind}`);
    const container = await fresh(files);
    await files.writeText(container, 'a', '1');
    await files.writeText(container, 'b', '2');
    const url = new URL(await files.readUrl(container, null, 30));
    const mounted = async (access: 'read' | 'write') => {
      url.search = (await files.mountAccess(container, access, 30)).sas;
      return { rights: url.searchParams.get('sp'), tried: await triedWith(url.href, 'a', 'b') };
    };

    expect(await mounted('read')).toEqual({ rights: 'rl', tried: [200, 200, 200, 403, 403] });
    // A file system creates empty files, appends to them and reads what it has written.
    expect((await mounted('write')).rights).toBe('racwl');
  },
);

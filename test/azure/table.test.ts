import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableOn } from '../../src/azure/table';
import { MAX_ROW_CHARACTERS, type Change, type RowValue, type Table } from '../../src/ledger/table';
import { MemoryTable } from '../memory-table';
import { hostile } from './accounts';
import { startTables, type TestTables } from './table-account';

/** The contract of the Table port, on a table service and on the table that tests use. */

const kinds = ['service', 'memory'] as const;
type Kind = (typeof kinds)[number];

let tables: TestTables | undefined;
let made = 0;

beforeAll(async () => {
  tables = await startTables();
});

afterAll(async () => {
  await tables?.stop();
});

function service(): TestTables {
  if (tables === undefined) throw new Error('the table service has not started');
  return tables;
}

function freshTable(kind: Kind): Table {
  made += 1;
  return kind === 'memory' ? new MemoryTable() : tableOn(service().client(`ledger${made}`));
}

async function insert(table: Table, key: string, value: RowValue): Promise<string> {
  await table.write('p', [{ kind: 'insert', key, value }]);
  const row = await table.get('p', key);
  return row?.etag ?? 'none';
}

async function all(table: Table): Promise<Record<string, RowValue>> {
  const rows = await table.list('p', {}, 5000);
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

test.each(kinds)('%s: a table that does not exist yet has no rows', async (kind) => {
  const table = freshTable(kind);

  expect(await table.get('p', 'a')).toBeNull();
  expect(await table.list('p', {}, 10)).toEqual([]);
  expect(await table.remove('p', 'a')).toBe('removed');
});

test.each(kinds)('%s: many first writes at once to a missing table all arrive', async (kind) => {
  const table = freshTable(kind);
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];

  const written = await Promise.all(
    keys.map((key) => table.write('p', [{ kind: 'insert', key, value: { key } }])),
  );

  expect(written).toEqual(keys.map(() => 'written'));
  expect(await all(table)).toEqual(Object.fromEntries(keys.map((key) => [key, { key }])));
});

test.each(kinds)('%s: a row is read as it was inserted, by key and in a list', async (kind) => {
  const table = freshTable(kind);
  const value = { text: 'a', number: 0.5, flag: false, nothing: null, list: [1, { deep: 'x' }] };
  const etag = await insert(table, 'a', value);

  expect(await table.get('p', 'a')).toEqual({ key: 'a', etag, value });
  expect(await table.list('p', {}, 10)).toEqual([{ key: 'a', etag, value }]);
  expect(await table.get('other', 'a')).toBeNull();
});

test.each(kinds)('%s: a row that exists is not inserted again', async (kind) => {
  const table = freshTable(kind);
  await insert(table, 'a', { one: 1 });

  expect(await table.write('p', [{ kind: 'insert', key: 'a', value: { two: 2 } }])).toBe(
    'conflict',
  );
  expect(await all(table)).toEqual({ a: { one: 1 } });
});

test.each(kinds)('%s: only the version that was read is replaced', async (kind) => {
  const table = freshTable(kind);
  const first = await insert(table, 'a', { version: 1 });
  const replaceFirst = (version: number) =>
    table.write('p', [{ kind: 'replace', key: 'a', value: { version }, etag: first }]);

  expect([await replaceFirst(2), await replaceFirst(3)]).toEqual(['written', 'conflict']);
  expect(await all(table)).toEqual({ a: { version: 2 } });
});

test.each(kinds)('%s: an ETag of a list is good for a replacement', async (kind) => {
  const table = freshTable(kind);
  await insert(table, 'a', { version: 1 });
  const [listed] = await table.list('p', {}, 1);

  const change = { kind: 'replace', key: 'a', value: { version: 2 }, etag: listed?.etag ?? '' };

  expect(await table.write('p', [change as Change])).toBe('written');
});

test.each(kinds)('%s: a row that was deleted is not replaced', async (kind) => {
  const table = freshTable(kind);
  const etag = await insert(table, 'a', { one: 1 });
  await table.remove('p', 'a');

  expect(await table.write('p', [{ kind: 'replace', key: 'a', value: {}, etag }])).toBe('conflict');
  expect(await all(table)).toEqual({});
});

test.each(kinds)('%s: an ETag of a row that was made again is no longer good', async (kind) => {
  const table = freshTable(kind);
  const etag = await insert(table, 'a', { one: 1 });
  await table.remove('p', 'a');
  await insert(table, 'a', { one: 1 });

  expect(await table.write('p', [{ kind: 'replace', key: 'a', value: {}, etag }])).toBe('conflict');
});

test.each(kinds)('%s: a put writes over whatever is there', async (kind) => {
  const table = freshTable(kind);
  await insert(table, 'a', { old: true, both: 1 });

  const put = (key: string): Change => ({ kind: 'put', key, value: { both: 2 } });

  expect(await table.write('p', [put('a'), put('b')])).toBe('written');
  expect(await all(table)).toEqual({ a: { both: 2 }, b: { both: 2 } });
});

test.each(kinds)(
  '%s: a row is deleted by key, or only in the version that was read',
  async (kind) => {
    const table = freshTable(kind);
    const first = await insert(table, 'a', { version: 1 });
    await table.write('p', [{ kind: 'put', key: 'a', value: { version: 2 } }]);
    const second = (await table.get('p', 'a'))?.etag ?? '';

    expect(await table.remove('p', 'a', first)).toBe('conflict');
    expect(await all(table)).toEqual({ a: { version: 2 } });
    expect(await table.remove('p', 'a', second)).toBe('removed');
    expect(await table.remove('p', 'a', second)).toBe('removed');
    expect(await table.remove('p', 'a')).toBe('removed');
    expect(await all(table)).toEqual({});
  },
);

test.each(kinds)('%s: a transaction with one condition that fails writes nothing', async (kind) => {
  const table = freshTable(kind);
  const etag = await insert(table, 'a', { version: 1 });
  await insert(table, 'b', { version: 1 });
  const update: Change = { kind: 'replace', key: 'a', value: { version: 2 }, etag };
  const rest: Change[] = [
    { kind: 'insert', key: 'c', value: {} },
    { kind: 'put', key: 'd', value: {} },
  ];
  const failing: Change[] = [
    { kind: 'insert', key: 'b', value: { version: 2 } },
    { kind: 'replace', key: 'b', value: { version: 2 }, etag },
    { kind: 'replace', key: 'missing', value: { version: 2 }, etag },
  ];

  for (const one of failing) {
    expect(await table.write('p', [update, ...rest, one])).toBe('conflict');
    expect(await table.write('p', [one, update, ...rest])).toBe('conflict');
  }
  expect(await all(table)).toEqual({ a: { version: 1 }, b: { version: 1 } });
  expect(await table.write('p', [update, ...rest])).toBe('written');
  expect(await all(table)).toEqual({ a: { version: 2 }, b: { version: 1 }, c: {}, d: {} });
});

test.each(kinds)('%s: of transactions at once on one row exactly one is written', async (kind) => {
  const table = freshTable(kind);
  const etag = await insert(table, 'a', {});
  const hosts = Array.from({ length: 8 }, (_, host) => host);

  const written = await Promise.all(
    hosts.map((host) =>
      table.write('p', [
        { kind: 'replace', key: 'a', value: { host }, etag },
        { kind: 'insert', key: `host-${host}`, value: {} },
      ]),
    ),
  );

  const winner = written.indexOf('written');
  expect(written.filter((one) => one === 'written')).toEqual(['written']);
  expect(await all(table)).toEqual({ a: { host: winner }, [`host-${winner}`]: {} });
});

test.each(kinds)('%s: a list is in the order of keys, in a range, up to a limit', async (kind) => {
  const table = freshTable(kind);
  // The order of characters by their code, which the keys of the ledger rest on.
  const keys = ['!admission', '10-a', '10-b', '10-~', '2', '9-f', ':', 'a', 'failed-1', 'z', '~'];
  const shuffled = [...keys].sort((one, other) => one.length - other.length);
  await table.write(
    'p',
    shuffled.map((key) => ({ kind: 'put', key, value: {} })),
  );
  await table.write('o', [{ kind: 'put', key: '3', value: {} }]);
  const listed = async (range: { from?: string; to?: string }, limit = 50) =>
    (await table.list('p', range, limit)).map(({ key }) => key);

  expect(await listed({})).toEqual(keys);
  expect(await listed({ from: '10-b' })).toEqual(keys.slice(2));
  expect(await listed({ to: '10-b' })).toEqual(['!admission', '10-a']);
  expect(await listed({ from: '0', to: ':' })).toEqual(['10-a', '10-b', '10-~', '2', '9-f']);
  expect(await listed({ from: '10-b~' }, 2)).toEqual(['10-~', '2']);
  expect(await listed({ from: '5', to: '4' })).toEqual([]);
});

test.each(kinds)('%s: a list goes over several pages of the service', async (kind) => {
  const table = freshTable(kind);
  const keys = Array.from({ length: 2100 }, (_, index) => String(index).padStart(5, '0'));
  for (let at = 0; at < keys.length; at += 100) {
    const part = keys.slice(at, at + 100);
    await table.write(
      'p',
      part.map((key) => ({ kind: 'insert', key, value: { key } })),
    );
  }
  const listed = async (limit: number) => (await table.list('p', {}, limit)).map(({ key }) => key);

  expect(await listed(5000)).toEqual(keys);
  expect(await listed(2001)).toEqual(keys.slice(0, 2001));
  expect(await listed(1000)).toEqual(keys.slice(0, 1000));
  expect(await listed(1)).toEqual(['00000']);
});

const ODD = [
  ...hostile,
  '\u0000\u0001\t\r\n\r\n--batch_x\r\n',
  '\u2028\u2029\uFEFF\uFFFF',
  '\uD800 alone',
  '</value>]]>&amp;',
  "' or RowKey ge '",
  '{"value":"x"}',
  '2026-11-30T02:00:00.0000000Z',
];

test.each(kinds)('%s: odd characters in a value come back as they were', async (kind) => {
  const table = freshTable(kind);
  const value = Object.fromEntries(ODD.map((text, index) => [`${index} ${text}`, text]));
  await insert(table, 'a', value);
  await table.write(
    'p',
    ODD.map((text, index) => ({ kind: 'put', key: `k${index}`, value: { text } })),
  );

  expect((await table.get('p', 'a'))?.value).toEqual(value);
  const rows = await table.list('p', { from: 'k' }, 50);
  expect(new Set(rows.map(({ value: { text } }) => text))).toEqual(new Set(ODD));
});

test.each(kinds)('%s: a quote in a key or partition breaks no query', async (kind) => {
  const table = freshTable(kind);
  const key = "it's' or 'a' eq 'a";
  await table.write("o'p", [{ kind: 'insert', key, value: { is: 'there' } }]);
  const etag = (await table.get("o'p", key))?.etag ?? '';

  expect(await table.list("o'p", { from: key, to: `${key}~` }, 5)).toEqual([
    { key, etag, value: { is: 'there' } },
  ]);
  expect(await table.remove("o'p", key, etag)).toBe('removed');
});

/** A value whose JSON has as many characters. */
function valueOf(characters: number, character = 'x'): RowValue {
  return { text: character.repeat(characters - '{"text":""}'.length) };
}

test.each(kinds)('%s: the largest row is written and a larger one is a bug', async (kind) => {
  const table = freshTable(kind);
  const largest = valueOf(MAX_ROW_CHARACTERS, '日');
  await insert(table, 'a', largest);
  const write = table.write('p', [
    { kind: 'insert', key: 'b', value: {} },
    { kind: 'insert', key: 'c', value: valueOf(MAX_ROW_CHARACTERS + 1) },
  ]);

  // Not a Failure: nothing would become better by another attempt.
  await expect(write).rejects.toEqual(new Error('row p/c has 30001 characters, of at most 30000'));
  expect(await all(table)).toEqual({ a: largest });
});

test('a service that refuses the key gives accessDenied with what to do', async () => {
  const wrong = service().client('ledgerdenied', { key: Buffer.from('wrong').toString('base64') });
  const table = tableOn(wrong, { kind: 'key' });
  const denied = {
    code: 'accessDenied',
    message: expect.stringMatching(
      /^cannot .*: storage account devstoreaccount1 denies it: .*; check the key, or use an identity$/,
    ) as unknown,
  };

  await expect(table.get('p', 'a')).rejects.toMatchObject(denied);
  await expect(table.list('p', {}, 1)).rejects.toMatchObject(denied);
  await expect(table.write('p', [{ kind: 'put', key: 'a', value: {} }])).rejects.toMatchObject(
    denied,
  );
  await expect(table.remove('p', 'a')).rejects.toMatchObject(denied);
});

test('a service that cannot be reached gives serviceUnavailable', async () => {
  // Port 9 discards, where anything listens on it at all.
  const table = tableOn(service().client('ledger', { url: 'http://127.0.0.1:9/devstoreaccount1' }));
  const unavailable = {
    code: 'serviceUnavailable',
    message: expect.stringMatching(/^cannot .* just now: /) as unknown,
  };

  await expect(table.get('p', 'a')).rejects.toMatchObject(unavailable);
  await expect(table.list('p', {}, 1)).rejects.toMatchObject(unavailable);
  await expect(table.write('p', [{ kind: 'put', key: 'a', value: {} }])).rejects.toMatchObject(
    unavailable,
  );
  await expect(table.remove('p', 'a')).rejects.toMatchObject(unavailable);
});

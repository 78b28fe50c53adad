import { expect, test } from 'vitest';
import { readTable, type Table } from '../../../src/workloads/nightly-report/programs/lib/table';

/** Hands the bytes out in pieces of this size. */
async function* pieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

const read = (content: string | Buffer, size = 65_536): Promise<Table> =>
  readTable(pieces(Buffer.from(content), size));

const awkward =
  '\uFEFFday,"the ""best"" place, ever",height\r\n2020-01-02,"Zürich,\r\nold town 🏔",408\r\n\r\n2020-02-03,東京,\r\n';

test.each([1, 2, 3, 5, 64, 65_536])(
  'quotes, commas, line breaks, a BOM and letters of several bytes are read in chunks of %d [PY19]',
  async (size) => {
    const table = await read(awkward, size);

    expect(table).toEqual({
      rows: 2,
      ragged: { count: 0, first: [] },
      columns: [
        {
          kind: 'date',
          name: 'day',
          missing: 0,
          values: [Date.UTC(2020, 0, 2), Date.UTC(2020, 1, 3)],
        },
        {
          kind: 'text',
          name: 'the "best" place, ever',
          missing: 0,
          present: 2,
          counts: new Map([
            ['Zürich,\r\nold town 🏔', 1],
            ['東京', 1],
          ]),
          overflowed: false,
          groups: ['Zürich,\r\nold town 🏔', '東京'],
        },
        { kind: 'number', name: 'height', missing: 1, values: [408, Number.NaN] },
      ],
    });
  },
);

test('rows of another length than the header are left out and named by line', async () => {
  const { rows, ragged, columns } = await read('a,b\n1,2\n3\n"4\n4",5\n6,7,8\n9,10\n');

  expect({ rows, ragged, first: columns[0] }).toEqual({
    rows: 3,
    ragged: {
      count: 2,
      first: [
        { line: 3, fields: 1 },
        { line: 6, fields: 3 },
      ],
    },
    first: {
      kind: 'text',
      name: 'a',
      missing: 0,
      present: 3,
      counts: new Map([
        ['1', 1],
        ['4\n4', 1],
        ['9', 1],
      ]),
      overflowed: false,
      groups: ['1', '4\n4', '9'],
    },
  });
});

test('line ends of different kinds may be mixed', async () => {
  expect(await read('a,b\n1,2\r\n3,4\r5,6\n', 3)).toMatchObject({
    rows: 3,
    ragged: { count: 0, first: [] },
    columns: [{ values: [1, 3, 5] }, { values: [2, 4, 6] }],
  });
});

test('a column called year holds dates if they are years, and one without a name is called by its place', async () => {
  const { columns } = await read('Year,,n,year\n1987,1987,1,1\n1988,1988,2,20000\n');

  expect(columns.map(({ kind, name }) => [kind, name])).toEqual([
    ['date', 'Year'],
    ['number', 'column 2'],
    ['number', 'n'],
    ['number', 'year'],
  ]);
});

test('a column of many texts is counted up to a limit, and one of long texts is cut', async () => {
  const rows = Array.from({ length: 10_001 }, (_, i) => `x${i},${'y'.repeat(300)}`);
  const { columns } = await read(`id,note\n${rows.join('\n')}\n`);

  const [ids, notes] = columns;
  expect(ids).toMatchObject({ kind: 'text', present: 10_001, overflowed: true, groups: undefined });
  expect(notes).toMatchObject({ counts: new Map([[`${'y'.repeat(200)}…`, 10_001]]) });
});

test.each([
  ['', 'it is empty.'],
  ['\n\r\n\n', 'it is empty.'],
  ['a,b\n', 'it has a header and no rows.'],
  ['a,b\n1,"2\n3,4\n', 'it is not CSV: a quote opens in row 1 and is never closed.'],
  ['"a,b\n1,2\n', 'it is not CSV: a quote opens in the header and is never closed.'],
  ['a,b\n1,"2"x\n', 'it is not CSV: line 2: text follows a closing quote.'],
  ['{"a":1}\n', 'it is not CSV: line 1: a quote stands in a field that does not begin with one.'],
  [
    'Dear all,\nwe met\non Monday, in the garden, with tea\nand it was good\n',
    'it is not CSV: 3 of 3 rows have another number of fields than the header, which has 2.',
  ],
  [
    `a\n${'x'.repeat(1_100_000)}\n`,
    'it is not CSV: line 2: a row is longer than 1048576 characters.',
  ],
  [`${','.repeat(1000)}\n`, 'its header has 1001 columns, and at most 1000 are read'],
  [Buffer.from('a,b\n\u00001,2\n'), 'it is not text: byte 4 is zero.'],
  [
    Buffer.from('name\nZürich\n', 'latin1'),
    'it is not UTF-8 text: a wrong character stands between bytes 0 and 12.',
  ],
  [Buffer.from([0x61, 0x0a, 0xe6, 0x9d]), 'it is not UTF-8 text'],
])('what is no CSV is refused with the reason: %#', async (content, reason) => {
  await expect(read(content)).rejects.toThrow(reason);
});

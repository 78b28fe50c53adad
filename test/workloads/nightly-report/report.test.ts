import { createHmac } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { demoCsvNames, vegaCsv } from '../../../local/cli/samples';
import type { Summary } from '../../../src/workloads/nightly-report/programs/lib/summary';
import { buildPrograms, inputs, type Ended } from '../built';
import { textsOf } from './well-formed';

const built = buildPrograms();
afterAll(() => built.remove());

const key = { 'secrets/report-signing-key': 'a key nobody guesses' };

const report = (
  files: Readonly<Record<string, string | Uint8Array>>,
  environment: Readonly<Record<string, string>> = { RUN_STARTED_AT: '2030-01-31T02:00:00.000Z' },
) => built.run('nightly-report/programs/report.mjs', { files, environment });

const summaryOf = ({ outputs }: Ended): Summary =>
  JSON.parse(String(outputs.get('summary.json'))) as Summary;

const csv = {
  name: 'sales.csv',
  content: 'day,shop,sales\n2020-01-31,"Bern, old",4\n2020-01-01,Bern,2\n',
};

test('a summary describes each column, and its signature holds', () => {
  const ended = report({ ...key, ...inputs(csv) });

  expect(ended).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: '1 files with 2 rows described, 0 skipped.\n',
  });
  expect([...ended.outputs.keys()]).toEqual(['chart.svg', 'summary.json', 'summary.json.sig']);
  expect(summaryOf(ended)).toEqual({
    version: 1,
    generatedAt: '2030-01-31T02:00:00.000Z',
    totals: { read: 1, skipped: 0, rows: 2 },
    files: [
      {
        kind: 'read',
        name: 'sales.csv',
        bytes: csv.content.length,
        rows: 2,
        raggedRows: { count: 0, first: [] },
        dates: { first: '2020-01-01', last: '2020-01-31' },
        columns: [
          {
            kind: 'date',
            name: 'day',
            count: 2,
            missing: 0,
            first: '2020-01-01',
            last: '2020-01-31',
          },
          {
            kind: 'text',
            name: 'shop',
            count: 2,
            missing: 0,
            distinct: 2,
            overflowed: false,
            top: [
              { value: 'Bern, old', count: 1 },
              { value: 'Bern', count: 1 },
            ],
          },
          {
            kind: 'number',
            name: 'sales',
            count: 2,
            missing: 0,
            min: 2,
            max: 4,
            mean: 3,
            median: 3,
            standardDeviation: Math.SQRT2,
          },
        ],
      },
    ],
  });
  const content = ended.outputs.get('summary.json') ?? Buffer.alloc(0);
  expect(String(ended.outputs.get('summary.json.sig'))).toBe(
    createHmac('sha256', 'a key nobody guesses').update(content).digest('hex'),
  );
});

test('of many texts the most frequent are listed', () => {
  const cells = ['a', 'b', 'b', 'c', 'c', 'c', 'd', 'e', 'f', 'f'];
  const ended = report({
    ...key,
    ...inputs({ name: 'x.csv', content: `t\n${cells.join('\n')}\n` }),
  });

  const [file] = summaryOf(ended).files;
  expect(file?.kind === 'read' && file.columns).toEqual([
    {
      kind: 'text',
      name: 't',
      count: 10,
      missing: 0,
      distinct: 6,
      overflowed: false,
      top: [
        { value: 'c', count: 3 },
        { value: 'b', count: 2 },
        { value: 'f', count: 2 },
        { value: 'a', count: 1 },
        { value: 'd', count: 1 },
      ],
    },
  ]);
});

test('a task that runs again writes the same bytes', () => {
  const files = { ...key, ...inputs(csv) };

  expect(report(files).outputs).toEqual(report(files).outputs);
});

test('the moment is the parameter, else the start of the run, else now', () => {
  const files = { ...key, ...inputs(csv) };
  const at = (environment: Readonly<Record<string, string>>) =>
    summaryOf(report(files, environment)).generatedAt;
  const started = { RUN_STARTED_AT: '2030-01-31T02:00:00Z' };

  expect(at({ ...started, PARAM_GENERATED_AT: '2001-02-03T04:05:06Z' })).toBe(
    '2001-02-03T04:05:06.000Z',
  );
  expect(at(started)).toBe('2030-01-31T02:00:00.000Z');
  expect(at({})).toMatch(/^20\d\d-/);
  expect(report(files, { RUN_STARTED_AT: 'tomorrow' }).lastLine).toBe(
    'RUN_STARTED_AT is "tomorrow": write it as 2030-01-31T02:00:00Z, or leave it out.',
  );
});

test('real data of six kinds is read whole and drawn', () => {
  const files = vegaCsv(demoCsvNames).map(({ name, bytes }) => ({ name, content: bytes }));
  const ended = report({ ...key, ...inputs(...files) }, { PARAM_TITLE: 'Six <sets>' });

  const { totals, files: described } = summaryOf(ended);
  expect(totals).toEqual({ read: 6, skipped: 0, rows: 3213 });
  expect(
    described.map((file) => file.kind === 'read' && [file.name, file.rows, file.dates]),
  ).toEqual([
    ['seattle-weather.csv', 1461, { first: '2012-01-01', last: '2015-12-31' }],
    ['co2-concentration.csv', 741, { first: '1958-03-01', last: '2020-04-01' }],
    ['stocks.csv', 560, { first: '2000-01-01', last: '2010-03-01' }],
    ['global-temp.csv', 144, { first: '1880-01-01', last: '2023-01-01' }],
    ['us-employment.csv', 120, { first: '2006-01-01', last: '2015-12-01' }],
    ['gapminder-health-income.csv', 187, null],
  ]);
  const texts = textsOf(String(ended.outputs.get('chart.svg')));
  expect(texts[0]).toBe('Six <sets>');
  expect(texts).toEqual(
    expect.arrayContaining(['GOOG', 'price, all values for each symbol · 560 rows']),
  );
});

test('a file that cannot be read is skipped with its reason, under its name made harmless', () => {
  const ended = report({
    ...key,
    ...inputs(
      csv,
      { name: 'empty\n\u001B[2J.csv', content: '' },
      { name: 'photo.csv', content: Buffer.from([0xff, 0xd8, 0x00]) },
    ),
  });

  expect(ended.exitCode).toBe(0);
  expect(ended.stderr).toBe(
    'inputs/0002.dat ("empty\\u{a}\\u{1b}[2J.csv") is skipped: it is empty.\n' +
      'inputs/0003.dat ("photo.csv") is skipped: it is not text: byte 2 is zero.\n',
  );
  expect(summaryOf(ended).totals).toEqual({ read: 1, skipped: 2, rows: 2 });
  expect(summaryOf(ended).files.slice(1)).toEqual([
    { kind: 'skipped', name: 'empty\n\u001B[2J.csv', bytes: 0, reason: 'it is empty.' },
    { kind: 'skipped', name: 'photo.csv', bytes: 3, reason: 'it is not text: byte 2 is zero.' },
  ]);
});

const missingKey =
  'secrets/report-signing-key is missing or empty: name the secret in the workload and give it a value in the vault.';

test.each([
  [inputs(csv), missingKey],
  [{ ...inputs(csv), 'secrets/report-signing-key': '' }, missingKey],
  [
    key,
    'inputs.json cannot be read (ENOENT): it must lie in the working directory before the program starts.',
  ],
  [
    { ...key, ...inputs({ name: 'a.csv', content: 'a\n' }) },
    'none of the 1 files in inputs.json could be read: the reasons are above.',
  ],
  [
    { ...key, ...inputs() },
    'none of the 0 files in inputs.json could be read: the reasons are above.',
  ],
  [
    { ...key, 'inputs.json': '[{"file":"inputs/0001.csv","name":"gone.csv","size":9}]' },
    'none of the 1 files in inputs.json could be read: the reasons are above.',
  ],
])('a report that cannot be made writes nothing and says why: %#', (files, reason) => {
  const { exitCode, lastLine, outputs } = report(files);

  expect({ exitCode, lastLine, files: outputs.size }).toEqual({
    exitCode: 1,
    lastLine: reason,
    files: 0,
  });
});

test('the signing key is in no output', () => {
  const { stdout, stderr, outputs } = report({ ...key, ...inputs(csv) });

  for (const text of [stdout, stderr, ...[...outputs.values()].map(String)]) {
    expect(text).not.toContain('a key nobody guesses');
  }
});

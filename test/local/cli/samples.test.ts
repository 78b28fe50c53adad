import { expect, test } from 'vitest';
import { bunnyPly, demoCsvNames, vegaCsv } from '../../../local/cli/samples';

test('the bunny is a PLY file with as many rows as its header says', () => {
  const lines = bunnyPly().trimEnd().split('\n');
  const rows = lines.slice(lines.indexOf('end_header') + 1);

  expect(lines.slice(0, 4)).toEqual([
    'ply',
    'format ascii 1.0',
    'comment Stanford bunny',
    'element vertex 1839',
  ]);
  expect(rows.filter((row) => /^3 \d+ \d+ \d+$/.test(row))).toHaveLength(3674);
  expect(rows).toHaveLength(1839 + 3674);
});

test('the CSV files of the demo exist', () => {
  const files = vegaCsv(demoCsvNames);

  expect(files.map(({ name }) => name)).toEqual([...demoCsvNames]);
  expect(files.map(({ bytes }) => bytes.toString('utf8').split('\n', 1)[0]?.trim())).toEqual([
    'date,precipitation,temp_max,temp_min,wind,weather',
    'Date,CO2,adjusted CO2',
    'symbol,date,price',
    'year,temp',
    expect.stringMatching(/^month,nonfarm,/),
    'country,income,health,population,region',
  ]);
});

import { expect, test } from 'vitest';
import { choosePanel } from '../../../src/workloads/nightly-report/programs/lib/panels';
import { readTable } from '../../../src/workloads/nightly-report/programs/lib/table';

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

const panelOf = async (csv: string) => choosePanel('a.csv', await readTable(once(csv)));
const month = (year: number, number: number) => year * 12 + number - 1;

test('dates and numbers become one line of monthly means, months without values left out', async () => {
  const panel = await panelOf(
    'day,rain\n2020-03-05,4\n2020-01-01,1\n2020-01-31,2\n2020-02-01,\n,9\n',
  );

  expect(panel).toEqual({
    kind: 'lines',
    title: 'a.csv',
    subtitle: 'rain, monthly mean · 5 rows',
    lines: [
      {
        name: undefined,
        points: [
          { month: month(2020, 1), value: 1.5 },
          { month: month(2020, 3), value: 4 },
        ],
      },
    ],
  });
});

test('rows of the same date that a text tells apart become a line each', async () => {
  const panel = await panelOf(
    'symbol,date,price\nA,Jan 1 2000,1\nA,Feb 1 2000,2\nB,Jan 1 2000,30\nB,Feb 1 2000,40\n',
  );

  expect(panel).toEqual({
    kind: 'lines',
    title: 'a.csv',
    subtitle: 'price, all values for each symbol · 4 rows',
    lines: [
      {
        name: 'A',
        points: [
          { month: month(2000, 1), value: 1 },
          { month: month(2000, 2), value: 2 },
        ],
      },
      {
        name: 'B',
        points: [
          { month: month(2000, 1), value: 30 },
          { month: month(2000, 2), value: 40 },
        ],
      },
    ],
  });
});

test('numbers without dates become a histogram', async () => {
  const panel = await panelOf(`name,size\n${[0, 1, 1, 2, 36].map((n) => `x,${n}`).join('\n')}\n`);

  expect(panel).toMatchObject({ kind: 'histogram', column: 'size', binWidth: 2, median: 1 });
  const bins = panel.kind === 'histogram' ? panel.bins : [];
  expect(bins.filter(({ count }) => count > 0)).toEqual([
    { from: 0, count: 3 },
    { from: 2, count: 1 },
    { from: 36, count: 1 },
  ]);
  expect(bins).toHaveLength(19);
});

test('a histogram of one value has one bar', async () => {
  expect(await panelOf('n\n5\n5\n')).toMatchObject({ bins: [{ count: 2 }] });
});

test('a file without numbers has nothing to draw, and says so', async () => {
  expect(await panelOf('name\nAda\nGrace\n')).toEqual({
    kind: 'empty',
    title: 'a.csv',
    subtitle: '2 rows, no column of numbers',
  });
});

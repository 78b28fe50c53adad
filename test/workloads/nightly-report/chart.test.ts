import { expect, test } from 'vitest';
import { drawChart } from '../../../src/workloads/nightly-report/programs/lib/chart';
import { choosePanel } from '../../../src/workloads/nightly-report/programs/lib/panels';
import {
  summarise,
  summariseFile,
  type FileSummary,
} from '../../../src/workloads/nightly-report/programs/lib/summary';
import { escapeXml, fitted } from '../../../src/workloads/nightly-report/programs/lib/svg';
import { readTable } from '../../../src/workloads/nightly-report/programs/lib/table';
import { textsOf } from './well-formed';

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

/** The chart of these CSV texts, by name. */
async function chartOf(
  title: string,
  files: readonly (readonly [name: string, csv: string])[],
  skipped: readonly FileSummary[] = [],
): Promise<string> {
  const read = await Promise.all(
    files.map(async ([name, csv]) => {
      const table = await readTable(once(csv));
      const file = { file: 'inputs/0001.csv', name, size: csv.length };
      return { summary: summariseFile(file, table), panel: choosePanel(name, table) };
    }),
  );
  const summary = summarise(new Date('2030-01-31T02:00:00Z'), [
    ...read.map((file) => file.summary),
    ...skipped,
  ]);
  return drawChart(
    title,
    summary,
    read.map(({ panel }) => panel),
  );
}

const rain = 'day,rain\n2020-01-01,1\n2020-02-01,2.5\n2020-03-01,4\n';

test('a chart says what it shows, of what, and when', async () => {
  const texts = textsOf(await chartOf('Nightly report', [['weather.csv', rain]]));

  expect(texts.filter((text) => !text.startsWith('text{'))).toEqual([
    'Nightly report',
    'Nightly report',
    '2030-01-31 02:00 UTC · 1 file, 3 rows of data',
    'weather.csv',
    'rain, all values · 3 rows',
    '1',
    '2',
    '3',
    '4',
    'Jan 2020',
    'Feb 2020',
    'Mar 2020',
    '4.0',
  ]);
});

const hostile = '</text><script>alert(1)</script>&amp;"\'\u0000\u001B\u202Ecsv.exe\uFFFE\uD800';

test('hostile names and headers stay text', async () => {
  const csv = `day,"${hostile.replaceAll('"', '""').replaceAll('\u0000', '')}"\n2020-01-01,1\n`;
  const skipped = { kind: 'skipped', name: hostile, bytes: 1, reason: hostile } as const;
  const svg = await chartOf(hostile, [[hostile, csv]], [skipped]);

  const harmless = '</text><script>alert(1)</script>&amp;"\'\uFFFD\uFFFD\uFFFDcsv.exe\uFFFD\uFFFD';
  const texts = textsOf(svg);
  expect(svg).not.toContain('<script');
  // The document's title, the head and the panel's title.
  expect(texts.filter((text) => text === harmless)).toHaveLength(3);
  expect(texts.at(-1)?.startsWith(`Skipped ${harmless}: </text>`)).toBe(true);
});

test('what is not drawn is named below the panels', async () => {
  const files = Array.from({ length: 14 }, (_, i) => [`${i}.csv`, rain] as const);
  const skipped = Array.from({ length: 12 }, (_, i) => {
    return { kind: 'skipped', name: `bad ${i}`, bytes: 0, reason: 'it is empty.' } as const;
  });

  const texts = textsOf(await chartOf('Report', files, skipped));

  expect(texts.includes('11.csv')).toBe(true);
  expect(texts.includes('12.csv')).toBe(false);
  expect(texts.slice(-12)).toEqual([
    '2 more files in summary.json.',
    ...Array.from({ length: 10 }, (_, i) => `Skipped bad ${i}: it is empty.`),
    '2 more were skipped: see summary.json.',
  ]);
});

test('numbers of any size are drawn inside the picture', async () => {
  const numbers = ['9e99', '-9e99', '1e-99', '0', '1000000000000001', '1000000000000001.125', '5'];
  for (const first of numbers) {
    for (const second of numbers) {
      const dated = `day,n\n0001-01-01,${first}\n9999-12-31,${second}\n`;
      const svg = await chartOf('Report', [
        ['dated', dated],
        ['bars', `n\n${first}\n${second}\n`],
        ['point', `day,n\n2020-01-01,${first}\n`],
      ]);

      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      const coordinates = [...svg.matchAll(/ (?:[xy][12]?|c[xy]|width|height)="(-?[\d.]+)"/g)];
      expect(coordinates.every(([, value]) => Number(value) >= 0 && Number(value) <= 1200)).toBe(
        true,
      );
    }
  }
});

test('the names of lines stand apart, inside the picture, though the lines end in one point', async () => {
  const names = ['Ada', 'Grace', 'Katherine', 'Mary with a name too long for its place'];
  const rows = names.flatMap((name) => [`${name},2020-01-01,0`, `${name},2020-02-01,100`]);
  const csv = `who,day,n\n${rows.join('\n')}\n`;
  const svg = await chartOf('Report', [
    ['left', csv],
    ['right', csv.replaceAll(',100', ',0')],
  ]);

  const labels = [
    ...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" class="name"[^>]*>([^<]*)</g),
  ].map(([, x, y, name = '']) => ({ right: Number(x) + name.length * 6.6, y: Number(y) }));
  expect(labels).toHaveLength(8);
  expect(Math.max(...labels.slice(0, 4).map(({ right }) => right))).toBeLessThan(600);
  expect(Math.max(...labels.map(({ right }) => right))).toBeLessThan(1200);
  for (const half of [labels.slice(0, 4), labels.slice(4)]) {
    const gaps = half.slice(1).map(({ y }, i) => y - (half[i]?.y ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(14.9);
  }
});

test('long texts are cut between letters as people count them', () => {
  expect(fitted('👩‍🚀👩‍🚀👩‍🚀', 2 * 5.5, 10)).toBe('👩‍🚀…');
  expect(fitted('short', 500, 10)).toBe('short');
});

test('text is escaped once', () => {
  expect(escapeXml('<a href="x">&amp;\n')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;amp;\uFFFD');
});

import type { DateColumn, NumberColumn, TextColumn } from './columns';
import { stepBetween } from './scale';
import { describe, meanOf } from './statistics';
import type { Table } from './table';

/** The drawing of one file. */
export type Panel = LinesPanel | HistogramPanel | EmptyPanel;

interface PanelBase {
  readonly title: string;
  /** The columns that are drawn, and the number of rows. */
  readonly subtitle: string;
}

export interface LinesPanel extends PanelBase {
  readonly kind: 'lines';
  readonly lines: readonly Line[];
}

export interface Line {
  /** Undefined when there is only one. */
  readonly name: string | undefined;
  readonly points: readonly { readonly month: number; readonly value: number }[];
}

export interface HistogramPanel extends PanelBase {
  readonly kind: 'histogram';
  readonly column: string;
  readonly binWidth: number;
  readonly median: number;
  /** Side by side; `from` is the lower edge. */
  readonly bins: readonly { readonly from: number; readonly count: number }[];
}

export interface EmptyPanel extends PanelBase {
  readonly kind: 'empty';
}

/** Monthly means when the table has dates and numbers, else a histogram of its first numbers. */
export function choosePanel(title: string, table: Table): Panel {
  const rows = `${table.rows.toLocaleString('en')} rows`;
  const numbers = table.columns.find((column) => column.kind === 'number');
  const dates = table.columns.find((column) => column.kind === 'date');
  if (numbers === undefined)
    return { kind: 'empty', title, subtitle: `${rows}, no column of numbers` };
  if (dates === undefined) return histogram(title, rows, numbers);

  const groups = groupColumn(table, dates);
  const lines = monthlyLines(dates, numbers, groups);
  const by = groups === undefined ? '' : ` for each ${groups.name}`;
  return {
    kind: 'lines',
    title,
    subtitle: `${numbers.name}, ${meansOf(lines, table)}${by} · ${rows}`,
    lines,
  };
}

/** "Mean" would be a strange word where every month has one value. */
function meansOf(lines: readonly Line[], table: Table): string {
  const points = lines.reduce((sum, line) => sum + line.points.length, 0);
  return points < table.rows ? 'monthly mean' : 'all values';
}

const MOST_LINES = 6;

/** A column that tells apart rows of the same date, as the symbol does in a list of stock prices. */
function groupColumn(table: Table, dates: DateColumn): TextColumn | undefined {
  if (new Set(dates.values).size === dates.values.length) return undefined;

  return table.columns.find((column): column is TextColumn => {
    if (column.kind !== 'text' || column.groups === undefined) return false;
    if (column.counts.size < 2 || column.counts.size > MOST_LINES) return false;
    const pairs = new Set(dates.values.map((date, row) => `${date} ${column.groups?.[row]}`));
    return pairs.size === dates.values.length;
  });
}

function monthlyLines(
  dates: DateColumn,
  numbers: NumberColumn,
  groups: TextColumn | undefined,
): readonly Line[] {
  const lines = new Map<string, Map<number, number[]>>();
  numbers.values.forEach((value, row) => {
    const date = dates.values[row] ?? Number.NaN;
    if (Number.isNaN(value) || Number.isNaN(date)) return;
    const months = entry(lines, groups?.groups?.[row] ?? '', () => new Map<number, number[]>());
    entry(months, monthOf(date), () => []).push(value);
  });

  return [...lines].map(([name, months]) => ({
    name: groups === undefined ? undefined : name,
    points: [...months]
      .map(([month, values]) => ({ month, value: meanOf(values) }))
      .sort((a, b) => a.month - b.month),
  }));
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Months counted from January of the year 0: evenly spaced, as an axis wants them. */
function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** About how many bars a histogram has. */
const BARS = 18;

function histogram(title: string, rows: string, { name, values }: NumberColumn): HistogramPanel {
  const present = values.filter((value) => !Number.isNaN(value));
  const { min: low, max: high, median } = describe(present);
  const binWidth = stepBetween(low, high, BARS);

  const first = Math.floor(low / binWidth);
  const counts = Array.from({ length: Math.floor(high / binWidth) - first + 1 }, () => 0);
  for (const value of present) {
    const bin = Math.floor(value / binWidth) - first;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return {
    kind: 'histogram',
    title,
    subtitle: `how often each ${name} occurs · ${rows}`,
    column: name,
    binWidth,
    median,
    bins: counts.map((count, i) => ({ from: (first + i) * binWidth, count })),
  };
}

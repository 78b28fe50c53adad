import { createHmac } from 'node:crypto';
import type { Input } from '../../../shared/lib/inputs';
import type { Column, TextColumn } from './columns';
import { describe, type NumberFigures } from './statistics';
import type { RaggedRows, Table } from './table';

/** The content of `summary.json`. */
export interface Summary {
  readonly version: 1;
  readonly generatedAt: string;
  readonly totals: { readonly read: number; readonly skipped: number; readonly rows: number };
  readonly files: readonly FileSummary[];
}

export type FileSummary = ReadFile | SkippedFile;

interface NamedFile {
  /** Name of the blob, unescaped: code that shows it must escape it. */
  readonly name: string;
  readonly bytes: number;
}

export interface ReadFile extends NamedFile {
  readonly kind: 'read';
  readonly rows: number;
  readonly raggedRows: RaggedRows;
  /** First and last day over all date columns. */
  readonly dates: { readonly first: string; readonly last: string } | null;
  readonly columns: readonly ColumnSummary[];
}

export interface SkippedFile extends NamedFile {
  readonly kind: 'skipped';
  readonly reason: string;
}

interface ColumnBase {
  readonly name: string;
  /** Number of rows that have a value here; `missing` has the number of the others. */
  readonly count: number;
  readonly missing: number;
}

export type ColumnSummary =
  | (ColumnBase & { readonly kind: 'number' } & NumberFigures)
  | (ColumnBase & { readonly kind: 'date'; readonly first: string; readonly last: string })
  | (ColumnBase & {
      readonly kind: 'text';
      readonly distinct: number;
      /** More texts occur than `distinct` says. */
      readonly overflowed: boolean;
      readonly top: readonly { readonly value: string; readonly count: number }[];
    });

export function summariseFile({ name, size }: Input, table: Table): ReadFile {
  const columns = table.columns.map(summariseColumn);
  const dates = columns.filter((column) => column.kind === 'date');
  return {
    kind: 'read',
    name,
    bytes: size,
    rows: table.rows,
    raggedRows: table.ragged,
    dates:
      dates.length === 0
        ? null
        : {
            first: dates.map(({ first }) => first).reduce((a, b) => (a < b ? a : b)),
            last: dates.map(({ last }) => last).reduce((a, b) => (a > b ? a : b)),
          },
    columns,
  };
}

function summariseColumn(column: Column): ColumnSummary {
  const { kind, name, missing } = column;
  if (kind === 'text') return summariseText(column);

  const present = column.values.filter((value) => !Number.isNaN(value));
  const base = { name, count: present.length, missing };
  const figures = describe(present);
  if (kind === 'number') return { kind, ...base, ...figures };
  return { kind, ...base, first: isoDate(figures.min), last: isoDate(figures.max) };
}

const MOST_TOP = 5;

function summariseText({ name, missing, present, counts, overflowed }: TextColumn): ColumnSummary {
  const top = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_TOP)
    .map(([value, count]) => ({ value, count }));
  return { kind: 'text', name, count: present, missing, distinct: counts.size, overflowed, top };
}

const isoDate = (time: number): string => new Date(time).toISOString().slice(0, 10);

export function summarise(generatedAt: Date, files: readonly FileSummary[]): Summary {
  const read = files.filter((file) => file.kind === 'read');
  return {
    version: 1,
    generatedAt: generatedAt.toISOString(),
    totals: {
      read: read.length,
      skipped: files.length - read.length,
      rows: read.reduce((sum, { rows }) => sum + rows, 0),
    },
    files,
  };
}

/** The bytes of `summary.json`, which are the bytes that are signed. */
export function encodeSummary(summary: Summary): Buffer {
  return Buffer.from(`${JSON.stringify(summary, null, 2)}\n`, 'utf8');
}

/** HMAC-SHA256 in hexadecimal: `openssl dgst -sha256 -hmac <key> summary.json` says the same. */
export function sign(content: Buffer, key: Buffer): string {
  return createHmac('sha256', key).update(content).digest('hex');
}

import Table from 'cli-table3';
import { printable } from './text';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  readonly isRight?: true;
  /** The column takes the rest of the width, and its text is cut there. At most one. */
  readonly takesRest?: true;
  /** Order in which columns are left out where the table does not fit, 1 first. Default: never. */
  readonly leaveOut?: number;
}

const GAP = 2;
/** Narrower than this, a column that takes the rest says nothing. */
const LEAST_REST = 12;

/**
 * Rows below their heads, no wider than the terminal, without columns that are empty. Only the column that takes the rest is cut:
 * ids stay whole, so that they can be copied, also where they are wider than the terminal.
 */
export function tableText<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): string {
  const filled = columns.filter(
    (column) => column.leaveOut === undefined || rows.some((row) => column.cell(row) !== ''),
  );
  const shown = fitting(filled, rows, width);
  const table = new Table({
    head: shown.map(({ head }) => head),
    colWidths: shown.map((column) =>
      column.takesRest === true ? restOf(shown, rows, width) : null,
    ),
    colAligns: shown.map(({ isRight }) => (isRight === true ? 'right' : 'left')),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  table.push(...rows.map((row) => shown.map((column) => textOf(column, row))));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

function fitting<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Column<Row>[] {
  const [next] = columns
    .filter(({ leaveOut }) => leaveOut !== undefined)
    .sort((one, other) => (one.leaveOut ?? 0) - (other.leaveOut ?? 0));
  const hasRest = columns.some(({ takesRest }) => takesRest === true);
  const needed = usedBy(columns, rows) + (hasRest ? LEAST_REST : 0);
  if (needed <= width || next === undefined) return columns;
  return fitting(
    columns.filter((column) => column !== next),
    rows,
    width,
  );
}

function restOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number) {
  return Math.max(LEAST_REST, width - usedBy(columns, rows));
}

/** Columns of the terminal that are used, except by the column that takes the rest. */
function usedBy<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  const fixed = columns.filter(({ takesRest }) => takesRest !== true);
  const widths = fixed.map((column) =>
    Math.max(column.head.length, ...rows.map((row) => textOf(column, row).length)),
  );
  return widths.reduce((sum, one) => sum + one, 0) + GAP * (columns.length - 1);
}

function textOf<Row>({ cell }: Column<Row>, row: Row): string {
  return printable(cell(row));
}

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

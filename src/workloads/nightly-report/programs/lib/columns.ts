import { isMissing, parseDate, parseNumber, parseYear } from './cells';

/** A column of a table, with the kind that all its values agree on. */
export type Column = NumberColumn | DateColumn | TextColumn;

interface ColumnBase {
  readonly name: string;
  readonly missing: number;
}

export interface NumberColumn extends ColumnBase {
  readonly kind: 'number';
  /** One for each row; NaN where it is missing. */
  readonly values: readonly number[];
}

export interface DateColumn extends ColumnBase {
  readonly kind: 'date';
  /** Milliseconds since 1970, one for each row; NaN where it is missing. */
  readonly values: readonly number[];
}

export interface TextColumn extends ColumnBase {
  readonly kind: 'text';
  readonly present: number;
  /** Number of occurrences of each text. */
  readonly counts: ReadonlyMap<string, number>;
  /** More texts occur than were counted. */
  readonly overflowed: boolean;
  /** One for each row, when there are few enough to tell groups of rows apart. */
  readonly groups: readonly string[] | undefined;
}

/** Texts counted for each column: a column of ids must not fill the memory. */
const MOST_COUNTED = 10_000;
const MOST_GROUPS = 12;
/** Characters that are kept of a long text. */
const LONGEST_TEXT = 200;

/** Gathers a column while its file is read. It is a number column until a cell is none, and so on. */
export class ColumnDraft {
  readonly #name: string;
  readonly #readDate: (cell: string) => number | undefined;
  #missing = 0;
  #present = 0;
  #numbers: number[] | undefined = [];
  #dates: number[] | undefined = [];
  #groups: string[] | undefined = [];
  #overflowed = false;
  readonly #counts = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
    // 1987 is a number, but not in a column called "year".
    const isYear = /^(year|yr)$/i.test(name.trim());
    this.#readDate = isYear ? parseYear : parseDate;
  }

  add(cell: string): void {
    if (isMissing(cell)) {
      this.#missing++;
      this.#numbers?.push(Number.NaN);
      this.#dates?.push(Number.NaN);
      this.#groups?.push('');
      return;
    }
    this.#present++;
    this.#numbers = extended(this.#numbers, cell, parseNumber);
    this.#dates = extended(this.#dates, cell, this.#readDate);
    this.#count(cell);
  }

  #count(cell: string): void {
    const text = cell.length > LONGEST_TEXT ? `${cell.slice(0, LONGEST_TEXT)}…` : cell;
    const count = this.#counts.get(text);
    if (count === undefined && this.#counts.size >= MOST_COUNTED) this.#overflowed = true;
    else this.#counts.set(text, (count ?? 0) + 1);
    if (this.#counts.size > MOST_GROUPS) this.#groups = undefined;
    this.#groups?.push(text);
  }

  finish(): Column {
    const base = { name: this.#name, missing: this.#missing };
    if (this.#present > 0 && this.#dates !== undefined)
      return { ...base, kind: 'date', values: this.#dates };
    if (this.#present > 0 && this.#numbers !== undefined)
      return { ...base, kind: 'number', values: this.#numbers };
    return {
      ...base,
      kind: 'text',
      present: this.#present,
      counts: this.#counts,
      overflowed: this.#overflowed,
      groups: this.#groups,
    };
  }
}

/** The values with one more, or nothing from the first cell on that has no such value. */
function extended(
  values: number[] | undefined,
  cell: string,
  read: (cell: string) => number | undefined,
): number[] | undefined {
  const value = values === undefined ? undefined : read(cell);
  if (value === undefined) return undefined;
  values?.push(value);
  return values;
}

import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { InputError, quoted } from '../../../shared/lib/program';
import { ColumnDraft, type Column } from './columns';

/** A CSV file, read. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly ragged: RaggedRows;
}

/** Rows with more or fewer fields than the header: left out of every figure, but not silently. */
export interface RaggedRows {
  readonly count: number;
  readonly first: readonly RaggedRow[];
}

export interface RaggedRow {
  /** The line of the file on which the row ends. */
  readonly line: number;
  readonly fields: number;
}

/** Reads CSV as RFC 4180 has it: commas, a header, quotes around what holds commas or line breaks. */
export async function readTable(chunks: AsyncIterable<Buffer>): Promise<Table> {
  const parser = parse({
    info: true,
    // Named, because the parser would otherwise take the first line's for all.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LARGEST_ROW,
  });
  const draft = new TableDraft();

  try {
    await pipeline(chunks, decode, parser, async (rows: AsyncIterable<ParsedRow>) => {
      for await (const row of rows) draft.add(row);
    });
  } catch (error) {
    throw error instanceof CsvError ? notCsv(error) : error;
  }
  return draft.finish();
}

/** In characters. */
const LARGEST_ROW = 1024 * 1024;
const MOST_COLUMNS = 1000;
const MOST_RAGGED_LISTED = 20;

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Bytes into text: a character may be cut in two by the end of a chunk. */
async function* decode(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // It also takes off a byte order mark.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let read = 0;
  for await (const chunk of chunks) {
    const zero = chunk.indexOf(0);
    if (zero !== -1) throw new InputError(`it is not text: byte ${read + zero} is zero.`);
    yield decoded(decoder, chunk, read);
    read += chunk.length;
  }
  yield decoded(decoder, undefined, read);
}

function decoded(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Buffer | undefined,
  read: number,
): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new InputError(
      `it is not UTF-8 text: a wrong character stands between bytes ${Math.max(0, read - 3)} and ${read + (chunk?.length ?? 0)}. Save it as UTF-8.`,
      { cause: error },
    );
  }
}

/** Converts an error of the parser to a sentence. */
function notCsv(error: CsvError): InputError {
  const line = Number(error['lines']);
  // All records before this one, and the header is one of them.
  const row = Number(error['records']);
  const reasons: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: `a quote opens in ${row === 0 ? 'the header' : `row ${row}`} and is never closed.`,
    CSV_INVALID_CLOSING_QUOTE: `line ${line}: text follows a closing quote.`,
    INVALID_OPENING_QUOTE: `line ${line}: a quote stands in a field that does not begin with one.`,
    CSV_MAX_RECORD_SIZE: `line ${line}: a row is longer than ${LARGEST_ROW} characters.`,
  };
  return new InputError(`it is not CSV: ${reasons[error.code] ?? error.message}`, { cause: error });
}

class TableDraft {
  #columns: readonly ColumnDraft[] | undefined;
  #rows = 0;
  #raggedCount = 0;
  readonly #firstRagged: RaggedRow[] = [];

  add({ record, info }: ParsedRow): void {
    if (this.#columns === undefined) {
      this.#columns = startColumns(record);
      return;
    }
    if (record.length !== this.#columns.length) {
      this.#raggedCount++;
      if (this.#firstRagged.length < MOST_RAGGED_LISTED)
        this.#firstRagged.push({ line: info.lines, fields: record.length });
      return;
    }
    this.#rows++;
    this.#columns.forEach((column, i) => column.add(record[i] ?? ''));
  }

  finish(): Table {
    if (this.#columns === undefined) throw new InputError('it is empty.');
    if (this.#raggedCount > this.#rows)
      throw new InputError(
        `it is not CSV: ${this.#raggedCount} of ${this.#raggedCount + this.#rows} rows have another number of fields than the header, which has ${this.#columns.length}.`,
      );
    if (this.#rows === 0) throw new InputError('it has a header and no rows.');
    return {
      rows: this.#rows,
      columns: this.#columns.map((column) => column.finish()),
      ragged: { count: this.#raggedCount, first: this.#firstRagged },
    };
  }
}

function startColumns(header: readonly string[]): readonly ColumnDraft[] {
  if (header.length > MOST_COLUMNS)
    throw new InputError(
      `its header has ${header.length} columns, and at most ${MOST_COLUMNS} are read; it begins ${quoted(header.slice(0, 3).join(','))}.`,
    );
  return header.map((name, i) => new ColumnDraft(name.trim() === '' ? `column ${i + 1}` : name));
}

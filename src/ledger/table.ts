/**
 * The ledger's port: one table of rows, in partitions, whose writes are conditional. A partition is
 * the unit of a transaction, as in Azure Table storage:
 * https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
 */
export interface Table {
  get(partition: string, key: string): Promise<Row | null>;
  /** Rows in the order of their keys, at most `limit`. */
  list(partition: string, range: KeyRange, limit: number): Promise<readonly Row[]>;
  /** Applies all changes or none. `conflict` when a condition of one of them does not hold. */
  write(partition: string, changes: readonly Change[]): Promise<'written' | 'conflict'>;
  /** Deletes a row. With an ETag, only that version; `conflict` when it is another one. */
  remove(partition: string, key: string, etag?: string): Promise<'removed' | 'conflict'>;
}

export interface Row {
  readonly key: string;
  readonly etag: string;
  readonly value: RowValue;
}

/** Plain JSON of at most 30,000 characters. */
export type RowValue = Readonly<Record<string, unknown>>;

/** Keys from `from` on and before `to`; an end that is left out is open. */
export interface KeyRange {
  readonly from?: string;
  readonly to?: string;
}

/** Each key at most once in one transaction, and at most 100 changes. */
export type Change =
  | { readonly kind: 'insert'; readonly key: string; readonly value: RowValue }
  | {
      readonly kind: 'replace';
      readonly key: string;
      readonly value: RowValue;
      readonly etag: string;
    }
  | { readonly kind: 'put'; readonly key: string; readonly value: RowValue };

/** Storage accepts 32,768 characters in a property; the rest is room for what escaping adds. */
export const MAX_ROW_CHARACTERS = 30_000;

/** A row as it is stored. @throws Error for one that is too large: that is a bug of its writer */
export function jsonOf(partition: string, { key, value }: Change): string {
  const json = JSON.stringify(value).replaceAll(/[\u2028\u2029]/g, escapeOf);
  if (json.length <= MAX_ROW_CHARACTERS) return json;
  throw new Error(
    `row ${partition}/${key} has ${json.length} characters, of at most ${MAX_ROW_CHARACTERS}`,
  );
}

/** A line separator ends a line for a service that reads a transaction line by line: Azurite does. */
function escapeOf(separator: string): string {
  return `\\u${separator.charCodeAt(0).toString(16)}`;
}

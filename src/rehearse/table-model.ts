import {
  jsonOf,
  type Change,
  type KeyRange,
  type Row,
  type RowValue,
  type Table,
} from '../ledger/table';
import type { History } from './history';

interface Stored {
  readonly etag: string;
  readonly json: string;
  /** Parsed at the first read, and frozen: most rows are read more often than written. */
  row: Row | null;
}

/** A table in memory: conditions hold, a transaction is whole, a write changes the ETag. */
export class TableModel implements Table {
  readonly #partitions = new Map<string, Map<string, Stored>>();
  #writes = 0;

  constructor(readonly history: History) {}

  async get(partition: string, key: string): Promise<Row | null> {
    const found = this.#partitions.get(partition)?.get(key);
    return found === undefined ? null : rowOf(key, found);
  }

  async list(partition: string, range: KeyRange, limit: number): Promise<readonly Row[]> {
    const rows = this.#partitions.get(partition);
    if (rows === undefined) return [];
    const keys = this.keys(partition).filter((key) => isIn(range, key));
    return keys.slice(0, limit).flatMap((key) => {
      const found = rows.get(key);
      return found === undefined ? [] : [rowOf(key, found)];
    });
  }

  async write(partition: string, changes: readonly Change[]): Promise<'written' | 'conflict'> {
    const jsons = changes.map((change) => jsonOf(partition, change));
    if (
      changes.length > MAX_CHANGES ||
      new Set(changes.map(({ key }) => key)).size < jsons.length
    ) {
      throw new Error(`a transaction of ${partition} has too many changes, or a key twice`);
    }
    const rows = this.#partitions.get(partition) ?? new Map<string, Stored>();
    if (!changes.every((change) => holds(change, rows.get(change.key)?.etag))) return 'conflict';
    this.#partitions.set(partition, rows);
    for (const [index, { key }] of changes.entries()) {
      this.#writes += 1;
      rows.set(key, { etag: `W/"${this.#writes}"`, json: jsons[index] ?? '', row: null });
    }
    for (const change of changes) this.history.noteWrite(partition, change);
    return 'written';
  }

  async remove(partition: string, key: string, etag?: string): Promise<'removed' | 'conflict'> {
    const rows = this.#partitions.get(partition);
    const found = rows?.get(key);
    if (found !== undefined && etag !== undefined && found.etag !== etag) return 'conflict';
    rows?.delete(key);
    this.history.noteRemoval(partition, key);
    return 'removed';
  }

  /** All rows of a partition in the order of their keys, for the checks of a world. */
  rows(partition: string): readonly Row[] {
    return [...(this.#partitions.get(partition) ?? [])]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, found]) => rowOf(key, found));
  }

  keys(partition: string): readonly string[] {
    return [...(this.#partitions.get(partition)?.keys() ?? [])].sort();
  }

  get partitions(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** Everything that is stored, as text. */
  get text(): string {
    return [...this.#partitions.values()]
      .flatMap((rows) => [...rows.values()].map(({ json }) => json))
      .join('\n');
  }
}

/** The bound of the service for one transaction. */
const MAX_CHANGES = 100;

function rowOf(key: string, stored: Stored): Row {
  const { etag, json } = stored;
  stored.row ??= Object.freeze({ key, etag, value: Object.freeze(JSON.parse(json) as RowValue) });
  return stored.row;
}

function isIn({ from = '', to }: KeyRange, key: string): boolean {
  return key >= from && (to === undefined || key < to);
}

function holds(change: Change, etag: string | undefined): boolean {
  switch (change.kind) {
    case 'insert':
      return etag === undefined;
    case 'replace':
      return etag === change.etag;
    case 'put':
      return true;
  }
}

import {
  jsonOf,
  type Change,
  type KeyRange,
  type Row,
  type RowValue,
  type Table,
} from '../src/ledger/table';

/** A table in memory: conditions are kept, transactions are whole, a write changes the ETag. */
export class MemoryTable implements Table {
  readonly partitions = new Map<string, Map<string, { etag: string; json: string }>>();
  readonly calls: string[] = [];
  #writes = 0;

  async get(partition: string, key: string): Promise<Row | null> {
    this.calls.push(`get ${partition} ${key}`);
    const found = this.partitions.get(partition)?.get(key);
    return found === undefined ? null : rowOf(key, found);
  }

  async list(partition: string, range: KeyRange, limit: number): Promise<readonly Row[]> {
    this.calls.push(`list ${partition}`);
    return [...(this.partitions.get(partition) ?? [])]
      .filter(([key]) => key >= (range.from ?? '') && (range.to === undefined || key < range.to))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([key, found]) => rowOf(key, found));
  }

  async write(partition: string, changes: readonly Change[]): Promise<'written' | 'conflict'> {
    this.calls.push(`write ${partition} ${changes.map(({ kind }) => kind).join(' ')}`);
    const jsons = changes.map((change) => jsonOf(partition, change));
    const rows =
      this.partitions.get(partition) ?? new Map<string, { etag: string; json: string }>();
    if (!changes.every((change) => holds(change, rows.get(change.key)?.etag))) return 'conflict';
    this.partitions.set(partition, rows);
    for (const [index, { key }] of changes.entries()) {
      this.#writes += 1;
      rows.set(key, { etag: `"${this.#writes}"`, json: jsons[index] ?? '' });
    }
    return 'written';
  }

  async remove(partition: string, key: string, etag?: string): Promise<'removed' | 'conflict'> {
    this.calls.push(`remove ${partition} ${key}`);
    const rows = this.partitions.get(partition);
    const found = rows?.get(key);
    if (found !== undefined && etag !== undefined && found.etag !== etag) return 'conflict';
    rows?.delete(key);
    return 'removed';
  }

  /** The values of a partition by key, for a test to compare. */
  values(partition: string): Record<string, RowValue> {
    const rows = [...(this.partitions.get(partition) ?? [])];
    return Object.fromEntries(rows.map(([key, { json }]) => [key, JSON.parse(json) as RowValue]));
  }
}

function rowOf(key: string, { etag, json }: { etag: string; json: string }): Row {
  return { key, etag, value: JSON.parse(json) as RowValue };
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

import fs from 'node:fs';
import path from 'node:path';
import { GrowingFile, readLines, sealed, syncFolder, unsealed } from './lines';
import type { Instance, Status } from './records';

/** Storage of ended instances: outside memory, but still available to queries. */
export interface Archive {
  /** One row for each instance, without its input, output and history. */
  readonly rows: ReadonlyMap<string, ArchiveRow>;
  read(id: string): Instance | undefined;
  remove(id: string): void;
}

export interface ArchiveRow {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly created: string;
  readonly updated: string;
}

/** The archive of a hub in memory: each instance is a text, which needs little memory. */
export class MemoryArchive implements Archive {
  readonly #rows = new Map<string, ArchiveRow & { readonly text: string }>();

  get rows(): ReadonlyMap<string, ArchiveRow> {
    return this.#rows;
  }

  add(instance: Instance): void {
    const { id, name, status, created, updated } = instance;
    const text = JSON.stringify(withoutOpenWork(instance));
    this.#rows.set(id, { id, name, status, created, updated, text });
  }

  read(id: string): Instance | undefined {
    const text = this.#rows.get(id)?.text;
    return text === undefined ? undefined : endedFrom(JSON.parse(text) as Instance);
  }

  remove(id: string): void {
    this.#rows.delete(id);
  }
}

/**
 * The valid extent of the archive's files, recorded in a snapshot; anything beyond is discarded.
 */
export interface ArchiveExtent {
  readonly number: number;
  readonly bytes: number;
  readonly indexBytes: number;
}

export const EMPTY_ARCHIVE: ArchiveExtent = { number: 0, bytes: 0, indexBytes: 0 };

interface Entry extends ArchiveRow {
  readonly offset: number;
  readonly length: number;
}

/** An index line: a row with its position, or only the id of a removed instance. */
type IndexLine =
  | readonly [string, number, number, string, Status, string, string]
  | readonly [string];

/** Two files: whole instances, and an index that is read at the start. */
export class DiskArchive implements Archive {
  readonly #rows = new Map<string, Entry>();
  #removed: string[] = [];
  #dead = 0;
  #data: GrowingFile;
  #index: GrowingFile;
  #number: number;

  constructor(
    readonly folder: string,
    extent: ArchiveExtent,
  ) {
    this.#number = extent.number;
    this.#data = new GrowingFile(this.#path('data'), extent.bytes);
    this.#index = new GrowingFile(this.#path('index'), extent.indexBytes);
    readLines(this.#path('index'), (text) => this.#readIndex(JSON.parse(text) as IndexLine));
    this.dropOthers();
  }

  get rows(): ReadonlyMap<string, ArchiveRow> {
    return this.#rows;
  }

  read(id: string): Instance | undefined {
    const entry = this.#rows.get(id);
    if (entry === undefined) return undefined;
    const text = unsealed(this.#data.read(entry.offset, entry.length).trimEnd());
    if (text === undefined) throw new Error(`The archived instance '${id}' cannot be read.`);
    return endedFrom(JSON.parse(text) as Instance);
  }

  remove(id: string): void {
    if (!this.#rows.delete(id)) return;
    this.#removed.push(id);
    this.#dead++;
  }

  /** Adds instances. They are durable once the snapshot with the returned extent is written. */
  add(instances: Iterable<Instance>): ArchiveExtent {
    if (this.#dead > 1000 && this.#dead > this.#rows.size) this.#rewrite();
    this.#index.write(this.#removed.map((id) => sealed(JSON.stringify([id]))).join(''));
    this.#removed = [];
    for (const instance of instances) this.#append(instance);
    this.#data.sync();
    this.#index.sync();
    return { number: this.#number, bytes: this.#data.size, indexBytes: this.#index.size };
  }

  close(): void {
    this.#data.close();
    this.#index.close();
  }

  #append(instance: Instance): void {
    const line = sealed(JSON.stringify(withoutOpenWork(instance)));
    const { id, name, status, created, updated } = instance;
    const offset = this.#data.size;
    this.#data.write(line);
    const length = this.#data.size - offset;
    const row: IndexLine = [id, offset, length, name, status, created, updated];
    this.#index.write(sealed(JSON.stringify(row)));
    this.#rows.set(id, { id, offset, length, name, status, created, updated });
  }

  #readIndex(line: IndexLine): void {
    if (this.#rows.delete(line[0])) this.#dead++;
    if (line.length === 1) return;
    const [id, offset, length, name, status, created, updated] = line;
    this.#rows.set(id, { id, offset, length, name, status, created, updated });
  }

  /** Compaction: once more entries are removed than remain, the remaining ones are copied to new files. */
  #rewrite(): void {
    const { folder } = this;
    const old = this.#data;
    const rows = [...this.#rows.values()];
    this.#index.close();
    this.#number++;
    this.#data = new GrowingFile(this.#path('data'), 0);
    this.#index = new GrowingFile(this.#path('index'), 0);
    this.#removed = [];
    this.#dead = 0;
    for (const row of rows) {
      const line = old.read(row.offset, row.length);
      this.#append(JSON.parse(line.slice(line.indexOf(' ') + 1)) as Instance);
    }
    old.close();
    syncFolder(folder);
  }

  #path(part: 'data' | 'index'): string {
    return path.join(this.folder, `archive-${this.#number}.${part}.jsonl`);
  }

  /** Deletes files that no snapshot refers to any more. */
  dropOthers(): void {
    const mine = `archive-${this.#number}.`;
    for (const name of fs.readdirSync(this.folder))
      if (name.startsWith('archive-') && !name.startsWith(mine))
        fs.rmSync(path.join(this.folder, name));
  }
}

function withoutOpenWork(instance: Instance): object {
  const { activities: _, timers: __, inbox: ___, ...rest } = instance;
  return rest;
}

function endedFrom(saved: Instance): Instance {
  return { ...saved, inbox: [], activities: new Map(), timers: new Map() };
}

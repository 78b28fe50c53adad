import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '../log';
import { DiskArchive, EMPTY_ARCHIVE, MemoryArchive, type ArchiveExtent } from './archive';
import { GrowingFile, readLines, sealed, syncFolder, writeWhole } from './lines';
import { hasEnded, type Entity, type HubRecord, type SavedInstance } from './records';
import { HubState, revive, save } from './state';

/** A hub's state and its storage. */
export interface Store {
  readonly state: HubState;
  /** Applies a record at once; `written` resolves when it would survive a crash. */
  commit(record: HubRecord): Committed;
  /** Resolves when everything committed so far would survive a crash. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface Committed {
  readonly touched: readonly string[];
  readonly written: Promise<void>;
}

/** A store in memory: its content is lost when the process ends. */
export class MemoryStore implements Store {
  readonly #archive = new MemoryArchive();
  readonly state = new HubState(this.#archive);
  readonly #written = Promise.resolve();
  /** Ids of ended instances that are still in memory. */
  readonly #ended = new Set<string>();

  commit(record: HubRecord): Committed {
    const touched = this.state.apply(record);
    if (record.kind === 'turn' && hasEnded(record.status)) this.#put(record.id);
    return { touched, written: this.#written };
  }

  settled(): Promise<void> {
    return this.#written;
  }

  close(): Promise<void> {
    return this.#written;
  }

  /** The latest ended instances stay in memory; older ones are archived. */
  #put(id: string): void {
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size <= ENDED_AT_HAND || oldest === undefined) return;
    this.#ended.delete(oldest);
    const instance = this.state.instances.get(oldest);
    // The instance may have been purged, or started again.
    if (instance === undefined || !hasEnded(instance.status)) return;
    this.#archive.add(instance);
    this.state.instances.delete(oldest);
  }
}

const ENDED_AT_HAND = 200;

export interface DiskOptions {
  readonly folder: string;
  /** True when an acknowledged record also survives a loss of power, not only of the process. */
  readonly fsync: boolean;
  readonly log: Log;
  /** Called when the journal cannot be written: later changes would be lost. */
  readonly onBroken: (error: unknown) => void;
  /** A journal larger than this is replaced by a snapshot. */
  readonly snapshotBytes?: number;
}

/**
 * A store in a folder: a snapshot, a journal of the records since, an archive of what has ended.
 *
 *     snapshot.jsonl        a header, then a line for each instance and entity that lives
 *     journal-<n>.jsonl     a line for each record; n is the generation in the header
 *     archive-<m>.*.jsonl   ended instances; how much of it counts is in the header
 *
 * The snapshot is renamed into place, which starts a generation: before the rename the old
 * files count, after it the new ones.
 */
export class DiskStore implements Store {
  readonly state: HubState;
  readonly #archive: DiskArchive;
  #journal: GrowingFile;
  #generation: number;
  #pending: string[] = [];
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #broken: unknown;

  constructor(readonly options: DiskOptions) {
    fs.mkdirSync(options.folder, { recursive: true });
    const saved: SavedLine[] = [];
    let header: Header = { generation: 0, archive: EMPTY_ARCHIVE };
    readLines(path.join(options.folder, SNAPSHOT), (text, offset) => {
      if (offset === 0) header = JSON.parse(text) as Header;
      else saved.push(JSON.parse(text) as SavedLine);
    });
    this.#generation = header.generation;
    this.#archive = new DiskArchive(options.folder, header.archive);
    this.state = new HubState(this.#archive);
    for (const line of saved) this.#restore(line);
    this.#journal = new GrowingFile(this.#journalPath(), this.#replay());
    this.#dropOtherJournals();
  }

  commit(record: HubRecord): Committed {
    const touched = this.state.apply(record);
    this.#pending.push(sealed(JSON.stringify(record)));
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    // Callers that do not wait learn of a broken journal through `onBroken`.
    written.catch(() => undefined);
    this.#flushing ??= this.#flush();
    return { touched, written };
  }

  settled(): Promise<void> {
    return this.#flushing ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.settled();
    this.#journal.close();
    this.#archive.close();
  }

  /** Writes the collected records, as one write and one sync, until there are none. */
  async #flush(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const text = this.#pending.join('');
      const waiting = this.#waiting;
      this.#pending = [];
      this.#waiting = [];
      try {
        if (this.#broken !== undefined) throw this.#broken;
        this.#journal.write(text);
        if (this.options.fsync) await this.#journal.syncSoon();
        if (this.#journal.size > (this.options.snapshotBytes ?? SNAPSHOT_BYTES)) this.#snapshot();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
        if (this.#broken === undefined) this.options.onBroken(error);
        this.#broken = error;
      }
    }
    this.#flushing = undefined;
  }

  /**
   * The present state, including records that wait for their write: the snapshot completes them.
   */
  #snapshot(): void {
    const { state } = this;
    const waiting = this.#waiting;
    this.#pending = [];
    this.#waiting = [];
    const ended = [...state.instances.values()].filter(({ status }) => hasEnded(status));
    const archive = this.#archive.add(ended);
    for (const { id } of ended) state.instances.delete(id);

    const old = this.#journal;
    this.#generation++;
    this.#journal = new GrowingFile(this.#journalPath(), 0);
    const header: Header = { generation: this.#generation, archive };
    writeWhole(path.join(this.options.folder, SNAPSHOT), this.#snapshotLines(header));
    old.close();
    fs.rmSync(old.file);
    this.#archive.dropOthers();
    syncFolder(this.options.folder);
    for (const { resolve } of waiting) resolve();
  }

  *#snapshotLines(header: Header): Iterable<string> {
    yield sealed(JSON.stringify(header));
    for (const instance of this.state.instances.values())
      yield sealed(JSON.stringify({ instance: save(instance) } satisfies SavedLine));
    for (const entity of this.state.entities.values())
      yield sealed(JSON.stringify({ entity } satisfies SavedLine));
  }

  #restore({ instance, entity }: SavedLine): void {
    if (instance !== undefined) this.state.instances.set(instance.id, revive(instance));
    if (entity !== undefined) this.state.entities.set(entity.id, entity);
  }

  #replay(): number {
    const { goodBytes, totalBytes } = readLines(this.#journalPath(), (text) => {
      this.state.apply(JSON.parse(text) as HubRecord);
    });
    if (goodBytes < totalBytes)
      this.options.log(
        'warning',
        `The journal ended in ${totalBytes - goodBytes} bytes of an incomplete record, which are discarded.`,
      );
    return goodBytes;
  }

  #journalPath(): string {
    return path.join(this.options.folder, `journal-${this.#generation}.jsonl`);
  }

  #dropOtherJournals(): void {
    const { folder } = this.options;
    for (const name of fs.readdirSync(folder))
      if (/^journal-\d+\.jsonl$/.test(name) && path.join(folder, name) !== this.#journal.file)
        fs.rmSync(path.join(folder, name));
  }
}

const SNAPSHOT = 'snapshot.jsonl';
const SNAPSHOT_BYTES = 16 << 20;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Header {
  readonly generation: number;
  readonly archive: ArchiveExtent;
}

interface SavedLine {
  readonly instance?: SavedInstance;
  readonly entity?: Entity;
}

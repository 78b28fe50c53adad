import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';

/** A row of the account: a key and its JSON. The last row of a key counts. */
export type Row = readonly [key: string, value: object];

/**
 * One line of a file: all changes of one commit, so that a truncated line is never half a commit.
 */
type Change =
  | readonly ['put', string, object]
  | readonly ['drop', string]
  | readonly ['dropUnder', string];

/** The log is folded into a snapshot when it is larger than both this and the snapshot. */
const MIN_FOLD_BYTES = 32 * 1024 * 1024;

const ROWS_PER_LINE = 500;

export interface JournalSource {
  /** All rows, read lazily while the account continues to change. */
  rows(): Iterable<Row>;
}

/**
 * The account on disk: a snapshot, and a log of the changes since, in numbered files. Changes are
 * collected and written together; `flushed` resolves when all changes recorded before the call are
 * on the disk (one write and one fsync at a time, shared by all callers). Rows are complete states,
 * so a snapshot may be taken while the log continues: replaying both in order ends with the same
 * state.
 */
export class Journal {
  readonly #folder: string;
  readonly #source: JournalSource;
  readonly #foldBytes: number;
  #generation: number;
  #file: fsp.FileHandle;
  #logBytes = 0;
  #snapshotBytes = 0;
  #dirty = new Map<string, object | undefined>();
  #lines: string[] = [];
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #folding: Promise<void> | undefined;
  #closed = false;
  #broken: Error | undefined;

  private constructor(
    folder: string,
    source: JournalSource,
    generation: number,
    file: fsp.FileHandle,
    foldBytes: number,
  ) {
    this.#foldBytes = foldBytes;
    this.#folder = folder;
    this.#source = source;
    this.#generation = generation;
    this.#file = file;
  }

  /**
   * Reads the rows of a folder and continues in a new log. Rows are in the order of their first
   * writing.
   */
  static async open(
    folder: string,
    source: JournalSource,
    foldBytes: number = MIN_FOLD_BYTES,
  ): Promise<{ journal: Journal; rows: Map<string, object> }> {
    await fsp.mkdir(folder, { recursive: true });
    const { rows, generation, bytes } = await replay(folder);
    const file = await fsp.open(logPath(folder, generation + 1), 'a');
    await syncFolder(folder);
    const journal = new Journal(folder, source, generation + 1, file, foldBytes);
    journal.#snapshotBytes = bytes;
    return { journal, rows };
  }

  put(key: string, value: object): void {
    this.#dirty.set(key, value);
    this.#wake();
  }

  drop(key: string): void {
    this.#dirty.set(key, undefined);
    this.#wake();
  }

  /** Deletes every row whose key starts with this prefix. */
  dropUnder(prefix: string): void {
    this.#gather();
    this.#lines.push(`${JSON.stringify([['dropUnder', prefix]])}\n`);
    this.#wake();
  }

  /** Resolves when everything recorded so far survives the loss of this process. */
  async flushed(): Promise<void> {
    await (this.#next ?? this.#writing);
    if (this.#broken !== undefined) throw this.#broken;
  }

  async close(): Promise<void> {
    while (this.#next !== undefined || this.#writing !== undefined) await this.flushed();
    this.#closed = true;
    await this.#folding;
    await this.#file.close();
  }

  #wake(): void {
    if (this.#closed) return;
    this.#next ??= this.#commitAfter(this.#writing);
  }

  async #commitAfter(earlier: Promise<void> | undefined): Promise<void> {
    await earlier;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.#writing = this.#next;
    this.#next = undefined;
    try {
      await this.#commit();
    } catch (cause) {
      // Earlier promises can no longer be kept: from here on nothing is acknowledged.
      this.#broken = new Error(`cannot write the journal in ${this.#folder}`, { cause });
    }
    this.#writing = undefined;
  }

  async #commit(): Promise<void> {
    this.#gather();
    const lines = this.#lines;
    this.#lines = [];
    const bytes = Buffer.from(lines.join(''));
    const file = this.#file;
    await file.writeFile(bytes);
    await file.datasync();
    this.#logBytes += bytes.length;
    if (this.#logBytes > Math.max(this.#foldBytes, this.#snapshotBytes)) this.#fold();
  }

  /** Turns the collected changes into one line, with the present records. */
  #gather(): void {
    if (this.#dirty.size === 0) return;
    const changes: Change[] = [];
    for (const [key, value] of this.#dirty) {
      changes.push(value === undefined ? ['drop', key] : ['put', key, value]);
    }
    this.#dirty = new Map();
    this.#lines.push(`${JSON.stringify(changes)}\n`);
  }

  #fold(): void {
    this.#folding ??= this.#writeSnapshot().finally(() => {
      this.#folding = undefined;
    });
  }

  async #writeSnapshot(): Promise<void> {
    const generation = this.#generation + 1;
    const log = await fsp.open(logPath(this.#folder, generation), 'a');
    const old = this.#file;
    this.#file = log;
    this.#generation = generation;
    this.#logBytes = 0;

    const temporary = `${snapshotPath(this.#folder, generation)}.part`;
    this.#snapshotBytes = await writeRows(temporary, this.#source.rows());
    await fsp.rename(temporary, snapshotPath(this.#folder, generation));
    await syncFolder(this.#folder);
    await this.#writing;
    await old.close();
    await dropBefore(this.#folder, generation);
  }
}

async function writeRows(file: string, rows: Iterable<Row>): Promise<number> {
  const handle = await fsp.open(file, 'w');
  let bytes = 0;
  let changes: Change[] = [];
  const flush = async () => {
    const line = Buffer.from(`${JSON.stringify(changes)}\n`);
    changes = [];
    bytes += line.length;
    await handle.writeFile(line);
  };
  for (const [key, value] of rows) {
    changes.push(['put', key, value]);
    if (changes.length === ROWS_PER_LINE) await flush();
  }
  await flush();
  await handle.sync();
  await handle.close();
  return bytes;
}

interface Replayed {
  readonly rows: Map<string, object>;
  readonly generation: number;
  readonly bytes: number;
}

async function replay(folder: string): Promise<Replayed> {
  const rows = new Map<string, object>();
  const files = await numbered(folder);
  const snapshot = Math.max(
    0,
    ...files.filter((file) => file.isSnapshot).map((file) => file.number),
  );
  let generation = snapshot;
  let bytes = 0;
  if (snapshot > 0) bytes += await apply(snapshotPath(folder, snapshot), rows);
  for (const { number, isSnapshot } of files) {
    if (isSnapshot || number < snapshot) continue;
    bytes += await apply(logPath(folder, number), rows);
    generation = Math.max(generation, number);
  }
  return { rows, generation, bytes };
}

/** Applies the complete lines of a file. The text after the last of them was never acknowledged. */
async function apply(file: string, rows: Map<string, object>): Promise<number> {
  const content = await fsp.readFile(file);
  let start = 0;
  for (let end = content.indexOf(10, start); end !== -1; end = content.indexOf(10, start)) {
    const changes = JSON.parse(content.toString('utf8', start, end)) as readonly Change[];
    for (const change of changes) applyChange(change, rows);
    start = end + 1;
  }
  if (start < content.length) await fsp.truncate(file, start);
  return start;
}

function applyChange(change: Change, rows: Map<string, object>): void {
  if (change[0] === 'put') rows.set(change[1], change[2]);
  else if (change[0] === 'drop') rows.delete(change[1]);
  else {
    for (const key of rows.keys()) if (key.startsWith(change[1])) rows.delete(key);
  }
}

interface NumberedFile {
  readonly number: number;
  readonly isSnapshot: boolean;
}

async function numbered(folder: string): Promise<NumberedFile[]> {
  const names = await fsp.readdir(folder);
  return names
    .map((name) => /^(log|snapshot)-(\d+)\.jsonl$/.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ number: Number(match[2]), isSnapshot: match[1] === 'snapshot' }))
    .sort((a, b) => a.number - b.number);
}

async function dropBefore(folder: string, generation: number): Promise<void> {
  for (const { number, isSnapshot } of await numbered(folder)) {
    if (number >= generation) continue;
    await fsp.rm(isSnapshot ? snapshotPath(folder, number) : logPath(folder, number), {
      force: true,
    });
  }
}

/** A file that was created or renamed is durable only after a sync of its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fsp.open(folder, fs.constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function logPath(folder: string, number: number): string {
  return path.join(folder, `log-${String(number).padStart(8, '0')}.jsonl`);
}

function snapshotPath(folder: string, number: number): string {
  return path.join(folder, `snapshot-${String(number).padStart(8, '0')}.jsonl`);
}

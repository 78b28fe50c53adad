import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

/**
 * Files of lines, each with its checksum: `<crc32 of the text, 8 hex digits> <text>\n`. A write
 * that a crash interrupted leaves a last line with a wrong checksum; reading stops before it.
 */

export function sealed(text: string): string {
  return `${zlib.crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

export interface ReadLines {
  /** Number of bytes in complete lines. */
  readonly goodBytes: number;
  readonly totalBytes: number;
}

/** Passes every complete line of the first `limit` bytes to `each`, in order. */
export function readLines(
  file: string,
  each: (text: string, offset: number, length: number) => void,
  limit = Infinity,
): ReadLines {
  if (!fs.existsSync(file)) return { goodBytes: 0, totalBytes: 0 };
  const data = fs.readFileSync(file);
  const end = Math.min(data.length, limit);
  let at = 0;
  for (;;) {
    const newline = data.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) break;
    const text = unsealed(data.toString('utf8', at, newline));
    if (text === undefined) break;
    each(text, at, newline + 1 - at);
    at = newline + 1;
  }
  return { goodBytes: at, totalBytes: data.length };
}

const NEWLINE = 10;
const SEAL_LENGTH = 9;

/** Returns the text of a line, or undefined if the line is incomplete. */
export function unsealed(line: string): string | undefined {
  const text = line.slice(SEAL_LENGTH);
  return Number.parseInt(line.slice(0, 8), 16) === zlib.crc32(text) ? text : undefined;
}

/** An append-only file. */
export class GrowingFile {
  readonly #fd: number;
  size: number;

  constructor(
    readonly file: string,
    size: number,
  ) {
    this.#fd = fs.openSync(file, 'a+');
    // Bytes beyond were never acknowledged.
    fs.ftruncateSync(this.#fd, size);
    this.size = size;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    let written = 0;
    while (written < bytes.length)
      written += fs.writeSync(this.#fd, bytes, written, bytes.length - written);
    this.size += bytes.length;
  }

  read(offset: number, length: number): string {
    const buffer = Buffer.alloc(length);
    fs.readSync(this.#fd, buffer, 0, length, offset);
    return buffer.toString('utf8');
  }

  sync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  syncSoon(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** Writes a file atomically: after a crash it is complete or absent. */
export function writeWhole(file: string, parts: Iterable<string>): void {
  const draft = `${file}.draft`;
  const fd = fs.openSync(draft, 'w');
  let pending = '';
  for (const part of parts) {
    pending += part;
    if (pending.length < CHUNK) continue;
    fs.writeSync(fd, pending);
    pending = '';
  }
  fs.writeSync(fd, pending);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(draft, file);
  syncFolder(path.dirname(file));
}

const CHUNK = 1 << 20;

/** Makes a rename or a new file in the folder durable. */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder, and makes its entries durable by itself.
  if (process.platform === 'win32') return;
  const fd = fs.openSync(folder, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

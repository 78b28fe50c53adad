import { Zip, ZipDeflate } from 'fflate';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface Packed {
  readonly files: number;
  readonly bytes: number;
}

/** The earliest date of a zip archive: the same folder gives the same archive. */
const MOMENT = '1980-01-01T00:00:00';
/** Marks the modes of files as Unix modes. */
const UNIX = 3;
const EXECUTABLE = 0o755;
const PLAIN = 0o644;

/**
 * A folder as an application package: a zip archive that keeps which files are executable, which
 * Batch's own unpacking on Linux respects. Links are refused, since their targets do not exist on a
 * node.
 */
export async function packFolder(folder: string, archive: string): Promise<Packed> {
  const names = await filesIn(folder, '');
  if (names.length === 0) throw new Error(`${folder} has no file to pack`);
  let bytes = 0;
  const counted = async function* () {
    for await (const chunk of zipped(folder, names)) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  await pipeline(counted, createWriteStream(archive));
  return { files: names.length, bytes };
}

/** The archive piece by piece, as fast as its consumer reads them. */
async function* zipped(folder: string, names: readonly string[]): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let failed: Error | undefined;
  const zip = new Zip((error, chunk) => {
    if (error === null) ready.push(chunk);
    else failed = error;
  });
  for (const name of names) {
    const path = join(folder, name);
    const entry = await entryOf(path, name);
    zip.add(entry);
    for await (const chunk of createReadStream(path)) {
      entry.push(chunk as Buffer);
      yield* ready.splice(0);
    }
    entry.push(new Uint8Array(0), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
  if (failed !== undefined) throw failed;
}

async function entryOf(path: string, name: string): Promise<ZipDeflate> {
  const { mode } = await lstat(path);
  const entry = new ZipDeflate(name, { level: 9 });
  entry.os = UNIX;
  entry.attrs = (0o100000 | ((mode & 0o111) === 0 ? PLAIN : EXECUTABLE)) << 16;
  entry.mtime = MOMENT;
  return entry;
}

/** In the order of their names, as in the archive. */
async function filesIn(root: string, folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const name = posix.join(folder, entry.name);
    if (entry.isDirectory()) names.push(...(await filesIn(root, name)));
    else if (entry.isFile()) names.push(name);
    else
      throw new Error(`${name} is not a regular file; a package contains files and folders only`);
  }
  return names;
}

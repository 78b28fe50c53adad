import fsp from 'node:fs/promises';
import path from 'node:path';
import { crc32, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';

/** An archive that cannot be unpacked, with the reason. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;

/** The end record, before a comment of any length. */
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Unix permissions, if the archive was created on a system that has them. */
  readonly mode: number;
  readonly headerOffset: number;
}

const inflate = promisify(inflateRaw) as (
  data: Buffer,
  options: { readonly maxOutputLength: number },
) => Promise<Buffer>;

/**
 * Unpacks an archive into a folder. No entry is written outside the folder, and links are not
 * created.
 */
export async function unzip(archive: Buffer, folder: string): Promise<void> {
  for (const entry of entriesOf(archive)) {
    const target = path.resolve(folder, `./${entry.name}`);
    if (target !== folder && !target.startsWith(folder + path.sep)) {
      throw new ZipError(`'${entry.name}' is outside the target folder`);
    }
    if (entry.name.endsWith('/')) {
      await fsp.mkdir(target, { recursive: true });
      continue;
    }
    await fsp.mkdir(path.dirname(target), { recursive: true });
    await fsp.writeFile(target, await contentOf(archive, entry));
    // Azure unpacks without the permissions of the archive; executable entries stay executable
    // here.
    await fsp.chmod(target, (entry.mode & 0o777) | 0o644);
  }
}

/** Refuses a file that is not an archive that can be unpacked. */
export function checkZip(archive: Buffer): void {
  for (const { name, method } of entriesOf(archive)) {
    if (method !== 0 && method !== 8)
      throw new ZipError(`'${name}' has an unsupported compression method`);
  }
}

function* entriesOf(archive: Buffer): Iterable<Entry> {
  const end = endOf(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== DIRECTORY_ENTRY) {
      throw new ZipError('the directory of the archive is damaged');
    }
    const nameBytes = archive.readUInt16LE(at + 28);
    yield {
      name: archive.toString('utf8', at + 46, at + 46 + nameBytes).replaceAll('\\', '/'),
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      compressedBytes: archive.readUInt32LE(at + 20),
      bytes: archive.readUInt32LE(at + 24),
      mode: archive.readUInt32LE(at + 38) >>> 16,
      headerOffset: archive.readUInt32LE(at + 42),
    };
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

function endOf(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - LONGEST_COMMENT);
  for (let at = archive.length - END_BYTES; at >= first; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new ZipError('this is not a zip archive');
}

async function contentOf(archive: Buffer, entry: Entry): Promise<Buffer> {
  const at = entry.headerOffset;
  if (at + 30 > archive.length || archive.readUInt32LE(at) !== LOCAL_HEADER) {
    throw new ZipError(`'${entry.name}' is damaged`);
  }
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(start, start + entry.compressedBytes);
  const content =
    entry.method === 0
      ? packed
      : await inflate(packed, { maxOutputLength: Math.max(1, entry.bytes) });
  if (content.length !== entry.bytes || crc32(content) !== entry.crc) {
    throw new ZipError(`'${entry.name}' is damaged`);
  }
  return content;
}

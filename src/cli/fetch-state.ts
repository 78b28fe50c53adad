import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { STATE_FOLDER } from './output-path';

/** A file whose download was cut off, with the version of the blob that it is a part of. */
export interface Partial {
  readonly bytes: number;
  readonly etag: string;
}

/** The memory of a target folder: versions of complete files, and partial ones. */
export interface FetchState {
  /** The version of a file that is complete; null for none. */
  readonly etagOf: (name: string) => string | null;
  readonly complete: (name: string, etag: string) => void;
  readonly partOf: (name: string) => Partial | null;
  /** Starts a part for a version of the blob. */
  readonly begin: (name: string, etag: string) => void;
  readonly partFile: (name: string) => string;
  readonly forget: (name: string) => Promise<void>;
  /** Removes the folder of parts, where it is empty. */
  readonly close: () => Promise<void>;
}

export function fetchStateIn(folder: string): FetchState {
  const parts = path.join(folder, STATE_FOLDER, 'parts');
  const versions = path.join(folder, STATE_FOLDER, 'versions.jsonl');
  mkdirSync(parts, { recursive: true });
  const known = readVersions(versions);
  // Names of blobs are untrusted and of any length; their hashes are neither.
  const partFile = (name: string) =>
    path.join(parts, createHash('sha256').update(name).digest('hex'));
  const etagFile = (name: string) => `${partFile(name)}.etag`;
  return {
    etagOf: (name) => known.get(name) ?? null,
    complete: (name, etag) => {
      known.set(name, etag);
      appendFileSync(versions, `${JSON.stringify([name, etag])}\n`);
    },
    partOf: (name) => {
      if (!existsSync(partFile(name)) || !existsSync(etagFile(name))) return null;
      const etag = readFileSync(etagFile(name), 'utf8');
      const bytes = statSync(partFile(name)).size;
      return bytes === 0 || etag === '' ? null : { bytes, etag };
    },
    begin: (name, etag) => {
      writeFileSync(partFile(name), '');
      writeFileSync(etagFile(name), etag);
    },
    partFile,
    forget: async (name) => {
      await rm(partFile(name), { force: true });
      await rm(etagFile(name), { force: true });
    },
    close: () => removeEmpty(parts),
  };
}

async function removeEmpty(folder: string): Promise<void> {
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}

/** A line that was cut off counts as missing: its file is compared by its content. */
function readVersions(file: string): Map<string, string> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n');
  return new Map(lines.flatMap((line) => versionIn(line)));
}

function versionIn(line: string): [string, string][] {
  try {
    const [name, etag] = JSON.parse(line) as readonly unknown[];
    return typeof name === 'string' && typeof etag === 'string' ? [[name, etag]] : [];
  } catch {
    return [];
  }
}

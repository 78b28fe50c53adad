import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Output } from '../client/outputs';
import type { FetchState } from './fetch-state';
import { pathBelow } from './output-path';
import type { StorageReader } from './storage-reader';

/** Everything that a download needs. */
export interface Source {
  /** Returns an address from which a file can be read for some minutes. */
  readonly locate: (name: string) => Promise<string>;
  readonly reader: StorageReader;
  readonly state: FetchState;
  readonly folder: string;
  /** Reports bytes that have arrived. */
  readonly received: (bytes: number) => void;
}

export type Saved = 'saved' | 'kept';

const ATTEMPTS = 4;

/**
 * Saves one file, or keeps it where it is there in the same version. A connection that breaks is
 * followed by the rest of the file only, in this call and in a later one.
 */
export async function saveOutput(source: Source, output: Output): Promise<Saved> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptToSave(source, output);
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

/** An answer of storage other than success. */
class StorageAnswer extends Error {
  override readonly name = 'StorageAnswer';

  constructor(readonly status: number) {
    super(`the storage returned status ${status}`);
  }
}

const RESETS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);

function isTransient(error: unknown): boolean {
  if (error instanceof StorageAnswer) return error.status === 429 || error.status >= 500;
  return error instanceof Error && RESETS.has((error as NodeJS.ErrnoException).code);
}

async function attemptToSave(source: Source, output: Output): Promise<Saved> {
  const { name, bytes } = output;
  const { state, reader, folder } = source;
  const file = pathBelow(folder, name);
  const url = await source.locate(name);
  if (sizeOf(file) === bytes) {
    const answer = await compared(source, name, file, url);
    if (answer === null) return 'kept';
    return saveWhole(source, name, file, answer);
  }
  const part = state.partOf(name);
  if (part === null) return saveWhole(source, name, file, await reader.get(url, {}));

  const headers = { range: `bytes=${part.bytes}-`, 'if-match': part.etag };
  const answer = await reader.get(url, headers);
  if (answer.statusCode === 206) return saveRest(source, name, file, answer, part.bytes);
  // 412: the blob is another version. 416: the part is the whole file, or more.
  if (answer.statusCode !== 412 && answer.statusCode !== 416) {
    return saveWhole(source, name, file, answer);
  }
  answer.resume();
  await state.forget(name);
  return saveWhole(source, name, file, await reader.get(url, {}));
}

/** Null where the file is this version of the blob, by its ETag or its MD5. Else its content. */
async function compared({ reader, state }: Source, name: string, file: string, url: string) {
  const etag = state.etagOf(name);
  const answer = await reader.get(url, etag === null ? {} : { 'if-none-match': etag });
  if (answer.statusCode === 304) {
    answer.resume();
    return null;
  }
  const md5 = answer.headers['content-md5'];
  if (answer.statusCode !== 200 || md5 === undefined || md5 !== (await md5Of(file))) return answer;
  answer.destroy();
  if (answer.headers.etag !== undefined) state.complete(name, answer.headers.etag);
  return null;
}

async function saveWhole(
  source: Source,
  name: string,
  file: string,
  answer: IncomingMessage,
): Promise<Saved> {
  if (answer.statusCode !== 200) throw refused(answer);
  source.state.begin(name, answer.headers.etag ?? '');
  await receive(source, name, answer, 'w');
  return finish(source, name, file, answer.headers.etag);
}

async function saveRest(
  source: Source,
  name: string,
  file: string,
  answer: IncomingMessage,
  before: number,
): Promise<Saved> {
  source.received(before);
  await receive(source, name, answer, 'a');
  const md5 = answer.headers['x-ms-blob-content-md5'];
  if (md5 !== undefined && md5 !== (await md5Of(source.state.partFile(name)))) {
    await source.state.forget(name);
    throw new Error('its content is not that of the storage; fetch it once more');
  }
  return finish(source, name, file, answer.headers.etag);
}

function refused(answer: IncomingMessage): StorageAnswer {
  answer.resume();
  return new StorageAnswer(answer.statusCode ?? 0);
}

async function receive(
  { state, received }: Source,
  name: string,
  answer: IncomingMessage,
  flags: 'w' | 'a',
): Promise<void> {
  const file = openSync(state.partFile(name), flags);
  try {
    await new Promise<void>((resolve, reject) => {
      // Written at once: what arrived before a connection breaks must be in the file.
      answer.on('data', (chunk: Buffer) => {
        try {
          writeFileSync(file, chunk);
          received(chunk.length);
        } catch (error) {
          answer.destroy(error as Error);
        }
      });
      answer.on('end', resolve);
      answer.on('error', reject);
    });
  } finally {
    closeSync(file);
  }
}

/** A file appears under its name when it is complete. */
async function finish(
  { state }: Source,
  name: string,
  file: string,
  etag: string | undefined,
): Promise<Saved> {
  await mkdir(path.dirname(file), { recursive: true });
  await rename(state.partFile(name), file);
  if (etag !== undefined) state.complete(name, etag);
  await state.forget(name);
  return 'saved';
}

function sizeOf(file: string): number | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : null;
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64');
}

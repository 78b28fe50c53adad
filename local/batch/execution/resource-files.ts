import { ContainerClient } from '@azure/storage-blob';
import { createWriteStream } from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResourceFile } from '../bodies/common';
import { type FailureCode, StepFailed, failureOf, withoutQuery } from './failures';

export interface Downloading {
  readonly workingDirectory: string;
  /** The auto-storage of the account, if it has one. */
  readonly autoStorageContainer?: ((name: string) => string | Promise<string>) | undefined;
  readonly signal: AbortSignal;
}

/** Downloads resource files to a working directory. The first that fails is the task's failure. */
export async function downloadAll(
  files: readonly ResourceFile[],
  downloading: Downloading,
): Promise<void> {
  for (const file of files) await download(file, downloading);
}

async function download(file: ResourceFile, downloading: Downloading): Promise<void> {
  if (file.httpUrl !== undefined) {
    const target = targetOf(file.filePath ?? '', downloading);
    await fetchTo(file.httpUrl, target, file, downloading.signal);
    return;
  }
  const url = file.storageContainerUrl ?? (await autoStorage(file, downloading));
  await downloadContainer(url, file, downloading);
}

async function autoStorage(
  file: ResourceFile,
  { autoStorageContainer }: Downloading,
): Promise<string> {
  if (autoStorageContainer === undefined || file.autoStorageContainerName === undefined) {
    throw downloadFailed(
      'BlobAccessDenied',
      'the account has no auto-storage',
      file.filePath ?? '',
    );
  }
  return autoStorageContainer(file.autoStorageContainerName);
}

async function fetchTo(
  url: string,
  target: string,
  file: ResourceFile,
  signal: AbortSignal,
): Promise<void> {
  await makeFolder(target, file);
  const response = await sendRequest(fetch(url, { signal }), url, file);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const code = codeOf(response.status);
    const reason = code === 'BlobDownloadMiscError' ? `HTTP status ${response.status}` : undefined;
    const cause = reason === undefined ? undefined : new Error(reason);
    throw downloadFailed(code, withoutQuery(url), file.filePath ?? '', cause);
  }
  await write(Readable.fromWeb(response.body), target, file, signal);
}

async function downloadContainer(
  url: string,
  file: ResourceFile,
  downloading: Downloading,
): Promise<void> {
  const { signal } = downloading;
  const container = new ContainerClient(url, undefined, { retryOptions: { maxTries: 3 } });
  const prefix = file.blobPrefix ?? '';
  try {
    for await (const blob of container.listBlobsFlat({ prefix, abortSignal: signal })) {
      const target = targetOf(path.posix.join(file.filePath ?? '.', blob.name), downloading);
      await makeFolder(target, file);
      const response = await container.getBlobClient(blob.name).download(0, undefined, {
        abortSignal: signal,
      });
      if (response.readableStreamBody === undefined) continue;
      await write(Readable.from(response.readableStreamBody), target, file, signal);
    }
  } catch (cause) {
    if (cause instanceof StepFailed) throw cause;
    signal.throwIfAborted();
    const status = (cause as { statusCode?: number }).statusCode ?? 0;
    throw downloadFailed(codeOf(status), withoutQuery(url), file.filePath ?? '', cause);
  }
}

/** A path inside the working directory, independent of the blob's name. */
function targetOf(filePath: string, { workingDirectory }: Downloading): string {
  const target = path.resolve(workingDirectory, filePath);
  if (target !== workingDirectory && target.startsWith(workingDirectory + path.sep)) return target;
  throw new StepFailed(
    failureOf('ResourceDirectoryCreateFailed', [{ name: 'FilePath', value: filePath }]),
  );
}

/**
 * Must run before the content is requested: a stream that waits while a folder is created has no
 * error handler yet.
 */
async function makeFolder(target: string, file: ResourceFile): Promise<void> {
  try {
    await fsp.mkdir(path.dirname(target), { recursive: true });
  } catch (cause) {
    throw writeFailed(file, target, cause);
  }
}

/** Must be called with a stream at once, before anything else is awaited. */
async function write(
  content: Readable,
  target: string,
  file: ResourceFile,
  signal: AbortSignal,
): Promise<void> {
  const mode = Number.parseInt((file.fileMode ?? '0770').replace('o', ''), 8);
  try {
    await pipeline(content, createWriteStream(target), { signal });
    // The mode given at creation would be limited by the umask.
    await fsp.chmod(target, mode);
  } catch (cause) {
    signal.throwIfAborted();
    throw writeFailed(file, target, cause);
  }
}

function writeFailed(file: ResourceFile, target: string, cause: unknown): StepFailed {
  const details = [{ name: 'FilePath', value: file.filePath ?? path.basename(target) }];
  return new StepFailed(failureOf('ResourceFileWriteFailed', details), { cause });
}

async function sendRequest(
  request: Promise<Response>,
  url: string,
  file: ResourceFile,
): Promise<Response> {
  try {
    return await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw downloadFailed('BlobDownloadMiscError', withoutQuery(url), file.filePath ?? '', cause);
  }
}

/** The first cause of an error: `fetch failed` says nothing, `bad port` below it does. */
function deepestMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return deepestMessage(error.cause) ?? error.message;
}

function codeOf(status: number): FailureCode {
  if (status === 404) return 'BlobNotFound';
  if (status === 401 || status === 403) return 'BlobAccessDenied';
  return 'BlobDownloadMiscError';
}

function downloadFailed(
  code: FailureCode,
  source: string,
  filePath: string,
  cause?: unknown,
): StepFailed {
  const reason = deepestMessage(cause);
  const details = [
    { name: 'BlobSource', value: source },
    { name: 'FilePath', value: filePath },
    ...(reason === undefined ? [] : [{ name: 'Message', value: reason }]),
  ];
  return new StepFailed(failureOf(code, details), { cause });
}
